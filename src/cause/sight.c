#include "cause/sight.h"

#include "base/text.h"

/* Linux: tcp_reset() chooses ECONNREFUSED, EPIPE or ECONNRESET; tcp_recvmsg() and tcp_sendmsg() hand it out. */
static const struct sight sights[SIGHT_STATES] = {
	[SIGHT_SYN_SENT] = {
		.linux_sees = N_("connect() fails with ECONNREFUSED; without blocking, the first of SO_ERROR, "
		                 "read() and write() gives ECONNREFUSED once"),
		.bsd = N_("connect() fails with ECONNREFUSED"),
		.windows = N_("connect() fails with WSAECONNREFUSED (10061), but only after up to three more SYNs, "
		              "so it takes seconds"),
	},
	[SIGHT_SYN_RECEIVED] = {
		.linux_sees = N_("nothing: accept() never returns this connection; a socket that exists already "
		                 "(TCP Fast Open, both sides connecting at once) gets ECONNRESET once, then end of "
		                 "file, or EPIPE and SIGPIPE"),
		.bsd = N_("nothing, or accept() fails with ECONNABORTED; connect() fails with ECONNREFUSED where "
		          "both sides were connecting at once"),
		.windows = N_("nothing, or accept() fails with WSAECONNRESET (10054)"),
	},
	[SIGHT_ESTABLISHED] = {
		.linux_sees = N_("read() gives the data received before, then ECONNRESET once, then end of file; "
		                 "if write() comes first, it gets ECONNRESET without SIGPIPE, the next one EPIPE "
		                 "and SIGPIPE"),
		.bsd = N_("read() gives ECONNRESET once, then end of file; the first write() already gets EPIPE "
		          "and SIGPIPE"),
		.windows = N_("recv() and send() give WSAECONNRESET (10054); there is no SIGPIPE"),
	},
	[SIGHT_CLOSE_WAIT] = {
		.linux_sees = N_("read() gives the data received before, then end of file, never ECONNRESET; "
		                 "write() gets EPIPE and SIGPIPE every time; SO_ERROR gives EPIPE once"),
		.bsd = N_("read() and SO_ERROR give ECONNRESET; write() gets EPIPE and SIGPIPE"),
		.windows = N_("recv() and send() give WSAECONNRESET (10054) or WSAECONNABORTED (10053); there is "
		              "no SIGPIPE"),
	},
	[SIGHT_LAST_ACK] = {
		.linux_sees = N_("nothing if it has called close(); after shutdown() only, read() gives end of "
		                 "file, and the first of SO_ERROR and write() ECONNRESET once, later writes EPIPE "
		                 "and SIGPIPE"),
		.bsd = N_("nothing if it has called close(); after shutdown() only, read() gives end of file or "
		          "ECONNRESET, depending on the version, and write() gets EPIPE and SIGPIPE"),
		.windows = N_("nothing if it has called closesocket(); after shutdown() only, recv() may give "
		              "WSAECONNRESET (10054)"),
	},
	[SIGHT_GONE] = {
		.linux_sees = N_("nothing: no program holds this socket any more"),
		.bsd = N_("nothing: no program holds this socket any more"),
		.windows = N_("nothing: no program holds this socket any more"),
	},
	[SIGHT_UNKNOWN] = {
		.linux_sees = N_("ECONNRESET or EPIPE, according to whether a FIN had arrived before the RST: "
		                 "without one, ECONNRESET once from read() or write(); after one, end of file from "
		                 "read(), EPIPE and SIGPIPE from write()"),
		.bsd = N_("ECONNRESET from read(), EPIPE and SIGPIPE from write(), whether a FIN had arrived "
		          "before the RST or not"),
		.windows = N_("WSAECONNRESET (10054), or WSAECONNABORTED (10053) if a FIN had arrived before the "
		              "RST"),
	},
};

const struct sight *sight_get(enum sight_state state)
{
	/* An enum may be unsigned or not; both ends of a bad value land here. */
	if ((unsigned)state >= SIGHT_STATES)
		state = SIGHT_UNKNOWN;
	return &sights[state];
}
