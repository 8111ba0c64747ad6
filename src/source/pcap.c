/*
 * The pcap format (draft-ietf-opsawg-pcap): a file header of 24 bytes, then records, each with its time and two
 * lengths. The loop over mapped records is what the speed of the whole program rests on: it touches a record's header
 * and nothing else, and has no call in it.
 */
#include "base/clock.h"
#include "base/text.h"
#include "source/limits.h"
#include "source/reader.h"

enum {
	FILE_HEADER_BYTES = 24,
	RECORD_HEADER_BYTES = 16,
	/* Alexey Kuznetzov's patch to libpcap of 1998: interface index, protocol and packet type follow the lengths. */
	MODIFIED_HEADER_BYTES = 24,
};

/* Behind the first cache line of a record the headers go on. */
#define PREFETCH_LINE 64

#define MAGIC_US       0xa1b2c3d4u
#define MAGIC_NS       0xa1b23c4du
#define MAGIC_MODIFIED 0xa1b2cd34u
#define VERSION_MAJOR  2
#define VERSION_MINOR  3 /* before 2.3 the two lengths stood the other way round */

static bool is_magic(uint32_t magic)
{
	return magic == MAGIC_US || magic == MAGIC_NS || magic == MAGIC_MODIFIED;
}

bool pcap_is_format(const struct input *input)
{
	return is_magic(load_u32(input->data, false)) || is_magic(load_u32(input->data, true));
}

/* The frame number and place of the record at hand, for a failure. */
static enum status fail(const struct reader *reader, enum status status, const char *format, struct error *error)
{
	char place[PLACE_TEXT_MAX];

	return error_set(error, status, _(format), (uintmax_t)reader->frames + 1, input_place(&reader->input, place));
}

static enum status truncated(const struct reader *reader, struct error *error)
{
	return fail(reader, STATUS_TRUNCATED, N_("the capture is cut off inside frame %ju, at %s"), error);
}

/* The fast path stopped: bring in the whole next record, or say why there is none. */
static enum status next_record(struct reader *reader, uint32_t header_bytes, struct error *error)
{
	struct input *input = &reader->input;
	enum status status = input_need(input, header_bytes, error);
	uint32_t captured;

	if (status == STATUS_END && input_available(input) > 0)
		return truncated(reader, error);
	if (status != STATUS_OK)
		return status;
	captured = load_u32(input->data + 8, reader->pcap.swapped);
	if (captured > reader->pcap.captured_max)
		return fail(reader, STATUS_MALFORMED,
		            N_("frame %ju, at %s, has an impossible length: the capture is damaged there"), error);
	status = input_need(input, header_bytes + captured, error);
	return status == STATUS_END ? truncated(reader, error) : status;
}

/* Turn records that are wholly available into frames. The constants make one loop for each kind of file. */
static inline __attribute__((always_inline)) size_t
available_records(struct reader *reader, struct frame *frames, const bool swapped, const uint32_t header_bytes)
{
	const struct pcap pcap = reader->pcap;
	const uint8_t *data = reader->input.data, *const limit = reader->input.limit;
	const uint64_t number = reader->frames;
	size_t count = 0;

	while (count < SOURCE_BATCH && (size_t)(limit - data) >= header_bytes) {
		uint32_t captured = load_u32(data + 8, swapped), length = load_u32(data + 12, swapped);
		struct frame *frame = &frames[count];

		if (captured > pcap.captured_max || captured > (size_t)(limit - data) - header_bytes)
			break;
		__builtin_prefetch(data + PREFETCH_BYTES);
		__builtin_prefetch(data + PREFETCH_BYTES + PREFETCH_LINE);
		/* Neither part can overflow: 2^32 seconds are less than 2^63 ns, and leave room for 2^32 us. */
		*frame = (struct frame){
			.number = number + ++count,
			.time_ns = load_u32(data, swapped) * NS_PER_S +
			           (int64_t)load_u32(data + 4, swapped) * pcap.ns_per_tick,
			.data = data + header_bytes,
			.captured = captured,
			.length = length > captured ? length : captured,
			.link_type = pcap.link_type,
			.has_time = 1,
		};
		data += header_bytes + captured;
	}
	reader->input.data = data;
	reader->frames = number + count;
	return count;
}

struct place {
	const uint8_t *record;
	uint32_t captured;
	uint32_t nth;           /* mark from here, from 1 */
};

/* Marks that are looked at together. */
#define GROUP 64

