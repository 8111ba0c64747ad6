/*
 * The law: a number on the wire is given the meaning that its registry or vendor published, any other number none.
 * No value of a hostile packet reads past a table.
 */
#include "reset/wire_reason.h"

#include "../tap.h"

static void the_registered_numbers_are_told(void)
{
	is_text(wire_reason_diagnostic(4), "the program aborted the connection", "diagnostic payload: 4, ABORT");
	is_text(wire_reason_diagnostic(14), "the connection timed out", "diagnostic payload: 14");
	is_text(wire_reason_diagnostic(17), "a middlebox interfered", "diagnostic payload: 17, the last");
	is_text(wire_reason_mptcp(0), "unspecified error", "MP_TCPRST: 0");
	is_text(wire_reason_mptcp(6), "middlebox interference", "MP_TCPRST: 6, the last");
	is_text(wire_reason_kernel(1), "NO_SOCKET", "kernel: 1");
	is_text(wire_reason_kernel(11), "TCP_ABORT_ON_CLOSE", "kernel: 11");
	is_text(wire_reason_kernel(18), "MPTCP_RST_EMPTCP", "kernel: 18");
	is_text(wire_reason_kernel(24), "ERROR", "kernel: 24, the last");
}

static void a_netscaler_window_is_told(void)
{
	is_text(wire_reason_netscaler(8201), "a packet for a connection that it does not know or has closed",
	        "8201: stray");
	is_text(wire_reason_netscaler(9300), "idle timeout, or its service went down", "9300: idle");
	is_text(wire_reason_netscaler(9700), "passed on a RST from the other side", "9700: passed on");
	ok(wire_reason_netscaler(8212) != NULL, "8212: stray SYN");
}

static void the_rest_says_nothing(void)
{
	ok(!wire_reason_diagnostic(0), "diagnostic payload: 0 is reserved");
	ok(!wire_reason_diagnostic(18), "diagnostic payload: past the registry");
	ok(!wire_reason_mptcp(7), "MP_TCPRST: past the registry");
	ok(!wire_reason_kernel(0), "kernel: not specified");
	ok(!wire_reason_kernel(25), "kernel: past the enum");
	ok(!wire_reason_netscaler(0), "window 0, as Linux sends it");
	ok(!wire_reason_netscaler(8190), "8190, the NetScaler's usual window");
	ok(!wire_reason_netscaler(9692), "a window near the codes by chance");
}

static void no_number_reads_past_a_table(void)
{
	unsigned diagnostic = 0, mptcp = 0, kernel = 0, netscaler = 0;

	for (unsigned number = 0; number <= UINT16_MAX; number++) {
		diagnostic += wire_reason_diagnostic((uint16_t)number) != NULL;
		netscaler += wire_reason_netscaler((uint16_t)number) != NULL;
	}
	for (unsigned number = 0; number <= UINT8_MAX; number++) {
		mptcp += wire_reason_mptcp((uint8_t)number) != NULL;
		kernel += wire_reason_kernel((uint8_t)number) != NULL;
	}
	is_number(diagnostic, 17, "17 diagnostic reasons, without a gap");
	is_number(mptcp, 7, "7 MPTCP reasons, without a gap");
	is_number(kernel, 24, "24 kernel reasons, without a gap");
	is_number(netscaler, 44, "44 NetScaler windows, none twice");
}

int main(void)
{
	the_registered_numbers_are_told();
	a_netscaler_window_is_told();
	the_rest_says_nothing();
	no_number_reads_past_a_table();
	return done_testing();
}
