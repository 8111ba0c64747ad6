/*
 * Files that a process has mapped. Most are what their paths name here; those of containers, and those that were
 * replaced or deleted since, are to be had from the process alone, while it lives.
 */
#ifndef TCPWHY_LIVE_FOREIGN_H
#define TCPWHY_LIVE_FOREIGN_H

#include <stdint.h>
#include <stddef.h>

/* Of one process; what is beyond stays without names. */
#define FOREIGN_MAX 16

/* A file, as a line of /proc/PID/maps tells it. */
struct mapped_file {
	uint64_t start;          /* address */
	unsigned major, minor;   /* device */
	uint64_t inode;
	const char *path;        /* up to the end of the line; not owned */
	size_t path_len;
};

struct foreign {
	size_t count;
	struct {
		uint64_t inode;
		int fd;
	} files[FOREIGN_MAX];
};

/* Read one line of /proc/PID/maps; returns the next, or NULL behind the last. A line without a file: path_len 0. */
const char *mapped_file_read(struct mapped_file *ret_file, const char *line);
/* Open what `path` names, if it is this file; -1 otherwise. */
int mapped_file_open(const struct mapped_file *file, const char *path);

/* Open the code of the process that is not what its path names here; `max` files at most. */
void foreign_open(struct foreign *foreign, uint32_t pid, const char *maps, size_t max);
/* A descriptor of its own; -1: it is not among them. */
int foreign_get(const struct foreign *foreign, uint64_t inode);
void foreign_close(struct foreign *foreign);

#endif
