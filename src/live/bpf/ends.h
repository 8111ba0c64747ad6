/*
 * Where ends of connections are kept. Nobody waits for a lock here, for a program may interrupt another on the same
 * processor, and before Linux 5.12 there is nothing better than an addition that cannot be divided:
 *
 * - Who makes an end counts itself in, and goes on to the next place where somebody else is in already; when it is
 *   done it says so by its count.
 * - Who changes it is one at a time, as only who has its socket does so. It looks afterwards whether the place had
 *   become another's meanwhile, and if so, says that it spoiled that one. It need not look where the ring has to go
 *   far until it comes to that place.
 * - Who reads sees by the counts whether it has read the whole of one moment.
 * - A new end is entered as the last one of its hash, and leads to the one that was. Of two that are entered at the
 *   same moment, where they have the same of thousands of hashes, one may be lost: mostly its maker sees that.
 *
 * What could not be kept is counted, and what may be wrong is never told. Full tuples are compared, so of hashes
 * that somebody makes equal a search gives up at worst, and says so.
 */
#ifndef TCPWHY_LIVE_BPF_ENDS_H
#define TCPWHY_LIVE_BPF_ENDS_H

#include "live/bpf/sockets.h"

_Static_assert(sizeof(struct end) == 4 * CACHE_LINE, "it fills lines of the cache");
_Static_assert(__builtin_offsetof(struct end, socket) == CACHE_LINE &&
               __builtin_offsetof(struct end, reset) == 2 * CACHE_LINE - sizeof(uint64_t) &&
               __builtin_offsetof(struct end, fin_ns) == 2 * CACHE_LINE &&
               __builtin_offsetof(struct end, closer.exit_code) == 3 * CACHE_LINE,
               "what is used together lies together");

#define PLACES_TRIED 4  /* where others begin ends at the same moment */
#define PASSED_OVER 64  /* where all of those are taken */
#define FETCHED_AHEAD 2 /* ends: the very next may be begun before its memory is here */
#define YOUNG (ENDS / 2)
#define STEPS 256       /* of a search: ENDS / HEADS on average where the ring is full */
#define ALIKE 2         /* ends with both tags that are looked at: it is chance where another has them */
#define REUSED 4        /* … with that of the tuple */
#define OLDER 256       /* … before these, whether they were over */

/* In whatever network namespace. */
static __always_inline uint64_t hash_of(const struct live_tuple *tuple)
{
	const uint64_t *local = (const uint64_t *)tuple->local, *remote = (const uint64_t *)tuple->remote;
	uint64_t ports = (uint64_t)tuple->local_port << 32 | (uint64_t)tuple->remote_port << 16;
	uint64_t hash = live_mix(secret, ports | tuple->version);

	if (tuple->version == 4)
		return live_mix(hash, (uint64_t)*(const uint32_t *)local << 32 | *(const uint32_t *)remote);
	return live_mix(live_mix(live_mix(live_mix(hash, local[0]), local[1]), remote[0]), remote[1]);
}

/* Where the end of this number is, if it is there still. */
static __always_inline struct end *place_of(uint32_t number)
{
	uint32_t place = number & (ENDS - 1);

	return bpf_map_lookup_elem(&ends, &place);
}

/* In whatever network namespace. */
static __always_inline bool same_ends(const struct live_tuple *a, const struct live_tuple *b)
{
	const uint64_t *x = (const uint64_t *)a, *y = (const uint64_t *)b;

	return !((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3])) && a->local_port == b->local_port &&
	       a->remote_port == b->remote_port && a->version == b->version;
}

static __always_inline bool same_tuple(const struct live_tuple *a, const struct live_tuple *b)
{
	return a->net == b->net && same_ends(a, b);
}

static __always_inline uint16_t *head_of(uint64_t hash)
{
	return &heads[hash & (HEADS - 1)];
}

/* That of the tuple in whatever network namespace, and that of the two. */
static __always_inline uint32_t tags_of(uint64_t hash, const struct live_tuple *tuple)
{
	return (hash >> 32 & TUPLE_TAG) | live_mix(hash, tuple->net) >> 48;
}

/* When it sent its last; 0: it did not yet. */
static __always_inline uint64_t over_ns(const struct end *end)
{
	return end->has_fin ? end->fin_ns : end->has_end ? end->end_ns : 0;
}

/* The number, but for its highest bit, of the end that was entered there last. */
static __always_inline uint32_t number_at(uint32_t entry)
{
	uint32_t place = entry & (ENDS - 1);

	return FRESH(links[place].lap) * ENDS + place;
}

