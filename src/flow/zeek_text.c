/* What the log shows: the history, and the state in a word. */
#include "flow/zeek_parts.h"

#include <ctype.h>
#include <string.h>

#define LETTER_BITS 5

/* Codes of the letters, the originator's first; 0 is none. */
static const char letters[] = " SHADFRCGTWIQshadfrcgtwiq^";

bool zeek_is_step(uint32_t count)
{
	while (count >= 10 && count % 10 == 0)
		count /= 10;
	return count == 1;
}

/* A code lies in one byte or across two; the last byte of `packed` is never the first of two. */
static void pack(struct zeek *z, unsigned code)
{
	unsigned bit = z->letters++ * LETTER_BITS, shifted = code << bit % 8;

	z->packed[bit / 8] |= (uint8_t)shifted;
	if (shifted > UINT8_MAX)
		z->packed[bit / 8 + 1] |= (uint8_t)(shifted >> 8);
}

static unsigned unpack(const struct zeek *z, unsigned index)
{
	unsigned bit = index * LETTER_BITS, shift = bit % 8, bits = z->packed[bit / 8];

	if (shift + LETTER_BITS > 8)
		bits |= (unsigned)z->packed[bit / 8 + 1] << 8;
	return bits >> shift & ((1u << LETTER_BITS) - 1);
}

void zeek_letter(struct zeek *z, const struct zeek_side *side, char letter)
{
	const char *code;

	if (side && !zeek_is_originator(z, side))
		letter = (char)tolower(letter);
	code = strchr(letters, letter);
	if (code && z->letters < ZEEK_HISTORY_MAX - 1)
		pack(z, (unsigned)(code - letters));
}

void zeek_history(const struct zeek *z, char ret_text[ZEEK_HISTORY_MAX])
{
	for (unsigned i = 0; i < z->letters; i++)
		ret_text[i] = letters[unpack(z, i)];
	ret_text[z->letters] = '\0';
}

/* The originator's SYN, and then nothing of it but a RST. */
static bool is_abandoned(const struct zeek *z)
{
	char history[ZEEK_HISTORY_MAX];
	const char *at = history;

	zeek_history(z, history);
	at += *at == '^';
	if (*at++ != 'S')
		return false;
	at += strcspn(at, "HAFGIQR");
	return *at == 'R';
}

static const char *after_reset_of_responder(const struct zeek *z, const struct zeek_side *o, const struct zeek_side *r)
{
	if (o->state == ZEEK_SYN_SENT || o->state == ZEEK_SYN_ACK_SENT)
		return "REJ";
	if (o->state == ZEEK_RESET && zeek_size(z, o) == 0 && zeek_size(z, r) == 0)
		return "REJ";
	return o->state == ZEEK_INACTIVE || o->state == ZEEK_PARTIAL ? "RSTRH" : "RSTR";
}

const char *zeek_conn_state(const struct zeek *z)
{
	const struct zeek_side *o = &z->side[z->originator], *r = &z->side[!z->originator];
	bool o_idle = o->state == ZEEK_INACTIVE || o->state == ZEEK_PARTIAL;
	bool r_idle = r->state == ZEEK_INACTIVE || r->state == ZEEK_PARTIAL;

	if (r->state == ZEEK_RESET)
		return after_reset_of_responder(z, o, r);
	if (o->state == ZEEK_RESET)
		return !r_idle ? "RSTO" : is_abandoned(z) ? "RSTOS0" : "OTH";
	if (o->state == ZEEK_CLOSED && r->state == ZEEK_CLOSED)
		return "SF";
	if (o->state == ZEEK_CLOSED)
		return r_idle ? "SH" : "S2";
	if (r->state == ZEEK_CLOSED)
		return o_idle ? "SHR" : "S3";
	if (o->state == ZEEK_SYN_SENT && r->state == ZEEK_INACTIVE)
		return "S0";
	return o->state == ZEEK_ESTABLISHED && r->state == ZEEK_ESTABLISHED ? "S1" : "OTH";
}
