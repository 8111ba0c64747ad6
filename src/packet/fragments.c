#include "packet/fragments.h"

#include <stdlib.h>

#define HEADER_ROOM 60          /* the longest IPv4 header; payload starts behind it */
#define DATAGRAM_MAX 65535u
#define CAPACITY_MIN 4096u

struct piece {
	uint16_t start, end;    /* bytes of the payload */
	uint16_t captured_end;
};

struct slot {
	struct fragment_key key;
	uint64_t age;           /* when it was begun, in fragments; 0: unused */
	int64_t time_ns;        /* of its first fragment */
	uint8_t *bytes;         /* HEADER_ROOM and `capacity` */
	uint32_t capacity;
	uint32_t total;         /* length of the payload, 0 until the last fragment is seen */
	uint32_t present;       /* bytes of the payload that the pieces cover */
	uint8_t header_len;     /* 0 until the first fragment is seen */
	uint8_t protocol;
	unsigned int count;
	struct piece pieces[FRAGMENTS_PIECES_MAX];
};

struct fragments {
	uint64_t added;
	uint64_t lost;
	uint64_t waiting;
	uint32_t bytes;
	uint8_t *completed[FRAGMENTS_REASSEMBLIES_MAX];
	struct slot *slots;     /* FRAGMENTS_DATAGRAMS_MAX of them from the first fragment on: most captures have none */
};

struct fragments *fragments_new(void)
{
	return calloc(1, sizeof(struct fragments));
}

static void release_completed(struct fragments *fragments)
{
	for (int i = 0; i < FRAGMENTS_REASSEMBLIES_MAX; i++) {
		free(fragments->completed[i]);
		fragments->completed[i] = NULL;
	}
}

void fragments_free(struct fragments *fragments)
{
	if (!fragments)
		return;
	release_completed(fragments);
	for (int i = 0; fragments->slots && i < FRAGMENTS_DATAGRAMS_MAX; i++)
		free(fragments->slots[i].bytes);
	free(fragments->slots);
	free(fragments);
}

uint64_t fragments_lost(const struct fragments *fragments)
{
	return fragments->lost;
}

uint64_t fragments_waiting(const struct fragments *fragments)
{
	return fragments->waiting;
}

/* Forget the slot; its memory is freed unless somebody took it. */
static void slot_clear(struct fragments *fragments, struct slot *slot)
{
	fragments->bytes -= slot->capacity;
	fragments->waiting -= slot->count;
	free(slot->bytes);
	*slot = (struct slot){ 0 };
}

static void slot_drop(struct fragments *fragments, struct slot *slot)
{
	fragments->lost += slot->count;
	slot_clear(fragments, slot);
}

/* Clocks in captures may say anything, so the difference wraps. */
static bool is_late(const struct slot *slot, const struct fragment *fragment)
{
	return (int64_t)((uint64_t)fragment->time_ns - (uint64_t)slot->time_ns) > FRAGMENTS_AGE_NS;
}

/*
 * The slots are few and fragments are rare, so a plain search will do, and there is no hash to attack.
 * An unused slot counts as the oldest.
 */
static struct slot *slot_find(struct fragments *fragments, const struct fragment *fragment)
{
	struct slot *oldest = &fragments->slots[0];

	for (int i = 0; i < FRAGMENTS_DATAGRAMS_MAX; i++) {
		struct slot *slot = &fragments->slots[i];

		if (slot->age && memcmp(&slot->key, &fragment->key, sizeof slot->key) == 0) {
			if (!is_late(slot, fragment))
				return slot;
			oldest = slot;
			break;
		}
		if (slot->age < oldest->age)
			oldest = slot;
	}
	slot_drop(fragments, oldest);
	oldest->key = fragment->key;
	oldest->time_ns = fragment->time_ns;
	oldest->age = fragments->added;
	return oldest;
}

static struct slot *slot_oldest(struct fragments *fragments, const struct slot *except)
{
	struct slot *oldest = NULL;

	for (int i = 0; i < FRAGMENTS_DATAGRAMS_MAX; i++) {
		struct slot *slot = &fragments->slots[i];

		if (slot != except && slot->capacity && (!oldest || slot->age < oldest->age))
			oldest = slot;
	}
	return oldest;
}

/* Make room for payload up to `end`; older datagrams give way. */
static bool slot_reserve(struct fragments *fragments, struct slot *slot, uint32_t end)
{
	uint32_t capacity = slot->capacity ? slot->capacity : CAPACITY_MIN;
	uint8_t *bytes;

	while (capacity < end)
		capacity *= 2;
	if (capacity == slot->capacity)
		return true;
	while (fragments->bytes - slot->capacity + capacity > FRAGMENTS_BYTES_MAX)
		slot_drop(fragments, slot_oldest(fragments, slot));
	bytes = realloc(slot->bytes, HEADER_ROOM + capacity);
	if (!bytes)
		return false;
	fragments->bytes += capacity - slot->capacity;
	slot->bytes = bytes;
	slot->capacity = capacity;
	return true;
}

