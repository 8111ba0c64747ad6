/*
 * What is known about one reset: a set of facts, each yes, no or unknown, each with the frame that shows it and where
 * it comes from. Captures and kernels both fill it; the catalogue weighs it.
 */
#ifndef TCPWHY_RESET_EVIDENCE_H
#define TCPWHY_RESET_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/zeek.h"
#include "packet/address.h"

enum fact {
#define FACT(name, kind, text) FACT_##name,
#include "reset/facts.def"
#undef FACT
	FACTS,
};

enum fact_kind {
	KIND_YES_NO,
	KIND_COUNT,
	KIND_BYTES,
	KIND_DURATION,  /* nanoseconds */
	KIND_CODE,      /* a number with a meaning: see explain_code() in diagnose/explain.h */
	KIND_VANTAGE,   /* the place of a vantage in `way`.names, from 1 on */
};

enum known {
	KNOWN_NOT,      /* nobody looked, or nobody could see */
	KNOWN_NO,
	KNOWN_YES,
};

#define FACT_WORDS ((FACTS + 63) / 64)

struct fact_set {
	uint64_t words[FACT_WORDS];
};

static inline bool fact_in(const struct fact_set *set, enum fact fact)
{
	return set->words[fact / 64] >> fact % 64 & 1;
}

static inline void fact_add(struct fact_set *set, enum fact fact)
{
	set->words[fact / 64] |= 1ULL << fact % 64;
}

static inline void fact_remove(struct fact_set *set, enum fact fact)
{
	set->words[fact / 64] &= ~(1ULL << fact % 64);
}

struct fact_value {
	uint64_t number;  /* according to the kind; 0 for yes or no */
	uint64_t frame;   /* that shows it; 0: the RST's own or none in particular */
	int64_t time_ns;  /* of that frame; 0 where frame is 0 */
};

struct testimony; /* reset/testimony.h */

enum role {
	ROLE_UNKNOWN,
	ROLE_CLIENT,
	ROLE_SERVER,
	ROLE_MIDDLEBOX,
};

/* TCP state of the receiver when the RST arrived, as far as the packets tell (RFC 9293 section 3.3.2). */
enum tcp_state {
	TCP_STATE_UNKNOWN,
	TCP_STATE_SYN_SENT,
	TCP_STATE_SYN_RECEIVED,
	TCP_STATE_ESTABLISHED,
	TCP_STATE_FIN_WAIT,   /* 1 or 2 */
	TCP_STATE_CLOSE_WAIT,
	TCP_STATE_CLOSING,    /* CLOSING or LAST_ACK */
	TCP_STATE_TIME_WAIT,
	TCP_STATE_CLOSED,
	TCP_STATES,
};

/* At which point the evidence was sealed: what came later was not looked at. */
enum sealed {
	SEALED_NOT,       /* not yet; no verdict is given then */
	SEALED_PACKETS,
	SEALED_TIME,
	SEALED_EOF,
};

enum part {
	PART_END,      /* it ended the connection, or may have */
	PART_ECHO,     /* the connection had ended: see echo_of */
	PART_IGNORED,  /* its receiver went on */
};

enum acceptance {
	ACCEPTANCE_UNKNOWN,
	ACCEPTANCE_NO,
	ACCEPTANCE_YES,
};

#define EVIDENCE_TEXT_MAX 128

/* Several captures of one connection: where each was taken, in their order as given. Outlives the evidence. */
#define VANTAGES_MAX 8
struct vantage_names {
	unsigned count;
	const char *name[VANTAGES_MAX];   /* hostile text */
};

/* What they tell of the way of one RST; vantages count from 1 on, 0 is none. */
struct way {
	const struct vantage_names *names; /* NULL: one capture */
	uint8_t here;                      /* from which one the evidence is seen */
	uint8_t not_sent_by;               /* nearest to the end in whose name it came, and does not have it */
	uint8_t made_between[2];           /* the culprit stands there: nearer to the sender, nearer to the receiver */
	uint8_t lost_between[2];
	uint64_t frame[VANTAGES_MAX];      /* of the RST in each capture; 0: it is not there */
};

