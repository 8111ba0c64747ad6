#include "cause/step.h"

static const struct step scan[] = {
	LISTEN(SERVER),
	SEND_RAW(CLIENT, .to = PARTY_SERVER, .flags = LAB_SYN, .seq_offset = 1000000, .window = 1024, .hop_limit = 48),
	WAIT_SENT(CLIENT, LAB_RST),
	END
};

#define SYN_TO(port) SEND_RAW(CLIENT, .to = PARTY_SERVER, .flags = LAB_SYN, .seq_offset = 1000000, .window = 1024, \
                              .to_port = (port))

static const struct step many_ports[] = {
	LISTEN(SERVER),
	SYN_TO(21),
	SYN_TO(22),
	SYN_TO(25),
	SYN_TO(80),
	SYN_TO(443),
	SAY(N_("five closed ports; the next one is open")),
	SYN_TO(LAB_PORT),
	WAIT_SENT(CLIENT, LAB_RST),
	END
};

const struct scenario scenarios_half_open_scan[] = {
	{
		.title = N_("a scanner's SYN finds an open port; its kernel resets"),
		.story = N_("A port scanner sends a SYN past its own kernel (nmap -sS, masscan). The port is open, the SYN-ACK comes "
		            "back, and the scanner's kernel, which never heard of that SYN, answers it with a RST."),
		.steps = scan,
		.kernel = AMONG(stray_probe),
	},
	{
		.face = "ports",
		.title = N_("a scan over several ports, one of them open"),
		.story = N_("Of six ports five are closed, and the server's kernel answers with RST; the sixth is open, and the RST "
		            "is the scanner's. Its SYNs offer nothing that a kernel would, and there are many of them."),
		.steps = many_ports,
		/* Its kernel made the RSTs of the closed ports only. */
		.kernel_at = { [PARTY_SERVER] = AS(port_closed) },
		.kernel = AMONG(stray_probe),
		.also = (const uint8_t[]){ CAUSE_port_closed, CAUSES },
	},
	{ 0 }
};
