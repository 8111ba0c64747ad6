#include "report/vantages.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/text.h"
#include "report/json_text.h"
#include "report/layout.h"

#define TEXT_MAX 4096
/* Less is not worth a word: no clock is better. */
#define DRIFT_SHOWN 1e-7
#define PER_MILLION 1e6

static void add_offset(struct buffer *text, const struct match *m, unsigned v)
{
	const struct alignment *clock = &m->clock[v];
	char offset[CLOCK_TEXT_MAX], error[CLOCK_TEXT_MAX];

	if (!v) {
		buffer_puts(text, _("times are by its clock"));
		return;
	}
	if (!clock->known) {
		buffer_puts(text, _("it has nothing in common with the others, so its clock is not known"));
		return;
	}
	buffer_printf(text, clock->offset_ns > 0 ? _("its clock is %s behind") : _("its clock is %s ahead"),
	              clock_duration(offset, clock->offset_ns > 0 ? clock->offset_ns : -clock->offset_ns));
	if (clock->one_way)
		buffer_puts(text, _(", less the time on the way: only one direction was seen"));
	else
		buffer_printf(text, _(", to within %s"), clock_duration(error, clock->error_ns));
	if (clock->runaway)
		buffer_puts(text, _("; it drifts by more than any clock does, or packets were held up: its drift is not known"));
	else if (__builtin_fabs(clock->drift) > DRIFT_SHOWN && __builtin_fabs(clock->drift) > clock->drift_error)
		buffer_printf(text, clock->drift > 0 ? _(", and loses %.1f us a second") : _(", and gains %.1f us a second"),
		              __builtin_fabs(clock->drift) * PER_MILLION);
}

static void add_lacks(struct buffer *text, const struct match *m, unsigned v)
{
	uint64_t missed = m->missed[v];

	buffer_printf(text, NG_("; %" PRIu64 " frame", "; %" PRIu64 " frames", m->lookout[v].frames), m->lookout[v].frames);
	if (missed)
		buffer_printf(text, NG_("; it missed %" PRIu64 " segment that passed there: what else it lacks proves nothing",
		                        "; it missed %" PRIu64 " segments that passed there: what else it lacks proves nothing",
		                        missed), missed);
}

/* From the client on; those of which nothing tells stand where they were given. */
static unsigned nth(const struct match *m, unsigned n)
{
	unsigned order[LOOKOUTS_MAX];

	for (unsigned v = 0; v < m->count; v++) {
		unsigned at = v;

		for (; at > 0 && m->rank[order[at - 1]] > m->rank[v]; at--)
			order[at] = order[at - 1];
		order[at] = v;
	}
	return order[n];
}

static void add_order(struct buffer *text, const struct match *m)
{
	for (unsigned i = 0; i < m->count; i++) {
		unsigned v = nth(m, i);

		if (i)
			buffer_puts(text, m->rank[v] == m->rank[nth(m, i - 1)] ? _(" beside ") : " - ");
		layout_name(text, m->lookout[v].name);
	}
}

static void count_fates(const struct match *m, uint64_t counts[FATES])
{
	for (size_t i = 0; i < m->passage_count; i++)
		counts[m->passages[i].fate]++;
}

static void add_fates(struct buffer *text, const struct match *m)
{
	static const char *const words[FATES] = {
		[FATE_PASSED] = N_("%" PRIu64 " passed"), [FATE_LOST] = N_("%" PRIu64 " lost on the way"),
		[FATE_MADE] = N_("%" PRIu64 " made on the way"), [FATE_RECUT] = N_("%" PRIu64 " cut otherwise on the way"),
		[FATE_NOT_CAPTURED] = N_("%" PRIu64 " not captured everywhere"),
		[FATE_PERHAPS_LOST] = N_("%" PRIu64 " lost or not captured"),
		[FATE_PERHAPS_MADE] = N_("%" PRIu64 " made on the way or not captured"),
	};
	uint64_t counts[FATES] = { 0 };

	count_fates(m, counts);
	for (unsigned fate = 0; fate < FATES; fate++) {
		if (!counts[fate] || !words[fate])
			continue;
		if (text->len)
			buffer_puts(text, ", ");
		buffer_printf(text, _(words[fate]), counts[fate]);
	}
}

void report_text_vantages(struct buffer *out, const struct vantages *vantages, const struct report_style *style)
{
	const struct match *m = vantages_match(vantages);
	struct buffer text = BUFFER_INIT(TEXT_MAX);

	buffer_printf(&text, NG_("%u capture of the same traffic", "%u captures of the same traffic", m->count), m->count);
	layout_ink(out, style, INK_BOLD, buffer_text(&text));
	buffer_puts(out, "\n");
	buffer_reset(&text);
	add_order(&text, m);
	layout_row(out, style, _("way"), buffer_text(&text));
	for (unsigned v = 0; v < m->count; v++) {
		buffer_reset(&text);
		layout_name(&text, m->lookout[v].name);
		buffer_puts(&text, ": ");
		add_offset(&text, m, v);
		add_lacks(&text, m, v);
		layout_row(out, style, v ? "" : _("clocks"), buffer_text(&text));
	}
	buffer_reset(&text);
	add_fates(&text, m);
	layout_row(out, style, _("segments"), buffer_text(&text));
	buffer_reset(&text);
	if (m->proxied)
		buffer_printf(&text, NG_("%" PRIu64 " connection has another handshake here than there: it ends in between",
		                         "%" PRIu64 " connections have other handshakes here than there: they end in between",
		                         m->proxied), m->proxied);
	layout_row(out, style, _("proxy"), buffer_text(&text));
	buffer_puts(out, "\n");
	buffer_clear(&text);
}

static json_t *json_capture(const struct match *m, unsigned v)
{
	const struct alignment *clock = &m->clock[v];
	json_t *one = json_object();

	json_put(one, "name", json_text(m->lookout[v].name));
	json_put_number(one, "rank", m->rank[v]);
	json_put_number(one, "frames", m->lookout[v].frames);
	json_put_number(one, "missed", m->missed[v]);
	json_put(one, "offset_ns", clock->known ? json_integer(clock->offset_ns) : json_null());
	json_put(one, "error_ns", clock->known && !clock->one_way ? json_integer(clock->error_ns) : json_null());
	json_put(one, "drift_ppm", clock->known && !clock->runaway ? json_real(clock->drift * PER_MILLION) : json_null());
	json_put(one, "drift_error_ppm",
	         clock->known && !clock->runaway ? json_real(clock->drift_error * PER_MILLION) : json_null());
	return one;
}

void report_json_vantages(struct buffer *out, const struct vantages *vantages)
{
	const struct match *m = vantages_match(vantages);
	json_t *line = json_line_new("vantages"), *list = json_array(), *fates = json_object();
	uint64_t counts[FATES] = { 0 };

	for (unsigned v = 0; v < m->count; v++)
		json_array_append_new(list, json_capture(m, v));
	count_fates(m, counts);
	for (unsigned fate = 0; fate < FATES; fate++)
		json_put_number(fates, fate_id(fate), counts[fate]);
	json_put(line, "captures", list);
	json_put(line, "segments", fates);
	json_put_number(line, "shared", m->shared);
	json_put_number(line, "proxied", m->proxied);
	json_line_end(out, line);
}