/* What a group of marks says: which records are wanted, and where each of them begins. */
struct group {
	uint64_t wanted;            /* one bit a mark */
	bool has_long;              /* a length is not in its mark */
	uint32_t captured[GROUP];   /* of each record */
	size_t offsets[GROUP];      /* of the records, from the first of the group */
	size_t bytes;               /* of all of them */
};

/* No branch depends on what is wanted, so that many lookups are under way. */
static void look_at_group(const struct source_trail *trail, size_t from, size_t count, size_t header_bytes,
                          struct group *group)
{
	const uint64_t *wanted = trail->wanted;
	uint64_t bits = 0;
	uint32_t longest = 0;
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		uint32_t mark = trail->marks[from + i], bit = source_mark_hash(mark), captured = mark & SOURCE_MARK_LONG;

		bits |= (wanted[bit / 64] >> bit % 64 & 1) << i;
		longest = captured > longest ? captured : longest;
		group->captured[i] = captured;
		group->offsets[i] = at;
		at += header_bytes + captured;
	}
	group->wanted = bits;
	group->has_long = longest == SOURCE_MARK_LONG;
	group->bytes = at;
}

/* The long records say how long they are themselves. False where one of the group is not available. */
static bool measure_group(const struct reader *reader, size_t count, size_t before, struct group *group)
{
	const size_t available = input_available(&reader->input), header_bytes = reader->pcap.header_bytes;
	size_t at = before;

	for (size_t i = 0; i < count; i++) {
		uint32_t captured = group->captured[i];

		if (at + header_bytes > available)
			return false;
		if (captured == SOURCE_MARK_LONG)
			captured = load_u32(reader->input.data + at + 8, reader->pcap.swapped);
		if (captured > available - at - header_bytes)
			return false;
		group->captured[i] = captured;
		group->offsets[i] = at - before;
		at += header_bytes + captured;
	}
	group->bytes = at - before;
	return true;
}

static void add_places(const struct group *group, size_t from, const uint8_t *record, struct place *places,
                       size_t *count)
{
	for (uint64_t bits = group->wanted; bits; bits &= bits - 1) {
		unsigned i = (unsigned)__builtin_ctzll(bits);

		__builtin_prefetch(record + group->offsets[i]);
		__builtin_prefetch(record + group->offsets[i] + PREFETCH_LINE);
		places[(*count)++] = (struct place){ record + group->offsets[i], group->captured[i], (uint32_t)(from + i + 1) };
	}
}

/* What nobody wants is passed over unseen, also where it lies behind what is available. */
static bool is_at_hand(const struct reader *reader, size_t count, size_t before, struct group *group)
{
	const size_t available = input_available(&reader->input);

	if (!group->wanted && !group->has_long)
		return true;
	if (before > available)
		return false;
	return group->has_long ? measure_group(reader, count, before, group) : group->bytes <= available - before;
}

/*
 * The records that are wanted, group by group as long as the places suffice and the records are available. Advances the
 * input behind the last mark that was used.
 */
static size_t wanted_places(struct reader *reader, const struct source_trail *trail, size_t most, size_t *ret_used,
                            struct place places[SOURCE_BATCH])
{
	size_t at = 0, used = 0, count = 0;
	struct group group;

	while (used < trail->count) {
		size_t size = trail->count - used < most ? trail->count - used : most;

		look_at_group(trail, used, size, reader->pcap.header_bytes, &group);
		if (count + (size_t)__builtin_popcountll(group.wanted) > SOURCE_BATCH)
			break;
		if (!is_at_hand(reader, size, at, &group))
			break;
		add_places(&group, used, reader->input.data + at, places, &count);
		at += group.bytes;
		used += size;
	}
	input_skip(&reader->input, at);
	*ret_used = used;
	return count;
}

static void fill_frame(const struct reader *reader, const struct place *place, struct frame *frame)
{
	const struct pcap *pcap = &reader->pcap;
	uint32_t length = load_u32(place->record + 12, pcap->swapped);

	*frame = (struct frame){
		.number = reader->frames + place->nth,
		.time_ns = load_u32(place->record, pcap->swapped) * NS_PER_S +
		           (int64_t)load_u32(place->record + 4, pcap->swapped) * pcap->ns_per_tick,
		.data = place->record + pcap->header_bytes,
		.captured = place->captured,
		.length = length > place->captured ? length : place->captured,
		.link_type = pcap->link_type,
		.has_time = 1,
	};
}

