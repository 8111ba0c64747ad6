#include "vantage/vantage.h"

#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"
#include "base/random.h"
#include "base/room.h"
#include "base/run.h"
#include "base/sort.h"
#include "base/text.h"
#include "vantage/harvest.h"
#include "vantage/parts.h"
#include "vantage/tell.h"

/* Evidence of one capture that waits for the others, at some 800 bytes each. What is beyond is judged as it is. */
#define TOLD_MAX 65536
#define TOLD_BYTES_MAX ((size_t)64 << 20)
#define PIECE_BYTES ((size_t)256 << 10)
#define PIECES_MAX (TOLD_BYTES_MAX / PIECE_BYTES)

/* What each capture of several takes at most, as the manual has it, beyond what it takes alone. */
#define CAPTURE_BYTES_MAX ((size_t)310 << 20)
/* An array that grows is there twice for a moment; places are numbers of 4 bytes, hashed into twice as many. */
#define PLACE sizeof(uint32_t)
#define MARK_BYTES (sizeof(struct mark) + sizeof(struct passage) + 2 * sizeof(struct key) + 6 * PLACE)
#define LEG_BYTES (2 * sizeof(struct leg) + sizeof(struct group) + 9 * PLACE)
_Static_assert(TOLD_BYTES_MAX + TOLD_MAX * 2 * sizeof(struct told) + LOOKOUT_MARKS_MAX * MARK_BYTES +
               LEGS_MAX * LEG_BYTES <= CAPTURE_BYTES_MAX, "the ceilings of a capture are what the manual says");

static enum status out_of_memory(struct error *error)
{
	return error_set(error, STATUS_MEMORY, _("out of memory"));
}

struct vantages *vantages_new(const struct vantage_input *inputs, unsigned count,
                              const struct analysis_options *options, const struct analysis_sink *sink,
                              const struct recognition *known)
{
	struct vantages *v = calloc(1, sizeof *v);

	if (!v || count > LOOKOUTS_MAX) {
		free(v);
		return NULL;
	}
	v->seed = random_seed();
	pthread_mutex_init(&v->lock, NULL);
	v->count = v->names.count = v->match.count = count;
	v->options = *options;
	v->sink = *sink;
	if (known)
		v->known = *known;
	for (unsigned i = 0, file = 0; i < count; i++) {
		v->inputs[i] = inputs[i];
		v->names.name[i] = inputs[i].name;
		if (inputs[i].named)
			v->place[i] = strcmp(inputs[i].name, "client") == 0 ? 1 : strcmp(inputs[i].name, "server") == 0 ? 2 : 0;
		if (!lookout_init(&v->match.lookout[i], inputs[i].name, inputs[i].named)) {
			vantages_free(v);
			return NULL;
		}
		v->match.lookout[i].file_first = file;
		file += (unsigned)inputs[i].count;
	}
	return v;
}

void vantages_free(struct vantages *v)
{
	if (!v)
		return;
	for (unsigned i = 0; i < v->count; i++) {
		free(v->accounts[i].told);
		for (struct piece *piece = v->accounts[i].pieces, *before; piece; piece = before) {
			before = piece->before;
			free(piece);
		}
	}
	match_clear(&v->match);
	pthread_mutex_destroy(&v->lock);
	free(v);
}

/* ---- each capture alone ---- */

/* One capture that is being analysed, at the same time as the others. */
struct alone {
	struct vantages *v;
	unsigned at;
	enum status status;
	struct error error;
	struct analysis *analysis;
	struct analysis_totals totals;
};

static uint8_t file_of(const struct vantage_input *input, const char *file)
{
	for (size_t i = 0; i < input->count && i < UINT8_MAX; i++)
		if (source_name(input->sources[i]) == file)
			return (uint8_t)i;
	return 0;
}

/* The piece in which `size` bytes have room; NULL where there is none. */
static struct piece *piece_for(struct account *account, size_t size)
{
	struct piece *piece = account->pieces;

	if (piece && size <= PIECE_BYTES - sizeof *piece - piece->used)
		return piece;
	piece = account->piece_count < PIECES_MAX ? malloc(PIECE_BYTES) : NULL;
	if (!piece)
		return NULL;
	*piece = (struct piece){ .before = account->pieces };
	account->pieces = piece;
	account->piece_count++;
	return piece;
}

