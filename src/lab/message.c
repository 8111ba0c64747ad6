#include "lab/message.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define MESSAGE_MAX (64u << 10)
#define FIXED_MAX 1024 /* bytes of the largest struct that is sent */

enum kind { KIND_HOSTS, KIND_FRAME, KIND_CALL, KIND_REMARK, KIND_FAULT, KIND_STEP, KIND_END };

/* Followed by `fixed` and `rest` bytes. */
struct header {
	uint32_t kind, fixed, rest;
};

static void put_all(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len) {
		ssize_t put = send(fd, at, len, MSG_NOSIGNAL);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			_exit(1);
		at += put;
		len -= (size_t)put;
	}
}

static void put(int fd, enum kind kind, const void *fixed, size_t fixed_len, const void *rest, size_t rest_len)
{
	struct header header = { kind, (uint32_t)fixed_len, (uint32_t)rest_len };
	char space[sizeof header + FIXED_MAX];

	if (rest_len > MESSAGE_MAX)
		header.rest = (uint32_t)(rest_len = MESSAGE_MAX);
	memcpy(space, &header, sizeof header);
	if (fixed_len)
		memcpy(space + sizeof header, fixed, fixed_len);
	put_all(fd, space, sizeof header + fixed_len);
	put_all(fd, rest, rest_len);
}

void message_frame(int fd, const struct lab_frame *frame)
{
	put(fd, KIND_FRAME, frame, sizeof *frame, frame->bytes, frame->len);
}

void message_hosts(int fd, const uint32_t netns[PARTIES])
{
	put(fd, KIND_HOSTS, netns, PARTIES * sizeof *netns, NULL, 0);
}

void message_call(int fd, const struct lab_call *call)
{
	put(fd, KIND_CALL, call, sizeof *call, NULL, 0);
}

void message_remark(int fd, int64_t time_ns, const char *text)
{
	put(fd, KIND_REMARK, &time_ns, sizeof time_ns, text, strlen(text));
}

void message_fault(int fd, const char *text)
{
	put(fd, KIND_FAULT, NULL, 0, text, strlen(text));
}

void message_step(int fd, const char *text)
{
	char go;
	ssize_t got;

	put(fd, KIND_STEP, NULL, 0, text, strlen(text));
	while ((got = recv(fd, &go, 1, 0)) <= 0)
		if (got == 0 || errno != EINTR)
			_exit(1);
}

void message_end(int fd, const struct error *error)
{
	put(fd, KIND_END, error, sizeof *error, NULL, 0);
}

static bool get_all(int fd, void *bytes, size_t len)
{
	char *at = bytes;

	while (len) {
		ssize_t got = recv(fd, at, len, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		at += got;
		len -= (size_t)got;
	}
	return true;
}

/* `rest` is NUL-terminated. */
static void hand_on(int fd, const struct lab_sink *sink, enum kind kind, const void *fixed, const char *rest)
{
	struct lab_remark remark = { .text = rest };
	struct lab_frame frame;
	uint32_t netns[PARTIES];

	if (kind == KIND_HOSTS && sink->hosts) {
		memcpy(netns, fixed, sizeof netns);
		sink->hosts(sink->user, netns);
	} else if (kind == KIND_FRAME && sink->frame) {
		memcpy(&frame, fixed, sizeof frame);
		frame.bytes = (const uint8_t *)rest;
		sink->frame(sink->user, &frame);
	} else if (kind == KIND_CALL && sink->call) {
		sink->call(sink->user, fixed);
	} else if (kind == KIND_REMARK && sink->remark) {
		memcpy(&remark.time_ns, fixed, sizeof remark.time_ns);
		sink->remark(sink->user, &remark);
	} else if (kind == KIND_FAULT && sink->fault) {
		sink->fault(sink->user, rest);
	} else if (kind == KIND_STEP) {
		if (sink->step)
			sink->step(sink->user, rest);
		put_all(fd, "g", 1);
	}
}

static bool take(int fd, const struct lab_sink *sink, struct error *error, bool *ret_ended)
{
	union {
		char space[FIXED_MAX];
		struct lab_call call;
		struct error error;
	} fixed;
	static char rest[MESSAGE_MAX + 1];
	struct header header;

	if (!get_all(fd, &header, sizeof header) || header.fixed > sizeof fixed || header.rest > MESSAGE_MAX ||
	    !get_all(fd, &fixed, header.fixed) || !get_all(fd, rest, header.rest))
		return false;
	rest[header.rest] = '\0';
	*ret_ended = header.kind == KIND_END;
	if (*ret_ended)
		*error = fixed.error;
	else
		hand_on(fd, sink, (enum kind)header.kind, &fixed, rest);
	return true;
}

enum status message_play(int fd, const struct lab_sink *sink, struct error *error)
{
	bool ended = false;

	while (!ended)
		if (!take(fd, sink, error, &ended))
			return error_set(error, STATUS_IO, _("the lab ended before the scenario did"));
	return error->status;
}
