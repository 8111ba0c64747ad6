#include "base/text.h"
#include "cli/probe_show.h"

static json_t *evidence_of(const struct scan *scan, const struct finding *finding, size_t index)
{
	struct buffer text = BUFFER_INIT(1024);
	json_t *list = json_array();

	probe_doubt_text(&text, scan, index);
	if (text.len)
		json_array_append_new(list, json_buffer(&text));
	buffer_reset(&text);
	probe_icmp_text(&text, scan, index);
	if (text.len)
		json_array_append_new(list, json_buffer(&text));
	buffer_clear(&text);
	for (unsigned clue = 0; clue < CLUES; clue++)
		if (finding->clues >> clue & 1)
			json_array_append_new(list, json_text(clue_text((enum clue)clue)));
	return list;
}

static json_t *candidates_of(const struct finding *finding)
{
	json_t *list = json_array();

	if (finding->other != CAUSE_NONE)
		json_array_append_new(list, json_string(cause_get(finding->other)->id));
	return list;
}

static json_t *text_of_address(const struct address *address)
{
	char text[ADDRESS_TEXT_MAX];

	return json_string(address_text(text, address));
}

void probe_json_port(struct buffer *out, const struct scan *scan, const struct finding *findings, size_t index,
                     int64_t time_ns)
{
	const struct ask *ask = &scan->asks[index];
	const struct finding *finding = &findings[index];
	const struct target *target = scan_target(scan, index);
	bool answered = ask->state != PORT_FILTERED && ask->state != PORT_UNKNOWN && ask->seen.rtt_ns >= 0;
	json_t *line = json_line_new("port");

	if (time_ns)
		json_put(line, "time", json_time(time_ns));
	json_put(line, "host", json_text(target->name));
	json_put(line, "address", text_of_address(&target->path.target));
	json_put_number(line, "port", scan_port(scan, index));
	json_put(line, "state", json_string(port_state_id(ask->state)));
	json_put(line, "cause", finding->cause == CAUSE_NONE ? json_null() : json_string(cause_get(finding->cause)->id));
	json_put(line, "certainty", json_string(certainty_id(finding->certainty)));
	json_put(line, "candidates", candidates_of(finding));
	json_put(line, "answered_by", json_text(answered_by_id(finding->by)));
	json_put(line, "reporter", ask->seen.reporter ? text_of_address(&scan->reporters[ask->seen.reporter]) : json_null());
	json_put(line, "rtt", answered ? json_integer(ask->seen.rtt_ns) : json_null());
	json_put_number(line, "tries", ask->tries);
	json_put(line, "method", json_string(target->by_connect ? "connect" : "syn"));
	json_put(line, "evidence", evidence_of(scan, finding, index));
	json_put(line, "decides", json_text(finding_decides(finding)));
	json_line_end(out, line);
}

void probe_json_totals(struct buffer *out, const struct scan *scan, int64_t took_ns)
{
	json_t *line = json_line_new("probe-summary");

	json_put_number(line, "ports", scan->ask_count);
	json_put_number(line, "took_ns", (uint64_t)took_ns);
	json_put_number(line, "sent", scan->counts.sent);
	json_put_number(line, "answers", scan->counts.received);
	json_put_number(line, "strays", scan->counts.strays);
	json_put_number(line, "dropped", scan->counts.dropped);
	json_put_number(line, "dropped_by_machine", scan->counts.backlog);
	json_put(line, "limited", json_boolean(scan->limited));
	json_line_end(out, line);
}

json_t *probe_json_watched(const struct scan *scan)
{
	json_t *line = json_line_new("probe-watch");

	json_put(line, "host", json_text(scan->targets[0].name));
	json_put(line, "address", text_of_address(&scan->targets[0].path.target));
	json_put_number(line, "port", scan_port(scan, 0));
	return line;
}
