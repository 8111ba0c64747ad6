#include "cause/step.h"

static const struct step rst_always_lost[] = {
	HASTEN(CLIENT, "net.ipv4.tcp_retries2", "1"),
	HASTEN(CLIENT, "net.ipv4.tcp_rto_min_us", "20000"),
	CONNECTED,
	LOSE_ALL(SERVER, LAB_RST),
	WRITE(CLIENT, 5),
	WAIT_UNREAD(SERVER, 5),
	CLOSE(SERVER),
	SAY(N_("the RST was lost, and every further one will be")),
	WRITE(CLIENT, 5),
	WAIT_STATE(CLIENT, GONE),
	READ(CLIENT, FAILS(ETIMEDOUT)),
	READ(CLIENT, AT_END),
	END
};

const struct scenario scenarios_no_answer[] = {
	{
		.title = N_("every RST is lost: retransmissions until ETIMEDOUT"),
		.story = N_("The server aborts, but none of its RSTs gets through. The client's kernel retransmits "
		            "tcp_retries2 times, which takes a quarter of an hour by default, and gives up with ETIMEDOUT."),
		.steps = rst_always_lost,
		.kernel_also = (const uint8_t[]){ CAUSE_unread_data, CAUSES },
		.told = { [PARTY_SERVER] = AS(unread_data) },
		.also = (const uint8_t[]){ CAUSE_late_segment, CAUSE_abort, CAUSE_no_answer, CAUSES },
	},
	{ 0 }
};
