#include "reset/wire_reason.h"

#include <stddef.h>

#include "base/text.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

const char *wire_reason_diagnostic(uint16_t code)
{
	static const char *const texts[] = {
		[1] = N_("an option had an illegal length"),
		[2] = N_("the two ends were no longer in step"),
		[3] = N_("new data arrived after close"),
		[4] = N_("the program aborted the connection"),
		[5] = N_("an unexpected ACK before the connection was established"),
		[6] = N_("an unexpected SYN inside the window"),
		[7] = N_("an unexpected security compartment"),
		[8] = N_("a malformed message"),
		[9] = N_("not authorized"),
		[10] = N_("a resource was exceeded"),
		[11] = N_("a network failure"),
		[12] = N_("the peer on the other side had sent a reset"),
		[13] = N_("the destination could not be reached"),
		[14] = N_("the connection timed out"),
		[15] = N_("too much outstanding data"),
		[16] = N_("the performance was unacceptable"),
		[17] = N_("a middlebox interfered"),
	};

	return code < COUNT(texts) ? texts[code] : NULL;
}

const char *wire_reason_mptcp(uint8_t reason)
{
	static const char *const texts[] = {
		[0] = N_("unspecified error"),
		[1] = N_("MPTCP-specific error"),
		[2] = N_("lack of resources"),
		[3] = N_("administratively prohibited"),
		[4] = N_("too much outstanding data"),
		[5] = N_("unacceptable performance"),
		[6] = N_("middlebox interference"),
	};

	return reason < COUNT(texts) ? texts[reason] : NULL;
}

struct netscaler_reason {
	uint16_t window;
	const char *text;
};

static const struct netscaler_reason netscaler_reasons[] = {
	{ 8196, N_("bad SSL record") },
	{ 8201, N_("a packet for a connection that it does not know or has closed") },
	{ 8202, N_("data without a connection, and its SYN cookie had expired") },
	{ 8204, N_("the client sent its SYN again with another sequence number") },
	{ 8205, N_("the last ACK of the handshake acknowledged the wrong number") },
	{ 8206, N_("a bad packet while connecting, often from an older connection on the same ports") },
	{ 8207, N_("a SYN inside the window of an established connection") },
	{ 8208, N_("too many retransmissions of the same data") },
	{ 8209, N_("out of memory") },
	{ 8212, N_("a SYN with no service that listens, or no connection or SYN cookie that fits") },
	{ 8214, N_("the MSS in the SYN exceeds the MTU") },
	{ 9100, N_("an orphaned HTTP connection: the request was never completed") },
	{ 9300, N_("idle timeout, or its service went down") },
	{ 9301, N_("idle timeout, or its service went down") },
	{ 9302, N_("idle timeout, or its service went down") },
	{ 9303, N_("idle timeout, or its service went down") },
	{ 9304, N_("gave up probing a zero window") },
	{ 9305, N_("the server acknowledged its SYN with the wrong number") },
	{ 9307, N_("protection against small windows") },
	{ 9308, N_("protection against small windows") },
	{ 9309, N_("protection against small windows") },
	{ 9310, N_("keepalive probes went unanswered") },
	{ 9400, N_("flushed a pooled server connection that cannot be used again") },
	{ 9401, N_("flushed connections to make room, or because their service was removed") },
	{ 9600, N_("too many packets whose sequence and ack numbers do not fit") },
	{ 9601, N_("too many data packets whose sequence and ack numbers do not fit") },
	{ 9700, N_("passed on a RST from the other side") },
	{ 9701, N_("passed on a RST with ACK from the other side") },
	{ 9702, N_("data after a FIN") },
	{ 9800, N_("a monitoring probe timed out") },
	{ 9811, N_("a fatal SSL alert, for example no cipher in common") },
	{ 9812, N_("its IP address was removed from the configuration") },
	{ 9814, N_("a policy with the action RESET matched") },
	{ 9816, N_("bad SSL record") },
	{ 9817, N_("the SSL certificate was being changed") },
	{ 9821, N_("the SSL feature is disabled") },
	{ 9822, N_("the SSL ciphers were changed") },
	{ 9827, N_("the SSL configuration was changed") },
	{ 9829, N_("the other GSLB site is down or out of reach") },
	{ 9830, N_("an access list denies this session") },
	{ 9833, N_("a fatal SSL error") },
	{ 9845, N_("an application firewall policy") },
	{ 9848, N_("the SSL configuration was changed while the connection was being accepted") },
	{ 9855, N_("the surge queue of the virtual server overflowed") },
};

const char *wire_reason_netscaler(uint16_t window)
{
	for (size_t i = 0; i < COUNT(netscaler_reasons); i++)
		if (netscaler_reasons[i].window == window)
			return netscaler_reasons[i].text;
	return NULL;
}

const char *wire_reason_kernel(uint8_t reason)
{
	static const char *const names[] = {
		[1] = "NO_SOCKET",
		[2] = "TCP_INVALID_ACK_SEQUENCE",
		[3] = "TCP_RFC7323_PAWS",
		[4] = "TCP_TOO_OLD_ACK",
		[5] = "TCP_ACK_UNSENT_DATA",
		[6] = "TCP_FLAGS",
		[7] = "TCP_OLD_ACK",
		[8] = "TCP_ABORT_ON_DATA",
		[9] = "TCP_TIMEWAIT_SOCKET",
		[10] = "INVALID_SYN",
		[11] = "TCP_ABORT_ON_CLOSE",
		[12] = "TCP_ABORT_ON_LINGER",
		[13] = "TCP_ABORT_ON_MEMORY",
		[14] = "TCP_STATE",
		[15] = "TCP_KEEPALIVE_TIMEOUT",
		[16] = "TCP_DISCONNECT_WITH_DATA",
		[17] = "MPTCP_RST_EUNSPEC",
		[18] = "MPTCP_RST_EMPTCP",
		[19] = "MPTCP_RST_ERESOURCE",
		[20] = "MPTCP_RST_EPROHIBIT",
		[21] = "MPTCP_RST_EWQ2BIG",
		[22] = "MPTCP_RST_EBADPERF",
		[23] = "MPTCP_RST_EMIDDLEBOX",
		[24] = "ERROR",
	};

	return reason < COUNT(names) ? names[reason] : NULL;
}
