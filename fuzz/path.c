/*
 * libFuzzer target: the bytes are a capture, plain or compressed, pcap or pcapng, and go the whole way.
 *
 * Exercised: src/source (sniffing, mapping, both readers, decompression), src/packet (all link types, tunnels,
 * fragments), src/flow, src/reset, src/cause, src/diagnose, src/analysis (the last byte chooses between one pass, two
 * passes and all connections) and every renderer of src/report. tests/support/whole_path.h checks what comes out.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../tests/support/whole_path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("capture", MFD_CLOEXEC);
	char name[32];

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
	whole_path(name, size ? data[size - 1] % WAYS : WAY_ONE_PASS, true);
	close(fd);
	return 0;
}