/* NULL where there is no room. */
static const struct evidence_packed *pack(struct account *account, const struct evidence *e)
{
	size_t align = _Alignof(max_align_t), size = (evidence_packed_size(e) + align - 1) / align * align;
	struct piece *piece = piece_for(account, size);
	struct evidence_packed *packed;

	if (!piece)
		return NULL;
	packed = (struct evidence_packed *)((uint8_t *)piece->bytes + piece->used);
	evidence_pack_into(e, packed);
	piece->used += size;
	return packed;
}

/* It is judged when the others have spoken. False where there is no room. */
static bool collect(void *user, const struct evidence *e)
{
	const struct alone *alone = user;
	struct account *account = &alone->v->accounts[alone->at];
	const struct evidence_packed *packed;

	if (!room_for((void **)&account->told, account->count, 1, &account->room, sizeof *account->told, TOLD_MAX) ||
	    !(packed = pack(account, e)))
		return false;
	account->told[account->count++] = (struct told){
		.packed = packed, .file = e->file, .frame = e->frame, .src = e->src, .dst = e->dst,
		.time_ns = e->time_ns, .passage = NONE, .lookout = (uint8_t)alone->at, .is_ending = e->is_ending,
		.file_place = file_of(&alone->v->inputs[alone->at], e->file),
		.isn = { e->isn_known[0] ? 1 + (uint64_t)e->isn[0] : 0, e->isn_known[1] ? 1 + (uint64_t)e->isn[1] : 0 },
	};
	return true;
}

static void pass_verdict(void *user, const struct verdict *verdict)
{
	const struct alone *alone = user;

	pthread_mutex_lock(&alone->v->lock);
	if (alone->v->sink.verdict)
		alone->v->sink.verdict(alone->v->sink.user, verdict);
	pthread_mutex_unlock(&alone->v->lock);
}

static void pass_connection(void *user, const struct conversation *conversation)
{
	const struct alone *alone = user;
	struct conversation *c = (struct conversation *)conversation;

	/* As the place of the file in the run of all. */
	c->flow.file = (uint16_t)(c->flow.file + alone->v->match.lookout[alone->at].file_first);
	alone->v->sink.connection(alone->v->sink.user, c);
}

/*
 * The second of two passes looks at the connections with a verdict only: what is wanted of them is at hand already. A
 * single pass looks at all, and nobody knows yet which of them will be wanted.
 */
static void take_note(void *user, struct conversation *conversation, const struct note *note,
                      const struct segment *segment)
{
	const struct alone *alone = user;
	struct lookout *lookout = &alone->v->match.lookout[alone->at];

	(void)note;
	if (analysis_totals(alone->analysis)->passes < 2)
		return;
	/* To look its leg up for each segment takes longer than all else. */
	if (!conversation->ticket) {
		struct tuple tuple;

		tuple_of(&segment->src, &segment->dst, &tuple);
		conversation->ticket = 1 + lookout_leg(lookout, &tuple, tuple_hash(&tuple, alone->v->seed), true);
	}
	if (conversation->ticket)
		lookout_add(lookout, conversation->ticket - 1, note->side, segment);
}

/* How far one of them has come tells enough. */
static void pass_progress(void *user, const struct source_position *position, unsigned pass, unsigned passes)
{
	const struct alone *alone = user;

	pthread_mutex_lock(&alone->v->lock);
	if (!alone->at)
		alone->v->sink.progress(alone->v->sink.user, position, pass, passes);
	pthread_mutex_unlock(&alone->v->lock);
}

static void pass_failure(void *user, const struct source *source, const struct error *error)
{
	const struct alone *alone = user;

	pthread_mutex_lock(&alone->v->lock);
	alone->v->sink.failure(alone->v->sink.user, source, error);
	pthread_mutex_unlock(&alone->v->lock);
}

static void add_decoded(struct decoder_counts *sum, const struct decoder_counts *more)
{
	for (unsigned kind = 0; kind < DECODED_KINDS; kind++)
		sum->kinds[kind] += more->kinds[kind];
	sum->fragments_lost += more->fragments_lost;
	sum->fragments_waiting += more->fragments_waiting;
	if (more->unknown_link_type)
		sum->unknown_link_type = more->unknown_link_type;
}

/* Connections whose end it has. */
static uint64_t ended(const struct analysis_totals *totals)
{
	return totals->endings[ENDING_CLOSED] + totals->endings[ENDING_RESET] + totals->endings[ENDING_REFUSED];
}

