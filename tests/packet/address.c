/* Law: an address has one text (RFC 5952), and two addresses are equal only if version and bytes are. */
#include "sample.h"

static const struct {
	uint8_t bytes[16];
	uint8_t version;
	const char *text, *endpoint;
} addresses[] = {
	{ { 10, 0, 0, 1 }, 4, "10.0.0.1", "10.0.0.1:80" },
	{ { 255, 255, 255, 255 }, 4, "255.255.255.255", "255.255.255.255:80" },
	{ { 0 }, 4, "0.0.0.0", "0.0.0.0:80" },
	{ { 0 }, 6, "::", "[::]:80" },
	{ { [15] = 1 }, 6, "::1", "[::1]:80" },
	{ { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 }, 6, "2001:db8::1", "[2001:db8::1]:80" },
	/*
	 * RFC 5952 section 4.2.2: one group of zeros is not shortened; 4.2.3: the longest run is, the first of
	 * equals.
	 */
	{ { 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1 }, 6, "2001:db8:0:1:1:1:1:1",
	  "[2001:db8:0:1:1:1:1:1]:80" },
	{ { 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1 }, 6, "2001:db8::1:0:0:1",
	  "[2001:db8::1:0:0:1]:80" },
	/* section 4.3: lower case */
	{ { 0xfe, 0x80, [8] = 0xAB, 0xCD, [15] = 0x0f }, 6, "fe80::abcd:0:0:f", "[fe80::abcd:0:0:f]:80" },
	/* section 5: IPv4-mapped */
	{ { [10] = 0xff, 0xff, 192, 0, 2, 1 }, 6, "::ffff:192.0.2.1", "[::ffff:192.0.2.1]:80" },
};

static void texts(void)
{
	char text[ENDPOINT_TEXT_MAX];

	for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
		struct endpoint endpoint = { .address.version = addresses[i].version, .port = 80 };

		memcpy(endpoint.address.bytes, addresses[i].bytes, 16);
		is_text(address_text(text, &endpoint.address), addresses[i].text, addresses[i].text);
		is_text(endpoint_text(text, &endpoint), addresses[i].endpoint, addresses[i].endpoint);
	}
}

static void longest(void)
{
	struct endpoint endpoint = { .address.version = 6, .port = 65535 };
	char text[ENDPOINT_TEXT_MAX];

	memset(endpoint.address.bytes, 0xff, 16);
	is_text(endpoint_text(text, &endpoint), "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
	        "the longest end point fits");
}

static void equality(void)
{
	struct endpoint a = sample_segment(4).src, b = a;

	ok(endpoint_equal(&a, &b), "an end point equals its copy");
	b.port++;
	ok(!endpoint_equal(&a, &b) && address_equal(&a.address, &b.address), "another port is another end point");
	b = a;
	b.address.bytes[3]++;
	ok(!endpoint_equal(&a, &b), "so is another address");
	b = a;
	b.address.version = 6;
	ok(!address_equal(&a.address, &b.address), "the same bytes in another version are another address");
}

int main(void)
{
	texts();
	longest();
	equality();
	return done_testing();
}