struct evidence {
	/* Apart from the values, which few of the facts have: causes ask for many facts. */
	struct fact_set yes, no;
	struct fact_set from_kernel;  /* the others come from the capture */
	struct fact_value facts[FACTS]; /* all 0 where a fact is not so */
	/* Where several captures speak of it. These three are not packed: only what is complete is merged. */
	uint8_t from_vantage[FACTS];  /* as in `way`: another than `way`.here; 0: that one */
	struct fact_set contradicted; /* captures, or capture and kernel, say yes and no */
	struct way way;

	/* Annotations: they ride beside the facts and decide nothing. */
	const char *file;             /* name of the capture, or NULL; outlives the evidence */
	uint64_t frame;               /* of the RST, or the last frame of an ending without one */
	int64_t time_ns;
	struct endpoint src, dst;     /* as in the packet */
	enum role sender_role;        /* of src (of an ending: of dst, who fell silent), where it is known who began */
	enum tcp_state receiver_state;
	enum acceptance accepted;
	enum part part;
	uint64_t echo_of;             /* frame of the RST that ended the connection, 0 for none */
	enum sealed sealed;
	uint64_t connection;          /* number of the conversation, from 1 in order of its first frame */
	uint64_t first_frame;         /* of the conversation */
	bool lost_known;
	uint64_t lost_bytes;          /* payload that was sent and cannot have reached the program */
	char conn_state[8];           /* Zeek's */
	char history[ZEEK_HISTORY_MAX];    /* Zeek's */
	bool is_ending;               /* no RST: an end that a user takes for one */
	bool isn_known[2];            /* of src, of dst */
	uint32_t isn[2];
	const struct testimony *testimony; /* of a kernel, see reset/testimony.h; NULL for a capture. Outlives the evidence */
	char text[EVIDENCE_TEXT_MAX]; /* reason that the RST carries as text, made printable; "" for none */
};

/* Names, kinds and texts of facts. */
const char *fact_name(enum fact fact);
enum fact_kind fact_kind(enum fact fact);
/* The untranslated text with its placeholders. */
const char *fact_text(enum fact fact);

static inline bool yes(const struct evidence *e, enum fact fact)
{
	return fact_in(&e->yes, fact);
}

/* Known not to be so; an unknown fact is neither yes nor no. */
static inline bool no(const struct evidence *e, enum fact fact)
{
	return fact_in(&e->no, fact);
}

/* The number of a fact, 0 unless it is known to be so. */
static inline uint64_t number(const struct evidence *e, enum fact fact)
{
	return yes(e, fact) ? e->facts[fact].number : 0;
}

/* An evidence that has to wait, in a fifth of its room; to be freed by free(). NULL when out of memory. */
struct evidence_packed;
struct evidence_packed *evidence_pack(const struct evidence *evidence);
/* The same into memory of the caller's, aligned as by malloc(), and the bytes that this takes. */
void evidence_pack_into(const struct evidence *evidence, struct evidence_packed *packed);
size_t evidence_packed_size(const struct evidence *evidence);
/* The same evidence again. */
void evidence_unpack(const struct evidence_packed *packed, struct evidence *evidence);

/*
 * Add what another capture says of the same RST: what is not known here, and is so there. Only what the RST itself says
 * must be alike, and is contradicted where it is not; of what surrounds it each capture sees a part. `vantage` is that
 * capture, as in `way`. Returns whether anything was added, or is contradicted.
 */
bool evidence_merge(struct evidence *into, const struct evidence *from, uint8_t vantage);

/* Filling. */
void evidence_describe(struct evidence *e, const struct zeek *zeek);
void evidence_yes(struct evidence *e, enum fact fact, uint64_t frame, int64_t time_ns);
void evidence_no(struct evidence *e, enum fact fact);
/* Sets yes with a number. */
void evidence_number(struct evidence *e, enum fact fact, uint64_t number, uint64_t frame, int64_t time_ns);
/* yes or no by a condition that could be decided. */
void evidence_decide(struct evidence *e, enum fact fact, bool is_so, uint64_t frame, int64_t time_ns);

#endif
