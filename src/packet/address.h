/* Addresses and end points. */
#ifndef TCPWHY_PACKET_ADDRESS_H
#define TCPWHY_PACKET_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

struct address {
	uint8_t bytes[16];  /* network order; IPv4 uses the first four, the rest is 0 */
	uint8_t version;    /* 4 or 6 */
};

struct endpoint {
	struct address address;
	uint16_t port;
};

#define ADDRESS_TEXT_MAX 46
#define ENDPOINT_TEXT_MAX 56

bool address_equal(const struct address *a, const struct address *b);
bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);
/* RFC 5952 text. Returns `text`. */
char *address_text(char text[ADDRESS_TEXT_MAX], const struct address *address);
/* "10.0.0.1:80" or "[2001:db8::1]:80". Returns `text`. */
char *endpoint_text(char text[ENDPOINT_TEXT_MAX], const struct endpoint *endpoint);

#endif
