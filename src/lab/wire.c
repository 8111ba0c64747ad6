#include "lab/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/text.h"
#include "lab/actor.h"
#include "packet/decoder.h"

#define LOSSES_MAX 8
#define WAITING_MAX 4096 /* frames held back or delayed at one port; more are lost, and shown so */
#define RECEIVE_BUFFER (4 << 20)

/* A frame on its way. */
struct waiting {
	struct waiting *next;
	int64_t due_ns;   /* CLOCK_MONOTONIC */
	uint32_t len;
	uint8_t bytes[];
};

struct loss {
	uint16_t flags;
	uint32_t count;   /* still to come */
	bool always, on;
};

struct port {
	int fd, loopback; /* -1: none */
	uint8_t mac[6];
	bool off, held;
	int64_t delay_ns;
	struct loss losses[LOSSES_MAX];
	struct waiting *first, **last;
	unsigned waiting;
};

struct wire {
	wire_taker taker;
	void *user;
	struct port ports[PORTS];
};

struct wire *wire_new(wire_taker taker, void *user)
{
	struct wire *wire = calloc(1, sizeof *wire);

	if (!wire)
		return NULL;
	wire->taker = taker;
	wire->user = user;
	for (unsigned i = 0; i < PORTS; i++) {
		wire->ports[i].fd = wire->ports[i].loopback = -1;
		wire->ports[i].last = &wire->ports[i].first;
	}
	return wire;
}

void wire_free(struct wire *wire)
{
	if (!wire)
		return;
	for (unsigned i = 0; i < PORTS; i++) {
		struct port *port = &wire->ports[i];

		for (struct waiting *frame = port->first, *next; frame; frame = next) {
			next = frame->next;
			free(frame);
		}
		if (port->fd >= 0)
			close(port->fd);
		if (port->loopback >= 0)
			close(port->loopback);
	}
	free(wire);
}

/* A packet socket on `name`, with the kernel's time of arrival. */
static int open_packet_socket(const char *name)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1, size = RECEIVE_BUFFER;

	if (fd < 0)
		return -1;
	address.sll_ifindex = (int)if_nametoindex(name);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
	if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) == 0 &&
	    bind(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	close(fd);
	return -1;
}

static enum status keep_socket(int fd, int *ret_fd, struct error *error)
{
	if (fd < 0)
		return error_set(error, STATUS_IO, _("a packet socket: %s"), strerror(errno));
	*ret_fd = fd;
	return STATUS_OK;
}

enum status wire_add_port(struct wire *wire, enum port_id id, const char *name, const uint8_t mac[6],
                          struct error *error)
{
	memcpy(wire->ports[id].mac, mac, 6);
	return keep_socket(open_packet_socket(name), &wire->ports[id].fd, error);
}

enum status wire_listen(struct wire *wire, enum port_id id, const char *name, struct error *error)
{
	return keep_socket(open_packet_socket(name), &wire->ports[id].loopback, error);
}

unsigned wire_poll(const struct wire *wire, struct pollfd fds[WIRE_POLL_MAX])
{
	unsigned count = 0;

	for (unsigned i = 0; i < PORTS; i++) {
		if (wire->ports[i].fd >= 0)
			fds[count++] = (struct pollfd){ .fd = wire->ports[i].fd, .events = POLLIN };
		if (wire->ports[i].loopback >= 0)
			fds[count++] = (struct pollfd){ .fd = wire->ports[i].loopback, .events = POLLIN };
	}
	return count;
}

/* One frame; its length, 0 where there is none. */
static uint32_t receive(int fd, uint8_t frame[WIRE_FRAME_MAX], int64_t *ret_time)
{
	union {
		char space[CMSG_SPACE(sizeof(struct timespec))];
		struct cmsghdr align;
	} control;
	struct iovec piece = { frame, WIRE_FRAME_MAX };
	struct msghdr message = {
		.msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control,
	};
	ssize_t len = recvmsg(fd, &message, MSG_DONTWAIT);
	struct cmsghdr *header = len > 0 ? CMSG_FIRSTHDR(&message) : NULL;
	struct timespec time;

	if (len <= 0)
		return 0;
	*ret_time = clock_realtime();
	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SO_TIMESTAMPNS) {
		memcpy(&time, CMSG_DATA(header), sizeof time);
		*ret_time = time.tv_sec * NS_PER_S + time.tv_nsec;
	}
	return (uint32_t)len;
}

