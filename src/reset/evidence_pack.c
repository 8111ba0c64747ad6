#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "reset/evidence.h"

/* The annotations lie behind the facts; the text ends them, and is mostly empty. */
#define ANNOTATIONS offsetof(struct evidence, file)
#define ANNOTATIONS_SIZE (offsetof(struct evidence, text) - ANNOTATIONS)

struct evidence_packed {
	struct fact_set yes, no, from_kernel;
	uint8_t annotations[ANNOTATIONS_SIZE];
	uint8_t rest[];   /* values of the facts that are so, in order; then the text */
};

/* The facts of a set, in order, into `list`. Returns how many. */
static unsigned list_facts(const struct fact_set *set, uint8_t list[FACTS])
{
	unsigned count = 0;

	for (unsigned word = 0; word < FACT_WORDS; word++)
		for (uint64_t bits = set->words[word]; bits; bits &= bits - 1)
			list[count++] = (uint8_t)(word * 64 + (unsigned)__builtin_ctzll(bits));
	return count;
}

size_t evidence_packed_size(const struct evidence *e)
{
	uint8_t list[FACTS];

	return sizeof(struct evidence_packed) + list_facts(&e->yes, list) * sizeof e->facts[0] + strlen(e->text) + 1;
}

void evidence_pack_into(const struct evidence *e, struct evidence_packed *packed)
{
	const size_t size = sizeof e->facts[0];
	uint8_t list[FACTS];
	unsigned count = list_facts(&e->yes, list);

	packed->yes = e->yes;
	packed->no = e->no;
	packed->from_kernel = e->from_kernel;
	memcpy(packed->annotations, (const uint8_t *)e + ANNOTATIONS, ANNOTATIONS_SIZE);
	for (unsigned i = 0; i < count; i++)
		memcpy(packed->rest + i * size, &e->facts[list[i]], size);
	memcpy(packed->rest + count * size, e->text, strlen(e->text) + 1);
}

struct evidence_packed *evidence_pack(const struct evidence *e)
{
	struct evidence_packed *packed = malloc(evidence_packed_size(e));

	if (packed)
		evidence_pack_into(e, packed);
	return packed;
}

void evidence_unpack(const struct evidence_packed *packed, struct evidence *e)
{
	const size_t size = sizeof e->facts[0];
	const char *text;
	uint8_t list[FACTS];
	unsigned count = list_facts(&packed->yes, list);

	memset(e, 0, sizeof *e);
	e->yes = packed->yes;
	e->no = packed->no;
	e->from_kernel = packed->from_kernel;
	memcpy((uint8_t *)e + ANNOTATIONS, packed->annotations, ANNOTATIONS_SIZE);
	for (unsigned i = 0; i < count; i++)
		memcpy(&e->facts[list[i]], packed->rest + i * size, size);
	text = (const char *)packed->rest + count * size;
	memcpy(e->text, text, strlen(text) + 1);
}
