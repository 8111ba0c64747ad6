/* Events of the kernel, joined: one record a reset, or an end without one, with what is known of both ends. */
#ifndef TCPWHY_LIVE_RECORD_H
#define TCPWHY_LIVE_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "live/dropped.h"
#include "reset/testimony.h"

/* One end, as events of this host tell of it. */
struct live_end {
	bool has_socket;
	struct live_tuple tuple;      /* as this end sees the connection; version 0: nothing is known of it */
	struct live_socket socket;
	struct live_process process;  /* of whom `act` tells; pid 0: unknown */
	enum act act;
	uint64_t act_ns;              /* when; 0: at the reset */
	int32_t error;                /* errno that was reported */
	enum pipe_signal pipe;
	enum failed_call call;        /* that got `error` */
	int fd;                       /* plus one; 0: unknown */
	bool asked;                   /* its holder was looked for */
};

struct live_record {
	uint64_t time_ns;             /* of the first event, CLOCK_MONOTONIC */
	bool sent, received;          /* events of these kinds; neither: an end without a RST */
	bool passive;
	bool has_segment, has_listener, has_receiver_listener;
	bool has_sender_past, has_receiver_past;
	bool echo;                    /* a reset of this connection came just before */
	uint8_t state;                /* of the socket that was asked to answer, 0 for none */
	uint8_t ignored;              /* enum live_ignored: its receiver did not take it */
	uint8_t synacks;              /* how often the sender had sent its SYN-ACK again */
	uint32_t reason;
	uint32_t forgot_ticks;        /* without sender_past, of what was sent: see live_event */
	struct live_segment segment;  /* that it answers; where it was ignored without being seen sent, the RST itself */
	struct live_past sender_past, receiver_past;
	struct live_dropped dropped;  /* where segments of the receiver are that netfilter dropped */
	struct live_listener listener;/* on the port of the sender */
	struct live_listener receiver_listener;
	struct live_end sender, receiver;
};

/* It had closed, or had ended, before the RST came: its process is the one that did that. */
void live_take_closer(struct live_end *end, const struct live_past *past);

/* Its program has closed it, and not only shut it down, as far as that is known. */
bool live_was_closed(const struct live_past *past);

/* What became of the SIGPIPE of such an event. */
enum pipe_signal live_pipe(const struct live_event *event);

struct joiner;

struct joiner_sink {
	void *user;
	/* A record is complete: nothing more came for JOIN_NS. */
	void (*record)(void *user, const struct live_record *record);
	/* What a program got for an end whose record was handed over before: a SIGPIPE, or a call that failed. */
	void (*late)(void *user, const struct live_record *record, const struct live_event *event);
	/* Whether a timer, and no program, resets this living socket. */
	bool (*by_timer)(void *user, const struct live_event *event);
	/* Who holds these sockets? Fill `process` of the ends where that is known. */
	void (*owners)(void *user, struct live_end **ends, size_t count);
};

/* What belongs to one reset comes within this time: both ends of a host, and what their programs get at once. */
#define JOIN_NS 100000000ull
/* Records that wait at once; beyond, the oldest are handed over early. */
#define JOIN_MAX 4096

/* NULL when out of memory. */
struct joiner *joiner_new(const struct joiner_sink *sink);
void joiner_event(struct joiner *joiner, const struct live_event *event);
/* After a batch of events: look for holders; hand over what has waited long enough at `now_ns`. */
void joiner_advance(struct joiner *joiner, uint64_t now_ns);
/* Hand over everything. */
void joiner_finish(struct joiner *joiner);
bool joiner_is_empty(const struct joiner *joiner);
/* Whether a connection, as this end sees it, is that of the sender and not of the receiver. */
bool joiner_is_sender(const struct live_record *record, const struct live_tuple *tuple);
/* NULL is allowed. */
void joiner_free(struct joiner *joiner);

#endif
