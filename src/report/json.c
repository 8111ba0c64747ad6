#include "report/report.h"
#include "base/run.h"

#include "diagnose/explain.h"
#include "report/json_text.h"
#include "report/layout.h"
#include "report/testimony.h"

#define SENTENCE_MAX 8192

/* What `explain` says about the verdict; null where it says nothing. */
static json_t *explained(const struct verdict *verdict,
                         void (*explain)(struct buffer *out, const struct verdict *verdict))
{
	struct buffer text = BUFFER_INIT(SENTENCE_MAX);
	json_t *value;

	explain(&text, verdict);
	value = json_buffer(&text);
	buffer_clear(&text);
	return value;
}

static void add_headline(struct buffer *out, const struct verdict *verdict)
{
	explain_text(out, verdict, cause_get(verdict->cause)->headline);
}

static void add_title(struct buffer *out, const struct verdict *verdict)
{
	explain_text(out, verdict, cause_get(verdict->cause)->title);
}

static json_t *advice(const struct verdict *verdict)
{
	struct buffer text = BUFFER_INIT(SENTENCE_MAX);
	json_t *parts;

	explain_text(&text, verdict, cause_get(verdict->cause)->advice);
	parts = json_parts(buffer_text(&text), "\n");
	buffer_clear(&text);
	return parts;
}

static json_t *candidates(const struct verdict *verdict)
{
	json_t *ids = json_array();

	for (unsigned i = 0; i < verdict->candidate_count; i++)
		json_array_append_new(ids, json_string(cause_get(verdict->candidates[i])->id));
	return ids;
}

/* The name of a vantage; 0: where the evidence is seen from. */
static json_t *vantage(const struct evidence *e, uint8_t which)
{
	return json_text(e->way.names->name[(which ? which : e->way.here) - 1]);
}

static json_t *between(const struct evidence *e, const uint8_t which[2])
{
	json_t *names;

	if (!which[0])
		return json_null();
	names = json_array();
	json_array_append_new(names, vantage(e, which[0]));
	json_array_append_new(names, vantage(e, which[1]));
	return names;
}

/* What several captures tell of its way. */
static void put_way(json_t *line, const struct evidence *e)
{
	const struct way *way = &e->way;
	json_t *frames;

	if (!way->names)
		return;
	frames = json_array();
	for (uint8_t v = 0; v < way->names->count; v++) {
		json_t *one;

		if (!way->frame[v])
			continue;
		one = json_object();
		json_put(one, "vantage", vantage(e, v + 1));
		json_put_number(one, "frame", way->frame[v]);
		json_array_append_new(frames, one);
	}
	json_put(line, "vantage", vantage(e, 0));
	json_put(line, "frames", frames);
	json_put(line, "not_sent_by", way->not_sent_by ? vantage(e, way->not_sent_by) : json_null());
	json_put(line, "made_between", between(e, way->made_between));
	json_put(line, "lost_between", between(e, way->lost_between));
}

static json_t *because(const struct verdict *verdict)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < verdict->because_count; i++) {
		const struct fact_value *value = &verdict->evidence->facts[verdict->because[i]];
		struct buffer text = BUFFER_INIT(SENTENCE_MAX);
		json_t *one = json_object();

		explain_fact(&text, verdict, verdict->because[i]);
		json_put_number(one, "frame", value->frame ? value->frame : verdict->evidence->frame);
		if (verdict->evidence->way.names)
			json_put(one, "vantage", vantage(verdict->evidence, verdict->evidence->from_vantage[verdict->because[i]]));
		json_put(one, "text", json_text(buffer_text(&text)));
		json_array_append_new(list, one);
		buffer_clear(&text);
	}
	return list;
}

/* The two ends go by their roles; where these are not known, as sender and receiver of the RST. */
static json_t *seen_by(const struct verdict *verdict)
{
	enum role role = verdict->evidence->sender_role;
	bool client = role == ROLE_CLIENT, server = role == ROLE_SERVER;
	json_t *object = json_object();
	struct sights sights;

	explain_sights(&sights, verdict);
	json_put(object, client ? "client" : server ? "server" : "sender", json_buffer(&sights.sender));
	json_put(object, client ? "server" : server ? "client" : "receiver", json_buffer(&sights.receiver));
	json_put(object, "differences", json_buffer(&sights.differences));
	sights_clear(&sights);
	return object;
}

static json_t *accepted(enum acceptance acceptance)
{
	return acceptance == ACCEPTANCE_UNKNOWN ? json_null() : json_boolean(acceptance == ACCEPTANCE_YES);
}

