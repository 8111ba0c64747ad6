#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "cli/probe_show.h"

static const struct {
	const char *id, *text;
} states[] = {
	[PORT_UNKNOWN] = { "unknown", N_("unknown") },
	[PORT_OPEN] = { "open", N_("open") },
	[PORT_CLOSED] = { "closed", N_("closed") },
	[PORT_FILTERED] = { "filtered", N_("filtered") },
	[PORT_UNREACHABLE] = { "unreachable", N_("no way") },
};

const char *port_state_id(enum port_state state)
{
	return states[state].id;
}

const char *port_state_text(enum port_state state)
{
	return _(states[state].text);
}

/* IANA: ICMP and ICMPv6 parameters; those that answer a SYN. */
static const struct {
	uint8_t version, type, code;
	const char *text;
} icmp_words[] = {
	{ 4, 3, 0, N_("network unreachable") },
	{ 4, 3, 1, N_("host unreachable") },
	{ 4, 3, 2, N_("protocol unreachable") },
	{ 4, 3, 3, N_("port unreachable") },
	{ 4, 3, 9, N_("network administratively prohibited") },
	{ 4, 3, 10, N_("host administratively prohibited") },
	{ 4, 3, 13, N_("communication administratively prohibited") },
	{ 4, 11, 0, N_("time to live exceeded: a loop of routes?") },
	{ 6, 1, 0, N_("no route to destination") },
	{ 6, 1, 1, N_("communication administratively prohibited") },
	{ 6, 1, 3, N_("address unreachable") },
	{ 6, 1, 4, N_("port unreachable") },
	{ 6, 1, 5, N_("source address failed ingress or egress policy") },
	{ 6, 1, 6, N_("reject route to destination") },
	{ 6, 3, 0, N_("hop limit exceeded: a loop of routes?") },
};

static const char *icmp_word(uint8_t version, const struct sighting *seen)
{
	for (size_t i = 0; i < sizeof icmp_words / sizeof *icmp_words; i++)
		if (icmp_words[i].version == version && icmp_words[i].type == seen->icmp_type &&
		    icmp_words[i].code == seen->icmp_code)
			return _(icmp_words[i].text);
	return _("unreachable");
}

void probe_icmp_text(struct buffer *out, const struct scan *scan, size_t index)
{
	const struct sighting *seen = &scan->asks[index].seen;
	char address[ADDRESS_TEXT_MAX];

	if (!seen->by_icmp)
		return;
	if (seen->reporter)
		buffer_printf(out, "%s: ", address_text(address, &scan->reporters[seen->reporter]));
	buffer_printf(out, "%s (ICMP%s %u/%u)", icmp_word(scan->targets[0].path.target.version, seen),
	              scan->targets[0].path.target.version == 6 ? "v6" : "", seen->icmp_type, seen->icmp_code);
}

static const char *refusal_text(int failure)
{
	switch (failure) {
	case EPERM:
	case EACCES:
		return _("this host's own firewall, or a prohibiting route, does not let the SYN out");
	case EHOSTUNREACH:
	case ENETUNREACH:
		return _("this host has no route there any more");
	case EMSGSIZE:
		return _("the SYN does not fit the link");
	case EADDRNOTAVAIL:
		return _("this host has no local port left for it");
	default:
		return strerror(failure);
	}
}

void probe_doubt_text(struct buffer *out, const struct scan *scan, size_t index)
{
	const struct ask *ask = &scan->asks[index];
	char address[ADDRESS_TEXT_MAX];

	switch ((enum doubt)ask->doubt) {
	case DOUBT_NONE:
		break;
	case DOUBT_STOPPED:
		buffer_puts(out, ask->tries ? _("it was stopped before an answer came") : _("it was stopped before it was asked"));
		break;
	case DOUBT_LINK:
		buffer_puts(out, scan->failure.text);
		break;
	case DOUBT_DROPPED:
		buffer_puts(out, _("this host received more than it could read, and the answer may have been among that"));
		break;
	case DOUBT_LOSSY:
		buffer_puts(out, _("so many answers get lost on the way that silence means nothing"));
		break;
	case DOUBT_REFUSED:
		buffer_puts(out, refusal_text(ask->failure));
		break;
	case DOUBT_NEIGHBOUR:
		buffer_printf(out, _("nobody on the link answers for %s (ARP or neighbour discovery)"),
		              address_text(address, &scan_target(scan, index)->path.next_hop));
		break;
	case DOUBT_LIMITED:
		buffer_printf(out, _("ICMP errors are rate-limited: ports that got one: %u; a sample of the silent ones, asked "
		                     "slowly, got one each"), scan_target(scan, index)->icmp_answers);
		break;
	case DOUBT_SAMPLED:
		buffer_printf(out, _("ICMP errors are rate-limited: ports that got one: %u; of a sample of the silent ones, "
		                     "asked slowly, not each got one"), scan_target(scan, index)->icmp_answers);
		break;
	}
}
