#include "cause/step.h"

#define FIRST_ISN 1000000
/* The client's host speaks past its own kernel, which must not answer what comes back. */
#define RAW_CLIENT RULE(CLIENT, "input", "tcp sport {port} drop")
#define RAW_SYN SEND_RAW(CLIENT, .to = PARTY_SERVER, .flags = LAB_SYN, .seq_offset = FIRST_ISN, .window = 1024)
#define RAW_WRONG_ACK SEND_RAW(CLIENT, .to = PARTY_SERVER, .flags = LAB_ACK, .seq_offset = FIRST_ISN + 1, \
                               .ack_offset = 4711, .window = 1024)

static const struct step syn_sent[] = {
	LISTEN(SERVER),
	SAY(N_("the server's SYN-ACK is lost, and one with another number comes in its place")),
	LOSE(SERVER, 1, LAB_SYN | LAB_ACK),
	HOLD(ROUTER),
	CONNECT(CLIENT, PENDING),
	SEND_RAW(SERVER, .to = PARTY_CLIENT, .from_port = LAB_PORT, .to_port = LAB_CLIENT_PORT, .flags = LAB_SYN | LAB_ACK,
	         .seq_offset = FIRST_ISN, .ack_offset = 4711, .window = 1024),
	RELEASE(ROUTER),
	WAIT_SENT(CLIENT, LAB_RST),
	SAY(N_("connect() waits on; the SYN is sent again, and this time it is answered rightly")),
	RESULT(CLIENT),
	ACCEPT(SERVER),
	WRITE(CLIENT, 5),
	READ(SERVER, RETURNS(5)),
	END
};

static const struct step syn_received[] = {
	LISTEN(SERVER),
	RAW_CLIENT,
	RAW_SYN,
	WAIT_ARRIVED(CLIENT, LAB_SYN | LAB_ACK),
	RAW_WRONG_ACK,
	WAIT_ARRIVED(CLIENT, LAB_RST),
	END
};

static const struct step cookie[] = {
	SYSCTL(SERVER, "net.ipv4.tcp_syncookies", "2"),
	LISTEN(SERVER),
	RAW_CLIENT,
	RAW_SYN,
	WAIT_ARRIVED(CLIENT, LAB_SYN | LAB_ACK),
	SAY(N_("the server remembers nothing: all that it needs to know should come back in the ACK, and does not")),
	RAW_WRONG_ACK,
	WAIT_ARRIVED(CLIENT, LAB_RST),
	END
};

static const struct step second_syn[] = {
	LISTEN(SERVER),
	RAW_CLIENT,
	RAW_SYN,
	WAIT_ARRIVED(CLIENT, LAB_SYN | LAB_ACK),
	SEND_RAW(CLIENT, .to = PARTY_SERVER, .flags = LAB_SYN, .seq_offset = FIRST_ISN + 2000, .window = 1024),
	WAIT_ARRIVED(CLIENT, LAB_RST),
	END
};

const struct scenario scenarios_bad_handshake[] = {
	{
		.face = "syn-sent",
		.title = N_("a SYN-ACK acknowledges what the client never sent"),
		.story = N_("The client's SYN is answered with the number of somebody else's: by a box that mixes up two "
		            "connections, or by a SYN proxy that rewrites numbers. The client's kernel answers with a RST and goes "
		            "on waiting for the right one."),
		.steps = syn_sent,
	},
	{
		.face = "syn-received",
		.title = N_("the last ACK of a handshake has a wrong number"),
		.story = N_("SYN and SYN-ACK are in order, but the ACK that should finish the handshake acknowledges something else. "
		            "The server's kernel answers it with a RST; the handshake stays open until it is forgotten."),
		.steps = syn_received,
		.kernel = AMONG(stray_probe),
	},
	{
		.face = "cookie",
		.title = N_("the ACK brings a wrong SYN cookie"),
		.story = N_("Under a flood of SYNs the server keeps no state and hides what it must know in the number of its "
		            "SYN-ACK. An ACK that does not bring it back, or too late, or to another server, opens nothing."),
		.steps = cookie,
		.kernel = AMONG(stray_probe),
	},
	{
		.face = "second-syn",
		.title = N_("a second SYN comes into an open handshake"),
		.story = N_("Two clients behind one address and port, or one that gave up and began anew: another SYN with the same "
		            "ports and another sequence number meets a handshake that is not finished, and draws a RST."),
		.steps = second_syn,
	},
	{ 0 }
};