bool wire_segment(const uint8_t *frame, uint32_t len, struct segment *ret_segment)
{
	struct frame decoded = { .data = frame, .captured = len, .length = len, .link_type = LINKTYPE_ETHERNET, };
	struct decoder *decoder = decoder_new();
	struct icmp_error icmp;
	bool is = decoder && decoder_frame(decoder, &decoded, ret_segment, &icmp) == DECODED_SEGMENT;

	decoder_free(decoder);
	return is;
}

uint16_t wire_flags(const struct segment *segment)
{
	return (uint16_t)((segment->flags & LAB_HEADER) | (segment->payload_len ? LAB_DATA : 0));
}

static void show(const struct wire *wire, enum port_id id, bool out, bool lost, int64_t time, const uint8_t *bytes,
                 uint32_t len)
{
	const struct passing passing = { id, out, lost, time, bytes, len };

	if (!wire->ports[id].off)
		wire->taker(wire->user, &passing);
}

/* Only IP between hosts: no multicast, no ARP, so that captures hold what a scenario is about. */
static bool is_of_interest(const uint8_t *frame, uint32_t len)
{
	uint16_t type = len > 14 ? load_be16(frame + 12) : 0;

	return (type == ETH_P_IP || type == ETH_P_IPV6) && !(frame[0] & 1);
}

static bool is_lost(struct port *port, const uint8_t *frame, uint32_t len)
{
	struct segment segment;

	if (!wire_segment(frame, len, &segment))
		return false;
	for (unsigned i = 0; i < LOSSES_MAX; i++) {
		struct loss *loss = &port->losses[i];

		if (!loss->on || (wire_flags(&segment) & loss->flags) != loss->flags)
			continue;
		if (!loss->always && --loss->count == 0)
			loss->on = false;
		return true;
	}
	return false;
}

enum port_id wire_router(enum port_id id)
{
	return id <= PORT_ROUTER_LEFT ? PORT_ROUTER_LEFT : PORT_ROUTER_RIGHT;
}

static void hand_over(struct wire *wire, unsigned to, const uint8_t *frame, uint32_t len)
{
	struct port *port = &wire->ports[to];

	if (port->fd < 0 || port->off)
		return;
	show(wire, to, false, false, clock_realtime(), frame, len);
	while (send(port->fd, frame, len, 0) < 0 && errno == EINTR)
		;
}

static void deliver(struct wire *wire, unsigned from, const uint8_t *frame, uint32_t len)
{
	for (unsigned to = 0; to < PORTS; to++)
		if (to != from && wire_router(from) == wire_router(to) && wire->ports[to].fd >= 0 &&
		    memcmp(wire->ports[to].mac, frame, 6) == 0)
			hand_over(wire, to, frame, len);
}

/* False where there is no room. */
static bool keep_back(struct port *port, const uint8_t *bytes, uint32_t len)
{
	struct waiting *frame = port->waiting < WAITING_MAX ? malloc(sizeof *frame + len) : NULL;

	if (!frame)
		return false;
	frame->next = NULL;
	frame->due_ns = clock_monotonic() + port->delay_ns;
	frame->len = len;
	memcpy(frame->bytes, bytes, len);
	*port->last = frame;
	port->last = &frame->next;
	port->waiting++;
	return true;
}

static void take(struct wire *wire, unsigned id, const uint8_t *frame, uint32_t len, int64_t time)
{
	struct port *port = &wire->ports[id];
	bool lost, waits = port->held || port->delay_ns || port->first;

	if (port->off || !is_of_interest(frame, len))
		return;
	lost = is_lost(port, frame, len) || (waits && !keep_back(port, frame, len));
	show(wire, id, true, lost, time, frame, len);
	if (!lost && !waits)
		deliver(wire, id, frame, len);
}

