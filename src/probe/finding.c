/* From clues to who it was, how sure that is, and the cause. Pure. */
#include "base/text.h"
#include "probe/who.h"

static void set(struct finding *finding, enum answered_by by, enum certainty certainty, enum cause_id cause,
                enum cause_id other)
{
	finding->by = (uint8_t)by;
	finding->certainty = (uint8_t)certainty;
	finding->cause = (uint8_t)cause;
	finding->other = (uint8_t)other;
}

/* The host is Linux and nothing lies between that could have taken the DSCP away. */
static bool would_have_copied(const struct finding *f)
{
	return clue_has(f, CLUE_CLASS_LOST) && clue_has(f, CLUE_LINUX) && clue_has(f, CLUE_ON_LINK);
}

/* By a router on the way. */
static bool turned_back(const struct finding *f)
{
	return clue_has(f, CLUE_WALK_PASSED) || clue_has(f, CLUE_WALK_TURNED);
}

/* On the link nobody stands nearer, whatever hop limit the programs at open ports choose. */
static bool is_nearer(const struct finding *f)
{
	return clue_has(f, CLUE_HOPS_NEARER) && !clue_has(f, CLUE_ON_LINK);
}

/*
 * It is sure to come from the host itself, or from before it. From elsewhere a TCP of another kind may refuse, one that
 * copies and labels nothing.
 */
static bool is_placed(const struct finding *f)
{
	bool before = clue_has(f, CLUE_HOPS_NEARER) && clue_has(f, CLUE_HOPS_AGREED);

	return !clue_has(f, CLUE_OTHER_SYSTEM) && (before || clue_has(f, CLUE_ON_LINK) || clue_has(f, CLUE_HOPS_SAME));
}

/*
 * Signs of a packet filter: how much speaks for it, two for what no TCP of such a host does. Linux labels its refusals
 * where it labels its SYN-ACKs; FreeBSD does not. A router may take the DSCP from what one port sends.
 */
static unsigned filter_signs(const struct finding *f)
{
	unsigned label = clue_has(f, CLUE_LABEL_MISSING) * (clue_has(f, CLUE_LINUX) ? 2u : 1u);
	unsigned class = clue_has(f, CLUE_CLASS_MISSING) * (clue_has(f, CLUE_ON_LINK) ? 2u : 1u);

	return class + label + clue_has(f, CLUE_ROUTE_SILENT) + clue_has(f, CLUE_ROUTE_PLAIN) +
	       would_have_copied(f);
}

static enum certainty sure(const struct finding *f, bool certain)
{
	return certain && !clue_has(f, CLUE_SAMPLED) ? CERTAINTY_CERTAIN : CERTAINTY_LIKELY;
}

static void decide_tcp(struct finding *f)
{
	if (is_nearer(f))
		set(f, BY_BOX_BEFORE, CERTAINTY_LIKELY, CAUSE_port_closed, CAUSE_firewall_reject);
	else if (clue_has(f, CLUE_HOPS_FARTHER))
		set(f, BY_HOST_BEHIND, CERTAINTY_LIKELY, CAUSE_port_closed, CAUSE_backend_refused);
	else
		set(f, BY_HOST, sure(f, clue_has(f, CLUE_HOPS_SAME) || clue_has(f, CLUE_ON_LINK)), CAUSE_port_closed, CAUSE_NONE);
	if (f->certainty == CERTAINTY_LIKELY && f->other == CAUSE_NONE)
		f->other = CAUSE_firewall_reject;
}

static void decide_filter(struct finding *f, unsigned signs)
{
	/* A walk knows the way there; the way back may be another, and shorter. */
	bool walked = turned_back(f) && !clue_has(f, CLUE_HOPS_NEARER);
	enum certainty certainty = sure(f, signs >= 2 && is_placed(f) && !walked);
	enum answered_by by = BY_FIREWALL;

	if (is_nearer(f) || turned_back(f))
		by = BY_FIREWALL_BEFORE;
	else if (clue_has(f, CLUE_HOPS_FARTHER))
		by = BY_FIREWALL_BEHIND;
	else if (clue_has(f, CLUE_HOPS_SAME) || clue_has(f, CLUE_ON_LINK))
		by = BY_FIREWALL_AT_HOST;
	set(f, by, certainty, CAUSE_firewall_reject, certainty == CERTAINTY_CERTAIN ? CAUSE_NONE : CAUSE_port_closed);
}

