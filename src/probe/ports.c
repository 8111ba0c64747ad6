#include "probe/ports.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"

#define PIECE_MAX 64 /* of a list: longer is neither a number nor a service */

void ports_add(struct port_set *set, uint16_t port)
{
	set->bits[port / 64] |= UINT64_C(1) << port % 64;
}

bool ports_have(const struct port_set *set, uint16_t port)
{
	return set->bits[port / 64] >> port % 64 & 1;
}

size_t ports_count(const struct port_set *set)
{
	size_t count = 0;

	for (size_t i = 0; i < PORTS_MAX / 64; i++)
		count += (size_t)__builtin_popcountll(set->bits[i]);
	return count;
}

/* The digits at *text, which moves behind them; 0 where there are none or they are no port. */
static unsigned take_number(const char **text)
{
	unsigned number = 0;

	while (**text >= '0' && **text <= '9') {
		number = number * 10 + (unsigned)(*(*text)++ - '0');
		if (number >= PORTS_MAX)
			return 0;
	}
	return number;
}

static bool add_range(const char *text, struct port_set *set)
{
	unsigned first = 1, last = PORTS_MAX - 1;

	if (*text != '-')
		first = last = take_number(&text);
	if (*text == '-') {
		text++;
		last = *text ? take_number(&text) : PORTS_MAX - 1;
	}
	if (*text || !first || !last || first > last)
		return false;
	for (unsigned port = first; port <= last; port++)
		ports_add(set, (uint16_t)port);
	return true;
}

static bool add_service(const char *name, struct port_set *set)
{
	char bytes[1024];
	struct servent entry, *found = NULL;

	if (getservbyname_r(name, "tcp", &entry, bytes, sizeof bytes, &found) != 0 || !found)
		return false;
	ports_add(set, (uint16_t)(((uint16_t)found->s_port & 0xff) << 8 | (uint16_t)found->s_port >> 8));
	return true;
}

/* Digits and a dash are meant as numbers; anything else is a name, for names may hold both. */
static bool is_numeric(const char *piece)
{
	return piece[strspn(piece, "0123456789-")] == '\0';
}

static enum status add_piece(const char *piece, struct port_set *set, struct error *error)
{
	if (!*piece)
		return error_set(error, STATUS_USAGE, "%s", _("a port is missing between two commas"));
	if (is_numeric(piece) ? add_range(piece, set) : add_service(piece, set))
		return STATUS_OK;
	if (is_numeric(piece))
		return error_set(error, STATUS_USAGE, _("%s: ports are from 1 to 65535"), piece);
	return error_set(error, STATUS_USAGE, _("%s: no TCP service of that name"), piece);
}

enum status ports_parse(const char *text, struct port_set *set, struct error *error)
{
	enum status status = STATUS_OK;

	do {
		char piece[PIECE_MAX];
		size_t len = strcspn(text, ",");

		if (len >= sizeof piece)
			return error_set(error, STATUS_USAGE, _("%s: no list of ports"), text);
		memcpy(piece, text, len);
		piece[len] = '\0';
		status = add_piece(piece, set, error);
		text += len;
	} while (status == STATUS_OK && *text++ == ',');
	return status;
}

char *port_name(char name[PORT_NAME_MAX], uint16_t port)
{
	char bytes[1024];
	struct servent entry, *found = NULL;
	int network = (uint16_t)((port & 0xff) << 8 | port >> 8);

	name[0] = '\0';
	if (getservbyport_r(network, "tcp", &entry, bytes, sizeof bytes, &found) == 0 && found &&
	    strlen(found->s_name) < PORT_NAME_MAX)
		memcpy(name, found->s_name, strlen(found->s_name) + 1);
	return name;
}
