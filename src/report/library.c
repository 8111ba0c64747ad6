/* The public interface of include/tcpwhy.h: a thin cover over the analysis and the renderers. */
#include "tcpwhy.h"

#include <stdlib.h>

#include "analysis/analysis.h"
#include "base/clock.h"
#include "report/report.h"

#define VERDICT_TEXT_MAX (1u << 20)

struct tcpwhy_verdict {
	const struct verdict *verdict;
	uint64_t count;
	struct buffer text, json;  /* filled when they are asked for */
};

struct tcpwhy {
	struct analysis *analysis;
	tcpwhy_verdict_fn *on_verdict;
	void *user;
	struct tcpwhy_verdict current;
	uint64_t frames;
	bool finished;
};

const char *tcpwhy_version(void)
{
	return TCPWHY_VERSION;
}

static void take_verdict(void *user, const struct verdict *verdict)
{
	struct tcpwhy *handle = user;

	handle->current.verdict = verdict;
	handle->current.count++;
	buffer_reset(&handle->current.text);
	buffer_reset(&handle->current.json);
	handle->on_verdict(handle->user, &handle->current);
}

struct tcpwhy *tcpwhy_new(tcpwhy_verdict_fn *on_verdict, void *user, size_t max_connections)
{
	struct tcpwhy *handle = calloc(1, sizeof(*handle));
	struct analysis_options options = { .max_connections = max_connections, .one_pass = true };
	struct analysis_sink sink = { .user = handle, .verdict = on_verdict ? take_verdict : NULL };

	if (!handle)
		return NULL;
	handle->on_verdict = on_verdict;
	handle->user = user;
	handle->current.text.max = VERDICT_TEXT_MAX;
	handle->current.json.max = VERDICT_TEXT_MAX;
	handle->analysis = analysis_new(&options, &sink);
	if (!handle->analysis) {
		free(handle);
		return NULL;
	}
	return handle;
}

void tcpwhy_packet(struct tcpwhy *handle, int link_type, int64_t time_ns, const uint8_t *data, uint32_t captured,
                   uint32_t length)
{
	struct frame frame = {
		.number = ++handle->frames,
		.time_ns = clock_clamp(time_ns),
		.data = data ? data : (const uint8_t *)"", /* an empty packet may have none */
		.captured = data ? captured : 0,
		.length = length < captured ? captured : length,
		.link_type = (uint16_t)link_type,
		.has_time = true,
	};

	if (!handle->finished)
		analysis_frame(handle->analysis, &frame);
}

void tcpwhy_advance(struct tcpwhy *handle, int64_t time_ns)
{
	if (!handle->finished)
		analysis_advance(handle->analysis, clock_clamp(time_ns));
}

void tcpwhy_finish(struct tcpwhy *handle)
{
	if (!handle->finished)
		analysis_finish(handle->analysis);
	handle->finished = true;
}

void tcpwhy_free(struct tcpwhy *handle)
{
	if (!handle)
		return;
	analysis_free(handle->analysis);
	buffer_clear(&handle->current.text);
	buffer_clear(&handle->current.json);
	free(handle);
}

uint64_t tcpwhy_verdict_frame(const struct tcpwhy_verdict *verdict)
{
	return verdict->verdict->evidence->frame;
}

const char *tcpwhy_verdict_cause(const struct tcpwhy_verdict *verdict)
{
	return cause_get(verdict->verdict->cause)->id;
}

const char *tcpwhy_verdict_certainty(const struct tcpwhy_verdict *verdict)
{
	return certainty_id(verdict->verdict->certainty);
}

const char *tcpwhy_verdict_sender(const struct tcpwhy_verdict *verdict)
{
	return role_id(verdict->verdict->sender);
}

/* The caller sees a constant verdict; that its texts are made on demand is no change that it could notice. */
static struct tcpwhy_verdict *own(const struct tcpwhy_verdict *verdict)
{
	return (struct tcpwhy_verdict *)(uintptr_t)verdict;
}

const char *tcpwhy_verdict_text(const struct tcpwhy_verdict *verdict)
{
	struct report_style style = { .width = 100 };

	if (!verdict->text.len)
		report_text_verdict(&own(verdict)->text, verdict->verdict, NULL, verdict->count, &style);
	return buffer_text(&verdict->text);
}

const char *tcpwhy_verdict_json(const struct tcpwhy_verdict *verdict)
{
	if (!verdict->json.len)
		report_json_verdict(&own(verdict)->json, verdict->verdict, NULL);
	return buffer_text(&verdict->json);
}
