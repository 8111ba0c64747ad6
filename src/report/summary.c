#include "report/summary.h"

#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "base/text.h"
#include "diagnose/explain.h"

#define DISTINCT_FIRST 1024 /* places; doubled when half full */

enum distinct {
	DISTINCT_PEER,
	DISTINCT_PORT,
};

struct summary *summary_new(void)
{
	struct summary *summary = calloc(1, sizeof *summary);

	if (summary)
		summary->seed = random_seed();
	return summary;
}

void summary_free(struct summary *summary)
{
	if (!summary)
		return;
	for (size_t i = 0; i < summary->count; i++)
		free(summary->groups[i].file);
	free(summary->groups);
	free(summary->distinct);
	free(summary);
}

/* Any good mixing will do; the seed keeps whoever wrote the capture from choosing collisions. */
static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15;
	return hash ^ hash >> 29;
}

static uint64_t hash_address(uint64_t hash, const struct address *address)
{
	uint64_t words[2];

	memcpy(words, address->bytes, sizeof words);
	return mix(mix(mix(hash, words[0]), words[1]), address->version);
}

/* Whether the value was not in the set yet. A set that cannot grow any more takes nothing new. */
static bool insert(uint64_t *set, size_t capacity, uint64_t hash)
{
	size_t i = hash & (capacity - 1);

	for (; set[i]; i = (i + 1) & (capacity - 1))
		if (set[i] == hash)
			return false;
	set[i] = hash;
	return true;
}

static bool grow_distinct(struct summary *summary)
{
	size_t capacity = summary->distinct_capacity ? summary->distinct_capacity * 2 : DISTINCT_FIRST;
	uint64_t *set = capacity <= DISTINCT_MAX * 2 ? calloc(capacity, sizeof *set) : NULL;

	if (!set)
		return false;
	for (size_t i = 0; i < summary->distinct_capacity; i++)
		if (summary->distinct[i])
			insert(set, capacity, summary->distinct[i]);
	free(summary->distinct);
	summary->distinct = set;
	summary->distinct_capacity = capacity;
	return true;
}

/* 1 for something new to this group, 0 for something known. */
static unsigned is_distinct(struct summary *summary, uint64_t hash)
{
	bool room = summary->distinct_count < summary->distinct_capacity / 2;

	if (summary->distinct_full || (!room && !grow_distinct(summary))) {
		summary->distinct_full = true;
		return 0;
	}
	if (!insert(summary->distinct, summary->distinct_capacity, hash ? hash : 1))
		return 0;
	summary->distinct_count++;
	return 1;
}

/* Whether src is the server. Where nobody knows, the lower port is taken for it. An ending names the role of dst. */
static bool from_server(const struct evidence *e)
{
	if (e->sender_role == ROLE_SERVER || e->sender_role == ROLE_CLIENT)
		return (e->sender_role == ROLE_SERVER) != e->is_ending;
	return e->src.port <= e->dst.port;
}

static enum group_by grouping(const struct verdict *verdict)
{
	const struct evidence *e = verdict->evidence;

	if (cause_get(verdict->cause)->family == FAMILY_PROBING)
		return GROUP_BY_PROBER;
	if (verdict->cause != CAUSE_port_closed)
		return GROUP_BY_SERVER;
	return yes(e, FACT_PROBED_PORTS) ? GROUP_BY_PROBER : GROUP_BY_HOST;
}

/* Who probes sends the RST after a scan that was answered, and receives it where the probe was refused. */
static const struct endpoint *prober(const struct verdict *verdict)
{
	bool sends = verdict->cause == CAUSE_half_open_scan || verdict->cause == CAUSE_connect_scan;

	return sends ? &verdict->evidence->src : &verdict->evidence->dst;
}

/* The group that a verdict belongs to, and the two ends as its counts see them. */
struct place {
	struct group key;
	const struct endpoint *peer;    /* counted by address */
	const struct endpoint *server;  /* counted by port */
};

static struct place place_of(const struct verdict *verdict)
{
	const struct evidence *e = verdict->evidence;
	const struct endpoint *server = from_server(e) ? &e->src : &e->dst, *end = server;
	struct place place = { .key = { .cause = verdict->cause, .by = grouping(verdict) } };

	if (place.key.by == GROUP_BY_PROBER) {
		end = prober(verdict);
		server = end == &e->src ? &e->dst : &e->src;
	}
	place.key.end = *end;
	if (place.key.by != GROUP_BY_SERVER)
		place.key.end.port = 0;
	place.peer = end == &e->src ? &e->dst : &e->src;
	place.server = server;
	return place;
}

static bool same_group(const struct group *a, const struct group *b)
{
	return a->cause == b->cause && a->by == b->by && endpoint_equal(&a->end, &b->end);
}

static struct group *append(struct summary *summary, const struct verdict *verdict, const struct group *key)
{
	struct group *groups = summary->groups;
	struct group *group;

