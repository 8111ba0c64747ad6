#include "lab/firewall.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <string.h>

#include "base/text.h"
#include "lab/netlink.h"

#define REQUEST_MAX 256

/* What the kernel says to a message for a part of netfilter. 0 or errno. */
static int ask(uint8_t subsystem, uint8_t type)
{
	char space[REQUEST_MAX];
	struct nlmsghdr *request = mnl_nlmsg_put_header(space);
	struct nfgenmsg *body = mnl_nlmsg_put_extra_header(request, sizeof *body);

	request->nlmsg_type = (uint16_t)(subsystem << 8 | type);
	body->nfgen_family = AF_UNSPEC;
	body->version = NFNETLINK_V0;
	return netlink_exchange(NETLINK_NETFILTER, request, NULL, NULL);
}

/* No netfilter at all (socket()), or not this part of it (nfnetlink_rcv_msg(), after it tried to load the module). */
static bool is_missing(int failure)
{
	return failure == EPROTONOSUPPORT || failure == EINVAL;
}

/* Where there is no netfilter, libnftables ends the process: so ask before. */
static enum status find_nftables(struct error *error)
{
	int failure = ask(NFNL_SUBSYS_NFTABLES, NFT_MSG_GETGEN);

	if (is_missing(failure))
		return error_set(error, STATUS_IO,
		                 _("the firewall: this kernel has no nf_tables: %s (load it as root: `modprobe nf_tables`, or "
		                   "use a kernel with CONFIG_NF_TABLES)"), strerror(failure));
	return failure ? error_set(error, STATUS_IO, _("the firewall: nf_tables cannot be used: %s"), strerror(failure))
	               : STATUS_OK;
}

static enum status complain_of(struct nft_ctx *nft, struct error *error)
{
	const char *text = nft_ctx_get_error_buffer(nft);
	int line = text ? (int)strcspn(text, "\n") : 0;

	return error_set(error, STATUS_IO,
	                 _("the firewall: nf_tables refuses a rule: %.*s (a part of it may be missing; load all as root: "
	                   "`modprobe -a nft_ct nft_reject_inet nft_chain_nat nft_nat nft_masq`)"), line,
	                 text ? text : "");
}

enum status firewall_run(const char *commands, struct error *error)
{
	enum status status = find_nftables(error);
	struct nft_ctx *nft;

	if (status != STATUS_OK)
		return status;
	nft = nft_ctx_new(NFT_CTX_DEFAULT);
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
	int failure = ask(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_DELETE);

	if (is_missing(failure))
		return error_set(error, STATUS_IO,
		                 _("conntrack: this kernel does not let its table be emptied: %s (load what it takes as root: "
		                   "`modprobe nf_conntrack_netlink`)"), strerror(failure));
	return failure ? error_set(error, STATUS_IO, _("conntrack: its table cannot be emptied: %s"), strerror(failure))
	               : STATUS_OK;
}
