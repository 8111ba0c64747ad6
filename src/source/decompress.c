/*
 * libarchive's raw format: a stream of bytes behind one filter, without an archive inside. libarchive pulls its input
 * through a callback and wants all of it before it gives anything back, which is why an interrupted or silent pipe can
 * only be waited for here.
 */
#include "source/decompress.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "source/limits.h"

struct decompressor {
	struct archive *archive;
	struct stream *stream;
	uint8_t *head;              /* read before it was known to be compressed; handed to libarchive first */
	size_t head_len;
	bool input_ended;           /* tells a cut file from a broken one */
	struct error input_error;   /* why the stream could not be read, with status != STATUS_OK */
	uint8_t piece[STREAM_BUFFER_BYTES];
};

static la_ssize_t feed(struct archive *archive, void *context, const void **ret_bytes)
{
	struct decompressor *self = context;
	enum status status;
	size_t got = 0;

	(void)archive;
	if (self->head_len) {
		got = self->head_len;
		self->head_len = 0;
		*ret_bytes = self->head;
		return (la_ssize_t)got;
	}
	do
		status = stream_read(self->stream, self->piece, sizeof self->piece, &got, &self->input_error);
	while (status == STATUS_IDLE);
	*ret_bytes = self->piece;
	if (status == STATUS_END) {
		self->input_ended = true;
		return 0;
	}
	return status == STATUS_OK ? (la_ssize_t)got : ARCHIVE_FATAL;
}

/* Only the one filter that the first bytes ask for: each decoder that is not there cannot be attacked. */
static int support(struct archive *archive, enum compression compression)
{
	switch (compression) {
	case COMPRESSION_GZIP:
		return archive_read_support_filter_gzip(archive);
	case COMPRESSION_ZSTD:
		return archive_read_support_filter_zstd(archive);
	case COMPRESSION_LZ4:
		return archive_read_support_filter_lz4(archive);
	case COMPRESSION_XZ:
		return archive_read_support_filter_xz(archive);
	case COMPRESSION_NONE:
		break;
	}
	return ARCHIVE_FATAL;
}

static enum status failure(const struct decompressor *self, struct error *error)
{
	const char *text = archive_error_string(self->archive);

	if (self->input_error.status != STATUS_OK)
		return error_set(error, self->input_error.status, "%s", self->input_error.text);
	if (self->input_ended)
		return error_set(error, STATUS_TRUNCATED, _("the compressed data are cut off (%s)"), text ? text : "");
	return error_set(error, STATUS_MALFORMED, _("the compressed data are broken: %s"),
	                 text ? text : _("no reason given"));
}

static enum status start(struct decompressor *self, enum compression compression, struct error *error)
{
	struct archive_entry *entry;
	int result;

	self->archive = archive_read_new();
	if (!self->archive)
		return error_set(error, STATUS_MEMORY, _("out of memory"));
	/* ARCHIVE_WARN means that libarchive would start another program for it. */
	if (support(self->archive, compression) != ARCHIVE_OK)
		return error_set(error, STATUS_UNSUPPORTED,
		                 _("compressed in a way that this libarchive cannot read; decompress it first"));
	archive_read_support_format_raw(self->archive);
	archive_read_support_format_empty(self->archive);
	if (archive_read_open(self->archive, self, NULL, feed, NULL) != ARCHIVE_OK)
		return failure(self, error);
	result = archive_read_next_header(self->archive, &entry);
	/* An end here is an empty file, well compressed: the first read says so. */
	return result == ARCHIVE_OK || result == ARCHIVE_EOF ? STATUS_OK : failure(self, error);
}

enum status decompressor_open(enum compression compression, struct stream *stream, uint8_t *head, size_t head_len,
                              struct decompressor **ret_decompressor, struct error *error)
{
	struct decompressor *self = calloc(1, sizeof *self);
	enum status status;

	if (!self) {
		free(head);
		return error_set(error, STATUS_MEMORY, _("out of memory"));
	}
	self->stream = stream;
	self->head = head;
	self->head_len = head_len;
	status = start(self, compression, error);
	if (status != STATUS_OK) {
		decompressor_free(self);
		return status;
	}
	*ret_decompressor = self;
	return STATUS_OK;
}

enum status decompressor_read(struct decompressor *self, void *bytes, size_t len, size_t *ret_count,
                              struct error *error)
{
	la_ssize_t got = archive_read_data(self->archive, bytes, len);

	if (got < 0)
		return failure(self, error);
	if (got == 0)
		return STATUS_END;
	*ret_count = (size_t)got;
	return STATUS_OK;
}

void decompressor_free(struct decompressor *self)
{
	if (!self)
		return;
	archive_read_free(self->archive);
	free(self->head);
	free(self);
}
