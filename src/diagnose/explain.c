#include "diagnose/explain.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "reset/wire_reason.h"

#define SENTENCE_MAX 512
#define ALTERNATIVES_MAX 3 /* more would hide what matters */

/* What stands for the placeholders; NULL leaves one as it is. */
struct filling {
	const char *sender, *receiver, *n, *what, *there;
};

const char *explain_role(enum role role)
{
	switch (role) {
	case ROLE_CLIENT: return _("the client");
	case ROLE_SERVER: return _("the server");
	case ROLE_MIDDLEBOX: return _("a box in between");
	case ROLE_UNKNOWN: break;
	}
	return NULL;
}

enum role explain_receiver_role(const struct evidence *evidence)
{
	switch (evidence->sender_role) {
	case ROLE_CLIENT: return ROLE_SERVER;
	case ROLE_SERVER: return ROLE_CLIENT;
	default: return ROLE_UNKNOWN;
	}
}

/* The length of the placeholder at `text`, 0 if there is none; sets what stands for it. */
static size_t placeholder(const char *text, const struct filling *filling, const char **ret_value)
{
	const struct {
		const char *name;
		const char *value;
	} known[] = {
		{ "{sender}", filling->sender },
		{ "{receiver}", filling->receiver },
		{ "{n}", filling->n },
		{ "{what}", filling->what },
		{ "{there}", filling->there },
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		size_t len = strlen(known[i].name);

		if (!known[i].value || strncmp(text, known[i].name, len) != 0)
			continue;
		*ret_value = known[i].value;
		return len;
	}
	return 0;
}

/* `text` in the language of the reader already. */
static void fill(struct buffer *out, const char *text, const struct filling *filling)
{
	while (*text) {
		size_t plain = strcspn(text, "{");
		const char *value;
		size_t len;

		buffer_add(out, text, plain);
		text += plain;
		len = placeholder(text, filling, &value);
		if (len) {
			buffer_puts(out, value);
			text += len;
		} else if (*text) {
			buffer_add(out, text++, 1);
		}
	}
}

void explain_named(struct buffer *out, const char *text, const char *sender, const char *receiver)
{
	/* gettext answers the empty string with the header of its catalogue. */
	if (*text)
		fill(out, _(text), &(struct filling){ .sender = sender, .receiver = receiver });
}

/* The word for one end, in `text` where it has no role. */
static const char *end_name(char text[ENDPOINT_TEXT_MAX], enum role role, const struct endpoint *end)
{
	const char *name = role == ROLE_CLIENT || role == ROLE_SERVER ? explain_role(role) : NULL;

	return name ? name : endpoint_text(text, end);
}

void explain_text(struct buffer *out, const struct verdict *verdict, const char *text)
{
	const struct evidence *e = verdict->evidence;
	char src[ENDPOINT_TEXT_MAX], dst[ENDPOINT_TEXT_MAX];

	explain_named(out, text, end_name(src, e->sender_role, &e->src),
	              end_name(dst, explain_receiver_role(e), &e->dst));
}

void explain_bytes(struct buffer *out, uint64_t bytes)
{
	buffer_printf(out, NG_("%" PRIu64 " byte", "%" PRIu64 " bytes", bytes), bytes);
}

static const char *code_meaning(enum fact fact, uint64_t number)
{
	if (number > UINT16_MAX)
		return NULL;
	switch (fact) {
	case FACT_DIAGNOSTIC_CODE: return wire_reason_diagnostic((uint16_t)number);
	case FACT_NETSCALER_CODE: return wire_reason_netscaler((uint16_t)number);
	case FACT_MP_TCPRST_REASON: return number <= UINT8_MAX ? wire_reason_mptcp((uint8_t)number) : NULL;
	case FACT_KERNEL_CODE: return number <= UINT8_MAX ? wire_reason_kernel((uint8_t)number) : NULL;
	default: return NULL;
	}
}

void explain_code(struct buffer *out, enum fact fact, uint64_t number)
{
	const char *meaning = code_meaning(fact, number);

	if (!meaning)
		buffer_printf(out, _("code %" PRIu64 ", which has no known meaning"), number);
	else
		buffer_printf(out, _("%s (code %" PRIu64 ")"),
		              fact == FACT_KERNEL_CODE ? meaning : _(meaning), number);
}

static void add_number(struct buffer *out, enum fact_kind kind, uint64_t number)
{
	char duration[CLOCK_TEXT_MAX];

	if (kind == KIND_BYTES)
		explain_bytes(out, number);
	else if (kind == KIND_DURATION)
		buffer_puts(out, clock_duration(duration, number > INT64_MAX ? INT64_MAX : (int64_t)number));
	else
		buffer_printf(out, "%" PRIu64, number);
}

