#include "cause/cause.h"

#include <string.h>

#include "base/text.h"

static const struct cause *const catalogue[CAUSES] = {
#define CAUSE(name, id, family, told_by) [CAUSE_##name] = &cause_##name,
#include "cause/causes.def"
#undef CAUSE
};

const struct cause *cause_get(enum cause_id id)
{
	return catalogue[id];
}

enum cause_id cause_find(const char *id)
{
	for (unsigned i = 0; i < CAUSES; i++)
		if (strcmp(catalogue[i]->id, id) == 0)
			return (enum cause_id)i;
	return CAUSE_NONE;
}

bool cause_descends(enum cause_id id, enum cause_id ancestor)
{
	for (enum cause_id at = catalogue[id]->parent; at != CAUSE_NONE; at = catalogue[at]->parent)
		if (at == ancestor)
			return true;
	return false;
}

const char *family_title(enum family family)
{
	static const char *const titles[FAMILIES] = {
		[FAMILY_REFUSED] = N_("refused: the handshake never finished, or finished with nobody behind it"),
		[FAMILY_PROBING] = N_("probing"),
		[FAMILY_ABORTED] = N_("aborted: an endpoint ended it on purpose"),
		[FAMILY_CLOSED] = N_("closed: one side had closed, the other wrote"),
		[FAMILY_FORGOTTEN] = N_("forgotten: one side lost its state"),
		[FAMILY_TIMER] = N_("timers"),
		[FAMILY_NETWORK] = N_("the network in between"),
		[FAMILY_OTHER] = N_("the rest"),
		[FAMILY_ENDING] = N_("ends without a reset that look like one"),
	};

	return _(titles[family]);
}

const char *told_by_text(enum told_by told_by)
{
	static const char *const texts[] = {
		[TOLD_BY_WIRE] = N_("a capture alone can be certain"),
		[TOLD_BY_LIKELY] = N_("a capture can only make it likely"),
		[TOLD_BY_KERNEL] = N_("only the sending host's kernel can tell"),
		[TOLD_BY_TWO] = N_("captures from both sides are needed"),
	};

	return _(texts[told_by]);
}

const char *harm_id(enum harm harm)
{
	static const char *const ids[] = {
		[HARM_NONE] = "none", [HARM_RETRY] = "retry", [HARM_DATA_LOST] = "data-lost",
	};

	return ids[harm];
}

struct opinion opinion_excluded(void)
{
	return (struct opinion){ .stance = STANCE_EXCLUDED };
}

struct opinion opinion_possible(unsigned strength)
{
	return (struct opinion){ .stance = STANCE_POSSIBLE, .strength = (uint8_t)(strength > 100 ? 100 : strength) };
}

struct opinion opinion_established(void)
{
	return (struct opinion){ .stance = STANCE_ESTABLISHED, .strength = 100 };
}

void opinion_because(struct opinion *opinion, enum fact fact)
{
	if (opinion->because_count < OPINION_FACTS_MAX)
		opinion->because[opinion->because_count++] = (uint8_t)fact;
}

void opinion_because_of(struct opinion *opinion, const struct evidence *evidence, const enum fact *facts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (yes(evidence, facts[i]))
			opinion_because(opinion, facts[i]);
}
