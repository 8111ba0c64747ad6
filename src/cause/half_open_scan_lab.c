#include "cause/step.h"

static const struct step scan[] = {
	LISTEN(SERVER),
	SEND_RAW(CLIENT, .to = PARTY_SERVER, .flags = LAB_SYN, .seq_offset = 1000000, .window = 1024, .hop_limit = 48),
	WAIT_SENT(CLIENT, LAB_RST),
	END
};

const struct scenario scenarios_half_open_scan[] = {
	{
		.title = N_("a scanner's SYN finds an open port; its kernel resets"),
		.story = N_("A port scanner sends a SYN past its own kernel (nmap -sS, masscan). The port is open, the SYN-ACK comes "
		            "back, and the scanner's kernel, which never heard of that SYN, answers it with a RST."),
		.steps = scan,
	},
	{ 0 }
};