void explain_vantage(struct buffer *out, const struct evidence *e, uint64_t vantage)
{
	const struct vantage_names *names = e->way.names;

	if (!names || !vantage || vantage > names->count) {
		buffer_puts(out, _("the other capture"));
		return;
	}
	buffer_puts(out, _("the capture "));
	buffer_add_hostile(out, names->name[vantage - 1], strlen(names->name[vantage - 1]));
}

void explain_fact(struct buffer *out, const struct verdict *verdict, enum fact fact)
{
	const struct evidence *e = verdict->evidence;
	struct buffer n = BUFFER_INIT(SENTENCE_MAX), what = BUFFER_INIT(SENTENCE_MAX);
	struct buffer there = BUFFER_INIT(SENTENCE_MAX);
	char src[ENDPOINT_TEXT_MAX], dst[ENDPOINT_TEXT_MAX];
	uint64_t value = e->facts[fact].number;

	add_number(&n, fact_kind(fact), value);
	if (fact_kind(fact) == KIND_CODE)
		explain_code(&what, fact, value);
	else
		buffer_add_hostile(&what, e->text, strnlen(e->text, sizeof e->text));
	if (fact_kind(fact) == KIND_VANTAGE)
		explain_vantage(&there, e, value);
	fill(out, _(fact_text(fact)), &(struct filling){
		.there = buffer_text(&there),
		.sender = end_name(src, e->sender_role, &e->src),
		.receiver = end_name(dst, explain_receiver_role(e), &e->dst),
		.n = buffer_text(&n),
		.what = buffer_text(&what),
	});
	buffer_clear(&n);
	buffer_clear(&what);
	buffer_clear(&there);
}

/* The frame whose payload is just what was lost, 0 for none. */
static uint64_t frame_of_loss(const struct evidence *e)
{
	return number(e, FACT_ANSWERS_DATA) == e->lost_bytes ? e->facts[FACT_ANSWERS_DATA].frame : 0;
}

void explain_loss(struct buffer *out, const struct verdict *verdict)
{
	const struct evidence *e = verdict->evidence;
	uint64_t frame = frame_of_loss(e);

	if (e->lost_known && e->lost_bytes && frame)
		buffer_printf(out, NG_("the %" PRIu64 " byte of frame %" PRIu64,
		                       "the %" PRIu64 " bytes of frame %" PRIu64, e->lost_bytes),
		              e->lost_bytes, frame);
	else if (e->lost_known && e->lost_bytes)
		explain_bytes(out, e->lost_bytes);
	else if (e->lost_known || verdict->harm == HARM_NONE)
		buffer_puts(out, _("nothing"));
	else
		explain_text(out, verdict, cause_get(verdict->cause)->harm_text);
}

/* The first fact of a list, ended by FACTS, that is so; else FACTS. */
static enum fact first_of(const struct evidence *e, const enum fact *facts)
{
	while (*facts != FACTS && !yes(e, *facts))
		facts++;
	return *facts;
}

static const enum fact signs_of_yes[] = {
	FACT_RECEIVER_SILENT, FACT_SYN_AGAIN_ACCEPTED, FACT_RST_SEQ_EXACT, FACT_RST_ACK_CURRENT, FACTS,
};
static const enum fact signs_of_no[] = {
	FACT_RST_STOPPED, FACT_RST_CHECKSUM_BAD, FACT_RST_UNSIGNED, FACT_RECEIVER_CHALLENGED, FACT_RECEIVER_WENT_ON,
	FACT_RST_OUT_OF_WINDOW, FACT_RST_ACK_WRONG, FACTS,
};

static void accepted_because(struct buffer *out, const struct verdict *verdict, const char *answer,
                             const enum fact *signs)
{
	enum fact sign = first_of(verdict->evidence, signs);

	buffer_puts(out, answer);
	if (sign == FACTS)
		return;
	buffer_puts(out, ": ");
	explain_fact(out, verdict, sign);
}

void explain_acceptance(struct buffer *out, const struct verdict *verdict)
{
	const struct evidence *e = verdict->evidence;

	if (e->is_ending)
		return;
	if (e->part == PART_ECHO && e->echo_of)
		buffer_printf(out, _("no matter: an echo, the connection had ended with frame %" PRIu64), e->echo_of);
	else if (e->part == PART_ECHO)
		buffer_puts(out, _("no matter: an echo, the connection had ended before"));
	else if (e->part == PART_IGNORED || e->accepted == ACCEPTANCE_NO)
		accepted_because(out, verdict, _("no"), signs_of_no);
	else if (e->accepted == ACCEPTANCE_YES)
		accepted_because(out, verdict, _("yes"), signs_of_yes);
	else if (e->sealed == SEALED_EOF)
		buffer_puts(out, _("unknown: the capture ends before it shows"));
	else
		buffer_puts(out, _("unknown: nothing that followed shows it"));
}

