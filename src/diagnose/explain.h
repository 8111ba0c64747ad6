/* The sentences of a verdict, translated and with the placeholders filled; every renderer takes them from here. */
#ifndef TCPWHY_DIAGNOSE_EXPLAIN_H
#define TCPWHY_DIAGNOSE_EXPLAIN_H

#include "base/buffer.h"
#include "diagnose/diagnose.h"

/* "the client", "the server", "a box in between"; NULL for ROLE_UNKNOWN. Translated. */
const char *explain_role(enum role role);
/* The role of the end that the RST was sent to, ROLE_UNKNOWN where the sender's is not known. */
enum role explain_receiver_role(const struct evidence *evidence);
/* Add the translation of an English `text` with {sender} and {receiver} replaced by these words. */
void explain_named(struct buffer *out, const char *text, const char *sender, const char *receiver);
/* The same with the roles of the verdict ("the server"; addresses where the roles are unknown). */
void explain_text(struct buffer *out, const struct verdict *verdict, const char *text);
/* Add the sentence of one fact of the verdict's evidence, e.g. "the client wrote 5 bytes". */
void explain_fact(struct buffer *out, const struct verdict *verdict, enum fact fact);
/* Add what the number of a KIND_CODE fact means. */
void explain_code(struct buffer *out, enum fact fact, uint64_t number);
/* Add "the capture server"; `vantage` as in the evidence's way. */
void explain_vantage(struct buffer *out, const struct evidence *evidence, uint64_t vantage);
/* Add "5 bytes". */
void explain_bytes(struct buffer *out, uint64_t bytes);

/* What the programs at both ends of the RST see. Any buffer may come out empty. */
struct sights {
	struct buffer sender, receiver;          /* Linux */
	struct buffer differences;               /* at the receiver: BSD, macOS and Windows */
};

/* Fills *out, which need not be initialised; sights_clear() frees it. */
void explain_sights(struct sights *out, const struct verdict *verdict);
void sights_clear(struct sights *sights);

/* One clause about what was lost: "the 5 bytes of frame 6", "nothing", or, where nobody knows, what the cause says. */
void explain_loss(struct buffer *out, const struct verdict *verdict);
/* Whether its receiver took the RST, and how we know: "yes: the client fell silent". Empty where there is no RST. */
void explain_acceptance(struct buffer *out, const struct verdict *verdict);

/* A candidate that is a closer description of the cause (unread-data of abort), not another explanation. */
bool explain_is_closer(const struct verdict *verdict, enum cause_id candidate);
/* Add the closer ones, "unread-data or linger-zero; ...", and who could tell. Nothing where there are none. */
void explain_closer(struct buffer *out, const struct verdict *verdict);
/* Which evidence is missing for a verdict that is unknown. */
void explain_missing(struct buffer *out, const struct verdict *verdict);
/* For likely: what would decide between the cause and its candidates. For unknown: which evidence is missing. */
void explain_doubt(struct buffer *out, const struct verdict *verdict);

#endif
