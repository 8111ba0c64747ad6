#include "probe/guise.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/random.h"
#include "packet/builder.h"
#include "packet/checksum.h"
#include "probe/keyed_hash.h"

#define HOP_LIMIT_DEFAULT 64
#define WINDOW_MAX 65535u
/* RFC 791: type 7, room for nine addresses, pointer to the first; and an end of options to fill four bytes. */
#define RECORD_ROUTE 7
#define RECORD_ROUTE_LEN 39
#define IPV4_HEADER_LEN 20

/* One of the numbers in a sysctl file, `index` from 0; `otherwise` where it cannot be read. */
static uint64_t sysctl_number(const char *path, unsigned index, uint64_t otherwise)
{
	char text[128];
	const char *at = text;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;

	if (fd >= 0)
		close(fd);
	if (len <= 0)
		return otherwise;
	text[len] = '\0';
	while (index--) {
		at += strcspn(at, "\t ");
		at += strspn(at, "\t ");
	}
	return *at >= '0' && *at <= '9' ? strtoull(at, NULL, 10) : otherwise;
}

/* Linux: tcp_select_initial_window(), from the largest buffer that a socket may ever get. */
static uint8_t scale_for(uint64_t space)
{
	uint8_t scale = 0;

	while (space > WINDOW_MAX && scale < 14) {
		space >>= 1;
		scale++;
	}
	return scale;
}

void guise_init(struct guise *guise)
{
	uint64_t receive = sysctl_number("/proc/sys/net/ipv4/tcp_rmem", 2, 6 << 20);
	uint64_t most = sysctl_number("/proc/sys/net/core/rmem_max", 0, 212992);

	*guise = (struct guise){
		.key = { random_seed(), random_seed() },
		.timestamps = sysctl_number("/proc/sys/net/ipv4/tcp_timestamps", 0, 1) != 0,
		.sack = sysctl_number("/proc/sys/net/ipv4/tcp_sack", 0, 1) != 0,
		.window_scaling = sysctl_number("/proc/sys/net/ipv4/tcp_window_scaling", 0, 1) != 0,
		.window_scale = scale_for(receive > most ? receive : most),
		.hop_limit = {
			(uint8_t)sysctl_number("/proc/sys/net/ipv4/ip_default_ttl", 0, HOP_LIMIT_DEFAULT),
			(uint8_t)sysctl_number("/proc/sys/net/ipv6/conf/default/hop_limit", 0, HOP_LIMIT_DEFAULT),
		},
		.timestamp_offset = (uint32_t)random_seed(),
	};
}

static uint64_t tuple_hash(const struct guise *guise, const struct path *path, uint16_t source_port, uint16_t port)
{
	uint8_t tuple[36];

	memcpy(tuple, path->source.bytes, 16);
	memcpy(tuple + 16, path->target.bytes, 16);
	store_be16(tuple + 32, source_port);
	store_be16(tuple + 34, port);
	return keyed_hash(guise->key, tuple, sizeof tuple);
}

uint32_t guise_cookie(const struct guise *guise, const struct path *path, uint16_t source_port, uint16_t port)
{
	return (uint32_t)tuple_hash(guise, path, source_port, port);
}

static size_t syn_options(const struct guise *guise, const struct path *path, uint8_t bytes[40])
{
	struct options options = {
		.seen = OPTION_MSS | (guise->sack ? OPTION_SACK_PERMITTED : 0) | (guise->timestamps ? OPTION_TIMESTAMP : 0),
		.mss = path->mss,
		.ts_value = guise->timestamp_offset + (uint32_t)(clock_monotonic() / NS_PER_MS),
	};
	size_t len = builder_options(&options, bytes);

	/* Linux: tcp_options_write(). SACK without timestamps is behind two NOPs, and so is a scale behind one. */
	if (guise->sack && !guise->timestamps) {
		memcpy(bytes + 4, (const uint8_t[]){ 1, 1, 4, 2 }, 4);
		len = 8;
	} else if (guise->timestamps && !guise->sack) {
		memmove(bytes + 6, bytes + 4, 10);
		memcpy(bytes + 4, (const uint8_t[]){ 1, 1 }, 2);
		len = 16;
	}
	if (guise->window_scaling) {
		memcpy(bytes + len, (const uint8_t[]){ 1, 3, 3, guise->window_scale }, 4);
		len += 4;
	}
	return len;
}

