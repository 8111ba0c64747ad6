#include "cause/step.h"

static const struct step dissolved[] = {
	CONNECTED,
	EXCHANGE,
	DISCONNECT(SERVER, RETURNS(0)),
	SAY(N_("the server's own socket tells of a reset once, too, though none came in")),
	POLL(SERVER, POLLOUT | POLLERR | POLLHUP),
	READ(SERVER, FAILS(ECONNRESET)),
	READ(SERVER, FAILS(ENOTCONN)),
	WRITE(SERVER, 5, FAILS(EPIPE), SIGNALLED(SIGPIPE)),
	WAIT_STATE(CLIENT, GONE),
	READ(CLIENT, FAILS(ECONNRESET)),
	READ(CLIENT, AT_END),
	END
};

static const struct step half_closed[] = {
	CONNECTED,
	EXCHANGE,
	SHUTDOWN(CLIENT, SHUT_WR),
	WAIT_CLOSED(SERVER),
	READ(SERVER, AT_END),
	DISCONNECT(SERVER, RETURNS(0)),
	WAIT_STATE(CLIENT, GONE),
	READ(CLIENT, FAILS(ECONNRESET)),
	END
};

const struct scenario scenarios_disconnect[] = {
	{
		.title = N_("the server dissolves it with connect(AF_UNSPEC)"),
		.story = N_("A request and an answer were exchanged. Then the server calls connect() with AF_UNSPEC, as programs "
		            "do with UDP sockets: its kernel resets the connection and keeps the socket for another one."),
		.steps = dissolved,
	},
	{
		.face = "after-fin",
		.title = N_("the same after the client has finished writing"),
		.story = N_("The client has said all and waits for the end; the server dissolves the connection in place of "
		            "closing it. On the wire it is a RST in answer to a FIN, whatever made it."),
		.steps = half_closed,
		.kernel = AS(abort_after_fin),
		.told = { AS(abort_after_fin), AS(abort_after_fin), AS(abort_after_fin) },
	},
	{ 0 }
};
