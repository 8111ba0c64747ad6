/*
 * Law: fragments that make a whole datagram make a segment, in any order; anything else never does, is counted, and
 * costs no more memory than was set aside.
 */
#include "sample.h"

#include "packet/fragments.h"

#define RAW 101

/* Bytes from..from+len of the IP payload of `packet` as a fragment of its own. */
static struct packet fragment_ipv4(const struct packet *packet, uint32_t from, uint32_t len, uint16_t id)
{
	struct packet fragment = *packet;
	bool more = 20 + from + len < packet->len;

	memmove(fragment.bytes + 20, packet->bytes + 20 + from, len);
	fragment.len = 20 + len;
	store_be16(fragment.bytes + 2, (uint16_t)fragment.len);
	store_be16(fragment.bytes + 4, id);
	store_be16(fragment.bytes + 6, (uint16_t)(from / 8 | (more ? 0x2000 : 0)));
	return fragment;
}

/* The same for IPv6: a fragment header (next header, 0, offset and M, id) goes between. */
static struct packet fragment_ipv6(const struct packet *packet, uint32_t from, uint32_t len, uint16_t id)
{
	struct packet fragment = *packet;
	bool more = 40 + from + len < packet->len;
	uint8_t *header = fragment.bytes + 40;

	memmove(header + 8, packet->bytes + 40 + from, len);
	fragment.len = 48 + len;
	store_be16(fragment.bytes + 4, (uint16_t)(8 + len));
	header[0] = packet->bytes[6];
	header[1] = 0;
	store_be16(header + 2, (uint16_t)(from | more));
	store_be32(header + 4, id);
	fragment.bytes[6] = 44;
	return fragment;
}

static struct packet fragment_of(const struct packet *packet, uint32_t from, uint32_t len, uint16_t id)
{
	return packet->bytes[0] >> 4 == 4 ? fragment_ipv4(packet, from, len, id) : fragment_ipv6(packet, from, len, id);
}

/* The IP payload of the sample is 50 bytes: 0..24, 24..48, 48..50. */
struct cut {
	uint32_t from, len;
};

static const struct cut cuts[3] = { { 0, 24 }, { 24, 24 }, { 48, 2 } };

static enum decoded feed(struct decoder *decoder, const struct packet *packet)
{
	struct decoding decoding = decode(decoder, RAW, packet);

	decoding_clear(&decoding);
	return decoding.kind;
}

static enum decoded feed_cut(struct decoder *decoder, const struct packet *packet, struct cut cut, uint16_t id)
{
	struct packet fragment = fragment_of(packet, cut.from, cut.len, id);

	return feed(decoder, &fragment);
}

/* The length and the protocol of the whole packet, and nothing of a fragment. */
static bool is_whole_header(const uint8_t *ip, const struct packet *packet)
{
	if (packet->bytes[0] >> 4 == 4)
		return load_be16(ip + 2) == packet->len && load_be16(ip + 6) == 0 && ip[9] == 6;
	return load_be16(ip + 4) == packet->len - 40 && ip[6] == 6;
}

static void in_order(const struct packet *packet, const struct segment *want, const int order[3], const char *name)
{
	struct decoder *decoder = decoder_new();
	struct packet last = fragment_of(packet, cuts[order[2]].from, cuts[order[2]].len, 7);
	struct segment expected = *want;
	struct decoding decoding;

	is_number(feed_cut(decoder, packet, cuts[order[0]], 7), DECODED_FRAGMENT, "one fragment is kept");
	is_number(feed_cut(decoder, packet, cuts[order[1]], 7), DECODED_FRAGMENT, "so is another");
	is_number((long long)decoder_counts(decoder)->fragments_waiting, 2, "two wait for the rest");
	decoding = decode(decoder, RAW, &last);
	expected.ip_id = want->version == 4 ? 7 : 0;
	ok(decoding.kind == DECODED_SEGMENT && same_segment(&decoding.segment, &expected), "%s make the segment", name);
	ok(decoding.kind == DECODED_SEGMENT && decoding.segment.reassembled, "which says that it was put together");
	ok(is_whole_header(decoding.segment.ip, packet), "behind an IP header as if it had never been apart");
	is_number(segment_checksum(&decoding.segment), CHECKSUM_GOOD, "and its checksum is right");
	is_number((long long)decoder_counts(decoder)->fragments_waiting, 0, "none waits any more");
	is_number((long long)decoder_counts(decoder)->fragments_lost, 0, "none is lost");
	decoding_clear(&decoding);
	decoder_free(decoder);
}

static void every_order(uint8_t version)
{
	struct segment want = sample_segment(version);
	struct packet packet = packet_of(&want);

	in_order(&packet, &want, (int[]){ 0, 1, 2 }, "fragments in order");
	in_order(&packet, &want, (int[]){ 2, 1, 0 }, "fragments the wrong way round");
	in_order(&packet, &want, (int[]){ 1, 2, 0 }, "fragments with the first one last");
}

