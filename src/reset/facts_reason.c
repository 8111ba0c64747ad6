/* Reasons that a RST carries: as text (RFC 9293 SHLD-2), as a code, in an option, or in its window. */
#include <ctype.h>
#include <string.h>

#include "base/bytes.h"
#include "reset/parts.h"
#include "reset/wire_reason.h"

/* draft-ietf-tcpm-rst-diagnostic-payload: magic, code, private enterprise number. */
#define DIAGNOSTIC_MAGIC 0x33aa
#define DIAGNOSTIC_LEN 8
/* A forerunner: the kernel's reason, then zeros. */
#define KERNEL_REASON_LEN 1000
#define DIAGNOSTIC_RESET_BY_PEER 12
#define DIAGNOSTIC_TIMEOUT 14
/* A NetScaler shakes hands with this window; only then is the window of its RST a code. */
#define NETSCALER_WINDOW 8190
#define TEXT_MIN 3

static void diagnostic_code(const struct scene *scene, const struct segment *s)
{
	uint16_t code = load_be16(s->payload + 2);
	uint32_t enterprise = load_be32(s->payload + 4);

	if (!code)
		return;
	evidence_number(scene->e, FACT_DIAGNOSTIC_CODE, (uint64_t)enterprise << 16 | code, s->frame, s->time_ns);
	if (!enterprise && code == DIAGNOSTIC_TIMEOUT)
		evidence_yes(scene->e, FACT_BOX_SAYS_EXPIRED, s->frame, s->time_ns);
	if (!enterprise && code == DIAGNOSTIC_RESET_BY_PEER)
		evidence_yes(scene->e, FACT_PEER_RESET_RELAYED, s->frame, s->time_ns);
}

static bool zeros(const uint8_t *bytes, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		if (bytes[i])
			return false;
	return true;
}

/* Printable for the most part: at least three letters or digits at the start, and no control bytes but white space. */
static bool is_text(const uint8_t *bytes, uint32_t len)
{
	if (len < TEXT_MIN)
		return false;
	for (uint32_t i = 0; i < len; i++)
		if (!isprint(bytes[i]) && !isspace(bytes[i]) && !(i + 1 == len && bytes[i] == '\0'))
			return false;
	return true;
}

static bool mentions(const char *text, const char *word)
{
	return strcasestr(text, word) != NULL;
}

static void text_reason(const struct scene *scene, const struct segment *s)
{
	struct evidence *e = scene->e;
	size_t len = s->payload_captured < sizeof e->text - 1 ? s->payload_captured : sizeof e->text - 1;

	for (size_t i = 0; i < len; i++)
		e->text[i] = isprint(s->payload[i]) ? (char)s->payload[i] : ' ';
	e->text[len] = '\0';
	evidence_yes(e, FACT_TEXT_REASON, s->frame, s->time_ns);
	if (mentions(e->text, "expired") || mentions(e->text, "timeout") || mentions(e->text, "timed out"))
		evidence_yes(e, FACT_BOX_SAYS_EXPIRED, s->frame, s->time_ns);
	if (mentions(e->text, "no listener") || mentions(e->text, "refused") || mentions(e->text, "no local listener"))
		evidence_yes(e, FACT_BOX_SAYS_REFUSED, s->frame, s->time_ns);
	/* F5 writes {peer} where the reset came from the other side of the proxy. */
	if (strstr(e->text, "{peer}"))
		evidence_yes(e, FACT_PEER_RESET_RELAYED, s->frame, s->time_ns);
}

static void payload_reason(const struct scene *scene, const struct segment *s)
{
	const uint8_t *p = s->payload;

	if (s->payload_len == DIAGNOSTIC_LEN && s->payload_captured == DIAGNOSTIC_LEN && load_be16(p) == DIAGNOSTIC_MAGIC)
		diagnostic_code(scene, s);
	else if (s->payload_len == KERNEL_REASON_LEN && s->payload_captured > 1 && wire_reason_kernel(p[0]) &&
	         zeros(p + 1, s->payload_captured - 1))
		evidence_number(scene->e, FACT_KERNEL_CODE, p[0], s->frame, s->time_ns);
	else if (is_text(p, s->payload_captured))
		text_reason(scene, s);
}

static void netscaler_reason(const struct scene *scene)
{
	const struct side *s = scene->sender;
	const struct note *rst = scene->rst;
	bool gate = s->syn.frame && s->syn_window == NETSCALER_WINDOW;

	if (gate && wire_reason_netscaler(rst->window))
		evidence_number(scene->e, FACT_NETSCALER_CODE, rst->window, rst->frame, rst->time_ns);
	else
		evidence_no(scene->e, FACT_NETSCALER_CODE);
}

void facts_of_reason(const struct scene *scene, const struct segment *segment, const struct options *options)
{
	struct evidence *e = scene->e;
	uint32_t seen = options->seen;

	/* MP_FASTCLOSE may travel on an ACK; whoever gets it closes each subflow with a plain RST (RFC 8684 section 3.5). */
	if (!yes(e, FACT_SHAPE_PASSIVE))
		seen |= scene->sender->any_options | scene->receiver->any_options;
	evidence_no(e, FACT_TEXT_REASON);
	evidence_no(e, FACT_DIAGNOSTIC_CODE);
	evidence_no(e, FACT_KERNEL_CODE);
	evidence_no(e, FACT_PEER_RESET_RELAYED);
	if (segment->payload_captured)
		payload_reason(scene, segment);
	netscaler_reason(scene);
	evidence_decide(e, FACT_MP_FASTCLOSE, seen & OPTION_MP_FASTCLOSE, segment->frame, segment->time_ns);
	if (options->seen & OPTION_MP_TCPRST)
		evidence_number(e, FACT_MP_TCPRST_REASON, options->mp_tcprst_reason, segment->frame, segment->time_ns);
	else
		evidence_no(e, FACT_MP_TCPRST_REASON);
}
