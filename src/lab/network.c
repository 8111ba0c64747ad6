#include "lab/network.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "lab/firewall.h"
#include "lab/lab.h"
#include "lab/netlink.h"
#include "packet/builder.h"

#define PREFIX_V4 24
#define PREFIX_V6 64
#define COMMANDS_MAX 4096
/* In nft's language. */
#define NFT_TABLE "add table inet lab\n"
#define NFT_CHAIN "add chain inet lab %s%s { type %s hook %s priority %s; }\n"
#define NFT_RULE "add rule inet lab %s%s "
#define NFT_NOTHING "delete table inet lab\n"
#define PATH_MAX_SYSCTL 160
/* RFC 863 */
#define PATH_TRIES 500
#define PATH_WAIT_MS 10

/* Where each port stands. */
static const struct place {
	const char *here;       /* the lab's end of the wire */
	const char *there;      /* the host's */
	const char *v4, *v6;
	enum party party;
} places[PORTS] = {
	[PORT_CLIENT] = { "client", "eth0", "192.0.2.2", "2001:db8:1::2", PARTY_CLIENT },
	[PORT_NEIGHBOUR] = { "neighbour", "eth0", "192.0.2.3", "2001:db8:1::3", PARTY_NEIGHBOUR },
	[PORT_ROUTER_LEFT] = { "router-left", "eth0", "192.0.2.1", "2001:db8:1::1", PARTY_ROUTER },
	[PORT_ROUTER_RIGHT] = { "router-right", "eth1", "198.51.100.1", "2001:db8:2::1", PARTY_ROUTER },
	[PORT_SERVER] = { "server", "eth0", "198.51.100.10", "2001:db8:2::10", PARTY_SERVER },
	[PORT_SPARE] = { "spare", "eth0", "198.51.100.11", "2001:db8:2::11", PARTY_SPARE },
};

static struct address address_of(uint8_t version, enum port_id id)
{
	struct address address = { .version = version };

	inet_pton(version == 4 ? AF_INET : AF_INET6, version == 4 ? places[id].v4 : places[id].v6, address.bytes);
	return address;
}

enum port_id network_port(enum party party)
{
	static const enum port_id ports[PARTIES] = {
		[PARTY_CLIENT] = PORT_CLIENT, [PARTY_ROUTER] = PORT_ROUTER_LEFT, [PARTY_SERVER] = PORT_SERVER,
		[PARTY_SPARE] = PORT_SPARE, [PARTY_NEIGHBOUR] = PORT_NEIGHBOUR,
	};

	return ports[party];
}

struct address network_address(uint8_t version, enum party party)
{
	return address_of(version, network_port(party));
}

enum status network_enter(const struct network *network, enum party party, struct error *error)
{
	if (network->hosts[party] < 0)
		return error_set(error, STATUS_IO, _("%s: no step names it, so it is not there"), lab_party_text(party));
	if (setns(network->hosts[party], CLONE_NEWNET) == 0)
		return STATUS_OK;
	return error_set(error, STATUS_IO, _("a network namespace cannot be entered: %s"), strerror(errno));
}

enum status network_leave(const struct network *network, enum status status, struct error *error)
{
	if (setns(network->home, CLONE_NEWNET) == 0 || status != STATUS_OK)
		return status;
	return error_set(error, STATUS_IO, _("the lab's own network namespace cannot be entered: %s"), strerror(errno));
}

/* In the current namespace. */
static enum status write_sysctl(const char *name, const char *value, struct error *error)
{
	char path[PATH_MAX_SYSCTL];
	int fd, failure, len = snprintf(path, sizeof path, "/proc/sys/%s", name);
	ssize_t put;

	for (char *c = path + strlen("/proc/sys/"); *c; c++)
		if (*c == '.')
			*c = '/';
	if (len >= (int)sizeof path)
		return error_set(error, STATUS_LIMIT, "%s: %s", name, strerror(ENAMETOOLONG));
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set(error, STATUS_IO, "%s: %s", name, strerror(errno));
	put = write(fd, value, strlen(value));
	failure = put < 0 ? errno : 0;
	close(fd);
	return failure ? error_set(error, STATUS_IO, "%s=%s: %s", name, value, strerror(failure)) : STATUS_OK;
}