static void duplicates(uint8_t version)
{
	struct packet packet = sample_packet(version);
	struct decoder *decoder = decoder_new();

	feed_cut(decoder, &packet, cuts[0], 7);
	feed_cut(decoder, &packet, cuts[0], 7);
	feed_cut(decoder, &packet, cuts[1], 7);
	feed_cut(decoder, &packet, cuts[1], 7);
	is_number(feed_cut(decoder, &packet, cuts[2], 7), DECODED_SEGMENT, "a fragment captured twice does no harm");
	is_number((long long)decoder_counts(decoder)->fragments_lost, 0, "and counts as nothing lost");
	decoder_free(decoder);
}

static void overlap(uint8_t version, struct cut bad, const char *name)
{
	struct packet packet = sample_packet(version);
	struct decoder *decoder = decoder_new();

	feed_cut(decoder, &packet, cuts[0], 7);
	feed_cut(decoder, &packet, cuts[2], 7);
	is_number(feed_cut(decoder, &packet, bad, 7), DECODED_FRAGMENT, name);
	is_number((long long)decoder_counts(decoder)->fragments_lost, 3, "and drops the datagram, all three fragments");
	is_number(feed_cut(decoder, &packet, cuts[1], 7), DECODED_FRAGMENT, "what came late does not complete it");
	decoder_free(decoder);
}

static void identity(void)
{
	struct packet packet = sample_packet(4);
	struct packet other = sample_packet(4);
	struct decoder *decoder = decoder_new();

	other.bytes[15] = 9; /* source 10.0.0.9 */
	feed_cut(decoder, &packet, cuts[0], 7);
	feed_cut(decoder, &packet, cuts[1], 7);
	is_number(feed_cut(decoder, &packet, cuts[2], 8), DECODED_FRAGMENT, "another id is another datagram");
	is_number(feed_cut(decoder, &other, cuts[2], 7), DECODED_FRAGMENT, "and so is another address");
	is_number(feed_cut(decoder, &packet, cuts[2], 7), DECODED_SEGMENT, "the true fragment completes it");
	decoder_free(decoder);
}

static void unsound(void)
{
	struct packet packet = sample_packet(4);
	struct packet fragment = fragment_of(&packet, 0, 20, 7);
	struct decoder *decoder = decoder_new();

	is_number(feed(decoder, &fragment), DECODED_MALFORMED, "a fragment of 20 bytes with more to come is malformed");
	fragment = fragment_of(&packet, 0, 0, 7);
	is_number(feed(decoder, &fragment), DECODED_MALFORMED, "so is an empty one");
	fragment = fragment_of(&packet, 0, 24, 7);
	store_be16(fragment.bytes + 6, 0x1fff);
	is_number(feed(decoder, &fragment), DECODED_MALFORMED, "and one that ends beyond 65535 bytes");
	fragment = fragment_of(&packet, 0, 24, 7);
	fragment.bytes[9] = 132;
	is_number(feed(decoder, &fragment), DECODED_OTHER, "fragments of SCTP are not kept");
	decoder_free(decoder);
}

/* A TCP checksum cannot be verified, nor can payload be shown, where a snap length cut a fragment. */
static void snapped(void)
{
	struct segment want = sample_segment(4);
	struct packet packet = packet_of(&want);
	struct packet middle = fragment_of(&packet, 24, 24, 7);
	struct packet last = fragment_of(&packet, 48, 2, 7);
	struct decoder *decoder = decoder_new();
	struct decoding decoding;

	feed_cut(decoder, &packet, cuts[0], 7);
	decoding = decode_cut(decoder, RAW, middle.bytes, middle.len - 10, middle.len);
	decoding_clear(&decoding);
	decoding = decode(decoder, RAW, &last);
	want.ip_id = 7;
	ok(decoding.kind == DECODED_SEGMENT && same_headers(&decoding.segment, &want),
	   "fragments that were cut make a segment of the right length");
	is_number(decoding.segment.payload_captured, 38 - 32, "whose payload ends where the first hole begins");
	is_number(segment_checksum(&decoding.segment), CHECKSUM_UNKNOWN, "and whose checksum is not known");
	decoding_clear(&decoding);
	decoder_free(decoder);
}

static enum decoded feed_at(struct decoder *decoder, const struct packet *packet, int64_t time_ns)
{
	struct frame frame = {
		.number = 1, .time_ns = time_ns, .has_time = 1, .data = packet->bytes, .captured = packet->len,
		.length = packet->len, .link_type = RAW,
	};
	struct segment segment;
	struct icmp_error icmp_error;

	return decoder_frame(decoder, &frame, &segment, &icmp_error);
}

