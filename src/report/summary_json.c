#include "report/summary.h"

#include <stdlib.h>

#include "report/json_text.h"
#include "report/layout.h"

#define TEXT_MAX 4096

static json_t *totals_object(const struct analysis_totals *totals)
{
	json_t *object = json_object();

	json_put_number(object, "frames", totals->frames);
	json_put_number(object, "segments", totals->segments);
	json_put_number(object, "connections", totals->connections);
	json_put_number(object, "resets", totals->resets);
	json_put(object, "first_time", totals->frames ? json_time(totals->first_time_ns) : json_null());
	json_put(object, "last_time", totals->frames ? json_time(totals->last_time_ns) : json_null());
	return object;
}

static json_t *endings_object(const struct analysis_totals *totals)
{
	json_t *object = json_object();

	for (int i = 0; i < ENDINGS; i++)
		json_put_number(object, ending_id(i), totals->endings[i]);
	return object;
}

static json_t *losses_object(const struct analysis_totals *totals)
{
	json_t *object = json_object();

	json_put_number(object, "malformed", totals->decoded.kinds[DECODED_MALFORMED]);
	json_put_number(object, "cut", totals->decoded.kinds[DECODED_CUT]);
	json_put_number(object, "unknown_link", totals->decoded.kinds[DECODED_UNKNOWN_LINK]);
	json_put_number(object, "fragments", totals->decoded.fragments_lost);
	json_put_number(object, "connections_let_go", totals->connections_let_go);
	json_put_number(object, "resets_sealed_early", totals->resets_sealed_early);
	json_put_number(object, "duplicates", totals->duplicates);
	json_put_number(object, "dropped", totals->dropped);
	return object;
}

static json_t *group_object(const struct group *group)
{
	struct buffer headline = BUFFER_INIT(TEXT_MAX);
	char end[ENDPOINT_TEXT_MAX];
	json_t *object = json_object();

	group_headline(&headline, group);
	json_put(object, "cause", json_string(cause_get(group->cause)->id));
	json_put(object, "headline", json_buffer(&headline));
	json_put(object, "by", json_string(group_by_id(group->by)));
	json_put(object, "end", json_string(group_end_text(end, group)));
	json_put(object, "harm", json_string(harm_id(group->harm)));
	json_put_number(object, "count", group->count);
	json_put_number(object, "certain", group->certain);
	json_put_number(object, "likely", group->likely);
	json_put_number(object, "unknown", group->unknown);
	json_put_number(object, "lost_bytes", group->lost_bytes);
	json_put_number(object, "peers", group->peers);
	json_put_number(object, "ports", group->ports);
	json_put(object, "sent_by", json_text(group->sender[0] ? group->sender : NULL));
	json_put(object, "received_by", json_text(group->receiver[0] ? group->receiver : NULL));
	json_put(object, "more_programs", json_boolean(group->senders || group->receivers));
	json_put(object, "file", json_text(group->file));
	json_put_number(object, "frame", group->frame);
	buffer_clear(&headline);
	return object;
}

static json_t *groups_array(const struct summary *summary)
{
	const struct group **sorted = summary_sorted(summary);
	json_t *array = json_array();

	for (size_t i = 0; sorted && i < summary->count; i++)
		json_array_append_new(array, group_object(sorted[i]));
	free(sorted);
	return array;
}

void report_json_summary(struct buffer *out, const struct summary *summary, const struct analysis_totals *totals)
{
	json_t *line = json_line_new("summary");

	json_put(line, "totals", totals_object(totals));
	json_put(line, "endings", endings_object(totals));
	json_put(line, "groups", groups_array(summary));
	json_put_number(line, "groups_left_out", summary->left_out);
	json_put(line, "at_least", json_boolean(summary->distinct_full));
	json_put(line, "not_seen", losses_object(totals));
	json_line_end(out, line);
}

static json_t *floods_array(const struct live_totals *totals)
{
	json_t *list = json_array();

	for (size_t i = 0; i < totals->flood_count; i++) {
		const struct live_flood *flood = &totals->floods[i];
		char peer[ADDRESS_TEXT_MAX];
		json_t *one = json_object();

		json_put_number(one, "count", flood->count);
		json_put(one, "direction", json_string(flood->sent ? "sent" : "received"));
		json_put_number(one, "port", flood->port);
		json_put(one, "peer", json_text(address_text(peer, &flood->peer)));
		json_put(one, "reason", json_text(flood->reason[0] ? flood->reason : NULL));
		json_array_append_new(list, one);
	}
	return list;
}

void report_json_live_summary(struct buffer *out, const struct summary *summary, const struct live_totals *totals)
{
	json_t *line = json_line_new("live-summary");

	json_put_number(line, "sent", totals->sent);
	json_put_number(line, "received", totals->received);
	json_put_number(line, "told", totals->told);
	json_put_number(line, "counted_only", totals->counted_only);
	json_put_number(line, "lost", totals->lost);
	json_put_number(line, "map_full", totals->map_full);
	json_put(line, "floods", floods_array(totals));
	json_put(line, "groups", groups_array(summary));
	json_put_number(line, "groups_left_out", summary->left_out);
	json_put(line, "at_least", json_boolean(summary->distinct_full));
	json_line_end(out, line);
}
