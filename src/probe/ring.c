#include "probe/ring.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

#define BLOCK_BYTES 4096u

struct ring {
	int fd;
	uint8_t *memory;
	unsigned bytes, frames, next;
	struct tpacket2_hdr *held;    /* handed out, to be given back */
	uint64_t dropped;
	uint64_t backlog_at_start;
};

static enum status refused(struct error *error, const char *what)
{
	return error_set(error, errno == EPERM ? STATUS_UNSUPPORTED : STATUS_IO,
	                 _("packets cannot be received (%s): %s"), what, strerror(errno));
}

/* The second number of each line, a processor's, in hexadecimal. */
static uint64_t backlog_drops(void)
{
	FILE *file = fopen("/proc/net/softnet_stat", "re");
	char line[512];
	uint64_t sum = 0;

	while (file && fgets(line, sizeof line, file)) {
		char *end;

		strtoull(line, &end, 16);
		sum += strtoull(end, NULL, 16);
	}
	if (file)
		fclose(file);
	return sum;
}

static enum status fill(struct ring *ring, const struct sock_fprog *filter, uint16_t protocol, struct error *error)
{
	int version = TPACKET_V2;
	struct tpacket_req request = {
		.tp_block_size = BLOCK_BYTES,
		.tp_block_nr = ring->bytes / BLOCK_BYTES,
		.tp_frame_size = RING_FRAME_BYTES,
		.tp_frame_nr = ring->frames,
	};
	struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = htons(protocol) };

	/* With protocol 0 nothing comes before the filter is there. */
	ring->fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (ring->fd < 0)
		return refused(error, "AF_PACKET");
	if (setsockopt(ring->fd, SOL_SOCKET, SO_ATTACH_FILTER, filter, sizeof *filter) < 0)
		return refused(error, "SO_ATTACH_FILTER");
	if (setsockopt(ring->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version) < 0 ||
	    setsockopt(ring->fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof request) < 0)
		return refused(error, "PACKET_RX_RING");
	ring->memory = mmap(NULL, ring->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
	if (ring->memory == MAP_FAILED) {
		ring->memory = NULL;
		return refused(error, "mmap()");
	}
	if (bind(ring->fd, (struct sockaddr *)&address, sizeof address) < 0)
		return refused(error, "bind()");
	return STATUS_OK;
}

enum status ring_open(const struct sock_fprog *filter, uint16_t protocol, unsigned bytes, struct ring **ret_ring,
                      struct error *error)
{
	struct ring *ring = calloc(1, sizeof *ring);
	enum status status;

	if (!ring)
		return error_set(error, STATUS_MEMORY, "%s", _("out of memory"));
	ring->fd = -1;
	ring->bytes = bytes ? bytes : RING_BYTES;
	ring->frames = ring->bytes / RING_FRAME_BYTES;
	ring->backlog_at_start = backlog_drops();
	status = fill(ring, filter, protocol, error);
	if (status == STATUS_OK)
		*ret_ring = ring;
	else
		ring_close(ring);
	return status;
}

static void give_back(struct ring *ring)
{
	if (!ring->held)
		return;
	__atomic_store_n(&ring->held->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	ring->held = NULL;
}

bool ring_next(struct ring *ring, struct ring_packet *ret_packet)
{
	struct tpacket2_hdr *header;
	struct sockaddr_ll *from;
	uint32_t status;

	give_back(ring);
	header = (void *)(ring->memory + (size_t)ring->next * RING_FRAME_BYTES);
	status = __atomic_load_n(&header->tp_status, __ATOMIC_ACQUIRE);
	if (!(status & TP_STATUS_USER))
		return false;
	ring->next = (ring->next + 1) % ring->frames;
	ring->held = header;
	from = (void *)((uint8_t *)header + TPACKET_ALIGN(sizeof *header));
	*ret_packet = (struct ring_packet){
		.bytes = (uint8_t *)header + header->tp_net,
		.captured = header->tp_snaplen,
		.length = header->tp_len,
		.interface = (unsigned)from->sll_ifindex,
		.time_ns = header->tp_sec * NS_PER_S + header->tp_nsec,
		.checksum_done = status & (TP_STATUS_CSUM_VALID | TP_STATUS_CSUMNOTREADY),
	};
	return true;
}

int ring_fd(const struct ring *ring)
{
	return ring->fd;
}

uint64_t ring_drops(struct ring *ring)
{
	struct tpacket_stats counts;
	socklen_t len = sizeof counts;

	/* Reading them sets them to zero. */
	if (getsockopt(ring->fd, SOL_PACKET, PACKET_STATISTICS, &counts, &len) == 0)
		ring->dropped += counts.tp_drops;
	return ring->dropped;
}

uint64_t ring_backlog_drops(const struct ring *ring)
{
	return backlog_drops() - ring->backlog_at_start;
}

void ring_close(struct ring *ring)
{
	if (!ring)
		return;
	if (ring->memory)
		munmap(ring->memory, ring->bytes);
	if (ring->fd >= 0)
		close(ring->fd);
	free(ring);
}
