#include "lab/netlink.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"

/* The kernel spreads the news of a carrier within milliseconds; a loaded machine takes longer. */
#define CARRIER_MS 5000
/* RFC 2863; IF_OPER_UNKNOWN and IF_OPER_UP of <linux/if.h>, which does not go together with <net/if.h>. */
enum { OPERSTATE_UNKNOWN = 0, OPERSTATE_UP = 6 };
#define REQUEST_MAX 1024
#define ANSWER_MAX 32768

int netlink_exchange(int bus, struct nlmsghdr *request, mnl_cb_t take, void *user)
{
	struct mnl_socket *socket = mnl_socket_open2(bus, SOCK_CLOEXEC);
	char answer[ANSWER_MAX];
	ssize_t len;
	int more = MNL_CB_OK, failure = 0;

	if (!socket)
		return errno;
	request->nlmsg_flags |= NLM_F_REQUEST;
	if ((request->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		request->nlmsg_flags |= NLM_F_ACK;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		failure = errno;
	while (!failure && more > MNL_CB_STOP) {
		len = mnl_socket_recvfrom(socket, answer, sizeof answer);
		if (len < 0 && errno == EINTR)
			continue;
		more = len < 0 ? -1 : mnl_cb_run(answer, (size_t)len, 0, mnl_socket_get_portid(socket), take, user);
		if (more < 0)
			failure = errno;
	}
	mnl_socket_close(socket);
	return failure;
}

/* 0 or the kernel's errno. */
static int ask(struct nlmsghdr *request)
{
	return netlink_exchange(NETLINK_ROUTE, request, NULL, NULL);
}

static enum status complain(int failure, const char *what, struct error *error)
{
	return failure ? error_set(error, STATUS_IO, "%s: %s", what, strerror(failure)) : STATUS_OK;
}

static void *begin(char *space, uint16_t type, uint16_t flags, size_t header, struct nlmsghdr **ret_request)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(space);
	void *extra;

	request->nlmsg_type = type;
	request->nlmsg_flags = flags;
	extra = mnl_nlmsg_put_extra_header(request, header);
	*ret_request = request;
	return extra;
}

static void put_address(struct nlmsghdr *request, uint16_t type, const struct address *address)
{
	mnl_attr_put(request, type, address->version == 4 ? 4 : 16, address->bytes);
}

static uint8_t family_of(const struct address *address)
{
	return address->version == 4 ? AF_INET : AF_INET6;
}

/* The namespace was new, so what stands in the way comes with each new one: fb_tunnels_only_for_init_net, modules. */
static enum status complain_of_veth(int failure, const struct veth *veth, struct error *error)
{
	if (failure == EEXIST)
		return error_set(error, STATUS_IO,
		                 _("the interfaces %s and %s (veth): one of the names is taken in the lab's network namespace "
		                   "(`unshare -rn ip link` shows what this system puts into each new one)"),
		                 veth->name, veth->peer);
	if (failure == EOPNOTSUPP)
		return error_set(error, STATUS_IO,
		                 _("the interfaces %s and %s: this kernel has no veth (load it as root: `modprobe veth`)"),
		                 veth->name, veth->peer);
	return failure ? error_set(error, STATUS_IO, _("the interfaces %s and %s (veth) cannot be made: %s"), veth->name,
	                           veth->peer, strerror(failure)) : STATUS_OK;
}

enum status netlink_add_veth(const struct veth *veth, struct error *error)
{
	char space[REQUEST_MAX];
	struct nlmsghdr *request;
	struct nlattr *info, *data, *peer;

	begin(space, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg), &request);
	mnl_attr_put_strz(request, IFLA_IFNAME, veth->name);
	mnl_attr_put(request, IFLA_ADDRESS, 6, veth->mac);
	info = mnl_attr_nest_start(request, IFLA_LINKINFO);
	mnl_attr_put_strz(request, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(request, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(request, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(request, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(request, IFLA_IFNAME, veth->peer);
	mnl_attr_put(request, IFLA_ADDRESS, 6, veth->peer_mac);
	mnl_attr_put_u32(request, IFLA_NET_NS_FD, (uint32_t)veth->peer_ns);
	mnl_attr_nest_end(request, peer);
	mnl_attr_nest_end(request, data);
	mnl_attr_nest_end(request, info);
	return complain_of_veth(ask(request), veth, error);
}

/* Best effort: what a driver does not have needs not be turned off. */
static void turn_off(int fd, const char *name, uint32_t command)
{
	struct ethtool_value value = { .cmd = command, .data = 0 };
	struct ifreq request = { .ifr_data = (char *)&value };

	snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
	ioctl(fd, SIOCETHTOOL, &request);
}

static void turn_offloads_off(const char *name)
{
	static const uint32_t commands[] = {
		ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO, ETHTOOL_STXCSUM, ETHTOOL_SSG,
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		turn_off(fd, name, commands[i]);
	close(fd);
}

enum status netlink_up(const char *name, struct error *error)
{
	char space[REQUEST_MAX];
	struct nlmsghdr *request;
	struct ifinfomsg *link = begin(space, RTM_NEWLINK, 0, sizeof *link, &request);
	int failure;

	link->ifi_index = (int)if_nametoindex(name);
	link->ifi_flags = IFF_UP;
	link->ifi_change = IFF_UP;
	turn_offloads_off(name);
	failure = ask(request);
	return failure ? error_set(error, STATUS_IO, _("the interface %s cannot be set up: %s"), name,
	                           strerror(failure)) : STATUS_OK;
}

static int take_operstate(const struct nlattr *attribute, void *user)
{
	if (mnl_attr_get_type(attribute) == IFLA_OPERSTATE && mnl_attr_validate(attribute, MNL_TYPE_U8) == 0)
		*(uint8_t *)user = mnl_attr_get_u8(attribute);
	return MNL_CB_OK;
}

static int take_link(const struct nlmsghdr *answer, void *user)
{
	return mnl_attr_parse(answer, sizeof(struct ifinfomsg), take_operstate, user);
}

/* Of unknown state at first, a new interface sends into the void (noop_qdisc) until linkwatch_do_dev() saw carrier. */
static bool is_operational(const char *name)
{
	char space[REQUEST_MAX];
	struct nlmsghdr *request;
	struct ifinfomsg *link = begin(space, RTM_GETLINK, 0, sizeof *link, &request);
	uint8_t state = OPERSTATE_UNKNOWN;

	link->ifi_index = (int)if_nametoindex(name);
	return netlink_exchange(NETLINK_ROUTE, request, take_link, &state) == 0 && state == OPERSTATE_UP;
}

enum status netlink_await_carrier(const char *name, struct error *error)
{
	for (int ms = 0; ms < CARRIER_MS; ms++) {
		/* The rest of the news is spread under the lock that this request takes, too. */
		if (is_operational(name))
			return netlink_up(name, error);
		poll(NULL, 0, 1);
	}
	return error_set(error, STATUS_IO, _("%s: it got no carrier"), name);
}

static enum status complain_of_address(int failure, const char *name, const struct address *address,
                                       struct error *error)
{
	char text[ADDRESS_TEXT_MAX];

	address_text(text, address);
	if (failure == EEXIST)
		return error_set(error, STATUS_IO,
		                 _("the address %s on the interface %s: it is taken in the lab's network namespace "
		                   "(`unshare -rn ip address` shows what this system puts into each new one)"), text, name);
	return failure ? error_set(error, STATUS_IO, _("the address %s cannot be given to the interface %s: %s"), text,
	                           name, strerror(failure)) : STATUS_OK;
}

enum status netlink_add_address(const char *name, const struct address *address, unsigned prefix, struct error *error)
{
	char space[REQUEST_MAX];
	struct nlmsghdr *request;
	struct ifaddrmsg *message = begin(space, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof *message, &request);

	message->ifa_family = family_of(address);
	message->ifa_prefixlen = (uint8_t)prefix;
	message->ifa_flags = IFA_F_NODAD;
	message->ifa_index = if_nametoindex(name);
	put_address(request, IFA_LOCAL, address);
	put_address(request, IFA_ADDRESS, address);
	return complain_of_address(ask(request), name, address, error);
}

enum status netlink_add_default_route(const struct address *via, struct error *error)
{
	char space[REQUEST_MAX];
	struct nlmsghdr *request;
	struct rtmsg *message = begin(space, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, sizeof *message, &request);

	message->rtm_family = family_of(via);
	message->rtm_table = RT_TABLE_MAIN;
	message->rtm_protocol = RTPROT_STATIC;
	message->rtm_type = RTN_UNICAST;
	put_address(request, RTA_GATEWAY, via);
	return complain(ask(request), _("the default route"), error);
}

enum status netlink_set_neighbour(const char *name, const struct address *address, const uint8_t mac[6],
                                  struct error *error)
{
	char space[REQUEST_MAX];
	struct nlmsghdr *request;
	struct ndmsg *message = begin(space, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, sizeof *message, &request);

	message->ndm_family = family_of(address);
	message->ndm_ifindex = (int)if_nametoindex(name);
	message->ndm_state = NUD_PERMANENT;
	put_address(request, NDA_DST, address);
	mnl_attr_put(request, NDA_LLADDR, 6, mac);
	return complain(ask(request), _("a neighbour"), error);
}