enum status network_sysctl(const struct network *network, enum party party, const char *name, const char *value,
                           struct error *error)
{
	enum status status = network_enter(network, party, error);

	if (status == STATUS_OK)
		status = write_sysctl(name, value, error);
	return network_leave(network, status, error);
}

/* No addresses and no traffic but what the lab makes. Where there is no IPv6, there is nothing to quieten. */
static void keep_quiet(void)
{
	static const char *const settings[][2] = {
		{ "net.ipv6.conf.default.addr_gen_mode", "1" },
		{ "net.ipv6.conf.default.accept_ra", "0" },
		{ "net.ipv6.conf.default.accept_dad", "0" },
	};

	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
		write_sysctl(settings[i][0], settings[i][1], NULL);
}

static enum status keep_namespace(int *ret_fd, struct error *error)
{
	*ret_fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	return *ret_fd < 0 ? error_set(error, STATUS_IO, _("/proc/thread-self/ns/net: %s"), strerror(errno)) : STATUS_OK;
}

/* The kernel's ENOSPC reads as if a disk were full. */
enum status network_limit(const char *sysctls, struct error *error)
{
	return error_set(error, STATUS_LIMIT, _("no more namespaces can be made here, for a limit is reached (look at it, and "
	                                        "raise it as root: sysctl %s)"), sysctls);
}

static enum status add_host(struct network *network, enum party party, struct error *error)
{
	enum status status;

	if (unshare(CLONE_NEWNET) < 0)
		return errno == ENOSPC ? network_limit("user.max_net_namespaces", error)
		       : error_set(error, STATUS_IO, _("a network namespace cannot be made: %s"), strerror(errno));
	status = keep_namespace(&network->hosts[party], error);
	keep_quiet();
	if (status == STATUS_OK)
		status = netlink_up("lo", error);
	return network_leave(network, status, error);
}

static void mac_of(enum port_id id, bool host, uint8_t ret_mac[6])
{
	const uint8_t mac[6] = { 0x02, 0, 0, 0, host ? 0 : 1, (uint8_t)(id + 1) };

	memcpy(ret_mac, mac, 6);
}

static enum status add_wire(struct network *network, enum port_id id, struct error *error)
{
	const struct place *place = &places[id];
	uint8_t here[6], there[6];
	const struct veth veth = { place->here, place->there, here, there, network->hosts[place->party] };
	enum status status;

	mac_of(id, false, here);
	mac_of(id, true, there);
	status = netlink_add_veth(&veth, error);
	if (status == STATUS_OK)
		status = netlink_up(place->here, error);
	return status == STATUS_OK ? wire_add_port(network->wire, id, place->here, there, error) : status;
}

/* Everybody on a segment knows everybody else. */
static enum status introduce(const struct network *network, enum port_id id, struct error *error)
{
	enum status status = STATUS_OK;

	for (unsigned other = 0; other < PORTS && status == STATUS_OK; other++) {
		struct address address = address_of(network->version, other);
		uint8_t mac[6];

		mac_of(other, true, mac);
		if (other != id && wire_router(other) == wire_router(id))
			status = netlink_set_neighbour(places[id].there, &address, mac, error);
	}
	return status;
}

/* In the namespace of the host. */
static enum status configure(const struct network *network, enum port_id id, struct error *error)
{
	const struct place *place = &places[id];
	struct address own = address_of(network->version, id);
	struct address router = address_of(network->version, wire_router(id));
	enum status status = netlink_up(place->there, error);

	if (status == STATUS_OK)
		status = netlink_await_carrier(place->there, error);
	if (status == STATUS_OK)
		status = netlink_add_address(place->there, &own, network->version == 4 ? PREFIX_V4 : PREFIX_V6, error);
	if (status == STATUS_OK && place->party != PARTY_ROUTER)
		status = netlink_add_default_route(&router, error);
	return status == STATUS_OK ? introduce(network, id, error) : status;
}

