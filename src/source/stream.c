/*
 * Waiting is done in one place, read_descriptor(): a pipe with idle_ms is polled before each read, without it read()
 * itself blocks. EINTR is passed up as STATUS_IDLE and never retried here, so that Ctrl-C is heard at once.
 */
#include "source/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

static enum status system_error(struct error *error, const char *what)
{
	return error_set(error, STATUS_IO, "%s: %s", what, strerror(errno));
}

/* For file systems without O_TMPFILE (overlay of old kernels, NFS). */
static int named_then_unlinked(const char *folder)
{
	char path[4096];
	int len = snprintf(path, sizeof path, "%s/tcpwhy-XXXXXX", folder), fd;

	if (len < 0 || (size_t)len >= sizeof path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

static enum status spool_open(struct stream *stream, struct error *error)
{
	const char *folder = getenv("TMPDIR");

	if (!folder || !*folder)
		folder = P_tmpdir;
	stream->spool = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (stream->spool < 0)
		stream->spool = named_then_unlinked(folder);
	if (stream->spool >= 0)
		return STATUS_OK;
	return error_set(error, STATUS_IO, _("cannot create a temporary file in %s: %s; set TMPDIR to another folder"),
	                 folder, strerror(errno));
}

enum status stream_open(struct stream *stream, int fd, bool spool, struct error *error)
{
	struct stat stat;

	*stream = (struct stream){ .fd = fd, .spool = -1 };
	if (fstat(fd, &stat) < 0)
		return system_error(error, _("cannot be examined"));
	if (S_ISDIR(stat.st_mode))
		return error_set(error, STATUS_IO, _("is a directory, not a capture"));
	if (isatty(fd))
		return error_set(error, STATUS_IO, _("is a terminal, not a capture; give a file or a pipe"));
	/* /proc and some FUSE files claim to be regular and empty: those are streamed like pipes. */
	if (S_ISREG(stat.st_mode) && stat.st_size > 0 && lseek(fd, 0, SEEK_CUR) == 0) {
		stream->seekable = true;
		stream->size = (uint64_t)stat.st_size;
	}
	return spool && !stream->seekable ? spool_open(stream, error) : STATUS_OK;
}

static enum status wait_readable(const struct stream *stream, int timeout_ms)
{
	struct pollfd poll_fd = { .fd = stream->fd, .events = POLLIN };

	/* A hang-up or an error is for read() to report. */
	return poll(&poll_fd, 1, timeout_ms) > 0 ? STATUS_OK : STATUS_IDLE;
}

static enum status read_descriptor(struct stream *stream, void *bytes, size_t len, size_t *ret_count,
                                   struct error *error)
{
	ssize_t got;

	if (stream->ended)
		return STATUS_END;
	if (!stream->seekable && stream->idle_ms > 0 && wait_readable(stream, stream->idle_ms) != STATUS_OK)
		return STATUS_IDLE;
	got = read(stream->fd, bytes, len);
	if (got < 0 && errno == EAGAIN) {
		/* Somebody else made the pipe non-blocking; with idle_ms the wait is already over. */
		if (stream->idle_ms > 0 || wait_readable(stream, -1) != STATUS_OK)
			return STATUS_IDLE;
		got = read(stream->fd, bytes, len);
	}
	if (got < 0)
		return errno == EINTR || errno == EAGAIN ? STATUS_IDLE : system_error(error, _("cannot be read"));
	if (got == 0) {
		stream->ended = true;
		return STATUS_END;
	}
	*ret_count = (size_t)got;
	return STATUS_OK;
}

static enum status spool_append(struct stream *stream, const uint8_t *bytes, size_t len, struct error *error)
{
	while (len > 0) {
		ssize_t put = pwrite(stream->spool, bytes, len, (off_t)stream->spooled);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return error_set(error, STATUS_IO,
			                 _("cannot keep the input in a temporary file: %s; set TMPDIR elsewhere"),
			                 strerror(put ? errno : ENOSPC));
		stream->spooled += (uint64_t)put;
		bytes += put;
		len -= (size_t)put;
	}
	return STATUS_OK;
}

static enum status read_spool(struct stream *stream, void *bytes, size_t len, size_t *ret_count, struct error *error)
{
	uint64_t left = stream->spooled - stream->position;
	ssize_t got = pread(stream->spool, bytes, left < len ? (size_t)left : len, (off_t)stream->position);

	if (got <= 0)
		return system_error(error, _("the temporary file with the input cannot be read"));
	*ret_count = (size_t)got;
	stream->position += (size_t)got;
	return STATUS_OK;
}

enum status stream_read(struct stream *stream, void *bytes, size_t len, size_t *ret_count, struct error *error)
{
	enum status status;
	size_t got = 0;

	if (stream->position < stream->spooled)
		return read_spool(stream, bytes, len, ret_count, error);
	status = read_descriptor(stream, bytes, len, &got, error);
	if (status == STATUS_OK && stream->spool >= 0)
		status = spool_append(stream, bytes, got, error);
	if (status != STATUS_OK)
		return status;
	stream->position += got;
	*ret_count = got;
	return STATUS_OK;
}

bool stream_can_rewind(const struct stream *stream)
{
	return stream->seekable || stream->spool >= 0;
}

enum status stream_rewind(struct stream *stream, struct error *error)
{
	if (!stream_can_rewind(stream))
		return error_set(error, STATUS_USAGE, _("a pipe can be read only once"));
	if (stream->seekable) {
		if (lseek(stream->fd, 0, SEEK_SET) < 0)
			return system_error(error, _("cannot be read again"));
		stream->ended = false;
	}
	stream->position = 0;
	return STATUS_OK;
}

void stream_close(struct stream *stream)
{
	if (stream->fd >= 0)
		close(stream->fd);
	if (stream->spool >= 0)
		close(stream->spool);
	stream->fd = stream->spool = -1;
}
