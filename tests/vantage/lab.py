"""
Read every pair and all three captures of the lab's scenarios together: lab.py TCPWHY FOLDER, which holds the captures
and played.json, what the lab said. Prints what is amiss.
"""
import concurrent.futures, json, os, subprocess, sys

TCPWHY, FOLDER = sys.argv[1:]
HOSTS = "client", "router", "server"
SETS = ("client", "router"), ("client", "server"), ("router", "server"), HOSTS
SHIFT_S = {"client": 0, "router": 86400, "server": -86400}

# What both sides of the box, or both ends, can tell: the cause has to be named. By scenario, and where from.
BOTH_SIDES = ("client", "server"), ("router", "server"), HOSTS
ENDS = ("client", "server"), HOSTS
OTHER_SIDE = ("client", "router"), ("client", "server"), HOSTS  # the router's capture was taken at the server's side
EXACT = {
    "firewall-reject/syn": BOTH_SIDES,
    "firewall-reject/midstream": BOTH_SIDES,
    "firewall-reject/restart": BOTH_SIDES,
    "firewall-reject/marked": BOTH_SIDES,
    "firewall-reject/nonblocking": BOTH_SIDES,
    # The server's own firewall answers on the server itself: over IPv4 no packet anywhere tells it from its kernel.
    "local-reject": (("client", "router"), ("client", "server"), HOSTS),  # it is seen on the client's loopback only
    "injected": SETS,
    "injected/challenged": SETS,
    "injected/out-of-window": SETS,
    "injected/tcpkill": SETS,
    "injected/killcx": SETS,
    "no-answer": SETS,
    "peer-timed-out": BOTH_SIDES,
    "nat-expired/client-first": BOTH_SIDES,
    "nat-expired/server-first": OTHER_SIDE,
    "conntrack-invalid": SETS,
    "conntrack-invalid/masquerade": OTHER_SIDE,
}
CERTAIN = {
    "firewall-reject/midstream": BOTH_SIDES, "firewall-reject/restart": BOTH_SIDES, "local-reject": ENDS,
    "injected": BOTH_SIDES, "injected/challenged": SETS, "injected/out-of-window": SETS, "injected/tcpkill": SETS,
    "injected/killcx": SETS, "no-answer": BOTH_SIDES, "nat-expired/client-first": BOTH_SIDES, "conntrack-invalid": SETS,
}


def read(*arguments):
    run = subprocess.run([TCPWHY, "read", "--json", *arguments], capture_output=True, text=True)
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    return [line for line in lines if line["type"] in ("reset", "ending")], \
        [line for line in lines if line["type"] == "vantages"], run.stderr.strip()


def quality(cause, verdicts):
    """0: the cause, certain; 1: likely; 2, 3: among the candidates; 4: another one; 9: nothing is said."""
    best = 9
    for verdict in verdicts:
        if verdict["cause"] == cause:
            best = min(best, 0 if verdict["certainty"] == "certain" else 1)
        elif cause in verdict["candidates"]:
            best = min(best, 2 if verdict["certainty"] == "certain" else 3)
        else:
            best = min(best, 4)
    return best


def certain(verdicts):
    return {verdict["cause"] for verdict in verdicts if verdict["certainty"] == "certain"}


def check_clocks(what, hosts, vantages):
    """Offsets are those that were set, to within what is stated and what the packets themselves may be late by."""
    first = SHIFT_S[hosts[0]]
    for host, capture in zip(hosts, vantages[0]["captures"] if vantages else ()):
        if capture["offset_ns"] is None:
            continue
        wrong = abs(capture["offset_ns"] - (first - SHIFT_S[host]) * 10**9)
        if wrong > (capture["error_ns"] or 0) + 5 * 10**6:
            yield "clock", what, host, "wrong by", wrong, "ns, to within", capture["error_ns"]


def check_set(name, version, cause, hosts, path, alone):
    what = f"{name} IPv{version} {'+'.join(hosts)}"
    verdicts, vantages, said = read(*(part for host in hosts for part in ("--at", f"{host}={path[host]}")))
    told = [(verdict["cause"], verdict["certainty"]) for verdict in verdicts]
    known = set().union(*(certain(alone[host]) for host in hosts)) | {cause}
    if said:
        yield "complaint", what, said
    if cause and quality(cause, verdicts) > min(quality(cause, alone[host]) for host in hosts):
        yield "worse", what, told
    if certain(verdicts) - known:
        yield "new", what, certain(verdicts) - known
    if hosts in EXACT.get(name, ()) and quality(cause, verdicts) > 1 or \
            hosts in CERTAIN.get(name, ()) and quality(cause, verdicts) > 0:
        yield "inexact", what, told
    yield from check_clocks(what, hosts, vantages)


def check(scenario, version):
    name, cause = scenario["name"], scenario["cause"]
    path = {host: f"{FOLDER}/{name.replace('/', '-')}-ipv{version}-{host}.pcapng" for host in HOSTS}
    alone = {host: read(path[host])[0] for host in HOSTS}
    return [("played", name, version)] + \
        [line for hosts in SETS for line in check_set(name, version, cause, hosts, path, alone)]


with open(os.path.join(FOLDER, "played.json"), encoding="utf-8") as file:
    scenarios = {line["name"]: line for line in map(json.loads, file) if line["type"] == "scenario"}
with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    for lines in pool.map(check, *zip(*((scenario, ip) for scenario in scenarios.values() for ip in (4, 6)))):
        for line in lines:
            print(*line)
