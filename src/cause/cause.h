/*
 * The catalogue of causes. A cause is data plus at most one pure function; it sees evidence, never packets, sockets or
 * kernels. It judges itself alone: only the diagnosis turns the opinions of all causes into certainty.
 */
#ifndef TCPWHY_CAUSE_CAUSE_H
#define TCPWHY_CAUSE_CAUSE_H

#include <stddef.h>
#include <stdint.h>

#include "reset/evidence.h"

enum cause_id {
#define CAUSE(name, id, family, told_by) CAUSE_##name,
#include "cause/causes.def"
#undef CAUSE
	CAUSES,
	CAUSE_NONE = CAUSES,
};

enum family {
	FAMILY_REFUSED,    /* the handshake never finished, or finished with nobody behind it */
	FAMILY_PROBING,
	FAMILY_ABORTED,    /* an endpoint ended it on purpose */
	FAMILY_CLOSED,     /* one side had closed, the other wrote */
	FAMILY_FORGOTTEN,  /* one side lost its state */
	FAMILY_TIMER,
	FAMILY_NETWORK,    /* the network in between */
	FAMILY_OTHER,
	FAMILY_ENDING,     /* ends without a RST that a user takes for one */
	FAMILIES,
};

/* What it takes to be certain. The last two are established by nothing but what a kernel says of itself. */
enum told_by {
	TOLD_BY_WIRE,    /* one capture */
	TOLD_BY_LIKELY,  /* a capture can only make it likely */
	TOLD_BY_KERNEL,  /* the sending host's kernel; a capture names the parent */
	TOLD_BY_TWO,     /* captures from both sides; one capture names the parent */
};

/* How much it hurts. */
enum harm {
	HARM_NONE,       /* nobody notices */
	HARM_RETRY,      /* an attempt failed; nothing was lost that a retry does not bring back */
	HARM_DATA_LOST,  /* bytes that were sent never arrived, or nobody can say whether they did */
};

/*
 * One reset, one cause: where several are established, the better rank wins. Ranks before RANK_SPECIFIC hide all worse
 * ones and whatever is merely possible; those of RANK_SPECIFIC hide only their own ancestors and descendants, for two
 * of them at once is a contradiction, and no longer certain; RANK_ACTION and RANK_MECHANISM hide the ranks after them.
 * A possible sibling that only a kernel could tell is always hidden.
 */
enum rank {
	RANK_FORGED,     /* whatever it imitates */
	RANK_ECHO,       /* the connection had ended already */
	RANK_HEALING,    /* a reset that lets a new connection succeed */
	RANK_SPECIFIC,
	RANK_ACTION,     /* what a user would act on … */
	RANK_MECHANISM,  /* … before how the kernel did it */
	RANK_PARENT,     /* what remains when nothing tells how */
};

enum stance {
	STANCE_EXCLUDED,
	STANCE_POSSIBLE,
	STANCE_ESTABLISHED,  /* the facts say so; whether they say nothing else is for the diagnosis to find out */
};

#define OPINION_FACTS_MAX 8

struct opinion {
	enum stance stance;
	uint8_t strength;                     /* how well a possible cause fits, 0 to 100; orders the possible ones */
	uint8_t because_count;
	uint8_t because[OPINION_FACTS_MAX];   /* enum fact: what it rests on, most telling first */
};

/*
 * Texts are English and marked for translation with N_(). {sender} and {receiver} stand for the two ends of the RST as
 * a reader knows them: "the server", "the client", or an address where the roles are unknown. "sender" is always the
 * end in whose name the RST was sent, "receiver" the end that it was sent to.
 */
struct scenario; /* cause/step.h */

struct cause {
	const char *id;
	enum family family;
	enum told_by told_by;
	enum rank rank;
	enum cause_id parent;        /* the cause that a capture names when it cannot tell this one; CAUSE_NONE */
	enum role sender;            /* who really sends it; ROLE_UNKNOWN: the end in whose name it comes */
	enum harm harm;              /* at least; bytes known to be lost make it HARM_DATA_LOST */
	const char *title;           /* for lists, under 64 characters, no placeholders: "the peer had closed, we wrote" */
	const char *headline;        /* for a verdict, one sentence without a full stop, with placeholders */
	const char *what;            /* two or three sentences: what happened in the kernels, generic, no placeholders */
	const char *who;             /* which machine and which part of it makes the RST */
	const char *sender_sees;     /* the program at the sender, call by call, Linux; placeholders allowed */
	const char *receiver_sees;   /* the same for the receiver; NULL: the table of TCP states says it (sight.h) */
	const char *bsd;             /* what differs on BSD and macOS; NULL: nothing beyond the table of states */
	const char *windows;         /* what differs on Windows; NULL likewise */
	const char *harm_text;       /* one sentence: harmless, costs a retry, or loses what */
	const char *advice;          /* what to do, one item a line, literal commands in backquotes */
	const char *decide;          /* the observation that would settle whether it is this cause; one phrase */
	const char *references;      /* RFC sections and kernel functions, separated by "; " */
	const char *reproduce;       /* how to make it happen, in one or two sentences */
	const struct scenario *scenarios; /* and as steps that the lab plays, up to one without a title; NULL: none */
	/* Judge the evidence; NULL where no evidence that exists could ever tell. Pure. */
	struct opinion (*weigh)(const struct evidence *evidence);
};

/* Never NULL for id < CAUSES. */
const struct cause *cause_get(enum cause_id id);
/* CAUSE_NONE where there is no such id. */
enum cause_id cause_find(const char *id);
/* Whether `id` is a refinement of `ancestor`, by .parent. */
bool cause_descends(enum cause_id id, enum cause_id ancestor);
/* The words for a family, told_by and harm: translated; harm_id() gives the fixed word of the JSON output. */
const char *family_title(enum family family);
const char *told_by_text(enum told_by told_by);
const char *harm_id(enum harm harm);

/* Building an opinion, most telling fact first. */
struct opinion opinion_excluded(void);
struct opinion opinion_possible(unsigned strength);
struct opinion opinion_established(void);
/* Add a fact to what it rests on; ignored past OPINION_FACTS_MAX. */
void opinion_because(struct opinion *opinion, enum fact fact);
/* Add those of `facts` that are so. */
void opinion_because_of(struct opinion *opinion, const struct evidence *evidence, const enum fact *facts, size_t count);
#define BECAUSE(opinion, evidence, ...) \
	opinion_because_of(opinion, evidence, (const enum fact[]){ __VA_ARGS__ }, \
	                   sizeof (enum fact[]){ __VA_ARGS__ } / sizeof(enum fact))

#define CAUSE(name, id, family, told_by) extern const struct cause cause_##name;
#include "cause/causes.def"
#undef CAUSE

#endif