static void age(void)
{
	struct packet packet = sample_packet(4);
	struct packet first = fragment_of(&packet, 0, 24, 7);
	struct packet rest = fragment_of(&packet, 24, 26, 7);
	struct decoder *decoder = decoder_new();

	feed_at(decoder, &first, 0);
	is_number(feed_at(decoder, &rest, FRAGMENTS_AGE_NS), DECODED_SEGMENT, "fragments may be 30 s apart");
	feed_at(decoder, &first, 0);
	is_number(feed_at(decoder, &rest, FRAGMENTS_AGE_NS + 1), DECODED_FRAGMENT, "but no longer");
	is_number((long long)decoder_counts(decoder)->fragments_lost, 1, "the older one is lost then");
	feed_at(decoder, &first, INT64_MIN);
	is_number(feed_at(decoder, &rest, INT64_MAX), DECODED_SEGMENT, "clocks that run to their ends do no harm");
	decoder_free(decoder);
}

static void bounds(void)
{
	struct packet packet = sample_packet(4);
	struct decoder *decoder = decoder_new();
	const struct decoder_counts *counts = decoder_counts(decoder);

	for (unsigned int id = 0; id < 3 * FRAGMENTS_DATAGRAMS_MAX; id++)
		feed_cut(decoder, &packet, cuts[0], (uint16_t)id);
	is_number((long long)counts->fragments_waiting, FRAGMENTS_DATAGRAMS_MAX, "so many datagrams wait at a time");
	is_number((long long)counts->fragments_lost, 2 * FRAGMENTS_DATAGRAMS_MAX,
	          "the oldest give way, and are counted");
	is_number(feed_cut(decoder, &packet, (struct cut){ 24, 26 }, 3 * FRAGMENTS_DATAGRAMS_MAX - 1), DECODED_SEGMENT,
	          "the youngest can still be completed");
	is_number(feed_cut(decoder, &packet, (struct cut){ 24, 26 }, 0), DECODED_FRAGMENT, "the oldest cannot");
	decoder_free(decoder);
}

/* Each datagram claims 64 KiB with one small fragment at the far end. */
static void bytes_are_bounded(void)
{
	struct packet packet = sample_packet(4);
	struct decoder *decoder = decoder_new();

	for (uint16_t id = 0; id < FRAGMENTS_DATAGRAMS_MAX; id++) {
		struct packet fragment = fragment_of(&packet, 0, 24, id);

		store_be16(fragment.bytes + 6, 0x2000 | 8000);
		feed(decoder, &fragment);
	}
	is_number((long long)decoder_counts(decoder)->fragments_waiting, FRAGMENTS_BYTES_MAX / 65536,
	          "claims beyond the bytes set aside push the oldest out");
	decoder_free(decoder);
}

static void pieces_are_bounded(void)
{
	struct packet packet = sample_packet(4);
	struct decoder *decoder = decoder_new();

	for (uint16_t i = 0; i <= FRAGMENTS_PIECES_MAX; i++) {
		struct packet fragment = fragment_of(&packet, 0, 8, 7);

		store_be16(fragment.bytes + 6, (uint16_t)(0x2000 | i));
		feed(decoder, &fragment);
	}
	is_number((long long)decoder_counts(decoder)->fragments_lost, FRAGMENTS_PIECES_MAX + 1,
	          "a datagram of too many pieces is dropped");
	decoder_free(decoder);
}

/* IPv4 protocol 4: a fragmented tunnel whose inner packet is itself a fragment. */
static void fragments_in_fragments(void)
{
	static const uint8_t header[20] = { 0x45, 0, 0, 0, 0, 1, 0, 0, 64, 4, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2 };
	struct segment want = sample_segment(4);
	struct packet packet = packet_of(&want);
	struct decoder *decoder = decoder_new();
	enum decoded kind = DECODED_OTHER;

	for (int i = 0; i < 2; i++) {
		struct packet inner = fragment_of(&packet, i ? 24 : 0, i ? 26 : 24, 7);
		struct packet outer = prepend(header, sizeof header, &inner);

		feed_cut(decoder, &outer, (struct cut){ 0, 16 }, (uint16_t)i);
		kind = feed_cut(decoder, &outer, (struct cut){ 16, outer.len - 36 }, (uint16_t)i);
		is_number(kind, i ? DECODED_SEGMENT : DECODED_FRAGMENT, "a fragmented fragment is put together twice");
	}
	is_number((long long)decoder_counts(decoder)->fragments_waiting, 0, "and nothing is left over");
	decoder_free(decoder);
}

int main(void)
{
	every_order(4);
	every_order(6);
	duplicates(4);
	duplicates(6);
	overlap(4, (struct cut){ 16, 24 }, "a fragment that overlaps the one before is not used");
	overlap(6, (struct cut){ 24, 32 }, "nor is one that overlaps the one behind");
	overlap(4, (struct cut){ 8, 8 }, "nor is one inside another");
	identity();
	unsound();
	snapped();
	age();
	bounds();
	bytes_are_bounded();
	pieces_are_bounded();
	fragments_in_fragments();
	return done_testing();
}
