#include "probe/channel.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"
#include "probe/guise.h"

#define BLOCKS_TRIED 200
/* From here up the kernel gives ports to sockets that ask for none (ip_local_port_range), and nobody listens. */
#define PORTS_FROM 32768
#define SEND_BUFFER_BYTES (4 << 20)

struct channel {
	struct channel_options options;
	int reserved[CHANNEL_PORTS];
	uint16_t first_port;
	struct ring *ring;
	struct decoder *decoder;
	int raw;
	struct outbox *outbox;
	uint64_t heard;
};

static int family_of(const struct channel *channel)
{
	return channel->options.version == 4 ? AF_INET : AF_INET6;
}

/* ---- source ports */

/* A socket that has `port` at every address; one that listens lets nothing in. -1 with errno. */
static int reserve(const struct channel *channel, uint16_t port)
{
	struct sock_filter nothing[] = { BPF_STMT(BPF_RET | BPF_K, 0) };
	struct sock_fprog program = { 1, nothing };
	struct address any = { .version = channel->options.version };
	struct sockaddr_storage address;
	socklen_t len = path_socket_address(&any, port, 0, &address);
	int fd = socket(family_of(channel), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1, failure;

	if (fd < 0)
		return -1;
	if (channel->options.version == 6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
	if (bind(fd, (struct sockaddr *)&address, len) == 0 &&
	    (channel->options.local ||
	     (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0 && listen(fd, 1) == 0)))
		return fd;
	failure = errno;
	close(fd);
	errno = failure;
	return -1;
}

static void release(struct channel *channel)
{
	for (unsigned i = 0; i < CHANNEL_PORTS; i++) {
		if (channel->reserved[i] >= 0)
			close(channel->reserved[i]);
		channel->reserved[i] = -1;
	}
}

static bool reserve_block(struct channel *channel)
{
	for (unsigned i = 0; i < CHANNEL_PORTS; i++) {
		channel->reserved[i] = reserve(channel, (uint16_t)(channel->first_port + i));
		if (channel->reserved[i] < 0) {
			release(channel);
			return false;
		}
	}
	return true;
}

static enum status reserve_ports(struct channel *channel, struct error *error)
{
	unsigned blocks = (65536 - PORTS_FROM) / CHANNEL_PORTS, block = (unsigned)(random_seed() % blocks);

	for (unsigned i = 0; i < BLOCKS_TRIED; i++, block = (block + 1) % blocks) {
		channel->first_port = (uint16_t)(PORTS_FROM + block * CHANNEL_PORTS);
		if (reserve_block(channel))
			return STATUS_OK;
		if (errno != EADDRINUSE && errno != EACCES && errno != EPERM)
			break;
	}
	return error_set(error, STATUS_IO, _("%u ports in a row cannot be reserved to send from: %s"), CHANNEL_PORTS,
	                 strerror(errno));
}

/* ---- what comes in */

#define ACCEPT_BYTES 176 /* IP and TCP with options, or an ICMP error that quotes so much */

#define FILTER_IPV4 15
#define FILTER_IPV6 10

/* TCP to the block, unfragmented; destination unreachable, time exceeded, parameter problem. */
static void filter_ipv4(struct sock_filter *code, uint32_t first_port)
{
	const struct sock_filter wanted[FILTER_IPV4] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMP, 7, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 11),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x1fff, 9, 0),
		BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, 2),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, ~(CHANNEL_PORTS - 1u) & 0xffff),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, first_port, 4, 5),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ICMP_DEST_UNREACH, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ICMP_TIME_EXCEEDED, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ICMP_PARAMETERPROB, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, ACCEPT_BYTES),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};

	memcpy(code, wanted, sizeof wanted);
}

/* The same without extension headers, which no answer has; ICMPv6 errors have types below 128 (RFC 4443). */
static void filter_ipv6(struct sock_filter *code, uint32_t first_port)
{
	const struct sock_filter wanted[FILTER_IPV6] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 6),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMPV6, 4, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 6),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 42),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, ~(CHANNEL_PORTS - 1u) & 0xffff),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, first_port, 2, 3),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 40),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 128, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, ACCEPT_BYTES),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};

	memcpy(code, wanted, sizeof wanted);
}

static enum status open_ring(struct channel *channel, struct error *error)
{
	bool v4 = channel->options.version == 4;
	struct sock_filter code[FILTER_IPV4];
	struct sock_fprog program = { v4 ? FILTER_IPV4 : FILTER_IPV6, code };

	if (v4)
		filter_ipv4(code, channel->first_port);
	else
		filter_ipv6(code, channel->first_port);
	return ring_open(&program, v4 ? ETH_P_IP : ETH_P_IPV6, channel->options.ring_bytes, &channel->ring, error);
}

