/* The floor under every reader: maps a pcap file of this machine's byte order and hops from record to record. */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_HEADER 24u
#define RECORD_HEADER 16u

static unsigned long count_records(const uint8_t *at, const uint8_t *end)
{
	unsigned long count = 0;
	uint32_t captured;

	while ((size_t)(end - at) >= RECORD_HEADER) {
		memcpy(&captured, at + 8, sizeof captured);
		if (captured > (size_t)(end - at) - RECORD_HEADER)
			break;
		at += RECORD_HEADER + captured;
		count++;
	}
	return count;
}

int main(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;
	struct stat stat;
	uint8_t *bytes;

	if (argc != 2)
		errx(2, "usage: walk FILE");
	if (fd < 0 || fstat(fd, &stat) < 0)
		err(EXIT_FAILURE, "%s", argv[1]);
	if ((size_t)stat.st_size < FILE_HEADER)
		errx(EXIT_FAILURE, "%s: not a capture", argv[1]);
	bytes = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		err(EXIT_FAILURE, "%s", argv[1]);
	printf("%lu packets\n", count_records(bytes + FILE_HEADER, bytes + stat.st_size));
	munmap(bytes, (size_t)stat.st_size);
	close(fd);
	return EXIT_SUCCESS;
}
