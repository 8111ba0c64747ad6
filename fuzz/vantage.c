/*
 * libFuzzer target: the bytes are two captures of one traffic, one after the other, and are read as such. The first two
 * bytes say where the second one begins.
 *
 * Exercised: src/vantage (recognising, aligning, matching, fates, merging), and through it all that a capture passes.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "report/vantages.h"

#define TEXT_MAX (1u << 20)
#define PACKETS_MAX 400

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_verdict(void *user, const struct verdict *verdict)
{
	struct buffer *out = user;
	const struct report_style style = { .width = 80 };

	buffer_reset(out);
	report_text_verdict(out, verdict, "x", 1, &style);
	report_json_verdict(out, verdict, "x");
}

/* NULL where it is no capture. */
static struct source *open_part(const uint8_t *data, size_t size)
{
	int fd = memfd_create("capture", MFD_CLOEXEC);
	struct source *source = NULL;
	struct error error;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	if (source_open_fd(fd, "capture", NULL, &source, &error) != STATUS_OK)
		return NULL;
	return source;
}

static void draw(struct buffer *out, const struct vantages *vantages)
{
	const struct report_style style = { .width = 80 };
	const struct match *m = vantages_match(vantages);

	report_text_vantages(out, vantages, &style);
	report_json_vantages(out, vantages);
	for (uint32_t group = 0; group < m->group_count && group < 8; group++) {
		buffer_reset(out);
		report_way_ladder(out, vantages, group, PACKETS_MAX, &style);
	}
}

static void read_both(struct source *sources[2])
{
	struct buffer out = BUFFER_INIT(TEXT_MAX);
	const struct analysis_options options = { .one_pass = true };
	const struct analysis_sink sink = { .user = &out, .verdict = take_verdict };
	struct vantage_input inputs[2] = { { "client", true, &sources[0], 1 }, { "server", true, &sources[1], 1 } };
	struct recognition known;
	struct vantages *vantages;
	struct error error;

	if (recognise(sources, 2, &known, &error) != STATUS_OK)
		abort();
	vantages = vantages_new(inputs, 2, &options, &sink, &known);
	if (!vantages || vantages_run(vantages, &error) == STATUS_MEMORY)
		abort();
	draw(&out, vantages);
	vantages_free(vantages);
	buffer_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct source *sources[2];
	size_t first;

	if (size < 2)
		return 0;
	first = (size_t)(data[0] << 8 | data[1]);
	first = first > size - 2 ? size - 2 : first;
	sources[0] = open_part(data + 2, first);
	sources[1] = open_part(data + 2 + first, size - 2 - first);
	if (sources[0] && sources[1])
		read_both(sources);
	source_free(sources[0]);
	source_free(sources[1]);
	return 0;
}
