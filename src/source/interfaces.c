/*
 * Times: a pcapng file may count in any power of ten or two below a second, from any offset in 64-bit seconds. All of
 * it is done in 128 bits and clamped at the end, because an overflow in the middle makes a late frame an early one.
 */
#include "source/interfaces.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "source/limits.h"

static enum status grow(struct interfaces *interfaces, struct error *error)
{
	uint32_t capacity = interfaces->capacity ? 2 * interfaces->capacity : 8;
	struct interface *list;

	if (interfaces->count < interfaces->capacity)
		return STATUS_OK;
	if (interfaces->count >= INTERFACES_MAX)
		return error_set(error, STATUS_LIMIT, _("more than %u interfaces in one capture"), INTERFACES_MAX);
	list = realloc(interfaces->list, capacity * sizeof *list);
	if (!list)
		return error_set(error, STATUS_MEMORY, _("out of memory"));
	interfaces->list = list;
	interfaces->capacity = capacity;
	return STATUS_OK;
}

enum status interfaces_put(struct interfaces *interfaces, uint32_t index, const struct interface *interface,
                           const uint8_t *name, size_t name_len, struct error *error)
{
	const char *known = NULL;
	enum status status;

	if (index < interfaces->count) {
		known = interfaces->list[index].description.name;
	} else {
		status = grow(interfaces, error);
		if (status != STATUS_OK)
			return status;
		if (name) {
			known = strndup((const char *)name,
			                name_len < INTERFACE_NAME_MAX ? name_len : INTERFACE_NAME_MAX);
			if (!known)
				return error_set(error, STATUS_MEMORY, _("out of memory"));
		}
		interfaces->count++;
	}
	interfaces->list[index] = *interface;
	interfaces->list[index].description.name = known;
	return STATUS_OK;
}

void interfaces_clear(struct interfaces *interfaces)
{
	for (uint32_t i = 0; i < interfaces->count; i++)
		free((char *)interfaces->list[i].description.name);
	free(interfaces->list);
	*interfaces = (struct interfaces){ 0 };
}

static int64_t clamp(__int128 ns)
{
	if (ns > CLOCK_MAX)
		return CLOCK_MAX;
	return ns < -CLOCK_MAX ? -CLOCK_MAX : (int64_t)ns;
}

/* 2^-power seconds a tick. 64 bits of ticks times 30 bits of nanoseconds fit into 128. */
static __int128 binary_ticks(unsigned int power, uint64_t ticks)
{
	return (__int128)(((unsigned __int128)ticks * NS_PER_S) >> power);
}

/* 10^-power seconds a tick. */
static __int128 decimal_ticks(unsigned int power, uint64_t ticks)
{
	static const uint64_t ten_to_the[] = {
		1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000, 100000000000,
		1000000000000, 10000000000000, 100000000000000, 1000000000000000, 10000000000000000, 100000000000000000,
		1000000000000000000, 10000000000000000000u,
	};

	if (power <= 9)
		return (__int128)ticks * ten_to_the[9 - power];
	/* Twenty digits below a nanosecond, no 64-bit number of ticks makes one. */
	return power - 9 < sizeof ten_to_the / sizeof *ten_to_the ? ticks / ten_to_the[power - 9] : 0;
}

int64_t ticks_to_ns(const struct tick_clock *clock, uint64_t ticks)
{
	unsigned int power = clock->resolution & 0x7f;
	__int128 ns = clock->resolution & 0x80 ? binary_ticks(power, ticks) : decimal_ticks(power, ticks);

	return clamp(ns + (__int128)clock->offset_s * NS_PER_S);
}