static void add_totals(struct analysis_totals *sum, const struct analysis_totals *more, bool first)
{
	if (first || more->connections > sum->connections ||
	    (more->connections == sum->connections && ended(more) > ended(sum))) {
		sum->connections = more->connections;
		memcpy(sum->endings, more->endings, sizeof sum->endings);
	}
	sum->resets = more->resets > sum->resets ? more->resets : sum->resets;
	if (first) {
		sum->first_time_ns = more->first_time_ns;
		sum->last_time_ns = more->last_time_ns;
	}
	sum->frames += more->frames;
	sum->segments += more->segments;
	sum->connections_let_go += more->connections_let_go;
	sum->resets_sealed_early += more->resets_sealed_early;
	sum->duplicates += more->duplicates;
	sum->passes = more->passes > sum->passes ? more->passes : sum->passes;
	add_decoded(&sum->decoded, &more->decoded);
}

static int by_time_and_frame(const void *a, const void *b)
{
	const struct told *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return (x->frame > y->frame) - (x->frame < y->frame);
}

static void analyse(void *context, unsigned part)
{
	struct alone *alone = (struct alone *)context + part;
	struct vantages *v = alone->v;
	struct account *account = &v->accounts[alone->at];
	const struct analysis_sink sink = {
		.user = alone, .evidence = collect, .verdict = pass_verdict,
		.connection = v->sink.connection ? pass_connection : NULL,
		.progress = v->sink.progress ? pass_progress : NULL, .failure = v->sink.failure ? pass_failure : NULL,
		.note = take_note,
	};
	struct analysis *analysis = analysis_new(&v->options, &sink);

	alone->status = STATUS_MEMORY;
	alone->analysis = analysis;
	if (!analysis)
		return;
	alone->status = analysis_run(analysis, v->inputs[alone->at].sources, v->inputs[alone->at].count, &alone->error);
	analysis_finish(analysis);
	alone->totals = *analysis_totals(analysis);
	analysis_free(analysis);
	sort_sorted(account->told, account->count, sizeof *account->told, by_time_and_frame);
}

/* From when to when it was captured, as the analysis saw it. */
static void take_extent(struct lookout *lookout, const struct vantage_input *input,
                        const struct analysis_totals *totals)
{
	lookout->frames = totals->frames;
	lookout->first_ns = totals->first_time_ns;
	lookout->last_ns = totals->last_time_ns;
	for (size_t i = 0; i < input->count; i++)
		lookout_statistics(lookout, input->sources[i]);
}

static enum status analyse_all(struct vantages *v, struct error *error)
{
	static const struct alone blank;
	struct alone all[LOOKOUTS_MAX];
	enum status result = STATUS_OK;

	for (unsigned i = 0; i < v->count; i++) {
		all[i] = blank;
		all[i].v = v;
		all[i].at = i;
	}
	/* Connections are given as they come: one capture after the other. */
	parallel_run(analyse, all, v->count, v->sink.connection);
	for (unsigned i = 0; i < v->count; i++) {
		add_totals(&v->totals, &all[i].totals, i == 0);
		take_extent(&v->match.lookout[i], &v->inputs[i], &all[i].totals);
		v->surveyed[i] = all[i].totals.passes == 2;
		if (all[i].status != STATUS_OK && result != STATUS_MEMORY) {
			result = all[i].status;
			*error = all[i].error;
		}
	}
	return result;
}

/* ---- all once more ---- */

static void list_account(struct wanted *wanted, const struct account *account)
{
	for (size_t i = 0; i < account->count; i++) {
		const struct told *told = &account->told[i];

		wanted_ends(wanted, &told->src, &told->dst);
		for (unsigned end = 0; end < 2; end++)
			if (told->isn[end])
				wanted_isn(wanted, (uint32_t)(told->isn[end] - 1));
	}
}

static struct wanted *list_wanted(const struct vantages *v, uint64_t seed)
{
	struct wanted *wanted = wanted_new(seed);

	if (!wanted)
		return NULL;
	for (size_t i = 0; i < v->known.shared_count; i++)
		wanted_ends(wanted, &v->known.shared[i][0], &v->known.shared[i][1]);
	for (unsigned i = 0; i < v->count; i++)
		list_account(wanted, &v->accounts[i]);
	return wanted;
}

/* A second reading, at the same time as the others: it only reads what others read, too. */
struct reading_again {
	struct lookout *lookout;
	const struct vantage_input *input;
	const struct wanted *wanted;
	enum status status;
};

