#include "probe/path.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"

#define ANSWER_MAX 16384
#define TCP_IPV4_HEADERS 40
#define TCP_IPV6_HEADERS 60
#define DISCARD_PORT 9 /* nothing is sent there */
#define MSS_MIN 88 /* Linux: TCP_MIN_MSS */

static int family_of(const struct address *address)
{
	return address->version == 4 ? AF_INET : AF_INET6;
}

static size_t size_of(const struct address *address)
{
	return address->version == 4 ? 4 : 16;
}

/* One request, one answer. The kernel's errno, 0 for success. */
static int exchange(struct nlmsghdr *request, mnl_cb_t take, void *user)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	char answer[ANSWER_MAX];
	ssize_t len = -1;
	int failure = 0;

	if (!socket)
		return errno;
	request->nlmsg_flags |= NLM_F_REQUEST;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(socket, request, request->nlmsg_len) < 0 ||
	    (len = mnl_socket_recvfrom(socket, answer, sizeof answer)) < 0)
		failure = errno;
	if (!failure && mnl_cb_run(answer, (size_t)len, 0, mnl_socket_get_portid(socket), take, user) < 0)
		failure = errno;
	mnl_socket_close(socket);
	return failure;
}

static void take_address(struct address *address, uint8_t version, const struct nlattr *attribute)
{
	size_t size = version == 4 ? 4 : 16;

	if (mnl_attr_get_payload_len(attribute) < size)
		return;
	*address = (struct address){ .version = version };
	memcpy(address->bytes, mnl_attr_get_payload(attribute), size);
}

static int take_metric(const struct nlattr *attribute, void *user)
{
	struct path *path = user;

	if (mnl_attr_validate(attribute, MNL_TYPE_U32) < 0)
		return MNL_CB_OK;
	if (mnl_attr_get_type(attribute) == RTAX_MTU)
		path->mtu = mnl_attr_get_u32(attribute);
	if (mnl_attr_get_type(attribute) == RTAX_ADVMSS)
		path->mss = (uint16_t)mnl_attr_get_u32(attribute);
	return MNL_CB_OK;
}

static int take_route_attribute(const struct nlattr *attribute, void *user)
{
	struct path *path = user;

	switch (mnl_attr_get_type(attribute)) {
	case RTA_OIF:
		if (mnl_attr_validate(attribute, MNL_TYPE_U32) == 0)
			path->interface = mnl_attr_get_u32(attribute);
		break;
	case RTA_PREFSRC:
		take_address(&path->source, path->target.version, attribute);
		break;
	case RTA_GATEWAY:
		take_address(&path->next_hop, path->target.version, attribute);
		path->on_link = false;
		break;
	case RTA_VIA: /* a next hop of the other family: frames to it are the kernel's business */
		path->on_link = false;
		path->next_hop.version = 0;
		break;
	case RTA_METRICS:
		mnl_attr_parse_nested(attribute, take_metric, path);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

static int take_route(const struct nlmsghdr *message, void *user)
{
	const struct rtmsg *route = mnl_nlmsg_get_payload(message);
	struct path *path = user;

	if (message->nlmsg_type != RTM_NEWROUTE)
		return MNL_CB_OK;
	path->local = route->rtm_type == RTN_LOCAL;
	path->broadcast = route->rtm_type == RTN_BROADCAST;
	mnl_attr_parse(message, sizeof *route, take_route_attribute, path);
	return MNL_CB_STOP;
}

static int ask_route(struct path *path)
{
	char bytes[512];
	struct nlmsghdr *request = mnl_nlmsg_put_header(bytes);
	struct rtmsg *route;

	request->nlmsg_type = RTM_GETROUTE;
	route = mnl_nlmsg_put_extra_header(request, sizeof *route);
	route->rtm_family = (unsigned char)family_of(&path->target);
	route->rtm_dst_len = (unsigned char)(8 * size_of(&path->target));
	mnl_attr_put(request, RTA_DST, size_of(&path->target), path->target.bytes);
	if (path->scope)
		mnl_attr_put_u32(request, RTA_OIF, path->scope);
	return exchange(request, take_route, path);
}

socklen_t path_socket_address(const struct address *address, uint16_t port, unsigned scope,
                              struct sockaddr_storage *ret_socket_address)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_scope_id = scope };

	*ret_socket_address = (struct sockaddr_storage){ 0 };
	if (address->version == 4) {
		memcpy(&v4.sin_addr, address->bytes, 4);
		memcpy(ret_socket_address, &v4, sizeof v4);
		return sizeof v4;
	}
	memcpy(&v6.sin6_addr, address->bytes, 16);
	memcpy(ret_socket_address, &v6, sizeof v6);
	return sizeof v6;
}