/* Whose namespace it was. */
static enum status at_host(enum party party, enum status status, struct error *error)
{
	const struct error inner = *error;

	return status == STATUS_OK ? status : error_set(error, status, "%s: %s", lab_party_text(party), inner.text);
}

static enum status set_up_port(struct network *network, enum port_id id, struct error *error)
{
	enum status status;

	if (network->hosts[places[id].party] < 0)
		return STATUS_OK;
	status = add_wire(network, id, error);
	if (status == STATUS_OK)
		status = network_enter(network, places[id].party, error);
	if (status == STATUS_OK)
		status = configure(network, id, error);
	/* The client's loopback, for what its own firewall answers. */
	if (status == STATUS_OK && id == PORT_CLIENT)
		status = wire_listen(network->wire, id, "lo", error);
	status = network_leave(network, status, error);
	/* Until then what the wire sends is thrown away (noop_qdisc). */
	if (status == STATUS_OK)
		status = netlink_await_carrier(places[id].here, error);
	return at_host(places[id].party, status, error);
}

/*
 * Until what is handed over at port `in` comes out at port `out`: the router forwards it, or a host answers with a RST.
 * A frame that gets lost before they do is not sent again.
 */
static enum status await_path(const struct network *network, enum port_id from, enum port_id to, enum port_id in,
                              enum port_id out, struct error *error)
{
	struct segment segment = {
		.src = { address_of(network->version, from), LAB_TRIAL_PORT },
		.dst = { address_of(network->version, to), LAB_TRIAL_PORT }, .flags = TCP_ACK, .hop_limit = 64,
	};
	uint8_t frame[WIRE_FRAME_MAX];
	uint32_t len = (uint32_t)builder_frame(&segment, frame, sizeof frame);

	for (int tries = 0; tries < PATH_TRIES; tries++)
		if (wire_passes(network->wire, in, out, frame, len, PATH_WAIT_MS))
			return STATUS_OK;
	error_set(error, STATUS_IO, _("%s: nothing comes back from what was sent there"), places[in].there);
	return at_host(places[in].party, STATUS_IO, error);
}

static enum status await_paths(const struct network *network, struct error *error)
{
	enum status status = await_path(network, PORT_CLIENT, PORT_SERVER, PORT_ROUTER_LEFT, PORT_ROUTER_RIGHT, error);

	if (status == STATUS_OK)
		status = await_path(network, PORT_SERVER, PORT_CLIENT, PORT_ROUTER_RIGHT, PORT_ROUTER_LEFT, error);
	for (unsigned id = 0; id < PORTS && status == STATUS_OK; id++)
		if (places[id].party != PARTY_ROUTER && network->hosts[places[id].party] >= 0)
			status = await_path(network, wire_router(id) == PORT_ROUTER_LEFT ? PORT_SERVER : PORT_CLIENT, id, id, id, error);
	return status;
}

enum status network_init(struct network *network, uint8_t version, unsigned parties, wire_taker taker, void *user,
                         struct error *error)
{
	enum status status;

	*network = (struct network){ .version = version, .home = -1, .wire = wire_new(taker, user) };
	for (unsigned i = 0; i < PARTIES; i++)
		network->hosts[i] = -1;
	if (!network->wire)
		return error_set(error, STATUS_MEMORY, _("out of memory"));
	keep_quiet();
	write_sysctl("net.ipv6.conf.default.disable_ipv6", "1", NULL);
	status = keep_namespace(&network->home, error);
	for (unsigned i = 0; i < PARTIES && status == STATUS_OK; i++)
		if (parties & 1u << i)
			status = add_host(network, i, error);
	/* Before there is anything to forward between: what comes later inherits it. */
	if (status == STATUS_OK)
		status = network_sysctl(network, PARTY_ROUTER, version == 4 ? "net.ipv4.ip_forward"
		                                                            : "net.ipv6.conf.all.forwarding", "1", error);
	for (unsigned i = 0; i < PORTS && status == STATUS_OK; i++)
		status = set_up_port(network, i, error);
	return status == STATUS_OK ? await_paths(network, error) : status;
}

