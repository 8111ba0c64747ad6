#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "reset/evidence.h"

/* The annotations lie behind the facts; the text ends them, and is mostly empty. */
#define ANNOTATIONS offsetof(struct evidence, file)
#define ANNOTATIONS_SIZE (offsetof(struct evidence, text) - ANNOTATIONS)

struct evidence_packed {
	uint8_t known[FACTS], origin[FACTS];
	uint8_t annotations[ANNOTATIONS_SIZE];
	uint8_t rest[];   /* values of the facts that are so, in order; then the text */
};

struct evidence_packed *evidence_pack(const struct evidence *e)
{
	size_t count = 0, text_size = strlen(e->text) + 1;
	struct fact_value values[FACTS];
	struct evidence_packed *packed;

	for (unsigned i = 0; i < FACTS; i++)
		if (yes(e, (enum fact)i))
			values[count++] = e->facts[i];
	packed = malloc(sizeof *packed + count * sizeof *values + text_size);
	if (!packed)
		return NULL;
	memcpy(packed->known, e->known, sizeof e->known);
	memcpy(packed->origin, e->origin, sizeof e->origin);
	memcpy(packed->annotations, (const uint8_t *)e + ANNOTATIONS, ANNOTATIONS_SIZE);
	memcpy(packed->rest, values, count * sizeof *values);
	memcpy(packed->rest + count * sizeof *values, e->text, text_size);
	return packed;
}

void evidence_unpack(const struct evidence_packed *packed, struct evidence *ret_evidence)
{
	const uint8_t *at = packed->rest;

	memset(ret_evidence, 0, sizeof *ret_evidence);
	memcpy(ret_evidence->known, packed->known, sizeof packed->known);
	memcpy(ret_evidence->origin, packed->origin, sizeof packed->origin);
	memcpy((uint8_t *)ret_evidence + ANNOTATIONS, packed->annotations, ANNOTATIONS_SIZE);
	for (unsigned i = 0; i < FACTS; i++) {
		if (!yes(ret_evidence, (enum fact)i))
			continue;
		memcpy(&ret_evidence->facts[i], at, sizeof ret_evidence->facts[i]);
		at += sizeof ret_evidence->facts[i];
	}
	memcpy(ret_evidence->text, at, strlen((const char *)at) + 1);
}
