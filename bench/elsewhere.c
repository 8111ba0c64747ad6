/*
 * Writes what another capture of the same traffic would hold: five routers nearer to the clients, and with a clock that
 * is an hour ahead and gains 50 us a second. pcap of this machine's byte order, microseconds, Ethernet.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define FILE_HEADER 24u
#define RECORD_HEADER 16u
#define HOPS 5
#define AHEAD_S 3600
#define GAIN_PPM 50
#define ETHERNET_HEADER 14u
#define SERVER_HOP_LIMIT 64

/* A packet of a server has lost some hops here, one of a client not yet; what left earlier arrives earlier. */
static void change(uint8_t *record, uint32_t captured, uint64_t *first_us)
{
	uint32_t time[2];
	uint64_t us;
	uint8_t *ip = record + RECORD_HEADER + ETHERNET_HEADER, *hop_limit;

	memcpy(time, record, sizeof time);
	us = (uint64_t)time[0] * 1000000 + time[1];
	if (!*first_us)
		*first_us = us;
	us += (uint64_t)AHEAD_S * 1000000 + (us - *first_us) * GAIN_PPM / 1000000;
	time[0] = (uint32_t)(us / 1000000);
	time[1] = (uint32_t)(us % 1000000);
	memcpy(record, time, sizeof time);
	if (captured < ETHERNET_HEADER + 20)
		return;
	hop_limit = ip[0] >> 4 == 6 ? ip + 7 : ip + 8;
	*hop_limit = (uint8_t)(*hop_limit == SERVER_HOP_LIMIT ? *hop_limit - HOPS : *hop_limit + HOPS);
}

int main(int argc, char **argv)
{
	int fd = argc == 3 ? open(argv[1], O_RDONLY) : -1;
	uint64_t first_us = 0;
	struct stat stat;
	uint8_t *bytes;
	uint32_t captured;
	FILE *out;

	if (argc != 3)
		errx(2, "usage: elsewhere IN OUT");
	if (fd < 0 || fstat(fd, &stat) < 0)
		err(EXIT_FAILURE, "%s", argv[1]);
	bytes = mmap(NULL, (size_t)stat.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	out = fopen(argv[2], "wb");
	if (bytes == MAP_FAILED || !out || (size_t)stat.st_size < FILE_HEADER)
		err(EXIT_FAILURE, "%s", argv[2]);
	fwrite(bytes, 1, FILE_HEADER, out);
	for (uint8_t *at = bytes + FILE_HEADER, *end = bytes + stat.st_size; at + RECORD_HEADER <= end;) {
		memcpy(&captured, at + 8, sizeof captured);
		if (captured > (size_t)(end - at) - RECORD_HEADER)
			break;
		change(at, captured, &first_us);
		fwrite(at, 1, RECORD_HEADER + captured, out);
		at += RECORD_HEADER + captured;
	}
	return fclose(out) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
