#include "live/self_check.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/text.h"
#include "live/tracer.h"

/* Something that a traced kernel shows if it has it. */
struct sight {
	bool (*has)(const struct btf *btf);
	const char *what;
	const char *since;
};

static bool has_no_socket(const struct btf *btf)
{
	return tracer_arguments(btf, "tcp_send_reset") >= 3;
}

static bool has_reasons(const struct btf *btf)
{
	struct reasons reasons;

	reasons_read(&reasons, btf);
	return reasons.count > 0;
}

static bool has_drops(const struct btf *btf)
{
	return tracer_arguments(btf, "kfree_skb") >= 3;
}

static bool has_owners(const struct btf *btf)
{
	return btf__find_by_name_kind(btf, "bpf_iter__task", BTF_KIND_STRUCT) > 0;
}

static bool has_pipes(const struct btf *btf)
{
	return btf__find_by_name_kind(btf, "bpf_task_pt_regs", BTF_KIND_FUNC) > 0;
}

static bool has_errors(const struct btf *btf)
{
	return tracer_arguments(btf, "inet_sk_error_report") >= 0;
}

static bool has_states(const struct btf *btf)
{
	return tracer_arguments(btf, "inet_sock_set_state") >= 0;
}

static bool has_synacks(const struct btf *btf)
{
	return tracer_arguments(btf, "tcp_retransmit_synack") >= 0;
}

static bool has_calls(const struct btf *btf)
{
	return tracer_arguments(btf, "sock_send_length") >= 0;
}

static const struct sight sights[] = {
	{ has_no_socket, N_("RSTs for which there is no socket: closed ports, late segments"), N_("needs Linux 6.10") },
	{ has_reasons, N_("the reason that the kernel gives"), N_("needs Linux 6.10") },
	{ has_drops, N_("what netfilter rejects, and RSTs that TCP ignores"), N_("needs Linux 5.17") },
	{ has_pipes, N_("SIGPIPE, and for which socket"), N_("needs Linux 5.15") },
	{ has_owners, N_("the process that holds a socket"), N_("needs Linux 5.8") },
	{ has_errors, N_("the error that each program gets"), N_("needs Linux 5.14") },
	{ has_states, N_("who closed what, and when; listeners that went away"), N_("needs Linux 4.16") },
	{ has_synacks, N_("SYN-ACKs that are sent again"), N_("needs Linux 4.16") },
	{ has_calls, N_("which call failed, with `tcpwhy run`"), N_("needs Linux 6.3") },
	{ has_pipes, N_("from where in its program a process did it, with --stacks"), N_("needs Linux 5.15") },
};

static void add(struct buffer *out, bool seen, const char *what, const char *otherwise)
{
	buffer_printf(out, "  %-4s %s", seen ? _("yes") : _("no"), what);
	if (!seen)
		buffer_printf(out, " (%s)", otherwise);
	buffer_puts(out, "\n");
}

/* `btf` NULL: nobody can say what the kernel has. */
static void add_sights(struct buffer *out, const struct btf *btf, bool traced)
{
	for (size_t i = 0; i < sizeof sights / sizeof *sights; i++) {
		bool has = btf && sights[i].has(btf);

		add(out, traced && has, _(sights[i].what), has || !btf ? _("needs tracing") : _(sights[i].since));
	}
}

/* Why packets cannot be captured; "" where they can. */
static const char *uncaptured(void)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		close(fd);
	if (fd >= 0)
		return "";
	return errno == EPERM || errno == EACCES ? _("needs root, or CAP_NET_RAW") : _("this kernel has no packet sockets");
}

bool self_check(struct buffer *out)
{
	struct tracer_options options = { 0 };
	struct error error = { STATUS_OK, "" };
	/* First, for it silences libbpf. */
	struct tracer *tracer = tracer_open(&options, &error);
	struct btf *btf = btf__load_vmlinux_btf();
	bool traced = tracer, typed = !libbpf_get_error(btf);
	const char *why = uncaptured();
	struct utsname system;

	uname(&system);
	buffer_printf(out, _("Linux %s: what `tcpwhy watch` can see here\n"), system.release);
	add(out, traced, _("tracing: RSTs that TCP of this host sends and takes"), error.text);
	add_sights(out, typed ? btf : NULL, traced);
	add(out, traced && !*tracer_uncounted(tracer), _("how many events were missed: perf counts beside the programs"),
	    traced ? tracer_uncounted(tracer) : _("needs tracing"));
	add(out, false, _("RSTs of netfilter where only they were sent: the receiver is elsewhere"), _("they fire no event"));
	add(out, !*why, _("packets, with --capture or where there is no tracing"), why);
	if (typed)
		btf__free(btf);
	tracer_close(tracer);
	return traced;
}
