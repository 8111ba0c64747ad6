/*
 * What the kernel refuses comes as one line that says what, where and what to do: a name or an address that is taken,
 * no nf_tables, no conntrack. Played in user and network namespaces of its own, where nobody else is.
 */
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lab/firewall.h"
#include "lab/netlink.h"
#include "support/changed_kernel.h"

#define PREFIX 24

/* A kernel without netfilter's messages. */
static const struct changed_call no_netfilter = {
	.number = SYS_socket, .when = { { 0, AF_NETLINK }, { 2, NETLINK_NETFILTER } }, .error = EPROTONOSUPPORT,
};
static const uint8_t mac[6] = { 0x02, 0, 0, 0, 0, 1 }, peer_mac[6] = { 0x02, 0, 0, 0, 0, 2 };

static enum status add_veth(const char *name, const char *peer, int ns, struct error *error)
{
	const struct veth veth = { name, peer, mac, peer_mac, ns };

	return netlink_add_veth(&veth, error);
}

/* It failed, in one line that holds each of the parts. */
static void refused(enum status status, const struct error *error, const char *name, const char *const parts[])
{
	is_number(status, STATUS_IO, name);
	ok(!strchr(error->text, '\n') && strlen(error->text) < ERROR_TEXT_MAX - 1, "%s: one line, not cut", name);
	for (; *parts; parts++)
		if (!ok(strstr(error->text, *parts) != NULL, "%s: it says '%s'", name, *parts))
			printf("#   %s\n", error->text);
}
#define PARTS(...) (const char *const[]) { __VA_ARGS__, NULL }

static void test_names(int ns)
{
	struct error error = { STATUS_OK, "" };

	if (!ok(add_veth("client", "eth0", ns, &error) == STATUS_OK, "a pair of interfaces can be made"))
		printf("#   %s\n", error.text);
	refused(add_veth("client", "eth1", ns, &error), &error, "the name is taken",
	        PARTS("client and eth1", "taken", "network namespace", "`unshare -rn ip link`"));
	refused(add_veth("server", "eth0", ns, &error), &error, "the peer's name is taken",
	        PARTS("server and eth0", "taken", "network namespace", "`unshare -rn ip link`"));
	refused(add_veth("a-name-that-is-too-long", "eth2", ns, &error), &error, "a name that cannot be",
	        PARTS("a-name-that-is-too-long and eth2", "cannot be made"));
	ok(netlink_up("client", &error) == STATUS_OK, "it can be set up");
	refused(netlink_up("nowhere", &error), &error, "no such interface", PARTS("nowhere", "cannot be set up"));
}

static void test_addresses(void)
{
	const struct address v4 = { .version = 4, .bytes = { 192, 0, 2, 2 } };
	const struct address v6 = { .version = 6, .bytes = { 0x20, 0x01, 0x0d, 0xb8, [15] = 2 } };
	struct error error = { STATUS_OK, "" };

	ok(netlink_add_address("client", &v4, PREFIX, &error) == STATUS_OK, "an address can be given");
	refused(netlink_add_address("client", &v4, PREFIX, &error), &error, "the IPv4 address is taken",
	        PARTS("192.0.2.2", "interface client", "taken", "network namespace", "`unshare -rn ip address`"));
	refused(netlink_add_address("nowhere", &v4, PREFIX, &error), &error, "an address without an interface",
	        PARTS("192.0.2.2", "nowhere", "cannot be given"));
	if (access("/proc/sys/net/ipv6", F_OK) != 0) {
		ok(true, "the IPv6 address is taken # SKIP this kernel has no IPv6");
		return;
	}
	ok(netlink_add_address("client", &v6, PREFIX, &error) == STATUS_OK, "an IPv6 address can be given");
	refused(netlink_add_address("client", &v6, PREFIX, &error), &error, "the IPv6 address is taken",
	        PARTS("2001:db8::2", "interface client", "taken"));
}

static void test_rules(void)
{
	struct error error = { STATUS_OK, "" };

	if (firewall_run("add table inet lab\n", &error) != STATUS_OK) {
		if (!ok(strstr(error.text, "has no nf_tables") != NULL, "a rule that cannot be # SKIP without nf_tables"))
			printf("#   %s\n", error.text);
		return;
	}
	refused(firewall_run("add rule inet lab nowhere drop\n", &error), &error, "a chain that is not there",
	        PARTS("firewall", "nf_tables refuses a rule", "No such file or directory", "`modprobe -a nft_ct "));
}

static void test_no_netfilter(void)
{
	struct error error = { STATUS_OK, "" };

	if (!change_kernel(&no_netfilter)) {
		ok(true, "no nf_tables # SKIP system calls cannot be filtered here: %s", strerror(errno));
		return;
	}
	refused(firewall_run("add table inet lab\n", &error), &error, "no nf_tables",
	        PARTS("firewall", "this kernel has no nf_tables", "Protocol not supported", "`modprobe nf_tables`"));
	refused(conntrack_flush(&error), &error, "no conntrack",
	        PARTS("conntrack", "Protocol not supported", "`modprobe nf_conntrack_netlink`"));
}

static void test_program(void)
{
	const char *const arguments[] = { "lab", "--check", "firewall-reject/midstream", NULL };
	char text[4096];
	int status;

	if (!can_make_namespaces()) {
		ok(true, "the program without nf_tables # SKIP namespaces cannot be made here");
		return;
	}
	status = play_changed(&no_netfilter, arguments, text, sizeof text);
	if (status == CANNOT_CHANGE) {
		ok(true, "the program without nf_tables # SKIP system calls cannot be filtered here");
		return;
	}
	is_number(status, 1, "the program without nf_tables: the exit status");
	is_text(text, "tcpwhy: firewall-reject/midstream: the router: the firewall: this kernel has no nf_tables: "
	        "Protocol not supported (load it as root: `modprobe nf_tables`, or use a kernel with CONFIG_NF_TABLES)\n",
	        "the program without nf_tables: one line, and nothing else");
}

int main(void)
{
	int ns;

	setenv("LC_ALL", "C.UTF-8", 1);
	test_program();
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0 && unshare(CLONE_NEWNET) < 0) {
		ok(true, "names and addresses # SKIP network namespaces cannot be made: %s", strerror(errno));
		return done_testing();
	}
	ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (ok(ns >= 0, "there is a network namespace")) {
		test_names(ns);
		test_addresses();
		close(ns);
	}
	test_rules();
	test_no_netfilter();
	return done_testing();
}
