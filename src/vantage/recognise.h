/*
 * Do these captures show the same traffic? Told from the beginnings of the files: the same segments in both. Parts of
 * one capture, one after the other, have none in common.
 */
#ifndef TCPWHY_VANTAGE_RECOGNISE_H
#define TCPWHY_VANTAGE_RECOGNISE_H

#include "base/error.h"
#include "packet/address.h"
#include "source/source.h"

/* Files that may be given at once, parts of one capture among them. */
#define RECOGNISE_FILES 64
/* Segments of each file that are looked at, at most: 12 MiB a file. Where there are many files, fewer of each. */
#define RECOGNISE_SEGMENTS (1u << 18)
/* Connections in common that are remembered, for comparing the clocks. */
#define RECOGNISE_SHARED 64

enum belonging {
	BELONG_APART,      /* nothing in common, and they follow each other, as far as their times tell */
	BELONG_OVERLAP,    /* nothing in common at the same time: unrelated, or not both complete */
	BELONG_PARTLY,     /* some have, and one has nothing in common with the others */
	BELONG_COPIES,     /* two hold the same packets at the same times */
	BELONG_TOGETHER,   /* vantages of the same traffic */
};

struct recognition {
	enum belonging belonging;
	size_t one, other;       /* which files, for all but BELONG_TOGETHER and BELONG_APART */
	size_t shared_count;
	struct endpoint shared[RECOGNISE_SHARED][2]; /* ends, as any of the files has them */
};

/*
 * Looks at the beginnings of the sources, RECOGNISE_FILES at most, each of which must be able to rewind, and rewinds
 * them. STATUS_OK, or STATUS_MEMORY; a source that cannot be read ends where it fails.
 */
enum status recognise(struct source *const *sources, size_t count, struct recognition *ret_recognition,
                      struct error *error);

#endif
