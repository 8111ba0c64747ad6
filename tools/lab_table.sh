#!/bin/bash
# Print docs/lab-by-vantage.md: play scenarios of the lab (all; or those that are named: their rows only) over IPv4 and
# IPv6, and say what `read` tells of the captures of the client, of the router and of the server; and, where the kernel
# can be traced, what `watch` tells of them: of the whole host, and of each alone. Times, addresses and frames are left
# out: each play gives the same rows. Where no scenario can be played it prints nothing and fails. CAPTURES=DIR: an
# empty folder, where the captures and what the lab said of them (played.json) are left.
set -eu
cd "$(dirname "$0")/.."

export LC_ALL=C.UTF-8
unset LANGUAGE
tcpwhy=${BUILD:-build}/tcpwhy
captures=${CAPTURES:-$(mktemp -d)}
trap '[ -n "${CAPTURES:-}" ] || rm -rf "$captures"' EXIT

kernel=--kernel
"$tcpwhy" watch --self-check > /dev/null || kernel=
"$tcpwhy" lab --json $kernel -4 -6 -w "$captures" "${@:---all}" > "$captures/played.json"
# One at a time: several files would be one run, and their connections have the same ports.
for capture in "$captures"/*.pcapng; do
	"$tcpwhy" read --json "$capture"
done > "$captures/read.json" &
alone=$!
# The same together: the client's and the server's, and all three.
together() {
	local client=$1 set=$2
	shift 2
	printf '{"type": "set", "name": "%s", "set": "%s"}\n' "$(basename "${client%-client.pcapng}")" "$set"
	"$tcpwhy" read --json "$@"
}
for client in "$captures"/*-client.pcapng; do
	router=${client%client.pcapng}router.pcapng server=${client%client.pcapng}server.pcapng
	together "$client" two --at client="$client" --at server="$server"
	together "$client" three --at client="$client" --at router="$router" --at server="$server"
done > "$captures/together.json"
wait $alone

[ $# -gt 0 ] || cat << 'END'
# What the lab's scenarios look like from where

Made by `make lab-table` (tools/lab_table.sh) from the lab's round trip: each scenario is played on a Linux kernel
(`tcpwhy lab --all -4 -6 -w DIR`), and `tcpwhy read --json` reads what its client, its router and its server captured,
each capture alone, then those of the client and the server together, then all three; a test (tests/lab/vantages.sh)
makes it again and compares. *certain*, *likely*: the scenario's cause is the verdict, and nothing else fits, or the
other candidates are named beside it. *a candidate of X*: the verdict is X, and this cause is among its candidates. *X
(certain)*, *X (likely)*: the verdict is X without this cause, or the scenario is a row of `tcpwhy lab article` that
has no cause. *and*, *also*: further resets in the same capture have other verdicts. *-*: no RST is seen there. Where
IPv6 tells more or less than IPv4, it stands behind it. There is one router here, where the conversations of
causes-by-vantage.md have eight, so there is less to measure.

| cause | scenario | what is played | at the client | at the router | at the server | client and server | all three |
|---|---|---|---|---|---|---|---|
END
python3 - "$captures" "${1:-all}" << 'END'
import collections, json, os, sys, textwrap

HOSTS = "client", "router", "server"

def lines(name):
    with open(os.path.join(sys.argv[1], name), encoding="utf-8") as file:
        return [json.loads(line) for line in file]

def capture(scenario, version, host):
    return f"{scenario.replace('/', '-')}-ipv{version}-{host}.pcapng"

# What differs from play to play, and why: the certainty, or whether there are verdicts on further resets.
ISN = ("which of the initial sequence numbers that the kernel draws is the higher one decides whether `read` believes "
       "that the RST was accepted")
TWINS = "RSTs that are the same byte by byte count as one packet captured twice where they follow at once"
VARIES = {
    "bad-handshake/syn-sent": (("server",), "certainty", ISN),
    "connect-abandoned/timed-out": (HOSTS, "also", TWINS),
}

def varying(name, host):
    hosts, what, _ = VARIES.get(name, ((), None, None))
    return what if host in hosts else None

def said(cause, reset):
    """What a verdict says of this cause, the most telling kind first: (kind, text)."""
    if reset["cause"] == cause:
        return 0, reset["certainty"]
    if cause in reset["candidates"]:
        sure = " (certain)" if reset["certainty"] == "certain" else ""
        return 1, f"a candidate of {reset['cause']}{sure}"
    return 2, "unknown" if reset["certainty"] == "unknown" else f"{reset['cause']} ({reset['certainty']})"

def cell(cause, resets, varies):
    every = sorted({said(cause, reset) for reset in resets})
    best = every[0][0] if every else 0
    texts = [text for kind, text in every if kind == best]
    others = [text for kind, text in every if kind != best]
    if varies == "certainty" and texts in (["certain"], ["likely"], ["certain", "likely"]):
        texts = ["certain or likely"]
    if varies == "also":
        others = []
    return (" and ".join(texts) or "-") + "".join(f", also {text}" for text in others)

def both(v4, v6):
    return v4 if v4 == v6 else f"{v4}; IPv6: {v6}"

def kernel_cell(name, version, cause, host):
    """Of both ends: what stays open after the handshake is said again as echoes, which are left out."""
    told = [line for line in seen[name, version, host] if line.get("part") != "echo"]
    return cell(cause, told, None)

def others(name, version, cause):
    """Of hosts that only some scenarios have."""
    texts = [f"{host}: {kernel_cell(name, version, cause, host)}" for host in ("spare", "neighbour")
             if seen[name, version, host]]
    return ", ".join(texts) or "-"

resets = collections.defaultdict(list)
for line in lines("read.json"):
    if line["type"] == "reset":
        resets[os.path.basename(line["file"])].append(line)
of_set = None
for line in lines("together.json"):
    if line["type"] == "set":
        of_set = line["set"], line["name"]
    # An end without a RST counts where it is the cause: from one place it has no RST to stand for.
    elif line["type"] == "reset" or line["type"] == "ending" and line["certainty"] == "certain":
        resets[of_set].append(line)
scenarios, seen, playing = {}, collections.defaultdict(list), None
for line in lines("played.json"):
    if line["type"] == "scenario":
        playing = line["name"], line["ip"]
        scenarios[line["name"]] = line
    elif line["type"] == "seen":
        seen[(*playing, line["host"])].append(line)
    elif "kernel" in line:
        seen[(*playing, "both")].append(line)
for name, scenario in scenarios.items():
    cause = scenario["cause"]
    cells = [both(*(cell(cause, resets[capture(name, version, host)], varying(name, host)) for version in (4, 6)))
             for host in HOSTS]
    together = lambda which, ip: resets[which, f"{name.replace('/', '-')}-ipv{ip}"]
    varies = next((varying(name, host) for host in HOSTS if varying(name, host)), None)
    cells += [both(*(cell(cause, together(which, ip), varies) for ip in (4, 6))) for which in ("two", "three")]
    print(f"| {f'`{cause}`' if cause else '-'} | `{name}` | {scenario['title']} | " + " | ".join(cells) + " |")
if seen and sys.argv[2] == "all":
    print("\n## What `watch` tells\n")
    print(textwrap.fill("The same plays, with `--kernel`: what the kernel says where the whole machine is watched, and "
                        "where only one host is (`tcpwhy watch --netns`), which sees one end. Echoes of a reset are "
                        "left out; *-*: nothing reaches a socket there, or TCP of that host made no RST.", 118,
                        break_on_hyphens=False))
    print("\n| scenario | both ends | client alone | router alone | server alone | elsewhere |")
    print("|---|---|---|---|---|---|")
for name in scenarios if seen else ():
    cause = scenarios[name]["cause"]
    cells = [both(*(kernel_cell(name, version, cause, host) for version in (4, 6))) for host in ("both", *HOSTS)]
    cells.append(both(*(others(name, version, cause) for version in (4, 6))))
    print(f"| kernel: `{name}` | " + " | ".join(cells) + " |")
if sys.argv[2] == "all":
    print("\nWhat differs from play to play:\n")
    kinds = {"certainty": "the certainty", "also": "verdicts on further resets, which are left out above"}
    for name, (hosts, what, why) in VARIES.items():
        text = f"- `{name}` at the {', '.join(hosts)}, {kinds[what]}: {why}."
        print(textwrap.fill(text, 118, subsequent_indent="  ", break_on_hyphens=False))
END
