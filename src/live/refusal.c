#include "live/refusal.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/capability.h>

#include "base/text.h"

/*
 * The first thing that libbpf complained of, for the one line that a user gets: what follows from it comes later. One
 * tracer is opened at a time.
 */
static char complaint[ERROR_TEXT_MAX / 2];

/* Of a verifier's log, which may be megabytes, what it refused: the last line before its statistics. */
static const char *refusal(char *log)
{
	char *end = strstr(log, "\nprocessed "), *line;

	if (!end)
		return NULL;
	*end = 0;
	line = strrchr(log, '\n');
	return line ? line + 1 : log;
}

static void keep(const char *text)
{
	snprintf(complaint, sizeof complaint, "%.*s", (int)strcspn(text, "\n"), text);
}

static int keep_complaint(enum libbpf_print_level level, const char *format, va_list args)
{
	bool is_log = strstr(format, "PROG LOAD LOG");
	va_list again;
	int len;
	const char *why;
	char *text;

	if (level != LIBBPF_WARN || (*complaint && !is_log))
		return 0;
	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, again);
	va_end(again);
	text = len < 0 ? NULL : malloc((size_t)len + 1);
	if (!text)
		return 0;
	vsnprintf(text, (size_t)len + 1, format, args);
	why = is_log ? refusal(text) : text;
	if (why)
		keep(why);
	free(text);
	return 0;
}

void refusal_listen(void)
{
	complaint[0] = 0;
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	libbpf_set_print(keep_complaint);
}

/* Whether this process may trace, as far as capabilities go. */
static bool has_rights(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct own[2] = { 0 };
	uint64_t effective;

	if (syscall(SYS_capget, &header, own) != 0)
		return false;
	effective = own[0].effective | (uint64_t)own[1].effective << 32;
	return effective >> CAP_SYS_ADMIN & 1 || (effective >> CAP_BPF & 1 && effective >> CAP_PERFMON & 1);
}

/* The verifier says EACCES, too: only who lacks the rights is told of them. */
enum status refusal_set(int code, struct error *error)
{
	if ((code == -EPERM || code == -EACCES) && !has_rights())
		return error_set(error, STATUS_IO, _("the kernel lets only root, or CAP_BPF and CAP_PERFMON, trace: %s"),
		                 strerror(-code));
	if (code == -EPERM)
		return error_set(error, STATUS_IO, _("the rights are there, and bpf() is refused: by a container's seccomp filter, "
		                                     "or by a kernel that is locked down: %s"), strerror(-code));
	if (code == -ENOSYS)
		return error_set(error, STATUS_UNSUPPORTED, _("this kernel has no bpf(): %s"), strerror(-code));
	if (code == -ENOENT || code == -ESRCH || code == -EOPNOTSUPP)
		return error_set(error, STATUS_UNSUPPORTED, _("this kernel lacks what tracing needs: %s"),
		                 complaint[0] ? complaint : strerror(-code));
	return error_set(error, STATUS_IO, _("the kernel refused the tracing programs: %s"),
	                 complaint[0] ? complaint : strerror(-code));
}
