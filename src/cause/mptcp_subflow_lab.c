#include "cause/step.h"

#define MULTIPATH SET(SERVER, MPTCP, 1), SET(CLIENT, MPTCP, 1)
static const struct step one_of_two[] = {
	/* Over IPv6, an announced address with a port and timestamps do not fit into one header. */
	SYSCTL(CLIENT, "net.ipv4.tcp_timestamps", "0"),
	MULTIPATH,
	ALLOW_SUBFLOWS(CLIENT),
	CONNECTED,
	EXCHANGE,
	ANNOUNCE(SERVER),
	WAIT_SENT(CLIENT, LAB_SYN),
	WAIT_ARRIVED(CLIENT, LAB_SYN),
	WAIT_ARRIVED(CLIENT, LAB_ACK),
	SAY(N_("now it runs over two TCP connections, and somebody destroys the first (ss -K)")),
	DESTROY(SERVER),
	WAIT_ARRIVED(CLIENT, LAB_RST),
	SAY(N_("the programs notice nothing: the data goes over the other")),
	EXCHANGE,
	END
};

static const struct step the_only_one[] = {
	MULTIPATH,
	CONNECTED,
	EXCHANGE,
	SET(CLIENT, NONBLOCK, 1),
	DESTROY(SERVER),
	WAIT_ARRIVED(CLIENT, LAB_RST),
	SAY(N_("no subflow is left, but MPTCP waits for another one before it tells its programs")),
	POLL(CLIENT, POLLOUT),
	READ(CLIENT, FAILS(EAGAIN)),
	WRITE(CLIENT, 5),
	END
};

static const struct step join_refused[] = {
	SET(SERVER, MPTCP, 1),
	LISTEN(SERVER),
	SEND_RAW(CLIENT, .to = PARTY_SERVER, .flags = LAB_SYN, .seq_offset = 1000000, .window = 64240, .mp_join = true),
	WAIT_ARRIVED(CLIENT, LAB_RST),
	END
};

const struct scenario scenarios_mptcp_subflow[] = {
	{
		.title = N_("one of two subflows is reset, and the data goes on"),
		.story = N_("A Multipath TCP connection runs over two TCP connections. One of them is destroyed: its RST carries "
		            "MP_TCPRST, which says that it is about this subflow alone."),
		.steps = one_of_two,
	},
	{
		.face = "last",
		.title = N_("the only subflow is reset, and the programs are not told"),
		.story = N_("The same with a single subflow. The client's program gets no error: poll() says that it can write, and "
		            "write() succeeds, until net.mptcp.close_timeout has passed."),
		.steps = the_only_one,
	},
	{
		.face = "join-refused",
		.title = N_("one more subflow asks for a connection that nobody knows"),
		.story = N_("A SYN asks to join an MPTCP connection by a token that the server does not know, as after a restart. "
		            "The server listens on that port, and refuses all the same."),
		.steps = join_refused,
	},
	{ 0 }
};
