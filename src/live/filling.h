/* What the parts of facts.c share. For this folder alone. */
#ifndef TCPWHY_LIVE_FILLING_H
#define TCPWHY_LIVE_FILLING_H

#include "live/facts.h"

/* Flags of live_segment. */
#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_ACK 0x10

/* A record on its way to evidence. */
struct filling {
	struct evidence *e;
	const struct live_record *record;
	const struct facts_context *context;
	const struct live_socket *sender, *receiver; /* NULL where there is none */
	enum live_reason reason;
	uint8_t sender_state, receiver_state;        /* before the reset; 0: unknown */
};

/* A socket that resets as it goes is CLOSE already: what it was before. */
uint8_t state_before(const struct live_socket *socket);
/* By the state of this end: the other end, or this one, had sent its FIN; the handshake was done. */
bool peer_had_closed(uint8_t state);
bool had_closed(uint8_t state);
bool had_shaken_hands(uint8_t state);

/* Received, and not read by the program. */
uint64_t unread_bytes(const struct live_socket *socket);
/* Written, and not acknowledged. */
uint64_t unsent_bytes(const struct live_socket *socket);
/* Over the whole life of the connection, payload alone. */
uint64_t bytes_received(const struct live_socket *socket);
uint64_t bytes_acked(const struct live_socket *socket);

/* Since data was last sent or received; -1: never. */
int64_t idle_ns(const struct filling *filling, const struct live_socket *socket);

/* Facts that come from the kernel: yes; yes with a number; yes or no; yes with a number unless it is 0, else no. */
void say(struct filling *filling, enum fact fact);
void say_number(struct filling *filling, enum fact fact, uint64_t number);
void decide(struct filling *filling, enum fact fact, bool is_so);
void count(struct filling *filling, enum fact fact, uint64_t number);

/* facts_passive.c: of a RST that answers a segment. */
void fill_passive(struct filling *filling);
/* facts_received.c: of a RST of which only the receiver is here, or that it ignored. */
void fill_received_only(struct filling *filling);
void fill_ignored(struct filling *filling);
/* testimony.c */
void fill_testimony(struct testimony *testimony, const struct filling *filling);

#endif
