#include "lab/firewall.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <string.h>

#include "base/text.h"
#include "lab/netlink.h"

#define REQUEST_MAX 256

static enum status complain_of(struct nft_ctx *nft, struct error *error)
{
	const char *text = nft_ctx_get_error_buffer(nft);
	size_t line = text ? strcspn(text, "\n") : 0;

	if (!line)
		return error_set(error, STATUS_IO, _("nf_tables: the kernel refuses (is the module there? `modprobe nf_tables`)"));
	return error_set(error, STATUS_IO, _("nf_tables: %.*s (is the module there? `modprobe nf_tables`)"), (int)line,
	                 text);
}

enum status firewall_run(const char *commands, struct error *error)
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	enum status status = STATUS_OK;

	if (!nft)
		return error_set(error, STATUS_MEMORY, _("out of memory"));
	nft_ctx_buffer_output(nft);
	nft_ctx_buffer_error(nft);
	if (nft_run_cmd_from_buffer(nft, commands) != 0)
		status = complain_of(nft, error);
	nft_ctx_free(nft);
	return status;
}

enum status conntrack_flush(struct error *error)
{
	char space[REQUEST_MAX];
	struct nlmsghdr *request = mnl_nlmsg_put_header(space);
	struct nfgenmsg *body = mnl_nlmsg_put_extra_header(request, sizeof *body);
	int failure;

	request->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE;
	body->nfgen_family = AF_UNSPEC;
	body->version = NFNETLINK_V0;
	failure = netlink_exchange(NETLINK_NETFILTER, request, NULL, NULL);
	return failure ? error_set(error, STATUS_IO, _("conntrack: %s"), strerror(failure)) : STATUS_OK;
}