/* What was entered before that, or 0. Where a link leads to a younger end the older one is gone, as all before it. */
static __always_inline uint32_t older_than(uint32_t entry)
{
	uint32_t older = FRESH(links[entry & (ENDS - 1)].older);

	return (int32_t)((number_at(older) - number_at(entry)) << 1) < 0 ? older : 0;
}

/*
 * The first entry from this one on that may be of an end with these tags; 0: there is none; SOME_MAY_BE: nobody looks
 * so far. Not static, so the verifier looks at it once; likewise below.
 */
__noinline uint32_t search(uint32_t entry, uint32_t tags, uint32_t mask)
{
	for (int i = 0; i < STEPS && entry & ENTERED; i++) {
		if (!((FRESH(links[entry & (ENDS - 1)].tags) ^ tags) & mask))
			return entry;
		entry = older_than(entry);
	}
	return entry & ENTERED ? SOME_MAY_BE : entry;
}

/* The same, but for ends that were over by then. */
__noinline uint32_t search_open(uint32_t entry, uint32_t tags, uint32_t mask, uint64_t then_ns)
{
	for (int i = 0; i < OLDER && (entry = search(entry, tags, mask)) & ENTERED; i++) {
		const struct end *end = place_of(entry);
		uint64_t over = end ? over_ns(end) : 0;

		if (!over || over > then_ns)
			break;
		entry = older_than(entry);
	}
	return entry;
}

/* The end of this tuple, or NULL. */
static __always_inline struct end *find(const struct live_tuple *tuple)
{
	uint64_t hash = hash_of(tuple);
	uint32_t entry = FRESH(*head_of(hash)), tags = tags_of(hash, tuple);

	for (int i = 0; i < ALIKE && (entry = search(entry, tags, BOTH_TAGS)) & ENTERED; i++) {
		struct end *end = place_of(entry);

		if (end && same_tuple(&end->tuple, tuple))
			return end;
		entry = older_than(entry);
	}
	return 0;
}

/* Somebody writes it anew. */
static __always_inline bool is_being_made(const struct end *end)
{
	return FRESH(end->begun) != FRESH(end->made);
}

static __always_inline bool begin_change(struct end *end, uint32_t number)
{
	if (is_being_made(end) || FRESH(end->number) != number)
		return false;
	end->changing = 1;
	in_order();
	return true;
}

/*
 * Begin to change what is kept of an end, by who has its socket: the end, and which it is, for let_go(). NULL where
 * that is nothing, or it is being replaced.
 */
static __always_inline struct end *hold(const struct live_tuple *tuple, uint32_t *ret_number)
{
	struct end *end = find(tuple);

	if (!end)
		return 0;
	*ret_number = FRESH(end->number);
	in_order();
	return same_tuple(&end->tuple, tuple) && begin_change(end, *ret_number) ? end : 0;
}

/* The same by the socket, which takes less. NULL: perhaps it is found by its tuple. */
static __always_inline struct end *hold_known(const struct known *known, uint64_t socket, uint16_t remote_port,
                                               uint32_t *ret_number)
{
	struct end *end;

	if (known->socket != socket || !known->number)
		return 0;
	*ret_number = known->number;
	end = place_of(*ret_number);
	if (!end || end->socket != socket || end->remote_port != remote_port || end->has_end)
		return 0;
	return begin_change(end, *ret_number) ? end : 0;
}

/*
 * Where it was replaced meanwhile, what was written may lie in another's: that one is known no more. A young one was
 * not, nor will it be before all that was written is seen, so there is no need to wait for that.
 */
static __always_inline void let_go(struct end *end, uint32_t number)
{
	in_order();
	if (FRESH(last.number) - number < YOUNG) {
		end->changes++;
		in_order();
		end->changing = 0;
		return;
	}
	__sync_fetch_and_add(&end->changes, 1); /* all that was written is seen before what follows is looked at */
	in_order();
	if (is_being_made(end) || FRESH(end->number) != number) {
		__sync_fetch_and_add(&end->spoiled, 1);
		count(LIVE_COUNT_MAP_FULL);
	}
	in_order();
	end->changing = 0;
}

