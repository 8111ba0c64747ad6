#include "lab/mptcp.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/mptcp.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

#include "base/text.h"
#include "lab/netlink.h"

#define REQUEST_MAX 512
#define MORE_SUBFLOWS 1 /* besides the first */

static struct nlmsghdr *begin(char *space, uint16_t family, uint8_t command, uint8_t version)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(space);
	struct genlmsghdr *header = mnl_nlmsg_put_extra_header(request, sizeof *header);

	request->nlmsg_type = family;
	header->cmd = command;
	header->version = version;
	return request;
}

static int take_attribute(const struct nlattr *attribute, void *user)
{
	if (mnl_attr_get_type(attribute) == CTRL_ATTR_FAMILY_ID)
		*(uint16_t *)user = mnl_attr_get_u16(attribute);
	return MNL_CB_OK;
}

static int take_family(const struct nlmsghdr *answer, void *user)
{
	return mnl_attr_parse(answer, sizeof(struct genlmsghdr), take_attribute, user);
}

/* The number of the family "mptcp_pm" on this kernel. */
static enum status find_family(uint16_t *ret_family, struct error *error)
{
	char space[REQUEST_MAX];
	struct nlmsghdr *request = begin(space, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1);
	int failure;

	*ret_family = 0;
	mnl_attr_put_strz(request, CTRL_ATTR_FAMILY_NAME, MPTCP_PM_NAME);
	failure = netlink_exchange(NETLINK_GENERIC, request, take_family, ret_family);
	if (failure || !*ret_family)
		return error_set(error, STATUS_IO, _("the kernel has no path manager for MPTCP: %s"),
		                 strerror(failure ? failure : ENOENT));
	return STATUS_OK;
}

static enum status ask(struct nlmsghdr *request, struct error *error)
{
	int failure = netlink_exchange(NETLINK_GENERIC, request, NULL, NULL);

	return failure ? error_set(error, STATUS_IO, _("the path manager of MPTCP: %s"), strerror(failure)) : STATUS_OK;
}

static enum status set_limits(uint16_t family, struct error *error)
{
	char space[REQUEST_MAX];
	struct nlmsghdr *request = begin(space, family, MPTCP_PM_CMD_SET_LIMITS, MPTCP_PM_VER);

	mnl_attr_put_u32(request, MPTCP_PM_ATTR_RCV_ADD_ADDRS, MORE_SUBFLOWS);
	mnl_attr_put_u32(request, MPTCP_PM_ATTR_SUBFLOWS, MORE_SUBFLOWS);
	return ask(request, error);
}

enum status mptcp_allow_subflows(struct error *error)
{
	uint16_t family;
	enum status status = find_family(&family, error);

	return status == STATUS_OK ? set_limits(family, error) : status;
}

static void put_address(struct nlmsghdr *request, const struct address *address, uint16_t port)
{
	struct nlattr *nest = mnl_attr_nest_start(request, MPTCP_PM_ATTR_ADDR);

	mnl_attr_put_u16(request, MPTCP_PM_ADDR_ATTR_FAMILY, address->version == 4 ? AF_INET : AF_INET6);
	if (address->version == 4)
		mnl_attr_put(request, MPTCP_PM_ADDR_ATTR_ADDR4, 4, address->bytes);
	else
		mnl_attr_put(request, MPTCP_PM_ADDR_ATTR_ADDR6, 16, address->bytes);
	mnl_attr_put_u16(request, MPTCP_PM_ADDR_ATTR_PORT, port); /* in the host's order */
	mnl_attr_put_u32(request, MPTCP_PM_ADDR_ATTR_FLAGS, MPTCP_PM_ADDR_FLAG_SIGNAL);
	mnl_attr_nest_end(request, nest);
}

enum status mptcp_announce(const struct address *address, uint16_t port, struct error *error)
{
	char space[REQUEST_MAX];
	struct nlmsghdr *request;
	uint16_t family;
	enum status status = find_family(&family, error);

	if (status == STATUS_OK)
		status = set_limits(family, error);
	if (status != STATUS_OK)
		return status;
	request = begin(space, family, MPTCP_PM_CMD_ADD_ADDR, MPTCP_PM_VER);
	put_address(request, address, port);
	return ask(request, error);
}