enum heard channel_read(struct decoder *decoder, const struct ring_packet *packet, uint64_t number,
                        struct channel_answer *ret_answer)
{
	enum { LINKTYPE_RAW = 101 };
	struct frame frame = {
		.number = number,
		.time_ns = packet->time_ns,
		.data = packet->bytes,
		.captured = packet->captured,
		.length = packet->length,
		.link_type = LINKTYPE_RAW,
		.has_time = 1,
	};
	struct segment *segment = &ret_answer->segment;
	enum decoded decoded = decoder_frame(decoder, &frame, segment, &ret_answer->icmp);

	ret_answer->interface = packet->interface;
	ret_answer->time_ns = packet->time_ns;
	ret_answer->damaged = false;
	if (decoded == DECODED_ICMP_ERROR)
		return HEARD_ICMP;
	if (decoded != DECODED_SEGMENT || segment->tunnels)
		return HEARD_NOTHING;
	ret_answer->damaged = !packet->checksum_done && segment_checksum(segment) == CHECKSUM_BAD;
	return HEARD_SEGMENT;
}

enum heard channel_hear(struct channel *channel, struct channel_answer *ret_answer)
{
	struct ring_packet packet;
	enum heard heard = HEARD_NOTHING;

	while (heard == HEARD_NOTHING && ring_next(channel->ring, &packet))
		heard = channel_read(channel->decoder, &packet, ++channel->heard, ret_answer);
	return heard;
}

void channel_wait(struct channel *channel, int64_t until_ns)
{
	int64_t left = until_ns - clock_monotonic();
	struct timespec timeout = { left / NS_PER_S, left % NS_PER_S };
	struct pollfd ready = { .fd = ring_fd(channel->ring), .events = POLLIN };

	if (left > 0)
		ppoll(&ready, 1, &timeout, NULL);
}

uint64_t channel_drops(struct channel *channel)
{
	return ring_drops(channel->ring);
}

uint64_t channel_backlog_drops(const struct channel *channel)
{
	return ring_backlog_drops(channel->ring);
}

/* ---- what goes out */

static enum status open_raw(struct channel *channel, struct error *error)
{
	int buffer = SEND_BUFFER_BYTES, one = 1;

	channel->raw = socket(family_of(channel), SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_RAW);
	if (channel->raw < 0)
		return error_set(error, errno == EPERM ? STATUS_UNSUPPORTED : STATUS_IO, _("packets cannot be sent: %s"),
		                 strerror(errno));
	if (channel->options.version == 6)
		setsockopt(channel->raw, IPPROTO_IPV6, IPV6_HDRINCL, &one, sizeof one);
	setsockopt(channel->raw, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
	return STATUS_OK;
}

/* Frames leave by the socket of the ring: to close a packet socket takes the kernel some milliseconds. */
static enum status open_outbox(struct channel *channel, struct error *error)
{
	int buffer = SEND_BUFFER_BYTES;

	setsockopt(ring_fd(channel->ring), SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
	return outbox_new(channel->raw, ring_fd(channel->ring), &channel->outbox, error);
}

void channel_on_refusal(struct channel *channel, outbox_refusal refusal, void *user)
{
	outbox_on_refusal(channel->outbox, refusal, user);
}

enum status channel_send(struct channel *channel, const struct path *path, const uint8_t *frame, size_t len,
                         uint32_t tag, struct error *error)
{
	return outbox_put(channel->outbox, path, frame + GUISE_ETHERNET, len - GUISE_ETHERNET, tag, error);
}

enum status channel_flush(struct channel *channel, struct error *error)
{
	return outbox_flush(channel->outbox, error);
}

/* ---- life */

uint16_t channel_first_port(const struct channel *channel)
{
	return channel->first_port;
}

enum status channel_open(const struct channel_options *options, struct channel **ret_channel, struct error *error)
{
	struct channel *channel = calloc(1, sizeof *channel);
	enum status status;

	if (!channel)
		return error_set(error, STATUS_MEMORY, "%s", _("out of memory"));
	channel->options = *options;
	channel->raw = -1;
	memset(channel->reserved, -1, sizeof channel->reserved);
	channel->decoder = decoder_new();
	status = channel->decoder ? open_raw(channel, error)
	                          : error_set(error, STATUS_MEMORY, "%s", _("out of memory"));
	if (status == STATUS_OK)
		status = reserve_ports(channel, error);
	if (status == STATUS_OK)
		status = open_ring(channel, error);
	if (status == STATUS_OK)
		status = open_outbox(channel, error);
	if (status == STATUS_OK)
		*ret_channel = channel;
	else
		channel_close(channel);
	return status;
}

void channel_close(struct channel *channel)
{
	if (!channel)
		return;
	release(channel);
	outbox_free(channel->outbox);
	ring_close(channel->ring);
	decoder_free(channel->decoder);
	if (channel->raw >= 0)
		close(channel->raw);
	free(channel);
}
