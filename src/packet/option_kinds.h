/* TCP options on the wire, https://www.iana.org/assignments/tcp-parameters. Private to src/packet. */
#ifndef TCPWHY_PACKET_OPTION_KINDS_H
#define TCPWHY_PACKET_OPTION_KINDS_H

#define OPTIONS_MAX 40             /* the data offset's four bits allow 60 bytes of header */
#define WINDOW_SCALE_MAX 14        /* RFC 7323 section 2.3 */
#define FAST_OPEN_EXPERIMENT 0xf989
#define FILLED_TIMESTAMP 0x0101080a /* NOP, NOP, timestamps: RFC 7323 appendix A, and nearly every segment */

enum option_kind {
	KIND_END = 0,
	KIND_NOP = 1,
	KIND_MSS = 2,
	KIND_WINDOW_SCALE = 3,
	KIND_SACK_PERMITTED = 4,
	KIND_SACK = 5,
	KIND_TIMESTAMP = 8,
	KIND_MD5 = 19,
	KIND_USER_TIMEOUT = 28,
	KIND_AO = 29,
	KIND_MPTCP = 30,
	KIND_FAST_OPEN = 34,
	KIND_EXPERIMENT_1 = 253,
	KIND_EXPERIMENT_2 = 254,
};

/* RFC 8684 section 8 */
enum mptcp_subtype {
	MPTCP_CAPABLE = 0,
	MPTCP_JOIN = 1,
	MPTCP_DSS = 2,
	MPTCP_FASTCLOSE = 7,
	MPTCP_RST = 8,
};

#endif
