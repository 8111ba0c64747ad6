/*
 * Several captures are read as one run, and each numbers its frames from 1. Where frames are compared, the place of the
 * capture stands above the number; where they are shown, the number alone.
 */
#ifndef TCPWHY_BASE_RUN_H
#define TCPWHY_BASE_RUN_H

#include <stdint.h>

#define FRAME_FILE_SHIFT 48
#define RUN_FILES_MAX 65535

static inline uint64_t frame_in_run(unsigned file, uint64_t number)
{
	return (uint64_t)file << FRAME_FILE_SHIFT | number;
}

static inline unsigned frame_file(uint64_t in_run)
{
	return (unsigned)(in_run >> FRAME_FILE_SHIFT);
}

static inline uint64_t frame_in_file(uint64_t in_run)
{
	return in_run & ((UINT64_C(1) << FRAME_FILE_SHIFT) - 1);
}

#endif