/* Push an IPv4 option in behind the IP header of a frame. */
static size_t add_record_route(uint8_t *frame, size_t len)
{
	uint8_t *ip = frame + GUISE_ETHERNET, *option = ip + IPV4_HEADER_LEN;
	size_t size = RECORD_ROUTE_LEN + 1;

	if (len + size > GUISE_FRAME_MAX)
		return len;
	memmove(option + size, option, len - GUISE_ETHERNET - IPV4_HEADER_LEN);
	memset(option, 0, size);
	option[0] = RECORD_ROUTE;
	option[1] = RECORD_ROUTE_LEN;
	option[2] = 4;
	ip[0] = (uint8_t)(0x40 | (IPV4_HEADER_LEN + size) / 4);
	store_be16(ip + 2, (uint16_t)(len + size - GUISE_ETHERNET));
	store_be16(ip + 10, 0);
	store_be16(ip + 10, (uint16_t)~sum_fold(sum_bytes(ip, IPV4_HEADER_LEN + size)));
	return len + size;
}

/* The builder's frame, with the addresses of this path. */
static size_t build(const struct path *path, const struct segment *segment, uint8_t *frame)
{
	size_t len = builder_frame(segment, frame, GUISE_FRAME_MAX);

	memcpy(frame, path->next_hop_mac, sizeof path->next_hop_mac);
	return len;
}

static uint8_t own_hop_limit(const struct guise *guise, const struct path *path)
{
	return guise->hop_limit[path->target.version == 4 ? 0 : 1];
}

static uint8_t marked_hop_limit(const struct guise *guise, const struct path *path)
{
	uint8_t own = own_hop_limit(guise, path);

	return (uint8_t)(own > GUISE_MARK_HOPS ? own - GUISE_MARK_HOPS : own + GUISE_MARK_HOPS);
}

static uint32_t label_of(uint64_t hash)
{
	return (uint32_t)(hash >> 44) | 1;
}

uint32_t guise_flow_label(const struct guise *guise, const struct path *path, uint16_t source_port, uint16_t port)
{
	return label_of(tuple_hash(guise, path, source_port, port));
}

size_t guise_syn(const struct guise *guise, const struct path *path, uint16_t source_port, uint16_t port,
                const struct disguise *disguise, uint8_t ret_frame[GUISE_FRAME_MAX])
{
	static const struct disguise none;
	const struct disguise *worn = disguise ? disguise : &none;
	uint64_t hash = tuple_hash(guise, path, source_port, port);
	bool v4 = path->target.version == 4;
	uint8_t options[40], hop_limit = path->local ? marked_hop_limit(guise, path) : own_hop_limit(guise, path);
	struct segment syn = {
		.src = { path->source, source_port },
		.dst = { path->target, port },
		.seq = (uint32_t)hash,
		.flags = TCP_SYN,
		/* Whole segments, as many as a field of 16 bits takes. */
		.window = (uint16_t)(WINDOW_MAX - WINDOW_MAX % path->mss),
		.options = options,
		.options_len = (uint8_t)syn_options(guise, path, options),
		.hop_limit = worn->hop_limit ? worn->hop_limit : hop_limit,
		.traffic_class = worn->traffic_class,
		.dont_fragment = true,
		.ip_id = (uint16_t)((hash >> 32) | 1), /* 0 would be filled in by the kernel */
		.flow_label = v4 ? 0 : label_of(hash),
		.mac = path->mac,
	};
	size_t len = build(path, &syn, ret_frame);

	return worn->record_route && v4 ? add_record_route(ret_frame, len) : len;
}

size_t guise_reset(const struct guise *guise, const struct path *path, const struct segment *syn_ack,
                   uint8_t ret_frame[GUISE_FRAME_MAX])
{
	struct segment reset = {
		.src = syn_ack->dst,
		.dst = syn_ack->src,
		.seq = syn_ack->ack,
		.flags = TCP_RST,
		.hop_limit = marked_hop_limit(guise, path),
		.dont_fragment = true,
		.flow_label = syn_ack->flow_label,
		.mac = path->mac,
	};

	return build(path, &reset, ret_frame);
}