static void decide_closed(struct finding *f)
{
	unsigned signs = filter_signs(f);

	if (clue_has(f, CLUE_OWN))
		set(f, BY_FIREWALL_HERE, CERTAINTY_CERTAIN, CAUSE_local_reject, CAUSE_NONE);
	else if (told_by_tcp(f) && signs)
		set(f, BY_UNDECIDED, CERTAINTY_UNKNOWN, CAUSE_port_closed, CAUSE_firewall_reject);
	else if (told_by_tcp(f))
		decide_tcp(f);
	else if (signs || is_nearer(f) || turned_back(f))
		decide_filter(f, signs);
	else if (clue_has(f, CLUE_HOPS_FARTHER))
		set(f, BY_HOST_BEHIND, CERTAINTY_LIKELY, CAUSE_port_closed, CAUSE_firewall_reject);
	else if (clue_has(f, CLUE_CLASS_LOST) && clue_has(f, CLUE_ON_LINK) && clue_has(f, CLUE_NO_OPEN_PORT) &&
	         !clue_has(f, CLUE_OTHER_SYSTEM))
		/* Nothing lies between that could have taken the DSCP away: a filter, or a TCP that copies none. */
		set(f, BY_FIREWALL_AT_HOST, CERTAINTY_LIKELY, CAUSE_firewall_reject, CAUSE_port_closed);
	else
		set(f, BY_UNDECIDED, CERTAINTY_LIKELY, CAUSE_port_closed, CAUSE_firewall_reject);
}

static void decide_open(struct finding *f)
{
	if (clue_has(f, CLUE_EVERY_PORT) || clue_has(f, CLUE_WINDOW_TINY))
		set(f, BY_PROXY, CERTAINTY_LIKELY, CAUSE_NONE, CAUSE_NONE);
	else if (clue_has(f, CLUE_HOPS_NEARER))
		set(f, BY_BOX_BEFORE, CERTAINTY_LIKELY, CAUSE_NONE, CAUSE_NONE);
	else if (clue_has(f, CLUE_HOPS_FARTHER))
		set(f, BY_HOST_BEHIND, CERTAINTY_LIKELY, CAUSE_NONE, CAUSE_NONE);
	else if (clue_has(f, CLUE_NOT_ALIKE))
		set(f, BY_UNDECIDED, CERTAINTY_LIKELY, CAUSE_NONE, CAUSE_NONE);
	else if (clue_has(f, CLUE_ON_LINK) || clue_has(f, CLUE_ALIKE))
		set(f, BY_HOST, CERTAINTY_CERTAIN, CAUSE_NONE, CAUSE_NONE);
	else /* a box on the way may shake hands for it */
		set(f, BY_HOST, CERTAINTY_LIKELY, CAUSE_NONE, CAUSE_NONE);
}

static void decide_unreachable(const struct scan *scan, size_t index, struct finding *f)
{
	const struct ask *ask = &scan->asks[index];
	const struct path *path = &scan->targets[index / scan->port_count].path;
	const struct address *reporter = &scan->reporters[ask->seen.reporter];

	if (ask->doubt == DOUBT_NEIGHBOUR)
		set(f, BY_SYSTEM_HERE, CERTAINTY_CERTAIN, CAUSE_no_answer, CAUSE_NONE);
	else if (ask->doubt == DOUBT_LIMITED)
		set(f, BY_REPORTER, CERTAINTY_LIKELY, CAUSE_icmp_refused, CAUSE_no_answer);
	else if (ask->seen.reporter && !path->local && address_equal(reporter, &path->source))
		set(f, BY_SYSTEM_HERE, CERTAINTY_CERTAIN, CAUSE_icmp_refused, CAUSE_NONE);
	else
		set(f, BY_REPORTER, CERTAINTY_CERTAIN, CAUSE_icmp_refused, CAUSE_NONE);
}

void finding_decide(const struct scan *scan, size_t index, struct finding *finding)
{
	switch ((enum port_state)scan->asks[index].state) {
	case PORT_OPEN:
		decide_open(finding);
		break;
	case PORT_CLOSED:
		decide_closed(finding);
		break;
	case PORT_FILTERED:
		set(finding, BY_NOBODY, CERTAINTY_LIKELY, CAUSE_no_answer,
		    scan->asks[index].doubt == DOUBT_SAMPLED ? CAUSE_icmp_refused : CAUSE_NONE);
		break;
	case PORT_UNREACHABLE:
		decide_unreachable(scan, index, finding);
		break;
	case PORT_UNKNOWN:
		set(finding, BY_NOBODY, CERTAINTY_UNKNOWN, CAUSE_NONE, CAUSE_NONE);
		break;
	}
}

struct words {
	const char *id, *text;
};

static const struct words answerers[ANSWERED_BY] = {
	[BY_NOBODY] = { NULL, N_("nobody") },
	[BY_HOST] = { "host", N_("the host's own TCP") },
	[BY_FIREWALL_HERE] = { "firewall-here", N_("the firewall of this host, before anything left it") },
	[BY_FIREWALL_AT_HOST] = { "firewall-at-host", N_("a firewall on the host, or right before it") },
	[BY_FIREWALL_BEFORE] = { "firewall-before-host", N_("a firewall before the host, in its name") },
	[BY_FIREWALL] = { "firewall", N_("a firewall in the host's name; where it stands is not known") },
	[BY_FIREWALL_BEHIND] = { "firewall-behind", N_("a firewall behind this address (NAT), farther away than most of it") },
	[BY_HOST_BEHIND] = { "host-behind", N_("another host behind this address (NAT), farther away than the rest of it") },
	[BY_BOX_BEFORE] = { "box-before-host", N_("a box before the host that speaks TCP in its name") },
	[BY_PROXY] = { "proxy", N_("something that shakes hands before, or in place of, the host: a SYN proxy or a tarpit") },
	[BY_SYSTEM_HERE] = { "this-host", N_("this host itself") },
	[BY_REPORTER] = { "reporter", N_("who sent the ICMP error") },
	[BY_UNDECIDED] = { "undecided", N_("undecided: the host's own TCP or a firewall in its name") },
};