static void put_place(json_t *line, const struct evidence *e, const char *file)
{
	json_put(line, "file", json_text(file));
	json_put_number(line, "frame", e->frame);
	json_put(line, "time", json_time(e->time_ns));
	json_put_number(line, "connection", e->connection);
	json_put(line, "src", json_end(&e->src));
	json_put(line, "dst", json_end(&e->dst));
}

static void put_finding(json_t *line, const struct verdict *verdict)
{
	json_put(line, "sender", json_string(role_id(verdict->sender)));
	json_put(line, "cause", json_string(cause_get(verdict->cause)->id));
	json_put(line, "certainty", json_string(certainty_id(verdict->certainty)));
	json_put(line, "title", explained(verdict, add_title));
	json_put(line, "headline", explained(verdict, add_headline));
	json_put(line, "candidates", candidates(verdict));
	if (verdict->certainty != CERTAINTY_CERTAIN)
		json_put(line, "decides", explained(verdict, explain_doubt));
	json_put(line, "evidence", because(verdict));
}

static void put_part(json_t *line, const struct evidence *e)
{
	if (e->is_ending)
		return;
	json_put(line, "accepted", accepted(e->accepted));
	json_put(line, "part", json_string(part_id(e->part)));
	if (e->part == PART_ECHO && e->echo_of)
		json_put_number(line, "echo_of", e->echo_of);
}

static void put_outcome(json_t *line, const struct verdict *verdict)
{
	const struct evidence *e = verdict->evidence;

	json_put(line, "harm", json_string(harm_id(verdict->harm)));
	if (e->lost_known)
		json_put_number(line, "lost_bytes", e->lost_bytes);
	else
		json_put(line, "lost_bytes", json_null());
	json_put(line, "sealed", e->sealed == SEALED_NOT ? json_null() : json_string(sealed_id(e->sealed)));
	json_put(line, "seen_by", seen_by(verdict));
	json_put(line, "advice", advice(verdict));
	json_put(line, "conn_state", json_text(e->conn_state));
	json_put(line, "history", json_text(e->history));
}

void report_json_verdict(struct buffer *out, const struct verdict *verdict, const char *file)
{
	json_t *line = json_line_new(verdict->evidence->is_ending ? "ending" : "reset");

	put_place(line, verdict->evidence, file);
	put_finding(line, verdict);
	put_part(line, verdict->evidence);
	put_way(line, verdict->evidence);
	put_outcome(line, verdict);
	if (verdict->evidence->testimony)
		testimony_put(line, verdict->evidence->testimony);
	json_line_end(out, line);
}

static bool earlier(const struct moment *a, const struct moment *b)
{
	return a->frame && (!b->frame || a->frame < b->frame);
}

/* The first and the last segment of a conversation, RSTs included. */
static void extent(const struct conversation *c, struct moment *first, struct moment *last)
{
	*first = *last = (struct moment){ 0 };
	for (int i = 0; i < 2; i++) {
		const struct side *side = &c->side[i];
		const struct moment *begins[] = { &side->first, &side->rsts.first };
		const struct moment *ends[] = { &side->last, &side->rsts.last };

		for (int n = 0; n < 2; n++) {
			if (earlier(begins[n], first))
				*first = *begins[n];
			if (ends[n]->frame > last->frame)
				*last = *ends[n];
		}
	}
}

static void put_ends(json_t *line, const struct conversation *c)
{
	int client = conversation_client(c);

	json_put(line, "a", json_end(&c->side[0].end));
	json_put(line, "b", json_end(&c->side[1].end));
	json_put(line, "client", client < 0 ? json_null() : json_end(&c->side[client].end));
	json_put(line, "server", client < 0 ? json_null() : json_end(&c->side[!client].end));
}

void report_json_connection(struct buffer *out, const struct conversation *conversation, const char *file)
{
	json_t *line = json_line_new("connection");
	char history[ZEEK_HISTORY_MAX];
	struct moment first, last;

	extent(conversation, &first, &last);
	zeek_history(&conversation->zeek, history);
	json_put(line, "file", json_text(file));
	json_put_number(line, "connection", conversation->number);
	json_put_number(line, "first_frame", frame_in_file(first.frame));
	json_put_number(line, "last_frame", frame_in_file(last.frame));
	json_put(line, "start", json_time(first.time_ns));
	json_put(line, "end", json_time(last.time_ns));
	put_ends(line, conversation);
	json_put(line, "conn_state", json_text(zeek_conn_state(&conversation->zeek)));
	json_put(line, "history", json_text(history));
	json_put(line, "ending", json_string(ending_id(flow_ending(&conversation->flow))));
	json_put_number(line, "segments", conversation->segments);
	json_put_number(line, "bytes", conversation->side[0].payload_bytes + conversation->side[1].payload_bytes);
	json_line_end(out, line);
}