/* All places are asked for before the first is looked at: they are far from each other, and new to the cache. */
static enum status follow(struct reader *reader, const struct source_trail *trail, size_t *ret_used,
                          struct frame *frames, size_t *ret_count, struct error *error)
{
	struct place places[SOURCE_BATCH];
	enum status status = input_need(&reader->input, 0, error);

	if (status != STATUS_OK)
		return status;
	*ret_count = wanted_places(reader, trail, GROUP, ret_used, places);
	/* The window ends within the group: up to there record by record, and then the window moves on. */
	if (!*ret_used)
		*ret_count = wanted_places(reader, trail, 1, ret_used, places);
	for (size_t i = 0; i < *ret_count; i++)
		fill_frame(reader, &places[i], &frames[i]);
	reader->frames += *ret_used;
	return *ret_used ? STATUS_OK : next_record(reader, reader->pcap.header_bytes, error);
}

static inline __attribute__((always_inline)) enum status
read_records(struct reader *reader, struct frame *frames, size_t *ret_count, struct error *error, const bool swapped,
             const uint32_t header_bytes)
{
	for (;;) {
		size_t count = available_records(reader, frames, swapped, header_bytes);
		enum status status;

		if (count) {
			*ret_count = count;
			return STATUS_OK;
		}
		status = next_record(reader, header_bytes, error);
		if (status != STATUS_OK)
			return status;
	}
}

static enum status read_native(struct reader *reader, struct frame *frames, size_t *ret_count, struct error *error)
{
	return read_records(reader, frames, ret_count, error, false, RECORD_HEADER_BYTES);
}

static enum status read_swapped(struct reader *reader, struct frame *frames, size_t *ret_count, struct error *error)
{
	return read_records(reader, frames, ret_count, error, true, RECORD_HEADER_BYTES);
}

static enum status read_modified(struct reader *reader, struct frame *frames, size_t *ret_count, struct error *error)
{
	return read_records(reader, frames, ret_count, error, reader->pcap.swapped, MODIFIED_HEADER_BYTES);
}

/* Devices such as USB carry more than 256 KiB a frame, and their files say so. */
static uint32_t captured_max(uint32_t snap_length)
{
	if (snap_length <= CAPTURED_MAX)
		return CAPTURED_MAX;
	return snap_length < CAPTURED_MAX_LARGE ? snap_length : CAPTURED_MAX_LARGE;
}

static enum status check_version(const uint8_t *header, bool swapped, struct error *error)
{
	unsigned int major = load_u16(header + 4, swapped), minor = load_u16(header + 6, swapped);

	if (major == VERSION_MAJOR && minor >= VERSION_MINOR)
		return STATUS_OK;
	return error_set(error, STATUS_UNSUPPORTED,
	                 _("pcap version %u.%u, unknown here; convert it with: editcap -F pcapng IN OUT"),
	                 major, minor);
}

enum status pcap_begin(struct reader *reader, struct error *error)
{
	struct interface interface = { .clock.resolution = TICK_RESOLUTION_DEFAULT };
	struct input *input = &reader->input;
	enum status status = input_need(input, FILE_HEADER_BYTES, error);
	bool swapped;
	uint32_t magic;

	if (status == STATUS_END)
		return error_set(error, STATUS_TRUNCATED, _("ends inside the file header, after %zu bytes"),
		                 input_available(input));
	if (status != STATUS_OK)
		return status;
	swapped = !is_magic(load_u32(input->data, false));
	magic = load_u32(input->data, swapped);
	status = check_version(input->data, swapped, error);
	if (status != STATUS_OK)
		return status;
	interface.description.snap_length = load_u32(input->data + 16, swapped);
	/* The upper half tells about a frame check sequence at the end of each frame; IP's own length leaves it out. */
	interface.description.link_type = (uint16_t)load_u32(input->data + 20, swapped);
	reader->pcap = (struct pcap){
		.captured_max = captured_max(interface.description.snap_length),
		.ns_per_tick = magic == MAGIC_NS ? 1 : NS_PER_US,
		.link_type = interface.description.link_type,
		.header_bytes = magic == MAGIC_MODIFIED ? MODIFIED_HEADER_BYTES : RECORD_HEADER_BYTES,
		.swapped = swapped,
	};
	reader->follow = follow;
	reader->next = magic == MAGIC_MODIFIED ? read_modified : swapped ? read_swapped : read_native;
	input->data += FILE_HEADER_BYTES;
	return interfaces_put(&reader->interfaces, 0, &interface, NULL, 0, error);
}
