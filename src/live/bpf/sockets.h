/* Which end is a socket's, and who called connect(): by the address of its struct sock. */
#ifndef TCPWHY_LIVE_BPF_SOCKETS_H
#define TCPWHY_LIVE_BPF_SOCKETS_H

#include "live/bpf/maps.h"

#define CACHE_LINE 64
_Static_assert(sizeof(struct known) == CACHE_LINE, "it fills a line of the cache");

/*
 * For the compiler: an x86 processor shows stores, and does loads, in this order anyway, if not a load after a store.
 * Others may be late by some nanoseconds, between an end that changes and a reset that asks for it.
 */
#define in_order() __asm__ volatile("" ::: "memory")
#define FRESH(variable) (*(const volatile typeof(variable) *)&(variable))

/* Of a pointer whose type the verifier knows no other arithmetic is allowed. */
static __always_inline uint32_t low_half(uint64_t address)
{
	uint32_t low;

	__asm__ volatile("%0 = %1" : "=w"(low) : "w"((uint32_t)address));
	return low;
}

/* Where a socket is, if it is there. Nobody chooses its address, so the hash is no secret. */
static __always_inline struct known *known_at(uint64_t socket)
{
	return &sockets[(low_half(socket) * 0x9e3779b97f4a7c15ull) >> 32 & (SOCKETS - 1)];
}

/* Two that write at the same place at once leave what has no seal. The factors are odd, and else of no meaning. */
static __always_inline uint64_t seal_of(const struct known *known, uint64_t socket)
{
	const uint64_t *command = (const uint64_t *)known->command;

	return low_half(socket) + known->born_ns * 0x2545f491 + ((uint64_t)known->opener << 1 | known->dials) * 0x369dea0f +
	       command[0] * 0x41c64e6d + command[1] * 0x5bd1e995;
}

/* What is known of this socket, if it called connect(), or NULL. */
static __always_inline struct known *dial_at(struct known *known, uint64_t socket)
{
	return known->socket == socket && known->dials && known->seal == seal_of(known, socket) ? known : 0;
}

static __always_inline struct known *dial_of(uint64_t socket)
{
	return dial_at(known_at(socket), socket);
}

#endif
