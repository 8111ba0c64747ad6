#include "packet/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

bool address_equal(const struct address *a, const struct address *b)
{
	return a->version == b->version && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && address_equal(&a->address, &b->address);
}

/* inet_ntop() writes what RFC 5952 asks for, in the C libraries of Linux. */
char *address_text(char text[ADDRESS_TEXT_MAX], const struct address *address)
{
	if (!inet_ntop(address->version == 4 ? AF_INET : AF_INET6, address->bytes, text, ADDRESS_TEXT_MAX))
		text[0] = '\0';
	return text;
}

/* RFC 5952 section 6: brackets keep the port apart from an IPv6 address. */
char *endpoint_text(char text[ENDPOINT_TEXT_MAX], const struct endpoint *endpoint)
{
	char address[ADDRESS_TEXT_MAX];

	snprintf(text, ENDPOINT_TEXT_MAX, endpoint->address.version == 4 ? "%s:%u" : "[%s]:%u",
	         address_text(address, &endpoint->address), endpoint->port);
	return text;
}
