#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_stray_probe = {
	.id = "stray-probe",
	.family = FAMILY_PROBING,
	.told_by = TOLD_BY_WIRE,
	.rank = RANK_SPECIFIC,
	.parent = CAUSE_NONE,
	.sender = ROLE_SERVER,
	.harm = HARM_NONE,
	.title = N_("a segment for a connection that never was"),
	.headline = N_("{receiver} sent a segment that belongs to no connection of {sender}"),
	.what = N_("A segment arrived that no conversation explains: an ACK, FIN or flagless probe out of the "
	           "blue, or a SYN-ACK that nobody asked for. The kernel answers what fits no socket with a RST. "
	           "Probes of this kind ask which ports a firewall lets through; unasked SYN-ACKs are the answers "
	           "to a flood that forged this address."),
	.who = N_("the kernel of the host that was probed"),
	.sender_sees = N_("nothing: no socket is concerned"),
	.receiver_sees = N_("a scanner reads the RST from its raw socket; a server that had answered a forged SYN "
	                    "forgets the attempt, and its program sees nothing"),
	.bsd = N_("FreeBSD and macOS with `net.inet.tcp.blackhole` set to 2 stay silent"),
	.windows = N_("answers even flagless and SYN+FIN probes to an open port with a RST, where Linux drops both"),
	.harm_text = N_("harmless: there was no connection to lose"),
	.advice = N_("nothing to mend if it comes from outside; a stateful firewall drops it: `ct state invalid "
	             "drop`\n"
	             "if the far address is one of your own hosts, the connection may have been real and begun "
	             "before the capture: see `tcpwhy causes half-open`\n"
	             "many unasked SYN-ACKs: somebody floods those servers in your name; tell their owners"),
	.decide = N_("the start of the conversation in the capture, or flags that no connection uses (none, FIN "
	             "without ACK, FIN+PSH+URG)"),
	.references = N_("RFC 9293 sections 3.10.7.1 and 3.10.7.2; tcp_v4_rcv(), reason NO_SOCKET, and "
	                 "tcp_rcv_state_process() in LISTEN, reason TCP_FLAGS"),
	.reproduce = N_("`nmap -sA -p 80 HOST` or `nmap -sX -p 81 HOST` as root."),
	.scenarios = scenarios_stray_probe,
	.weigh = weigh,
};

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;
	bool scanning = number(e, FACT_PROBED_PORTS) >= SCAN_ENDS;

	if (!yes(e, FACT_ANSWERS_FIRST_SEGMENT) || yes(e, FACT_ANSWERS_SYN) || !yes(e, FACT_SHAPE_PASSIVE) ||
	    yes(e, FACT_LOOPBACK_ONLY) || reset_before(e) || yes(e, FACT_LEAKED_TWIN))
		return opinion_excluded();
	if (yes(e, FACT_ANSWERS_ODD_FLAGS) || scanning)
		o = opinion_established();
	else if (yes(e, FACT_ANSWERS_SYN_ACK))
		o = opinion_possible(65);
	else
		o = opinion_possible(yes(e, FACT_ANSWERS_DATA) ? 40 : 60);
	BECAUSE(&o, e, FACT_ANSWERS_ODD_FLAGS, FACT_ANSWERS_FIRST_SEGMENT, FACT_ANSWERS_SYN_ACK, FACT_ANSWERS_ACK,
	        FACT_ANSWERS_DATA, FACT_SHAPE_PASSIVE, FACT_PROBED_PORTS);
	return o;
}