struct address path_address(const struct sockaddr_storage *socket_address)
{
	struct address address = { .version = socket_address->ss_family == AF_INET ? 4 : 6 };

	if (address.version == 4)
		memcpy(address.bytes, &((const struct sockaddr_in *)socket_address)->sin_addr, 4);
	else
		memcpy(address.bytes, &((const struct sockaddr_in6 *)socket_address)->sin6_addr, 16);
	return address;
}

/* What a connected UDP socket would send from: routes without a preferred source leave the choice to the kernel. */
static bool find_source(struct path *path)
{
	struct sockaddr_storage to;
	socklen_t len = path_socket_address(&path->target, DISCARD_PORT, path->scope, &to);
	int fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool found;

	if (fd < 0)
		return false;
	found = connect(fd, (struct sockaddr *)&to, len) == 0 && getsockname(fd, (struct sockaddr *)&to, &len) == 0;
	close(fd);
	if (found)
		path->source = path_address(&to);
	return found;
}

/* ioctl `which` about the interface; false where it fails. */
static bool ask_interface(const struct path *path, unsigned long which, struct ifreq *ret_request)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool done;

	if (fd < 0)
		fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	*ret_request = (struct ifreq){ 0 };
	memcpy(ret_request->ifr_name, path->interface_name, IF_NAMESIZE);
	done = ioctl(fd, which, ret_request) == 0;
	close(fd);
	return done;
}

static void describe_interface(struct path *path)
{
	unsigned headers = path->target.version == 4 ? TCP_IPV4_HEADERS : TCP_IPV6_HEADERS;
	struct ifreq answer;

	if (!path->mtu && ask_interface(path, SIOCGIFMTU, &answer))
		path->mtu = (unsigned)answer.ifr_mtu;
	if (!path->mss)
		path->mss = (uint16_t)(path->mtu > headers + MSS_MIN ? path->mtu - headers : MSS_MIN);
	if (ask_interface(path, SIOCGIFFLAGS, &answer) && !(answer.ifr_flags & (IFF_NOARP | IFF_LOOPBACK | IFF_POINTOPOINT)) &&
	    ask_interface(path, SIOCGIFHWADDR, &answer) && answer.ifr_hwaddr.sa_family == ARPHRD_ETHER) {
		path->ethernet = !path->local;
		memcpy(path->mac, answer.ifr_hwaddr.sa_data, sizeof path->mac);
	}
}

static enum status no_way(const struct address *target, int failure, struct error *error)
{
	char text[ADDRESS_TEXT_MAX];

	address_text(text, target);
	switch (failure) {
	case ENETUNREACH:
	case ESRCH:
		return error_set(error, STATUS_IO, _("no route to %s (`ip route get %s`)"), text, text);
	case EHOSTUNREACH:
		return error_set(error, STATUS_IO, _("a route of this host says that %s is unreachable (`ip route`)"), text);
	case EACCES:
		return error_set(error, STATUS_IO, _("a route of this host prohibits to reach %s (`ip route`)"), text);
	case EINVAL:
		return error_set(error, STATUS_IO, _("a route of this host discards what is for %s (`ip route`)"), text);
	case ENETDOWN:
		return error_set(error, STATUS_IO, _("the interface to %s is down (`ip link`)"), text);
	default:
		return error_set(error, STATUS_IO, _("no way to %s: %s"), text, strerror(failure));
	}
}

