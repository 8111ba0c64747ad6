#include "cause/step.h"

#define PROBE(...) SEND_RAW(CLIENT, .to = PARTY_SERVER, .seq_offset = 1000000, .window = 1024, __VA_ARGS__)
#define ANSWERED WAIT_ARRIVED(CLIENT, LAB_RST)

static const struct step ack[] = {
	LISTEN(SERVER),
	SAY(N_("open or closed, the port answers alike: what is asked is whether a firewall lets it through")),
	PROBE(.flags = LAB_ACK, .ack_offset = 4711),
	ANSWERED,
	END
};

static const struct step ack_sweep[] = {
	LISTEN(SERVER),
	PROBE(.flags = LAB_ACK, .ack_offset = 4711),
	PROBE(.flags = LAB_ACK, .ack_offset = 4711, .to_port = 21),
	PROBE(.flags = LAB_ACK, .ack_offset = 4711, .to_port = 22),
	PROBE(.flags = LAB_ACK, .ack_offset = 4711, .to_port = 25),
	PROBE(.flags = LAB_ACK, .ack_offset = 4711, .to_port = 80),
	PROBE(.flags = LAB_ACK, .ack_offset = 4711, .to_port = 443),
	END
};

static const struct step fin[] = {
	LISTEN(SERVER),
	SAY(N_("an open port says nothing …")),
	PROBE(.flags = LAB_FIN),
	SAY(N_("… and a closed one gives itself away")),
	PROBE(.flags = LAB_FIN, .to_port = 80),
	ANSWERED,
	END
};

static const struct step null[] = {
	LISTEN(SERVER),
	PROBE(.flags = 0),
	PROBE(.flags = 0, .to_port = 80),
	ANSWERED,
	END
};

static const struct step xmas[] = {
	LISTEN(SERVER),
	PROBE(.flags = LAB_FIN | LAB_PSH | LAB_URG),
	PROBE(.flags = LAB_FIN | LAB_PSH | LAB_URG, .to_port = 80),
	ANSWERED,
	END
};

static const struct step syn_ack[] = {
	SEND_RAW(SERVER, .to = PARTY_CLIENT, .flags = LAB_SYN | LAB_ACK, .from_port = LAB_PORT, .to_port = LAB_CLIENT_PORT,
	         .seq_offset = 1000000, .ack_offset = 4711, .window = 64240),
	WAIT_SENT(CLIENT, LAB_RST),
	END
};

const struct scenario scenarios_stray_probe[] = {
	{
		.face = "ack",
		.title = N_("an ACK out of the blue"),
		.story = N_("A scanner sends an ACK for a connection that never was (nmap -sA). Every port that it reaches answers "
		            "with a RST."),
		.steps = ack,
		.kernel = AMONG(stray_probe),
	},
	{
		.face = "ack-sweep",
		.title = N_("ACKs out of the blue to many ports"),
		.story = N_("One stray ACK may be the rest of a real connection. Six to six ports within a moment are a scan."),
		.steps = ack_sweep,
		.kernel = AMONG(stray_probe),
	},
	{
		.face = "fin",
		.title = N_("a FIN out of the blue"),
		.story = N_("A FIN without ACK belongs to no conversation (nmap -sF). A closed port answers it with a RST; a "
		            "listening one drops it."),
		.steps = fin,
	},
	{
		.face = "null",
		.title = N_("a segment without any flag"),
		.story = N_("No flags at all (nmap -sN). A closed port answers with a RST; a listening one drops it."),
		.steps = null,
	},
	{
		.face = "xmas",
		.title = N_("FIN, PSH and URG, lit up like a tree"),
		.story = N_("Three flags that no conversation has together (nmap -sX). A closed port answers with a RST; a listening "
		            "one drops it."),
		.steps = xmas,
	},
	{
		.face = "syn-ack",
		.title = N_("a SYN-ACK that nobody asked for"),
		.story = N_("Somebody floods a server with SYNs that carry the client's address. What the server answers reaches the "
		            "client, whose kernel has asked for nothing, and resets."),
		.steps = syn_ack,
		.kernel = AMONG(stray_probe),
	},
	{ 0 }
};