static void release_due(struct wire *wire, unsigned id)
{
	struct port *port = &wire->ports[id];

	while (port->first && !port->held && port->first->due_ns <= clock_monotonic()) {
		struct waiting *frame = port->first;

		port->first = frame->next;
		if (!port->first)
			port->last = &port->first;
		port->waiting--;
		deliver(wire, id, frame->bytes, frame->len);
		free(frame);
	}
}

/* One frame of each port in turn, so that none overtakes by much. True while there was any. */
static bool serve_once(struct wire *wire)
{
	uint8_t frame[WIRE_FRAME_MAX];
	int64_t time = 0;
	bool any = false;

	for (unsigned i = 0; i < PORTS; i++) {
		struct port *port = &wire->ports[i];
		uint32_t len = port->fd >= 0 ? receive(port->fd, frame, &time) : 0;

		if (len)
			take(wire, i, frame, len, time);
		any |= len > 0;
		len = port->loopback >= 0 ? receive(port->loopback, frame, &time) : 0;
		if (len && is_of_interest(frame, len))
			show(wire, i, false, false, time, frame, len);
		any |= len > 0;
		release_due(wire, i);
	}
	return any;
}

void wire_serve(struct wire *wire)
{
	while (serve_once(wire))
		;
}

int64_t wire_next_due(const struct wire *wire)
{
	int64_t due = INT64_MAX;

	for (unsigned i = 0; i < PORTS; i++) {
		const struct port *port = &wire->ports[i];

		if (port->first && !port->held && port->first->due_ns < due)
			due = port->first->due_ns;
	}
	return due;
}

void wire_power(struct wire *wire, enum port_id id, bool on)
{
	struct port *port = &wire->ports[id];
	uint8_t frame[WIRE_FRAME_MAX];
	int64_t time;

	/* What left before the power went is still on its way. */
	if (port->off == on)
		wire_serve(wire);
	while (on && port->fd >= 0 && receive(port->fd, frame, &time))
		;
	port->off = !on;
}

enum status wire_lose(struct wire *wire, enum port_id id, uint16_t flags, uint32_t count, struct error *error)
{
	for (unsigned i = 0; i < LOSSES_MAX; i++) {
		struct loss *loss = &wire->ports[id].losses[i];

		if (loss->on)
			continue;
		*loss = (struct loss){ .flags = flags, .count = count, .always = !count, .on = true };
		return STATUS_OK;
	}
	return error_set(error, STATUS_LIMIT, _("more than %d kinds of segments are to be lost at once"), LOSSES_MAX);
}

void wire_hold(struct wire *wire, enum port_id id, bool held)
{
	wire->ports[id].held = held;
	release_due(wire, id);
}

void wire_delay(struct wire *wire, enum port_id id, int64_t ns)
{
	wire->ports[id].delay_ns = ns;
}

void wire_inject(struct wire *wire, enum port_id to, uint8_t *frame, uint32_t len)
{
	memcpy(frame, wire->ports[to].mac, 6);
	hand_over(wire, to, frame, len);
}

void wire_send_from(struct wire *wire, enum port_id from, uint8_t *frame, uint32_t len)
{
	memcpy(frame, wire->ports[wire_router(from)].mac, 6);
	take(wire, from, frame, len, clock_realtime());
}

bool wire_passes(struct wire *wire, enum port_id in, enum port_id out, uint8_t *frame, uint32_t len, int wait_ms)
{
	struct pollfd fd = { .fd = wire->ports[out].fd, .events = POLLIN };
	uint8_t got[WIRE_FRAME_MAX];
	uint32_t got_len;
	int64_t time;

	memcpy(frame, wire->ports[in].mac, 6);
	if (send(wire->ports[in].fd, frame, len, 0) < 0 || poll(&fd, 1, wait_ms) <= 0)
		return false;
	while ((got_len = receive(wire->ports[out].fd, got, &time)) > 0)
		if (got_len == len && is_of_interest(got, got_len))
			return true;
	return false;
}

const uint8_t *wire_mac(const struct wire *wire, enum port_id id)
{
	return wire->ports[id].mac;
}