enum fit { FIT_NEW, FIT_DUPLICATE, FIT_OVERLAP };

/*
 * RFC 5722, and RFC 8900 for IPv4: overlapping fragments mean that the datagram is dropped. Exact duplicates do not:
 * captures on all interfaces hold each packet twice, and Linux forgives them too.
 */
static enum fit slot_fit(const struct slot *slot, uint32_t start, uint32_t end, bool more)
{
	if (slot->total && (end > slot->total || (!more && end != slot->total)))
		return FIT_OVERLAP;
	for (unsigned int i = 0; i < slot->count; i++) {
		const struct piece *piece = &slot->pieces[i];

		if (piece->start == start && piece->end == end)
			return FIT_DUPLICATE;
		if (start < piece->end && piece->start < end)
			return FIT_OVERLAP;
		if (!more && piece->end > end)
			return FIT_OVERLAP;
	}
	return FIT_NEW;
}

static void slot_store(struct slot *slot, const struct fragment *fragment, uint32_t end)
{
	struct piece *piece = &slot->pieces[slot->count++];

	piece->start = (uint16_t)fragment->offset;
	piece->end = (uint16_t)end;
	piece->captured_end = (uint16_t)(fragment->offset + fragment->payload.captured);
	slot->present += fragment->payload.length;
	memcpy(slot->bytes + HEADER_ROOM + fragment->offset, fragment->payload.data, fragment->payload.captured);
	if (!fragment->more)
		slot->total = end;
	if (fragment->offset == 0) {
		slot->header_len = fragment->header_len;
		slot->protocol = fragment->protocol;
		memcpy(slot->bytes + HEADER_ROOM - fragment->header_len, fragment->header, fragment->header_len);
	}
}

/* Bytes of the payload from its start up to the first one that a snap length took away. */
static uint32_t slot_captured(const struct slot *slot)
{
	uint32_t captured = slot->total;

	for (unsigned int i = 0; i < slot->count; i++) {
		const struct piece *piece = &slot->pieces[i];

		if (piece->captured_end < piece->end && piece->captured_end < captured)
			captured = piece->captured_end;
	}
	return captured;
}

static void whole_header(uint8_t *header, const struct slot *slot)
{
	if (slot->key.version == 4) {
		store_be16(header + 2, (uint16_t)(slot->header_len + slot->total));
		store_be16(header + 6, load_be16(header + 6) & 0x4000);
	} else {
		store_be16(header + 4, (uint16_t)slot->total);
		header[6] = slot->protocol;
	}
}

static void slot_complete(struct fragments *fragments, struct slot *slot, unsigned int completed,
                          struct datagram *ret_datagram)
{
	uint8_t *header = slot->bytes + HEADER_ROOM - slot->header_len;

	whole_header(header, slot);
	*ret_datagram = (struct datagram){
		.header = header,
		.payload = { slot->bytes + HEADER_ROOM, slot_captured(slot), slot->total },
		.protocol = slot->protocol,
	};
	fragments->completed[completed] = slot->bytes;
	slot->bytes = NULL;
	slot_clear(fragments, slot);
}

/* RFC 791 section 3.2, RFC 8200 section 4.5: eight-byte units but for the last, and nothing beyond 65535. */
static bool is_sound(const struct fragment *fragment)
{
	uint32_t length = fragment->payload.length;
	uint32_t room = fragment->key.version == 4 ? DATAGRAM_MAX - fragment->header_len : DATAGRAM_MAX;

	return length && !(fragment->more && length % 8) && length <= room && fragment->offset <= room - length;
}

enum decoded fragments_add(struct fragments *fragments, const struct fragment *fragment, unsigned int completed,
                           struct datagram *ret_datagram)
{
	uint32_t end = fragment->offset + fragment->payload.length;
	struct slot *slot;
	enum fit fit;

	if (!is_sound(fragment))
		return DECODED_MALFORMED;
	if (!fragments->slots && !(fragments->slots = calloc(FRAGMENTS_DATAGRAMS_MAX, sizeof *fragments->slots))) {
		fragments->lost++;
		return DECODED_FRAGMENT;
	}
	if (completed == 0)
		release_completed(fragments);
	fragments->added++;
	slot = slot_find(fragments, fragment);
	fit = slot_fit(slot, fragment->offset, end, fragment->more);
	if (fit == FIT_DUPLICATE)
		return DECODED_FRAGMENT;
	if (fit == FIT_OVERLAP || slot->count == FRAGMENTS_PIECES_MAX || completed >= FRAGMENTS_REASSEMBLIES_MAX
	    || !slot_reserve(fragments, slot, end)) {
		fragments->lost++;
		slot_drop(fragments, slot);
		return DECODED_FRAGMENT;
	}
	slot_store(slot, fragment, end);
	fragments->waiting++;
	if (slot->present != slot->total || !slot->header_len)
		return DECODED_FRAGMENT;
	slot_complete(fragments, slot, completed, ret_datagram);
	return WALK_ON;
}