void network_clear(struct network *network)
{
	wire_free(network->wire);
	for (unsigned i = 0; i < PARTIES; i++)
		if (network->hosts[i] >= 0)
			close(network->hosts[i]);
	if (network->home >= 0)
		close(network->home);
}

/* Replace {ip}, {client}, {server}, {spare}, {router} (on the server's side) and {port}. */
static void expand(struct buffer *out, const struct network *network, const char *rule)
{
	static const struct { const char *name; enum port_id id; } hosts[] = {
		{ "{client}", PORT_CLIENT }, { "{server}", PORT_SERVER }, { "{spare}", PORT_SPARE },
		{ "{router}", PORT_ROUTER_RIGHT },
	};
	const bool v4 = network->version == 4;

	while (*rule) {
		size_t len = 1, i;

		for (i = 0; i < sizeof hosts / sizeof *hosts; i++)
			if (strncmp(rule, hosts[i].name, strlen(hosts[i].name)) == 0)
				break;
		if (i < sizeof hosts / sizeof *hosts) {
			len = strlen(hosts[i].name);
			buffer_puts(out, v4 ? places[hosts[i].id].v4 : places[hosts[i].id].v6);
		} else if (strncmp(rule, "{ip}", 4) == 0) {
			len = 4;
			buffer_puts(out, v4 ? "ip" : "ip6");
		} else if (strncmp(rule, "{port}", 6) == 0) {
			len = 6;
			buffer_printf(out, "%d", LAB_PORT);
		} else {
			buffer_add(out, rule, 1);
		}
		rule += len;
	}
}

/* In the host's namespace; `commands` is cleared. */
static enum status run_there(const struct network *network, enum party party, struct buffer *commands,
                             struct error *error)
{
	enum status status = network_enter(network, party, error);

	if (status == STATUS_OK)
		status = firewall_run(buffer_text(commands), error);
	status = network_leave(network, status, error);
	buffer_clear(commands);
	return at_host(party, status, error);
}

enum status network_rule(const struct network *network, enum party party, const char *hook, const char *rule,
                         struct error *error)
{
	struct buffer commands = BUFFER_INIT(COMMANDS_MAX);
	bool nat = strncmp(rule, "dnat", 4) == 0 || strstr(rule, " dnat ") || strstr(rule, "snat ") ||
	           strstr(rule, "masquerade");
	bool first = strcmp(hook, "prerouting") == 0;

	buffer_puts(&commands, NFT_TABLE);
	buffer_printf(&commands, NFT_CHAIN, hook, nat ? "_nat" : "",
	              nat ? "nat" : "filter", hook, nat ? first ? "dstnat" : "srcnat" : "filter");
	buffer_printf(&commands, NFT_RULE, hook, nat ? "_nat" : "");
	expand(&commands, network, rule);
	return run_there(network, party, &commands, error);
}

enum status network_no_rules(const struct network *network, enum party party, struct error *error)
{
	struct buffer commands = BUFFER_INIT(COMMANDS_MAX);

	buffer_puts(&commands, NFT_TABLE NFT_NOTHING);
	return run_there(network, party, &commands, error);
}

enum status network_take_address(const struct network *network, enum party party, struct error *error)
{
	enum port_id id = network_port(party);
	struct address address = address_of(network->version, PORT_SERVER);
	enum status status = network_enter(network, party, error);

	if (status == STATUS_OK)
		status = netlink_add_address(places[id].there, &address, network->version == 4 ? PREFIX_V4 : PREFIX_V6,
		                             error);
	if (status == STATUS_OK)
		status = network_enter(network, PARTY_ROUTER, error);
	if (status == STATUS_OK)
		status = netlink_set_neighbour(places[PORT_ROUTER_RIGHT].there, &address, wire_mac(network->wire, id),
		                               error);
	return network_leave(network, status, error);
}