/* Whether the caller alone begins to write it anew, as this number. */
static __always_inline bool begin_making(struct end *end, uint32_t number)
{
	uint32_t begun = FRESH(end->begun);

	if (begun != FRESH(end->made) || (int32_t)(number - FRESH(end->number)) <= 0)
		return false;
	in_order();
	__sync_fetch_and_add(&end->begun, 1);
	in_order();
	if (FRESH(end->begun) == begun + 1 && (int32_t)(number - FRESH(end->number)) > 0)
		return true;
	__sync_fetch_and_add(&end->begun, -1);
	return false;
}

/* The next place of the ring, alone there until done(); NULL where others are faster. */
static __always_inline struct end *take_place(uint32_t *ret_number)
{
	uint32_t number = FRESH(last.number);

	for (int i = 0; i < PLACES_TRIED; i++) {
		struct end *end = place_of(++number);

		if (end && number && begin_making(end, number)) {
			last.number = *ret_number = number;
			return end;
		}
	}
	/* Who was stopped between taking a place and saying so, for as long as others took many, has set it back. */
	last.number = number + PASSED_OVER;
	return 0;
}

/*
 * All but what has_… tells of, the state, and the ports. `spoiled` first: who still changes what was here before says
 * so after what it wrote, see let_go().
 */
static __always_inline void clear(struct end *end, uint32_t number)
{
	uint64_t *tuple = (uint64_t *)&end->tuple;

	end->number = number;
	in_order();
	end->spoiled = 0;
	in_order();
	for (uint32_t i = 0; i < sizeof end->tuple / sizeof *tuple; i++)
		tuple[i] = 0;
	end->made_ticks = (uint32_t)bpf_jiffies64();
	end->born_ns = 0;
	end->snd_nxt = 0;
	end->opened = end->from = end->last = 0;
	*(uint64_t *)&end->reset = 0;
}

/*
 * Have the memory of an end to come fetched meanwhile: waiting for it takes longer than all else that is done at a
 * birth. Nothing uses what is read.
 */
static __always_inline void fetch(uint32_t number)
{
	const struct end *end = place_of(number);

	if (!end)
		return;
	(void)FRESH(end->tuple.version);
	(void)FRESH(end->number);
	(void)FRESH(end->fin_end);
	(void)FRESH(end->opener);
}

/* From now on it is found by its tuple, though it is not done. */
static __always_inline void enter(const struct end *end, uint64_t hash)
{
	uint32_t number = end->number, place = number & (ENDS - 1);
	uint16_t *head = head_of(hash);

	links[place] = (struct link){ tags_of(hash, &end->tuple), (uint16_t)(number / ENDS), FRESH(*head) };
	in_order();
	*head = ENTERED | place;
}

/* Of two that are entered at once one may be lost, by which few see it of each other. */
static __always_inline bool is_entered(uint32_t number, uint64_t hash)
{
	uint32_t entry = ENTERED | (number & (ENDS - 1)), head = FRESH(*head_of(hash));

	return head == entry || FRESH(links[head & (ENDS - 1)].older) == entry;
}

/* Begin to write a new end, which the caller alone sees until done(), with a tuple of zeros. NULL: there is no room. */
static __always_inline struct end *make(void)
{
	uint32_t number;
	struct end *end = take_place(&number);

	if (!end)
		return 0;
	fetch(number + FETCHED_AHEAD);
	clear(end, number);
	return end;
}

static __always_inline void done(struct end *end, uint64_t hash)
{
	in_order();
	end->made++; /* as many as had begun when its maker did: nobody was in then, and is since */
	if (RARELY(!is_entered(end->number, hash)))
		lost_ticks = bpf_jiffies64();
}

/* There was no room for one. */
static __always_inline void forget(void)
{
	count(LIVE_COUNT_MAP_FULL);
	lost_ticks = bpf_jiffies64();
}

/* What tells whether an end was written while it was read. */
struct reading { uint32_t number, changes; };

static __always_inline struct reading begin_reading(const struct end *end)
{
	struct reading reading = { FRESH(end->number), FRESH(end->changes) };

	in_order();
	return reading;
}

/* Whether what was read of it since then is of one moment, and of this end. */
static __always_inline bool is_whole(const struct end *end, const struct live_tuple *tuple, struct reading reading)
{
	bool same = same_ends(&end->tuple, tuple);

	in_order();
	return same && !FRESH(end->changing) && !is_being_made(end) && !FRESH(end->spoiled) &&
	       FRESH(end->number) == reading.number && FRESH(end->changes) == reading.changes;
}

static __always_inline void copy_closer(struct live_process *to, const struct live_process *closer)
{
	*to = *closer;
	if (to->exiting)
		return;
	to->exit_code = 0;
	to->killer = to->killer_stack = 0;
	__builtin_memset(to->killer_command, 0, sizeof to->killer_command);
}

