#include "live/reasons.h"

#include <bpf/btf.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define PREFIX "SK_RST_REASON_"

static const struct {
	const char *name;      /* in the kernel, without the prefix */
	enum live_reason reason;
	const char *meaning;
} table[] = {
	{ "NO_SOCKET", REASON_NO_SOCKET, N_("no socket has these addresses and ports") },
	{ "TCP_INVALID_ACK_SEQUENCE", REASON_INVALID_ACK, N_("while connecting, an ACK for something else came") },
	{ "TCP_RFC7323_PAWS", REASON_PAWS, N_("while connecting, a timestamp was echoed that had never been sent") },
	{ "TCP_TOO_OLD_ACK", REASON_TOO_OLD_ACK, N_("during the handshake, an ACK for something long gone came") },
	{ "TCP_ACK_UNSENT_DATA", REASON_ACK_UNSENT_DATA, N_("during the handshake, an ACK for unsent data came") },
	{ "TCP_FLAGS", REASON_FLAGS, N_("a segment with ACK reached a listener that knows no such connection") },
	{ "TCP_OLD_ACK", REASON_OLD_ACK, N_("during the handshake, an old ACK came") },
	{ "TCP_ABORT_ON_DATA", REASON_ABORT_ON_DATA, N_("data or a FIN came for a socket that takes nothing any more") },
	{ "TCP_TIMEWAIT_SOCKET", REASON_TIME_WAIT, N_("data came for a connection that this side had closed") },
	{ "INVALID_SYN", REASON_INVALID_SYN,
	  N_("a full accept queue with tcp_abort_on_overflow, or a second SYN during the handshake") },
	{ "TCP_ABORT_ON_CLOSE", REASON_ABORT_ON_CLOSE, N_("closed while received data was unread") },
	{ "TCP_ABORT_ON_LINGER", REASON_ABORT_ON_LINGER, N_("closed with TCP_LINGER2 below zero; not SO_LINGER") },
	{ "TCP_ABORT_ON_MEMORY", REASON_ABORT_ON_MEMORY, N_("too many orphaned sockets, or no TCP memory") },
	{ "TCP_STATE", REASON_STATE,
	  N_("a live connection was thrown away: SO_LINGER 0, disconnect, a closed listener, or from outside") },
	{ "TCP_KEEPALIVE_TIMEOUT", REASON_KEEPALIVE, N_("keepalive probes stayed unanswered") },
	{ "TCP_DISCONNECT_WITH_DATA", REASON_DISCONNECT_WITH_DATA, N_("disconnected while data was unsent") },
};

#define ROWS (sizeof table / sizeof *table)

static enum live_reason find(const char *name)
{
	if (strncmp(name, "MPTCP_", 6) == 0)
		return REASON_MPTCP;
	for (size_t i = 0; i < ROWS; i++)
		if (strcmp(table[i].name, name) == 0)
			return table[i].reason;
	return REASON_NONE;
}

void reasons_read(struct reasons *reasons, const struct btf *btf)
{
	int id = btf__find_by_name_kind(btf, "sk_rst_reason", BTF_KIND_ENUM);
	const struct btf_type *type = id > 0 ? btf__type_by_id(btf, (unsigned)id) : NULL;

	*reasons = (struct reasons){ 0 };
	for (unsigned i = 0; type && i < btf_vlen(type); i++) {
		const struct btf_enum *member = btf_enum(type) + i;
		const char *name = btf__name_by_offset(btf, member->name_off);

		if (!name || strncmp(name, PREFIX, strlen(PREFIX)) != 0 || (uint32_t)member->val >= REASON_NUMBERS_MAX)
			continue;
		name += strlen(PREFIX);
		snprintf(reasons->names[member->val], REASON_NAME_MAX, "%s", name);
		reasons->of[member->val] = (uint8_t)find(name);
		reasons->count++;
	}
}

enum live_reason reasons_get(const struct reasons *reasons, uint32_t number)
{
	return number < REASON_NUMBERS_MAX ? (enum live_reason)reasons->of[number] : REASON_NONE;
}

const char *reasons_name(const struct reasons *reasons, uint32_t number)
{
	return number < REASON_NUMBERS_MAX ? reasons->names[number] : "";
}

const char *reasons_meaning(enum live_reason reason)
{
	if (reason == REASON_MPTCP)
		return _("MPTCP refused or gave up this subflow");
	for (size_t i = 0; i < ROWS; i++)
		if (table[i].reason == reason)
			return _(table[i].meaning);
	return "";
}