	if (summary->count == GROUPS_MAX)
		return NULL;
	if (summary->count == summary->capacity) {
		size_t capacity = summary->capacity ? summary->capacity * 2 : 16;

		groups = realloc(groups, capacity * sizeof *groups);
		if (!groups)
			return NULL;
		summary->groups = groups;
		summary->capacity = capacity;
	}
	group = &groups[summary->count++];
	*group = *key;
	group->sender_role = verdict->evidence->sender_role;
	return group;
}

static struct group *find_or_add(struct summary *summary, const struct verdict *verdict, const struct group *key)
{
	size_t places = sizeof summary->index / sizeof *summary->index;
	uint64_t hash = mix(hash_address(summary->seed, &key->end.address), key->end.port);
	size_t i = mix(hash, (uint64_t)key->cause << 8 | key->by) % places;
	struct group *group;

	for (; summary->index[i]; i = (i + 1) % places)
		if (same_group(&summary->groups[summary->index[i] - 1], key))
			return &summary->groups[summary->index[i] - 1];
	group = append(summary, verdict, key);
	if (group)
		summary->index[i] = (uint16_t)summary->count;
	return group;
}

static void take_example(struct group *group, const struct verdict *verdict, const char *file)
{
	if (group->count && verdict->certainty <= group->example)
		return;
	group->example = verdict->certainty;
	group->frame = verdict->evidence->frame;
	if (group->file && file && strcmp(group->file, file) == 0)
		return;
	free(group->file);
	group->file = file ? strdup(file) : NULL;
}

/* `first` is that of the first that had one. */
static void take_program(char first[COMMAND_MAX], bool *others, const struct actor *actor)
{
	if (!actor->known)
		return;
	if (!first[0])
		memcpy(first, actor->command, COMMAND_MAX);
	else if (strcmp(first, actor->command) != 0)
		*others = true;
}

static void take_programs(struct group *group, const struct testimony *testimony)
{
	take_program(group->sender, &group->senders, &testimony->sender.actor);
	take_program(group->receiver, &group->receivers, &testimony->receiver.actor);
}

static void count_certainty(struct group *group, enum certainty certainty)
{
	group->certain += certainty == CERTAINTY_CERTAIN;
	group->likely += certainty == CERTAINTY_LIKELY;
	group->unknown += certainty == CERTAINTY_UNKNOWN;
}

static void count_ends(struct summary *summary, struct group *group, const struct place *place)
{
	uint64_t hash = mix(summary->seed, (uint64_t)(group - summary->groups));

	group->peers += is_distinct(summary, mix(hash_address(hash, &place->peer->address), DISTINCT_PEER));
	group->ports += is_distinct(summary, mix(mix(hash, place->server->port), DISTINCT_PORT));
}

void summary_add(struct summary *summary, const struct verdict *verdict, const char *file)
{
	const struct evidence *e = verdict->evidence;
	struct place place = place_of(verdict);
	struct group *group = find_or_add(summary, verdict, &place.key);

	if (!group) {
		summary->left_out++;
		return;
	}
	take_example(group, verdict, file);
	count_certainty(group, verdict->certainty);
	count_ends(summary, group, &place);
	group->count++;
	if (e->testimony)
		take_programs(group, e->testimony);
	group->lost_bytes += e->lost_known ? e->lost_bytes : 0;
	group->harm = verdict->harm > group->harm ? verdict->harm : group->harm;
	if (group->sender_role != e->sender_role)
		group->sender_role = ROLE_UNKNOWN;
}

static int compare(const void *left, const void *right)
{
	const struct group *a = *(const struct group *const *)left, *b = *(const struct group *const *)right;

	if (a->harm != b->harm)
		return a->harm > b->harm ? -1 : 1;
	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	if (a->frame != b->frame)
		return a->frame < b->frame ? -1 : 1;
	return a < b ? -1 : 1;
}

const struct group **summary_sorted(const struct summary *summary)
{
	const struct group **sorted = summary->count ? calloc(summary->count, sizeof *sorted) : NULL;

	if (!sorted)
		return NULL;
	for (size_t i = 0; i < summary->count; i++)
		sorted[i] = &summary->groups[i];
	qsort(sorted, summary->count, sizeof *sorted, compare);
	return sorted;
}

const char *group_by_id(enum group_by by)
{
	static const char *const ids[] = {
		[GROUP_BY_SERVER] = "server",
		[GROUP_BY_HOST] = "host",
		[GROUP_BY_PROBER] = "prober",
	};

	return ids[by];
}

char *group_end_text(char text[ENDPOINT_TEXT_MAX], const struct group *group)
{
	if (group->by == GROUP_BY_SERVER)
		return endpoint_text(text, &group->end);
	return address_text(text, &group->end.address);
}

void group_headline(struct buffer *out, const struct group *group)
{
	const struct cause *cause = cause_get(group->cause);
	bool client = group->sender_role == ROLE_CLIENT;

	if (!client && group->sender_role != ROLE_SERVER)
		buffer_puts(out, _(cause->title));
	else
		explain_named(out, cause->headline, explain_role(client ? ROLE_CLIENT : ROLE_SERVER),
		              explain_role(client ? ROLE_SERVER : ROLE_CLIENT));
}
