/* Kernel events that are made up, joined and judged: for the tests of src/live. */
#ifndef TCPWHY_TESTS_LIVE_EVENTS_H
#define TCPWHY_TESTS_LIVE_EVENTS_H

#include <errno.h>

#include "diagnose/diagnose.h"
#include "live/facts.h"
#include "tap.h"

#define SERVER_PID 100
#define CLIENT_PID 200
#define BYSTANDER_PID 666
#define SERVER_SOCKET 0x1000
#define CLIENT_SOCKET 0x2000
#define START_NS 5000000000ull

/* As Linux 6.18 numbers them. */
enum {
	NO_SOCKET = 1, INVALID_ACK = 2, FLAGS = 6, ABORT_ON_DATA = 8, TIMEWAIT = 9, INVALID_SYN = 10, ABORT_ON_CLOSE = 11,
	ABORT_ON_LINGER = 12, ABORT_ON_MEMORY = 13, STATE = 14, KEEPALIVE = 15, EMPTCP = 18,
};

#define FIN 0x01
#define SYN 0x02
#define ACK 0x10

/* What came out of the joiner, judged. */
struct stage {
	struct joiner *joiner;
	struct reasons reasons;
	bool incomplete;
	bool holders_ended;       /* nobody holds a socket any more */
	uint64_t dropped_ns_ago;  /* when netfilter dropped what the receiver had sent; 0: it did not */
	uint64_t forgot_ns_ago;   /* when it dropped what is known no more, for this took its place; 0: it did not */
	uint64_t before_ns_ago;   /* when it dropped one of the receiver's before; 0: it did not */
	uint32_t within;          /* a network namespace that is looked at alone; it drops in 7 */
	bool dropped_another;     /* that was none of the receiver's */
	bool dropped_at_once;     /* two wrote it */
	bool silent;              /* a kernel that names no reasons, and tells of no RST without a socket */
	unsigned records, late;
	struct evidence e;
	struct testimony testimony;
	struct verdict v;
	uint64_t now_ns;
};

static inline void on_record(void *user, const struct live_record *record)
{
	struct stage *stage = user;
	struct facts_context context = {
		.reasons = &stage->reasons, .tick_ns = 4000000, .sees_no_socket = !stage->silent, .sees_drops = true,
		.complete = !stage->incomplete, .netns = stage->within,
	};
	struct live_record told = *record;

	stage->records++;
	if (stage->dropped_ns_ago) {
		told.dropped.sender = told.receiver.tuple;
		told.dropped.sender.remote_port ^= stage->dropped_another;
		told.dropped.drop.time_ns = told.time_ns - stage->dropped_ns_ago;
		told.dropped.drop.netns = 7;
		told.dropped.drop.before_ns = stage->before_ns_ago ? told.time_ns - stage->before_ns_ago : 0;
		told.dropped.drop.forgot_ns = stage->forgot_ns_ago ? told.time_ns - stage->forgot_ns_ago : 0;
		told.dropped.seal = live_dropped_seal(&told.dropped) ^ stage->dropped_at_once;
	}
	facts_fill(&stage->e, &stage->testimony, &told, &context);
	diagnose(&stage->e, &stage->v);
}

static inline void on_late(void *user, const struct live_record *record, const struct live_event *event)
{
	struct stage *stage = user;

	(void)record;
	(void)event;
	stage->late++;
}

static inline bool by_timer(void *user, const struct live_event *event)
{
	struct stage *stage = user;

	return facts_is_timer(event, &stage->reasons);
}

/* The holder of each socket is known by its address. */
static inline void on_owners(void *user, struct live_end **ends, size_t count)
{
	const struct stage *stage = user;

	if (stage->holders_ended)
		return;
	for (size_t i = 0; i < count; i++)
		ends[i]->process.pid = ends[i]->socket.address == SERVER_SOCKET ? SERVER_PID : CLIENT_PID;
}

static inline void name(struct reasons *reasons, unsigned number, const char *text, enum live_reason reason)
{
	snprintf(reasons->names[number], REASON_NAME_MAX, "%s", text);
	reasons->of[number] = (uint8_t)reason;
	reasons->count++;
}

static inline void begin(struct stage *stage)
{
	struct joiner_sink sink = { stage, on_record, on_late, by_timer, on_owners };

	*stage = (struct stage){ .now_ns = START_NS };
	stage->joiner = joiner_new(&sink);
	name(&stage->reasons, NO_SOCKET, "NO_SOCKET", REASON_NO_SOCKET);
	name(&stage->reasons, INVALID_ACK, "TCP_INVALID_ACK_SEQUENCE", REASON_INVALID_ACK);
	name(&stage->reasons, FLAGS, "TCP_FLAGS", REASON_FLAGS);
	name(&stage->reasons, ABORT_ON_DATA, "TCP_ABORT_ON_DATA", REASON_ABORT_ON_DATA);
	name(&stage->reasons, TIMEWAIT, "TCP_TIMEWAIT_SOCKET", REASON_TIME_WAIT);
	name(&stage->reasons, INVALID_SYN, "INVALID_SYN", REASON_INVALID_SYN);
	name(&stage->reasons, ABORT_ON_CLOSE, "TCP_ABORT_ON_CLOSE", REASON_ABORT_ON_CLOSE);
	name(&stage->reasons, ABORT_ON_LINGER, "TCP_ABORT_ON_LINGER", REASON_ABORT_ON_LINGER);
	name(&stage->reasons, ABORT_ON_MEMORY, "TCP_ABORT_ON_MEMORY", REASON_ABORT_ON_MEMORY);
	name(&stage->reasons, STATE, "TCP_STATE", REASON_STATE);
	name(&stage->reasons, KEEPALIVE, "TCP_KEEPALIVE_TIMEOUT", REASON_KEEPALIVE);
	name(&stage->reasons, EMPTCP, "MPTCP_RST_EMPTCP", REASON_MPTCP);
}

