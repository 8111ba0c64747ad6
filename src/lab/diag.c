#include "lab/diag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "base/text.h"
#include "lab/netlink.h"

#define REQUEST_MAX 256
#define SOCKETS_MAX 256 /* that one round of diag_destroy_all() takes */
#define ROUNDS_MAX 8

static struct inet_diag_req_v2 *begin(char *space, uint16_t type, uint8_t family, struct nlmsghdr **ret_request)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(space);
	struct inet_diag_req_v2 *body = mnl_nlmsg_put_extra_header(request, sizeof *body);

	request->nlmsg_type = type;
	body->sdiag_family = family;
	body->sdiag_protocol = IPPROTO_TCP;
	body->idiag_states = ~0u;
	*ret_request = request;
	return body;
}

static uint8_t family_of(const struct endpoint *end)
{
	return end->address.version == 4 ? AF_INET : AF_INET6;
}

static void name(struct inet_diag_req_v2 *body, const struct endpoint *local, const struct endpoint *remote)
{
	memcpy(body->id.idiag_src, local->address.bytes, 16);
	memcpy(body->id.idiag_dst, remote->address.bytes, 16);
	body->id.idiag_sport = htons(local->port);
	body->id.idiag_dport = htons(remote->port);
	body->id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
	body->id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
}

static int take_view(const struct nlmsghdr *answer, void *user)
{
	const struct inet_diag_msg *found = mnl_nlmsg_get_payload(answer);
	struct socket_view *view = user;

	if (answer->nlmsg_type != SOCK_DIAG_BY_FAMILY || found->idiag_state == TCP_LISTEN ||
	    found->idiag_state == TCP_CLOSE)
		return MNL_CB_OK;
	*view = (struct socket_view){ found->idiag_state, found->idiag_rqueue, found->idiag_wqueue };
	return MNL_CB_OK;
}

static enum status complain(int failure, struct error *error)
{
	return failure ? error_set(error, STATUS_IO, _("sockets cannot be looked at (inet_diag): %s"), strerror(failure))
	               : STATUS_OK;
}

enum status diag_look(const struct endpoint *local, const struct endpoint *remote, struct socket_view *ret_view,
                      struct error *error)
{
	char space[REQUEST_MAX];
	struct nlmsghdr *request;
	struct inet_diag_req_v2 *body = begin(space, SOCK_DIAG_BY_FAMILY, family_of(local), &request);
	int failure;

	*ret_view = (struct socket_view){ 0 };
	name(body, local, remote);
	failure = netlink_exchange(NETLINK_SOCK_DIAG, request, take_view, ret_view);
	return complain(failure == ENOENT ? 0 : failure, error);
}

struct listening {
	uint16_t port;
	bool found;
};

static int take_listener(const struct nlmsghdr *answer, void *user)
{
	const struct inet_diag_msg *message = mnl_nlmsg_get_payload(answer);
	struct listening *listening = user;

	if (answer->nlmsg_type == SOCK_DIAG_BY_FAMILY && message->idiag_state == TCP_LISTEN)
		listening->found |= ntohs(message->id.idiag_sport) == listening->port;
	return MNL_CB_OK;
}

enum status diag_listens(uint16_t port, bool *ret_listens, struct error *error)
{
	struct listening listening = { .port = port };
	int failure = 0;

	for (unsigned i = 0; i < 2 && !failure; i++) {
		char space[REQUEST_MAX];
		struct nlmsghdr *request;

		begin(space, SOCK_DIAG_BY_FAMILY, i ? AF_INET6 : AF_INET, &request);
		request->nlmsg_flags = NLM_F_DUMP;
		failure = netlink_exchange(NETLINK_SOCK_DIAG, request, take_listener, &listening);
	}
	*ret_listens = listening.found;
	return complain(failure, error);
}

enum status diag_destroy(const struct endpoint *local, const struct endpoint *remote, struct error *error)
{
	char space[REQUEST_MAX];
	struct nlmsghdr *request;
	struct inet_diag_req_v2 *body = begin(space, SOCK_DESTROY, family_of(local), &request);
	int failure;

	name(body, local, remote);
	failure = netlink_exchange(NETLINK_SOCK_DIAG, request, NULL, NULL);
	return failure ? error_set(error, STATUS_IO, _("SOCK_DESTROY: %s"), strerror(failure)) : STATUS_OK;
}

struct found {
	struct inet_diag_sockid ids[SOCKETS_MAX];
	size_t count;
};

static int take_id(const struct nlmsghdr *answer, void *user)
{
	const struct inet_diag_msg *message = mnl_nlmsg_get_payload(answer);
	struct found *found = user;

	if (answer->nlmsg_type == SOCK_DIAG_BY_FAMILY && found->count < SOCKETS_MAX)
		found->ids[found->count++] = message->id;
	return MNL_CB_OK;
}

/* One that went by itself meanwhile is no failure. */
static int destroy_found(const struct found *found, uint8_t family)
{
	char space[REQUEST_MAX];
	int failure = 0, last;

	for (size_t i = 0; i < found->count; i++) {
		struct nlmsghdr *request;
		struct inet_diag_req_v2 *body = begin(space, SOCK_DESTROY, family, &request);

		body->id = found->ids[i];
		last = netlink_exchange(NETLINK_SOCK_DIAG, request, NULL, NULL);
		if (last && last != ENOENT)
			failure = last;
	}
	return failure;
}

static enum status destroy_family(uint8_t family, struct error *error)
{
	for (int round = 0; round < ROUNDS_MAX; round++) {
		char space[REQUEST_MAX];
		struct nlmsghdr *request;
		struct found found = { .count = 0 };
		int failure;

		begin(space, SOCK_DIAG_BY_FAMILY, family, &request);
		request->nlmsg_flags = NLM_F_DUMP;
		failure = netlink_exchange(NETLINK_SOCK_DIAG, request, take_id, &found);
		if (!failure && !found.count)
			return STATUS_OK;
		if (!failure)
			failure = destroy_found(&found, family);
		if (failure)
			return error_set(error, STATUS_IO, _("SOCK_DESTROY: %s"), strerror(failure));
	}
	return error_set(error, STATUS_LIMIT, _("SOCK_DESTROY: there are more than %d sockets, or they do not go"),
	                 (ROUNDS_MAX - 1) * SOCKETS_MAX);
}

enum status diag_destroy_all(struct error *error)
{
	enum status status = destroy_family(AF_INET, error);

	return status == STATUS_OK ? destroy_family(AF_INET6, error) : status;
}
