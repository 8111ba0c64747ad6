#include "cli/probe_hosts.h"

#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/message.h"

/* Port lists begin so; a word may be a service or a host. */
static bool looks_like_ports(const char *operand)
{
	struct port_set scratch = { 0 };

	if (operand[strspn(operand, "0123456789,-")] == '\0')
		return true;
	return ports_parse(operand, &scratch, NULL) == STATUS_OK;
}

static const char *resolve_failure(int failure)
{
	switch (failure) {
	case EAI_NONAME:
	case EAI_NODATA:
		return _("no such host");
	case EAI_AGAIN:
		return _("the name server does not answer; try again");
	case EAI_ADDRFAMILY:
		return _("it has no address of that kind");
	case EAI_SYSTEM:
		return strerror(errno);
	default:
		return gai_strerror(failure);
	}
}

/* The first address that a program would connect to. */
static bool resolve(const char *host, uint8_t version, struct address *ret_address, unsigned *ret_scope)
{
	struct addrinfo hints = {
		.ai_family = version == 4 ? AF_INET : version == 6 ? AF_INET6 : AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
	}, *found;
	struct sockaddr_storage first = { 0 };
	int failure = getaddrinfo(host, NULL, &hints, &found);

	if (failure) {
		complain("%s: %s", host, resolve_failure(failure));
		return false;
	}
	memcpy(&first, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	*ret_address = path_address(&first);
	*ret_scope = first.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&first)->sin6_scope_id : 0;
	return true;
}

static const struct path *find_known(const struct probe_hosts *hosts, const struct address *address)
{
	for (size_t i = 0; i < hosts->count; i++)
		if (address_equal(&hosts->list[i].path.target, address))
			return &hosts->list[i].path;
	return NULL;
}

/* IPv4 in IPv6's clothes, broadcast and multicast: TCP goes to none of them. */
static bool is_no_peer(const struct address *address)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (address->version == 4)
		return address->bytes[0] >= 224 || address->bytes[0] == 0;
	return address->bytes[0] == 0xff || memcmp(address->bytes, mapped, sizeof mapped) == 0;
}

/* fe80::/10 is on every link, and another host on each. */
static bool is_unscoped(const struct address *address, unsigned scope)
{
	return address->version == 6 && address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80 && !scope;
}

static bool add_host(struct probe_hosts *hosts, const char *host, uint8_t version)
{
	struct target target = { .name = host };
	struct error error = { STATUS_OK, "" };
	const struct path *known;
	struct address address;
	unsigned scope;

	if (hosts->count == PROBE_HOSTS_MAX) {
		complain(_("%s: more than %d hosts"), host, PROBE_HOSTS_MAX);
		return false;
	}
	if (!resolve(host, version, &address, &scope)) {
		hosts->failed = true;
		return true;
	}
	if (is_unscoped(&address, scope)) {
		complain("%s: %s", host, _("such an address is one of a link: which? Say ADDRESS%INTERFACE"));
		hosts->failed = true;
		return true;
	}
	if (is_no_peer(&address)) {
		complain("%s: %s", host, _("TCP does not go to such an address"));
		hosts->failed = true;
		return true;
	}
	known = find_known(hosts, &address);
	if (known && known->scope != scope) {
		complain("%s: %s", host, _("the same address on another link: ask it in a run of its own"));
		hosts->failed = true;
	}
	if (known)
		return true;
	if (path_find(&address, scope, &target.path, &error) != STATUS_OK) {
		complain("%s: %s", host, error.text);
		hosts->failed = true;
		return true;
	}
	if (target.path.broadcast) {
		complain("%s: %s", host, _("TCP does not go to such an address"));
		hosts->failed = true;
		return true;
	}
	hosts->list[hosts->count++] = target;
	return true;
}

static bool add_ports(struct probe_hosts *hosts, const char *text)
{
	struct error error = { STATUS_OK, "" };

	if (ports_parse(text, &hosts->ports, &error) == STATUS_OK)
		return true;
	complain("%s", error.text);
	advise("%s", _("ports are numbers, ranges and services: 22  80,443  1-1024  ssh  - (all)"));
	return false;
}

static int kind_of(const struct path *path)
{
	return (path->target.version == 6) * 4 + path->local * 2 + path->on_link;
}

/* Those that one scan can ask together lie side by side. */
static int compare_kinds(const void *a, const void *b)
{
	return kind_of(&((const struct target *)a)->path) - kind_of(&((const struct target *)b)->path);
}

bool probe_hosts_init(struct probe_hosts *hosts, char **operands, uint8_t version)
{
	*hosts = (struct probe_hosts){ .list = calloc(PROBE_HOSTS_MAX, sizeof *hosts->list) };
	if (!hosts->list) {
		complain("%s", _("out of memory"));
		return false;
	}
	/* All ports first: what is wrong there needs no name server. */
	for (char **operand = operands + 1; *operand; operand++)
		if (looks_like_ports(*operand) && !add_ports(hosts, *operand))
			return false;
	if (!ports_count(&hosts->ports)) {
		usage_error(&cmd_probe, "%s", _("which ports? 22  80,443  1-1024  ssh  - (all)"));
		return false;
	}
	for (char **operand = operands; *operand; operand++)
		if ((operand == operands || !looks_like_ports(*operand)) && !add_host(hosts, *operand, version))
			return false;
	qsort(hosts->list, hosts->count, sizeof *hosts->list, compare_kinds);
	return true;
}

size_t probe_hosts_take(struct probe_hosts *hosts, struct target **ret_targets)
{
	size_t most = SCAN_ASKS_MAX / ports_count(&hosts->ports), count = 0;
	struct target *targets;

	while (count < hosts->count && count < most && compare_kinds(&hosts->list[0], &hosts->list[count]) == 0)
		count++;
	targets = count ? calloc(count, sizeof *targets) : NULL;
	if (!targets)
		return 0;
	memcpy(targets, hosts->list, count * sizeof *targets);
	hosts->count -= count;
	memmove(hosts->list, hosts->list + count, hosts->count * sizeof *hosts->list);
	*ret_targets = targets;
	return count;
}

void probe_hosts_clear(struct probe_hosts *hosts)
{
	free(hosts->list);
	hosts->list = NULL;
}
