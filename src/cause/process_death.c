#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_process_death = {
	.id = "process-death",
	.family = FAMILY_ABORTED,
	.told_by = TOLD_BY_KERNEL,
	.rank = RANK_ACTION,
	.parent = CAUSE_abort,
	.harm = HARM_DATA_LOST,
	.title = N_("the process exited or was killed with data unread"),
	.headline = N_("the program at {sender} exited or was killed while bytes from {receiver} lay unread"),
	.what = N_("A process ended, by itself or by a signal, and its kernel closed all of its sockets. One of "
	           "them held received bytes that nobody had read, so the kernel sent a RST. For the network "
	           "exit(), SIGKILL, SIGSEGV and the out-of-memory killer are all the same; with nothing unread it "
	           "would have been a FIN, and a RST only for data that came later."),
	.who = N_("the kernel of the host where the process ended, while it cleaned up"),
	.sender_sees = N_("nothing: there is no program any more"),
	.receiver_sees = NULL,
	.bsd = N_("the exit sends FIN, and RST only for data that arrives later"),
	.windows = NULL,
	.harm_text = N_("the unread bytes and all answers in the making are lost; other connections of the process "
	                "end in the same moment"),
	.advice = N_("find out why it ended: `journalctl -k -g \"segfault|Out of memory|oom\"`, `coredumpctl "
	             "list`, `systemctl status UNIT`\n"
	             "if it was a restart or a deployment: on SIGTERM stop accepting, finish what is open, then "
	             "exit; in Kubernetes add a preStop wait\n"
	             "if a manager killed it: see its log for a health check or a memory limit (`systemctl show -p "
	             "MemoryMax UNIT`)"),
	.decide = N_("the kernel of the sender: the RST came from do_exit(), or several connections of one process "
	             "ended in one moment"),
	.references = N_("RFC 1122 section 4.2.2.13; do_exit(), task_work_run() and __tcp_close() with "
	                 "SK_RST_REASON_TCP_ABORT_ON_CLOSE"),
	.reproduce = N_("The client sends a line that the server does not read; then `kill -9` the server. A child "
	                "that holds the same socket delays the RST until it ends too."),
	.scenarios = scenarios_process_death,
	.weigh = weigh,
};

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;

	if (yes(e, FACT_KERNEL_EXIT) && yes(e, FACT_KERNEL_UNREAD)) {
		o = opinion_established();
		BECAUSE(&o, e, FACT_KERNEL_EXIT, FACT_KERNEL_UNREAD);
		return o;
	}
	/* The end of a process closes its sockets; that aborts only what was unread. */
	if (no(e, FACT_KERNEL_EXIT) || !aborted(e) || no(e, FACT_RECEIVER_DATA))
		return opinion_excluded();
	return opinion_possible(22);
}
