#include "live/self_check.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "base/text.h"
#include "live/tracer.h"

static void add(struct buffer *out, bool seen, const char *what, const char *why)
{
	buffer_printf(out, "  %-4s %s%s%s%s\n", seen ? _("yes") : _("no"), what, *why ? " (" : "", why, *why ? ")" : "");
}

static void add_if(struct buffer *out, bool seen, const char *what, const char *otherwise)
{
	add(out, seen, what, seen ? "" : otherwise);
}

/* What hangs on a tracepoint, and since which kernel there is one. */
static void add_tracepoints(struct buffer *out, const struct btf *btf)
{
	static const struct {
		const char *tracepoint;
		const char *what;
		const char *otherwise;
	} rows[] = {
		{ "inet_sk_error_report", N_("the error that each program gets"), N_("needs Linux 5.14") },
		{ "inet_sock_set_state", N_("who closed what, and when; listeners that went away"), N_("needs Linux 4.16") },
		{ "tcp_retransmit_synack", N_("SYN-ACKs that are sent again"), N_("needs Linux 4.16") },
		{ "sock_send_length", N_("which call failed, with `tcpwhy run`"), N_("needs Linux 6.3") },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		add_if(out, tracer_arguments(btf, rows[i].tracepoint) >= 0, _(rows[i].what), _(rows[i].otherwise));
}

static bool add_tracer(struct buffer *out)
{
	struct tracer_options options = { 0 };
	struct error error = { STATUS_OK, "" };
	struct tracer *tracer = tracer_open(&options, &error);

	if (!tracer) {
		add(out, false, _("tracing"), error.text);
		return false;
	}
	add(out, true, _("RSTs that TCP of this host sends and takes"), "");
	add_if(out, tracer_sees_no_socket(tracer), _("those for which there is no socket: closed ports, late segments"),
	       _("needs Linux 6.10"));
	add_if(out, tracer_reasons(tracer)->count > 0, _("the reason that the kernel gives"), _("needs Linux 6.10"));
	add_if(out, tracer_sees_drops(tracer), _("what netfilter rejects, and RSTs that TCP ignores"), _("needs Linux 5.17"));
	add_if(out, tracer_sees_pipes(tracer), _("SIGPIPE, and for which socket"), _("needs Linux 5.15"));
	add_if(out, tracer_finds_owners(tracer), _("the process that holds a socket"), _("needs Linux 5.11"));
	tracer_close(tracer);
	return true;
}

bool self_check(struct buffer *out)
{
	struct btf *btf = btf__load_vmlinux_btf();
	struct utsname system;
	bool traced;

	uname(&system);
	buffer_printf(out, _("Linux %s: what `tcpwhy watch` can see here\n"), system.release);
	traced = add_tracer(out);
	if (!libbpf_get_error(btf)) {
		add_tracepoints(out, btf);
		btf__free(btf);
	}
	add(out, false, _("RSTs of netfilter where only they were sent: the receiver is elsewhere"), _("they fire no event"));
	return traced;
}
