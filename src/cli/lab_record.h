/* What happened in one play, in the order of time. */
#ifndef TCPWHY_CLI_LAB_RECORD_H
#define TCPWHY_CLI_LAB_RECORD_H

#include <stdatomic.h>

#include "analysis/analysis.h"
#include "lab/lab.h"

enum event_kind { EVENT_FRAME, EVENT_CALL, EVENT_REMARK };

struct event {
	enum event_kind kind;
	int64_t time_ns;
	size_t ordinal;           /* as it came: where times are the same */
	struct lab_frame frame;   /* its bytes are owned */
	struct lab_call call;
	char *text;               /* of a remark; owned */
};

struct record {
	enum cause_id cause;
	const struct scenario *scenario;
	struct lab_options options;
	uint32_t netns[PARTIES];  /* of each host; 0: there is none */
	atomic_bool has_hosts;    /* netns is known, and stays so: for another thread while it is played */
	struct event *events;
	size_t count, capacity;
	int64_t ended_ns;         /* when the play was over */
	char **faults;            /* what was not as expected */
	size_t fault_count, more_faults; /* more_faults: those that were not kept */
	void (*pause)(struct record *record, const char *text);
	void (*begun)(void *listener);   /* NULL: nobody listens beside it */
	void *listener;
	bool full;                /* out of memory, or more than RECORD_EVENTS_MAX */
	enum party vantage;       /* for --pause: whose segments are told … */
	size_t told;              /* … and how many events were */
	struct error error;       /* why it could not be played to its end */
};

#define RECORD_EVENTS_MAX 200000
#define RECORD_FAULTS_MAX 64

/*
 * Play it into a zeroed record (vantage may be set, and begun, which is called when threads may be started);
 * record_clear() in any case. `pause` (may be NULL) is called before each step, which begins when it returns; events
 * are in the order in which they came then, not yet in that of their times.
 */
enum status record_play(struct record *record, enum cause_id cause, const struct scenario *scenario,
                        const struct lab_options *options, void (*pause)(struct record *record, const char *text));
void record_fault(struct record *record, const char *format, ...) __attribute__((format(printf, 2, 3)));
/*
 * Give the frames of a vantage to an analysis of the library. `between` (may be NULL) gets every other event at its
 * place between the frames, and after a frame that got lost, that frame. STATUS_MEMORY or STATUS_OK.
 */
enum status record_read(const struct record *record, enum party vantage, const struct analysis_sink *sink,
                        void (*between)(void *user, const struct event *event));
void record_clear(struct record *record);

#endif
