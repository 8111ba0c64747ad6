/*
 * Law: an ICMP error is told apart by the TCP segment that it quotes; eight bytes of TCP are enough, and nothing
 * less is.
 */
#include "sample.h"

struct message {
	const char *name;
	uint8_t version, type, code;
	enum decoded want;
};

static const struct message messages[] = {
	{ "host unreachable", 4, 3, 1, DECODED_ICMP_ERROR },
	{ "port unreachable", 4, 3, 3, DECODED_ICMP_ERROR },
	{ "fragmentation needed", 4, 3, 4, DECODED_ICMP_ERROR },
	{ "TTL exceeded", 4, 11, 0, DECODED_ICMP_ERROR },
	{ "parameter problem", 4, 12, 0, DECODED_ICMP_ERROR },
	{ "echo", 4, 8, 0, DECODED_OTHER },
	{ "redirect", 4, 5, 1, DECODED_OTHER },
	{ "ICMPv6 no route", 6, 1, 0, DECODED_ICMP_ERROR },
	{ "ICMPv6 packet too big", 6, 2, 0, DECODED_ICMP_ERROR },
	{ "ICMPv6 hop limit exceeded", 6, 3, 0, DECODED_ICMP_ERROR },
	{ "ICMPv6 parameter problem", 6, 4, 1, DECODED_ICMP_ERROR },
	{ "ICMPv6 echo", 6, 128, 0, DECODED_OTHER },
	{ "ICMPv6 neighbour solicitation", 6, 135, 0, DECODED_OTHER },
};

/* From 10.0.0.254 or 2001:db8::fe, as a raw IP packet. */
static struct packet message_packet(uint8_t version, uint8_t type, uint8_t code)
{
	struct segment quoted = sample_segment(version);
	struct icmp_error error = { .reporter = quoted.dst.address, .version = version, .type = type, .code = code };
	uint8_t frame[256];
	struct packet packet;

	error.reporter.bytes[version == 4 ? 3 : 15] = 0xfe;
	packet.len = (uint32_t)builder_icmp_error(&error, &quoted, frame, sizeof frame) - ETHERNET;
	memcpy(packet.bytes, frame + ETHERNET, packet.len);
	return packet;
}

static bool names_the_sample(const struct icmp_error *error, const struct message *message)
{
	struct segment quoted = sample_segment(message->version);
	struct address reporter = quoted.dst.address;

	reporter.bytes[message->version == 4 ? 3 : 15] = 0xfe;
	return endpoint_equal(&error->src, &quoted.src) && endpoint_equal(&error->dst, &quoted.dst)
	       && error->seq == quoted.seq && error->version == message->version && error->type == message->type
	       && error->code == message->code && address_equal(&error->reporter, &reporter) && error->frame != 0;
}

static void every_message(void)
{
	for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
		const struct message *message = &messages[i];
		struct packet packet = message_packet(message->version, message->type, message->code);
		struct decoder *decoder = decoder_new();
		struct decoding decoding = decode(decoder, 101, &packet);

		ok(decoding.kind == message->want, "%s is %s", message->name,
		   message->want == DECODED_OTHER ? "no error about a segment" : "an error about a segment");
		if (message->want == DECODED_ICMP_ERROR)
			ok(names_the_sample(&decoding.icmp_error, message),
			   "%s names the quoted segment", message->name);
		decoding_clear(&decoding);
		decoder_free(decoder);
	}
}

static void cuts(uint8_t version, uint8_t type)
{
	struct packet packet = message_packet(version, type, 0);
	struct decoder *decoder = decoder_new();
	int wrong = 0;

	for (uint32_t captured = 0; captured < packet.len; captured++) {
		struct decoding decoding = decode_cut(decoder, 101, packet.bytes, captured, packet.len);

		wrong += decoding.kind != DECODED_CUT;
		decoding_clear(&decoding);
	}
	is_number(wrong, 0, "a message without its last byte is cut, and so is every shorter one");
	decoder_free(decoder);
}

/* Change one byte of the quoted header, which stands behind `at` bytes. */
static enum decoded kind_with(uint8_t version, uint32_t at, uint8_t value)
{
	struct packet packet = message_packet(version, version == 4 ? 3 : 1, 1);

	packet.bytes[(version == 4 ? 28 : 48) + at] = value;
	return kind_of(101, &packet);
}

static void other_quotes(void)
{
	is_number(kind_with(4, 9, 17), DECODED_OTHER, "an error about UDP is none of TCP's");
	is_number(kind_with(4, 7, 1), DECODED_OTHER, "a later fragment does not name the connection");
	is_number(kind_with(4, 0, 0x65), DECODED_MALFORMED, "a quote of another IP version is malformed");
	is_number(kind_with(4, 0, 0x44), DECODED_MALFORMED, "so is one whose header is too short");
	is_number(kind_with(6, 6, 58), DECODED_OTHER, "an error about ICMPv6 is none of TCP's");
	is_number(kind_with(6, 0, 0x40), DECODED_MALFORMED, "ICMPv6 quotes IPv6");
}

/* IPv6 with a fragment header (next header TCP, offset 0, more) between. */
static void quoted_first_fragment(void)
{
	static const uint8_t header[8] = { 6, 0, 0, 1, 0, 0, 0, 9 };
	struct packet packet = message_packet(6, 1, 3);
	uint8_t *tcp = packet.bytes + 48 + 40;

	memmove(tcp + 8, tcp, 8);
	memcpy(tcp, header, 8);
	packet.bytes[48 + 6] = 44;
	packet.len += 8;
	store_be16(packet.bytes + 4, (uint16_t)(packet.len - 40));
	is_number(kind_of(101, &packet), DECODED_ICMP_ERROR, "a quoted first fragment names its connection");
	store_be16(tcp + 2, 8);
	is_number(kind_of(101, &packet), DECODED_OTHER, "a later one does not");
}

int main(void)
{
	every_message();
	cuts(4, 3);
	cuts(6, 1);
	other_quotes();
	quoted_first_fragment();
	return done_testing();
}