/*
 * Whether an end that is open for all that is known is so no more: some kernels do not run programs everywhere. Its
 * memory may be another socket's by now.
 */
static __always_inline bool has_ended_unseen(const struct end *end)
{
	const struct sock_common *common = &((const struct sock *)end->socket)->__sk_common;

	return (end->state == STATE_ESTABLISHED || end->state == STATE_CLOSE_WAIT) &&
	       (READ(common, skc_state) == STATE_CLOSE || READ(common, skc_num) != end->tuple.local_port ||
	        bpf_ntohs(READ(common, skc_dport)) != end->tuple.remote_port);
}

/* Into what is zero. */
static __always_inline bool copy_past(struct live_past *to, const struct end *end, const struct live_tuple *tuple)
{
	struct reading reading = begin_reading(end);

	to->born_ns = end->born_ns;
	to->fin_ns = end->has_fin ? end->fin_ns : 0;
	to->fin_end = end->has_fin ? end->fin_end : 0;
	to->end_ns = end->has_end ? end->end_ns : 0;
	to->error = end->has_end ? end->error : 0;
	to->rst_ns = end->has_rst ? end->rst_ns : 0;
	to->first = end->counted ? end->first : 0;
	to->from = end->from;
	to->last = end->last;
	to->state = end->state;
	to->opened = end->opened;
	to->reset = end->reset;
	to->counted = end->counted;
	to->partial = end->partial || has_ended_unseen(end);
	if (end->has_closer)
		copy_closer(&to->closer, &end->closer);
	return is_whole(end, tuple, reading);
}

/* Whether two ends of the same addresses and ports, of two network namespaces, were open at the same time. */
static __always_inline bool overlap(const struct end *a, const struct end *b)
{
	uint64_t a_over = over_ns(a), b_over = over_ns(b);

	return !(a_over && a_over <= b->born_ns) && !(b_over && b_over <= a->born_ns);
}

/* The sequence numbers with which two ends began tell, of 64 bits, that they are those of one connection. */
static __always_inline bool are_peers(const struct end *a, const struct end *b)
{
	return a->counted && b->counted && a->first == b->awaits && b->first == a->awaits;
}

/* What was found of an end in whatever network namespace. */
struct found {
	const struct end *end;          /* the one that began last, where no other may be meant; or NULL */
	bool shared;                    /* there are, or may be, others that were open at the same time */
};

/* `own`: the other end of the connection where that is known, which tells whose this is; or NULL. */
static __always_inline struct found find_anywhere(const struct live_tuple *tuple, const struct end *own)
{
	uint64_t hash = hash_of(tuple);
	uint32_t entry = FRESH(*head_of(hash)), tags = tags_of(hash, tuple);
	const struct end *youngest = 0, *peer = 0;
	struct found found = { 0 };

	for (int i = 0; i < REUSED && (entry = search(entry, tags, TUPLE_TAG)) & ENTERED; i++) {
		const struct end *end = place_of(entry);

		entry = older_than(entry);
		if (!end || !same_ends(&end->tuple, tuple))
			continue;
		if (own && are_peers(own, end))
			peer = end;
		/* Of two that began in another order than they were entered in, both were open then. */
		if (!youngest)
			youngest = end;
		else if (end->tuple.net != youngest->tuple.net && overlap(end, youngest))
			found.shared = true;
	}
	if (youngest && search_open(entry, tags, TUPLE_TAG, youngest->born_ns))
		found.shared = true;
	found.end = peer ? peer : found.shared ? 0 : youngest;
	return found;
}

/* How long ago an end that was not found may have been forgotten, in jiffies. */
static __always_inline uint32_t forgot_ticks(const struct live_tuple *tuple)
{
	const struct end *oldest = place_of(FRESH(last.number) + PLACES_TRIED + 1);
	uint64_t hash = hash_of(tuple), lost = FRESH(lost_ticks), ago = lost ? bpf_jiffies64() - lost : LIVE_NEVER, began;

	/* Nobody looked so far, or it came, or goes, meanwhile. */
	if (search(FRESH(*head_of(hash)), tags_of(hash, tuple), BOTH_TAGS))
		return 0;
	if (oldest && oldest->number) {
		began = (uint32_t)bpf_jiffies64() - oldest->made_ticks;
		ago = began < ago ? began : ago;
	}
	return ago < LIVE_NEVER ? ago : LIVE_NEVER;
}

#endif