const char *answered_by_id(enum answered_by by)
{
	return answerers[by].id;
}

const char *answered_by_text(enum answered_by by)
{
	return _(answerers[by].text);
}

static const char *const clues[CLUES] = {
	[CLUE_CONNECTED] = N_("connect() was asked, which shows no packets"),
	[CLUE_OWN] = N_("the RST came from this host's loopback interface, in the other's name"),
	[CLUE_LABEL_SET] = N_("the RST bears an IPv6 flow label, as one of a TCP does and one of a packet filter does not"),
	[CLUE_LABEL_MISSING] = N_("the RST bears no IPv6 flow label, and the SYN-ACKs of the host do"),
	[CLUE_HOPS_SAME] = N_("it comes from as many hops away as the host's open ports"),
	[CLUE_HOPS_NEARER] = N_("it comes from fewer hops away than the host's open ports"),
	[CLUE_HOPS_FARTHER] = N_("it comes from more hops away than the host's open ports"),
	[CLUE_HOPS_AGREED] = N_("the host's TCP refuses from as far away as its open ports are"),
	[CLUE_HOPS_HIDDEN] = N_("a router is on the way, and answers of open ports have passed none: hops tell nothing"),
	[CLUE_ON_LINK] = N_("the host is on this link, and the answer has passed no router"),
	[CLUE_CLASS_COPIED] = N_("asked with a DSCP, the RST bears it: a Linux TCP copies it, a packet filter does not"),
	[CLUE_CLASS_MISSING] = N_("asked with a DSCP, the RST bears none, and those of other ports do"),
	[CLUE_CLASS_LOST] = N_("asked with a DSCP, the RST bears none, and nor does any other"),
	[CLUE_ROUTE_ECHOED] = N_("asked with the IP option record-route, the RST bears it: a TCP echoes it"),
	[CLUE_ROUTE_PLAIN] = N_("asked with the option record-route, the RST lacks it, and another port's answer has it"),
	[CLUE_ROUTE_SILENT] = N_("asked with the IP option record-route, nothing comes, and another port answers"),
	[CLUE_WALK_PASSED] = N_("a SYN must pass a router to get to the host, and the RST has passed none"),
	[CLUE_WALK_TURNED] = N_("a SYN that may go as far as the RST came from dies at a router; one hop more draws the RST"),
	[CLUE_WALK_REACHED] = N_("a SYN that may go only as far as the RST came from draws it: no router beyond is needed"),
	[CLUE_LINUX] = N_("the host is a Linux: its SYN-ACKs are"),
	[CLUE_OTHER_SYSTEM] = N_("its hop limit began at 128 or 255, not at the 64 of Linux: it need not copy a DSCP"),
	[CLUE_NO_OPEN_PORT] = N_("no open port of the host was seen that it could be compared with"),
	[CLUE_SAMPLED] = N_("some ports like this one were asked, and all answered alike"),
	[CLUE_WINDOW_TINY] = N_("the SYN-ACK has no room for a segment of data: hosts offer more"),
	[CLUE_EVERY_PORT] = N_("ports that nobody uses are open there, too: open says nothing"),
	[CLUE_ALIKE] = N_("the SYN-ACK comes from as far away as the refusals of the host's TCP"),
	[CLUE_NOT_ALIKE] = N_("the SYN-ACK comes from another distance than the refusals of the host's TCP"),
	[CLUE_CLOSED_ELSE] = N_("ports that nobody uses are not open there"),
};

const char *clue_text(enum clue clue)
{
	return _(clues[clue]);
}

const char *finding_decides(const struct finding *f)
{
	if (f->certainty == CERTAINTY_CERTAIN)
		return NULL;
	if (clue_has(f, CLUE_CONNECTED) && f->by == BY_UNDECIDED)
		return _("run it as root, or with CAP_NET_RAW: then packets can tell");
	if (f->by == BY_PROXY)
		return _("a connection that is carried on: does the program behind it ever say anything?");
	if (f->by == BY_NOBODY && f->cause == CAUSE_no_answer)
		return _("a capture at the host: do the SYNs arrive, and do answers leave?");
	if (f->cause == CAUSE_NONE && f->by != BY_NOBODY)
		return _("a capture at the host: does the SYN arrive there?");
	if (f->by == BY_REPORTER)
		return _("ask that port alone, after a pause");
	return _("a capture at the host: does this RST leave it, or only arrive here?");
}