static void read_again(void *context, unsigned part)
{
	struct reading_again *again = (struct reading_again *)context + part;
	struct error ignored;
	enum status status = STATUS_OK;

	for (size_t i = 0; i < again->input->count && status == STATUS_OK; i++)
		status = source_rewind(again->input->sources[i], &ignored);
	/* What cannot be read was reported by the first reading; what could be read counts. */
	if (status == STATUS_OK)
		status = harvest(again->lookout, again->wanted, again->input->sources, again->input->count, &ignored);
	again->status = status == STATUS_MEMORY ? status : STATUS_OK;
}

/* The initial sequence numbers that a lookout has. NULL when out of memory. */
static struct wanted *list_met(const struct vantages *v, const struct lookout *lookout)
{
	struct wanted *met = wanted_new(v->seed);

	for (size_t i = 0; met && i < lookout->mark_count; i++)
		if (lookout->marks[i].flags & TCP_SYN)
			wanted_isn(met, lookout->marks[i].seq);
	return met;
}

/*
 * Whether the second pass has brought everything that another capture has a verdict about. *met is listed where the
 * ends alone do not tell.
 */
static bool has_all(const struct vantages *v, struct lookout *lookout, const struct account *account,
                    struct wanted **met)
{
	for (size_t i = 0; i < account->count; i++) {
		const struct told *told = &account->told[i];
		struct tuple tuple;

		tuple_of(&told->src, &told->dst, &tuple);
		if (lookout_leg(lookout, &tuple, tuple_hash(&tuple, v->seed), false) != NONE)
			continue;
		*met = *met ? *met : list_met(v, lookout);
		if (!*met || (!(told->isn[0] && wanted_has_isn(*met, (uint32_t)(told->isn[0] - 1))) &&
		              !(told->isn[1] && wanted_has_isn(*met, (uint32_t)(told->isn[1] - 1)))))
			return false;
	}
	return true;
}

static bool needs_reading(struct vantages *v, unsigned lookout)
{
	struct lookout *l = &v->match.lookout[lookout];
	struct wanted *met = NULL;
	bool all = v->surveyed[lookout] && !l->left_out;

	for (unsigned i = 0; all && i < v->count; i++)
		all = i == lookout || has_all(v, l, &v->accounts[i], &met);
	wanted_free(met);
	return !all;
}

static enum status harvest_all(struct vantages *v, struct error *error)
{
	struct reading_again again[LOOKOUTS_MAX];
	struct wanted *wanted = NULL;
	unsigned count = 0;
	bool done = true;

	for (unsigned i = 0; i < v->count; i++)
		if (needs_reading(v, i))
			again[count++] = (struct reading_again){ .lookout = &v->match.lookout[i], .input = &v->inputs[i] };
	if (count && !(wanted = list_wanted(v, v->seed)))
		return out_of_memory(error);
	for (unsigned i = 0; i < count; i++) {
		lookout_reset(again[i].lookout);
		again[i].wanted = wanted;
	}
	parallel_run(read_again, again, count, false);
	for (unsigned i = 0; i < count; i++)
		done &= again[i].status == STATUS_OK;
	wanted_free(wanted);
	return done ? STATUS_OK : out_of_memory(error);
}

enum status vantages_run(struct vantages *v, struct error *error)
{
	enum status result, status;

	result = analyse_all(v, error);
	if (result == STATUS_MEMORY)
		return out_of_memory(error);
	if (harvest_all(v, error) != STATUS_OK)
		return STATUS_MEMORY;
	if (!match_run(&v->match, v->place) || !fate_find(&v->match))
		return out_of_memory(error);
	v->ways = (struct ways){ .match = &v->match, .names = &v->names, .place = v->place };
	status = tell_all(v, error);
	return status == STATUS_OK ? result : status;
}

const struct analysis_totals *vantages_totals(const struct vantages *v)
{
	return &v->totals;
}

const struct match *vantages_match(const struct vantages *v)
{
	return &v->match;
}

const struct vantage_names *vantages_names(const struct vantages *v)
{
	return &v->names;
}

bool vantages_group(const struct vantages *v, const struct evidence *e, uint32_t *ret_group)
{
	unsigned lookout = e->way.here ? e->way.here - 1u : 0;
	const struct mark *mark;
	size_t near = 0;

	for (size_t file = 0; e->way.here && file < v->inputs[lookout].count; file++) {
		if (e->file && source_name(v->inputs[lookout].sources[file]) != e->file)
			continue;
		mark = ways_mark(&v->ways, lookout, (unsigned)file, e->frame, &near);
		if (!mark || mark->passage == NONE)
			return false;
		*ret_group = v->match.passages[mark->passage].group;
		return true;
	}
	return false;
}