bool explain_is_closer(const struct verdict *verdict, enum cause_id candidate)
{
	return cause_descends(candidate, verdict->cause);
}

/* "a, b or c", of the candidates that are closer. Returns the likeliest of them, NULL where there are none. */
static const struct cause *list_closer(struct buffer *out, const struct verdict *verdict)
{
	const struct cause *first = NULL;
	unsigned count = 0, listed = 0;

	for (unsigned i = 0; i < verdict->candidate_count; i++)
		count += explain_is_closer(verdict, verdict->candidates[i]);
	for (unsigned i = 0; i < verdict->candidate_count; i++) {
		if (!explain_is_closer(verdict, verdict->candidates[i]))
			continue;
		if (listed++)
			buffer_puts(out, listed == count ? _(" or ") : ", ");
		else
			first = cause_get(verdict->candidates[i]);
		buffer_puts(out, cause_get(verdict->candidates[i])->id);
	}
	return first;
}

static void add_decide(struct buffer *out, const struct verdict *verdict, enum cause_id id)
{
	buffer_puts(out, _("to decide: "));
	explain_text(out, verdict, cause_get(id)->decide);
}

void explain_closer(struct buffer *out, const struct verdict *verdict)
{
	const struct cause *likeliest = list_closer(out, verdict);

	if (!likeliest)
		return;
	buffer_puts(out, "; ");
	if (likeliest->told_by == TOLD_BY_KERNEL || likeliest->told_by == TOLD_BY_TWO)
		buffer_puts(out, told_by_text(likeliest->told_by));
	else
		add_decide(out, verdict, cause_find(likeliest->id));
}

static void add_missing(struct buffer *out, const struct verdict *verdict, const char *text)
{
	if (out->len)
		buffer_puts(out, "; ");
	explain_text(out, verdict, text);
}

void explain_missing(struct buffer *out, const struct verdict *verdict)
{
	const struct evidence *e = verdict->evidence;
	struct buffer missing = BUFFER_INIT(SENTENCE_MAX * 2);

	if (yes(e, FACT_ANSWERS_FIRST_SEGMENT))
		add_missing(&missing, verdict, N_("no packet of this conversation before the RST was captured"));
	else if (yes(e, FACT_START_MISSING) || no(e, FACT_SYN_SEEN))
		add_missing(&missing, verdict, N_("the capture begins in the middle of the connection"));
	if (no(e, FACT_SENDER_SEEN))
		add_missing(&missing, verdict, N_("no packet of {sender} before the RST was captured: one direction "
		                                  "only?"));
	if (e->accepted == ACCEPTANCE_UNKNOWN && e->sealed == SEALED_EOF && !e->is_ending)
		add_missing(&missing, verdict, N_("the capture ends too soon to show what {receiver} made of it"));
	if (!missing.len)
		add_missing(&missing, verdict, N_("the evidence is there, but fits no cause in the catalogue"));
	buffer_puts(out, buffer_text(&missing));
	buffer_clear(&missing);
}

static void add_alternatives(struct buffer *out, const struct verdict *verdict)
{
	unsigned added = 0;

	for (unsigned i = 0; i < verdict->candidate_count && added < ALTERNATIVES_MAX; i++) {
		const struct cause *cause = cause_get(verdict->candidates[i]);

		if (explain_is_closer(verdict, verdict->candidates[i]))
			continue;
		if (out->len)
			buffer_puts(out, ". ");
		buffer_printf(out, _("%s (%s) cannot be excluded; "), cause->id, _(cause->title));
		add_decide(out, verdict, verdict->candidates[i]);
		added++;
	}
}

void explain_doubt(struct buffer *out, const struct verdict *verdict)
{
	struct buffer doubt = BUFFER_INIT(SENTENCE_MAX * 8);

	if (verdict->certainty == CERTAINTY_UNKNOWN)
		explain_missing(&doubt, verdict);
	else if (verdict->certainty == CERTAINTY_LIKELY)
		explain_closer(&doubt, verdict);
	if (verdict->certainty != CERTAINTY_CERTAIN)
		add_alternatives(&doubt, verdict);
	if (verdict->certainty == CERTAINTY_LIKELY && !doubt.len)
		add_decide(&doubt, verdict, verdict->cause);
	buffer_puts(out, buffer_text(&doubt));
	buffer_clear(&doubt);
}
