#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_socket_destroyed = {
	.id = "socket-destroyed",
	.family = FAMILY_ABORTED,
	.told_by = TOLD_BY_KERNEL,
	.rank = RANK_ACTION,
	.parent = CAUSE_abort,
	.harm = HARM_RETRY,
	.title = N_("an administrator or agent destroyed the socket (ss -K)"),
	.headline = N_("somebody at {sender} destroyed the connection from outside the program"),
	.what = N_("A privileged program asked the kernel to destroy the connection: `ss -K`, a connection killer, "
	           "a container network agent or a BPF program. The kernel sent a RST to the peer and gave the "
	           "local program an error."),
	.who = N_("the kernel of that host, on behalf of an administrator or agent, not of the program that owns "
	          "the socket"),
	.sender_sees = N_("read() and write() give ECONNABORTED once, then read() gives end of file, and write() "
	                  "EPIPE and SIGPIPE; if the peer had sent FIN, read() gives end of file only and write() "
	                  "ECONNABORTED first"),
	.receiver_sees = NULL,
	.bsd = N_("tcpdrop(8) does the same on FreeBSD and OpenBSD"),
	.windows = N_("SetTcpEntry() with MIB_TCP_STATE_DELETE_TCB does the same"),
	.harm_text = N_("the connection is cut wherever it stands: nobody can say what was still on its way"),
	.advice = N_("ask who did it: the tracepoint tcp:tcp_send_reset shows the command, for example ss; without it, "
	             "look into the shell history and the audit log\n"
	             "look at agents that kill connections: Cilium when a backend goes, VPN and fail-over scripts, "
	             "network managers\n"
	             "let the program treat ECONNABORTED like ECONNRESET: connect again, and repeat what may be "
	             "repeated"),
	.decide = N_("the kernel of the sender: the RST came from tcp_abort() and the socket was still in a live "
	             "state; or ECONNABORTED there"),
	.references = N_("sock_diag(7) and SOCK_DESTROY; ss(8) option -K; tcp_abort() and bpf_sock_destroy() with "
	                 "SK_RST_REASON_TCP_STATE"),
	.reproduce = N_("Connect, then on the server's host run `ss -K dst CLIENT dport = PORT` as root."),
	.scenarios = scenarios_socket_destroyed,
	.weigh = weigh,
};

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;

	if (yes(e, FACT_KERNEL_DESTROYED)) {
		o = opinion_established();
		opinion_because(&o, FACT_KERNEL_DESTROYED);
		return o;
	}
	return no(e, FACT_KERNEL_DESTROYED) || !aborted(e) ? opinion_excluded() : opinion_possible(12);
}
