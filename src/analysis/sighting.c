#include "analysis/sighting.h"

#include <string.h>

#include "analysis/peek.h"
#include "base/clock.h"
#include "flow/table_parts.h"

/* Since the first frame of the run; saturates. */
static inline uint32_t milliseconds(int64_t start_ns, int64_t time_ns)
{
	uint64_t ms = time_ns < start_ns ? 0 : (uint64_t)(time_ns - start_ns) / NS_PER_MS;

	return ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

struct tuple sighting_tuple(const struct sightings *seen, size_t i)
{
	const struct sighting *at = &seen->of[i];
	struct tuple tuple = { .size = TUPLE_SIZE_V4 };
	uint32_t ports = low(at->tag_ports);

	if (kind_of(at) != SIGHTING_IPV4)
		return seen->tuples[i];
	memcpy(tuple.bytes, &at->addresses, sizeof at->addresses);
	memcpy(tuple.bytes + sizeof at->addresses, &ports, sizeof ports);
	return tuple;
}

static inline void sight_v4(struct sighting *at, const uint64_t words[2], uint64_t hash)
{
	uint32_t ports;

	memcpy(&ports, &words[1], sizeof ports);
	at->addresses = words[0];
	at->tag_ports = pair(table_tag(hash), ports);
}

/* What no glance can tell. False where it says nothing about TCP. */
static bool sight_by_decoding(struct sighter *s, const struct frame *frame, uint32_t now_ms, struct sighting *at,
                              struct tuple *tuple, uint32_t *ret_mark)
{
	struct segment segment = { 0 };
	struct icmp_error error;
	enum decoded decoded = decoder_frame(s->decoder, frame, &segment, &error);
	enum sighting_kind kind = decoded == DECODED_ICMP_ERROR ? SIGHTING_ICMP : SIGHTING_IPV6;
	unsigned side = 0;
	uint64_t hash;

	s->glanced--;
	*ret_mark = trail_mark_other(frame->captured, decoded == DECODED_FRAGMENT ? TRAIL_ALWAYS : TRAIL_NEVER);
	if (decoded != DECODED_SEGMENT && decoded != DECODED_ICMP_ERROR)
		return false;
	if (kind == SIGHTING_ICMP)
		tuple_of(&error.src, &error.dst, tuple);
	else
		side = tuple_of(&segment.src, &segment.dst, tuple);
	hash = tuple_hash(tuple, s->seed);
	at->tag_ports = pair(table_tag(hash), 0);
	if (kind != SIGHTING_ICMP && tuple->size == TUPLE_SIZE_V4) {
		kind = SIGHTING_IPV4;
		sight_v4(at, tuple->words, hash);
	}
	/* A datagram is put together again where all of its fragments are seen again. */
	*ret_mark = segment.reassembled ? trail_mark_other(frame->captured, TRAIL_ALWAYS)
	                                : trail_mark(frame->captured, hash);
	at->seq_ack = pair(segment.seq, segment.ack);
	at->ms_payload = pair(now_ms, segment.payload_len);
	at->flags_side_kind = pack_flags(segment.flags, side, kind);
	return true;
}

static inline void sight_numbers(struct sighting *at, const struct glance *glance, uint32_t now_ms, unsigned side,
                                 enum sighting_kind kind)
{
	uint32_t word = load_be16(glance->tcp + 12);

	at->seq_ack = load_be64(glance->tcp + 4);
	at->ms_payload = pair(now_ms, glance->length - (word >> 12) * 4);
	at->flags_side_kind = pack_flags(word & TCP_FLAGS, side, kind);
}

/* Anything but plain IPv4. */
static __attribute__((noinline))
bool sight_other(struct sighter *s, const struct frame *frame, uint32_t now_ms, struct sighting *at,
                 struct tuple *tuple, uint32_t *ret_mark)
{
	struct glance glance;
	unsigned side;
	uint64_t hash;

	if (!glance_ipv6(frame, &glance))
		return sight_by_decoding(s, frame, now_ms, at, tuple, ret_mark);
	side = peek_tuple(&glance, tuple);
	hash = tuple_hash(tuple, s->seed);
	at->tag_ports = pair(table_tag(hash), 0);
	sight_numbers(at, &glance, now_ms, side, SIGHTING_IPV6);
	*ret_mark = trail_mark(frame->captured, hash);
	return true;
}

/* What the loop needs stands in variables of its own: a compiler takes every store for one that may change the rest. */
void sighter_add(struct sighter *s, struct sightings *seen, const struct frame *frames, size_t frame_count)
{
	const uint64_t seed = s->seed;
	const int64_t first_ns = frames[0].time_ns, last_ns = frames[frame_count - 1].time_ns;
	uint32_t marks[SOURCE_BATCH], first_ms;
	size_t count = seen->count;
	bool together = last_ns >= first_ns && last_ns - first_ns < NS_PER_MS;

	if (!s->started) {
		s->start_ns = first_ns;
		s->started = true;
	}
	first_ms = milliseconds(s->start_ns, first_ns);
	for (size_t i = 0; i < frame_count; i++) {
		const struct frame *frame = &frames[i];
		struct sighting *at = &seen->of[count];
		struct glance glance;
		uint64_t words[2], hash;
		uint32_t now_ms = first_ms;
		unsigned side;

		/* On a busy link one clock will do for all of them. */
		if (!together)
			now_ms = milliseconds(s->start_ns, frame->time_ns);
		seen->frames[count] = frame->number;
		if (!glance_ipv4(frame, &glance)) {
			count += sight_other(s, frame, now_ms, at, &seen->tuples[count], &marks[i]);
			continue;
		}
		side = tuple_words_v4(glance.ip + 12, glance.tcp, words);
		hash = tuple_hash_v4(words, seed);
		sight_v4(at, words, hash);
		sight_numbers(at, &glance, now_ms, side, SIGHTING_IPV4);
		marks[i] = trail_mark(frame->captured, hash);
		count++;
	}
	seen->count = count;
	s->glanced += frame_count;
	trail_add(s->trail, marks, frame_count);
}
