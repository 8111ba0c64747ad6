#include "cause/step.h"

static const struct step queued[] = {
	LISTEN(SERVER),
	CONNECT(CLIENT),
	WRITE(CLIENT, 5),
	WAIT_ACKED(CLIENT),
	SAY(N_("the connection waits for accept(); the server's kernel has taken its data")),
	CLOSE_LISTENER(SERVER),
	WAIT_STATE(CLIENT, GONE),
	READ(CLIENT, FAILS(ECONNRESET)),
	READ(CLIENT, AT_END),
	WRITE(CLIENT, 5, FAILS(EPIPE), SIGNALLED(SIGPIPE)),
	END
};

static const struct step restart[] = {
	LISTEN(SERVER),
	CONNECT(CLIENT),
	READ(CLIENT, PENDING),
	KILL(SERVER, SIGTERM),
	RESULT(CLIENT, FAILS(ECONNRESET)),
	LISTEN(SERVER),
	SAY(N_("a moment later the server is back, and the client could connect again")),
	CONNECT(CLIENT, ON(2)),
	ACCEPT(SERVER),
	END
};

static const struct step handshake[] = {
	LISTEN(SERVER),
	HOLD(SERVER),
	CONNECT(CLIENT, PENDING),
	CLOSE_LISTENER(SERVER),
	SAY(N_("the SYN-ACK is on its way from a port that is closed by now")),
	HOLD(CLIENT),
	RELEASE(SERVER),
	RESULT(CLIENT),
	RELEASE(CLIENT),
	WAIT_STATE(CLIENT, GONE),
	WRITE(CLIENT, 5, FAILS(ECONNRESET)),
	WRITE(CLIENT, 5, FAILS(EPIPE), SIGNALLED(SIGPIPE)),
	END
};

const struct scenario scenarios_listener_closed[] = {
	{
		.title = N_("the listener closes while a connection waits in its queue"),
		.story = N_("The handshake is finished, the client has even sent its request, and the server's kernel has "
		            "acknowledged it. But no program has called accept() yet when the listening socket closes: the kernel "
		            "resets everything in the queue."),
		.steps = queued,
	},
	{
		.face = "restart",
		.title = N_("the server is restarted, and its queue is lost"),
		.story = N_("A restart ends the process, and with it its listening socket. Who was connected but not yet accepted "
		            "gets a RST, though the server is back a moment later."),
		.steps = restart,
	},
	{
		.face = "handshake",
		.title = N_("the listener closes while a handshake is under way"),
		.story = N_("The SYN-ACK has left when the listening socket closes. connect() succeeds, but the ACK that finishes "
		            "the handshake meets a closed port."),
		.steps = handshake,
		/* An ACK says nothing of the handshake that it ends. */
		.kernel_at = { [PARTY_SERVER] = AMONG(stray_probe) },
		.told = { AMONG(backend_refused), AMONG(backend_refused), AMONG(backend_refused) },
	},
	{ 0 }
};