enum status path_find(const struct address *target, unsigned scope, struct path *ret_path, struct error *error)
{
	struct path path = { .target = *target, .scope = scope, .next_hop = *target, .on_link = true };
	int failure = ask_route(&path);

	if (failure)
		return no_way(target, failure, error);
	if (path.source.version != target->version && !find_source(&path))
		return no_way(target, errno, error);
	if (!path.interface || !if_indextoname(path.interface, path.interface_name))
		return no_way(target, ENETUNREACH, error);
	describe_interface(&path);
	if (!path.local && !path_is_up(&path, NULL))
		return error_set(error, STATUS_IO, _("interface %s is down or has no carrier (`ip link show %s`)"),
		                 path.interface_name, path.interface_name);
	*ret_path = path;
	return STATUS_OK;
}

static int take_neighbour_attribute(const struct nlattr *attribute, void *user)
{
	struct path *path = user;

	if (mnl_attr_get_type(attribute) == NDA_LLADDR && mnl_attr_get_payload_len(attribute) == sizeof path->next_hop_mac) {
		memcpy(path->next_hop_mac, mnl_attr_get_payload(attribute), sizeof path->next_hop_mac);
		path->resolved = true;
	}
	return MNL_CB_OK;
}

static int take_neighbour(const struct nlmsghdr *message, void *user)
{
	const struct ndmsg *neighbour = mnl_nlmsg_get_payload(message);
	struct path *path = user;

	if (message->nlmsg_type != RTM_NEWNEIGH)
		return MNL_CB_OK;
	path->silent_neighbour = neighbour->ndm_state & (NUD_INCOMPLETE | NUD_FAILED);
	path->awaited_neighbour = neighbour->ndm_state & NUD_INCOMPLETE;
	if (neighbour->ndm_state & (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT))
		mnl_attr_parse(message, sizeof *neighbour, take_neighbour_attribute, user);
	return MNL_CB_STOP;
}

bool path_resolve(struct path *path)
{
	char bytes[256];
	struct nlmsghdr *request = mnl_nlmsg_put_header(bytes);
	struct ndmsg *neighbour;

	if (!path->ethernet || path->next_hop.version != path->target.version)
		return false;
	path->resolved = path->silent_neighbour = path->awaited_neighbour = false;
	request->nlmsg_type = RTM_GETNEIGH;
	neighbour = mnl_nlmsg_put_extra_header(request, sizeof *neighbour);
	neighbour->ndm_family = (unsigned char)family_of(&path->next_hop);
	neighbour->ndm_ifindex = (int)path->interface;
	mnl_attr_put(request, NDA_DST, size_of(&path->next_hop), path->next_hop.bytes);
	exchange(request, take_neighbour, path);
	return path->resolved;
}

static int take_link_attribute(const struct nlattr *attribute, void *user)
{
	if (mnl_attr_get_type(attribute) == IFLA_CARRIER_DOWN_COUNT && mnl_attr_validate(attribute, MNL_TYPE_U32) == 0)
		*(uint32_t *)user = mnl_attr_get_u32(attribute);
	return MNL_CB_OK;
}

struct link_answer {
	bool up;
	uint32_t downs;
};

static int take_link(const struct nlmsghdr *message, void *user)
{
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(message);
	struct link_answer *answer = user;

	if (message->nlmsg_type != RTM_NEWLINK)
		return MNL_CB_OK;
	answer->up = link->ifi_flags & IFF_UP && link->ifi_flags & IFF_RUNNING;
	mnl_attr_parse(message, sizeof *link, take_link_attribute, &answer->downs);
	return MNL_CB_STOP;
}

bool path_is_up(const struct path *path, uint32_t *ret_downs)
{
	char bytes[256];
	struct nlmsghdr *request = mnl_nlmsg_put_header(bytes);
	struct link_answer answer = { 0 };
	struct ifinfomsg *link;

	request->nlmsg_type = RTM_GETLINK;
	link = mnl_nlmsg_put_extra_header(request, sizeof *link);
	link->ifi_index = (int)path->interface;
	if (exchange(request, take_link, &answer) != 0)
		return false;
	if (ret_downs)
		*ret_downs = answer.downs;
	return answer.up;
}