static inline void end(struct stage *stage)
{
	joiner_finish(stage->joiner);
	joiner_free(stage->joiner);
}

static inline void tell(struct stage *stage, struct live_event event)
{
	event.time_ns = stage->now_ns += 10000;
	joiner_event(stage->joiner, &event);
}

static inline struct live_tuple at_server(void)
{
	return (struct live_tuple){
		.local = { 10, 0, 0, 1 }, .remote = { 10, 0, 0, 2 }, .net = 1, .netns = 11, .local_port = 80, .remote_port = 50000,
		.version = 4,
	};
}

static inline struct live_tuple at_client(void)
{
	return (struct live_tuple){
		.local = { 10, 0, 0, 2 }, .remote = { 10, 0, 0, 1 }, .net = 2, .netns = 22, .local_port = 50000, .remote_port = 80,
		.version = 4,
	};
}

/* A connection in midlife: the client had sent 100 bytes, the server 50, all read and acknowledged. */
static inline struct live_socket socket_of(uint64_t address, uint8_t state, uint8_t before)
{
	bool server = address == SERVER_SOCKET;
	uint32_t sent = server ? 2050 : 1100, got = server ? 1100 : 2050;

	return (struct live_socket){
		.address = address, .inode = 7, .held = 1, .state = state, .before = before, .linger_ticks = UINT64_MAX,
		.born_ns = START_NS - 1000000000, .remembered = 1, .opened = server ? 2 : 1,
		.bytes_received = server ? 100 : 50, .bytes_acked = server ? 50 : 101, .rcv_nxt = got, .copied_seq = got,
		.snd_una = sent, .snd_nxt = sent, .write_seq = sent, .snd_nxt_then = sent, .timestamps = 1,
	};
}

static inline struct live_event active(uint32_t reason, uint8_t state, uint8_t before)
{
	return (struct live_event){
		.kind = LIVE_SENT, .reason = reason, .state = state, .has_tuple = 1, .has_socket = 1, .tuple = at_server(),
		.socket = socket_of(SERVER_SOCKET, state, before), .process = { .pid = SERVER_PID, .command = "server" },
	};
}

/* The answer to a segment of the client; the CPU was interrupted while a bystander ran. */
static inline struct live_event passive(uint32_t reason, uint8_t state, uint8_t flags, uint32_t payload)
{
	return (struct live_event){
		.kind = LIVE_SENT, .reason = reason, .state = state, .passive = 1, .has_tuple = 1, .has_segment = 1,
		.forgot_ticks = LIVE_NEVER,
		.tuple = at_server(), .segment = { .seq = 1100, .ack = 2051, .payload = payload, .flags = flags },
		.process = { .pid = BYSTANDER_PID, .command = "bystander" },
	};
}

static inline struct live_event received(uint8_t state)
{
	return (struct live_event){
		.kind = LIVE_RECEIVED, .reason = UINT32_MAX, .state = state, .has_tuple = 1, .has_socket = 1,
		.tuple = at_client(), .socket = socket_of(CLIENT_SOCKET, state, 0),
		.process = { .pid = BYSTANDER_PID, .command = "bystander" },
	};
}

static inline struct live_event error_at_client(int error)
{
	struct live_event event = received(STATE_CLOSE);

	event.kind = LIVE_ERROR;
	event.socket.error = error;
	return event;
}

/* The server had closed with FIN. */
static inline struct live_past closed_before(uint8_t last)
{
	return (struct live_past){
		.born_ns = START_NS - 1000000000, .fin_ns = START_NS - 2000000, .end_ns = last ? START_NS - 1000000 : 0,
		.fin_end = 2051, .from = STATE_ESTABLISHED, .last = last, .state = last ? STATE_CLOSE : STATE_FIN_WAIT2,
		.opened = LIVE_OPENED_THERE, .closer = { .pid = SERVER_PID, .command = "server" },
	};
}

static inline void is_cause(const struct stage *stage, enum cause_id cause, enum certainty certainty, const char *what)
{
	bool passed = ok(stage->records == 1 && stage->v.cause == cause && stage->v.certainty == certainty, "%s", what);

	if (!passed)
		printf("#   %u records, %s %s\n", stage->records, certainty_id(stage->v.certainty),
		       cause_get(stage->v.cause)->id);
}

/* One event is told, and judged. */
static inline void judges(struct live_event event, enum cause_id cause, enum certainty certainty, const char *what)
{
	struct stage stage;

	begin(&stage);
	tell(&stage, event);
	end(&stage);
	is_cause(&stage, cause, certainty, what);
}

#endif
