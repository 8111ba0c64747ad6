# Hosts to be probed, in network namespaces of a test: sourced after tap.sh by tests/probe/*.sh and bench/probe.sh.
#
#	here, near0   203.0.113.1, 2001:db8:3::1  --  203.0.113.2, ::2    near
#	here, far0    192.0.2.2, 2001:db8:1::2    --  192.0.2.1, ::1      router
#	router        198.51.100.1, 2001:db8:2::1 --  198.51.100.10, ::10 far
#	router        10.9.9.1                    --  10.9.9.2            behind
#
# The test itself runs in a namespace of its own, first of a PID namespace: what it starts ends with it.
PATH=$PATH:/usr/sbin:/sbin
if [ -z "${TCPWHY_TEST_ALONE:-}" ]; then
	alone=(--pid --net --mount --fork --kill-child --mount-proc)
	[ "$(id -u)" = 0 ] || alone+=(--user --map-root-user)
	if unshare "${alone[@]}" true 2> /dev/null; then
		TCPWHY_TEST_ALONE=yes exec unshare "${alone[@]}" "$BASH" "$0" "$@"
	fi
	echo '1..0 # SKIP network namespaces cannot be made here'
	exit 0
fi
for tool in ip nft nsenter python3; do
	command -v $tool > /dev/null && continue
	echo "1..0 # SKIP $tool is not installed: packages iproute2, nftables, util-linux, python3"
	exit 0
done
# A shim would be a process more.
python3=$(python3 -c 'import sys; print(sys.executable)')

declare -A holders
new_host() {
	unshare -n sleep infinity &
	holders[$1]=$!
	until [ "$(readlink "/proc/${holders[$1]}/ns/net" 2> /dev/null)" != "$(readlink /proc/self/ns/net)" ]; do
		kill -0 "${holders[$1]}" || exit 1
	done
	inside "$1" ip link set lo up
	no_waiting "$1"
}
# IPv6 addresses of HOST are good at once: else a router asks for its neighbours after a second or two only.
no_waiting() {
	inside "$1" sh -c 'for of in all default; do echo 0 > /proc/sys/net/ipv6/conf/$of/accept_dad; done'
}
# inside HOST COMMAND...: `here` is the test's own.
inside() {
	local host=$1
	shift
	if [ "$host" = here ]; then "$@"; else nsenter -t "${holders[$host]}" -n "$@"; fi
}
# wire HOST INTERFACE IPV4/N IPV6/N HOST INTERFACE IPV4/N IPV6/N
wire() {
	local end
	inside "$1" ip link add "$2" type veth peer name "$6" netns "${holders[$5]}"
	for end in "$1 $2 $3 $4" "$5 $6 $7 $8"; do
		set -- $end
		inside "$1" ip address add "$3" dev "$2"
		inside "$1" ip -6 address add "$4" dev "$2" nodad
		inside "$1" ip link set "$2" up
	done
}
build_network() {
	local host
	ip link set lo up
	no_waiting here
	for host in near router far behind; do new_host $host; done
	wire here near0 203.0.113.1/24 2001:db8:3::1/64 near eth0 203.0.113.2/24 2001:db8:3::2/64
	wire here far0 192.0.2.2/24 2001:db8:1::2/64 router eth0 192.0.2.1/24 2001:db8:1::1/64
	wire router eth1 198.51.100.1/24 2001:db8:2::1/64 far eth0 198.51.100.10/24 2001:db8:2::10/64
	wire router eth2 10.9.9.1/24 2001:db8:9::1/64 behind eth0 10.9.9.2/24 2001:db8:9::2/64
	ip route add 198.51.100.0/24 via 192.0.2.1
	ip -6 route add 2001:db8:2::/64 via 2001:db8:1::1
	inside far ip route add default via 198.51.100.1
	inside far ip -6 route add default via 2001:db8:2::1
	inside behind ip route add default via 10.9.9.1
	inside behind ip -6 route add default via 2001:db8:9::1
	inside router sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding'
}
near4=203.0.113.2 near6=2001:db8:3::2 far4=198.51.100.10 far6=2001:db8:2::10

# rules HOST: its firewall from now on, from standard input.
rules() {
	{ echo 'flush ruleset'; cat; } | inside "$1" nft -f -
}

# listen HOST PORT...: on both families, and never accepts; returns when it listens.
listen() {
	local host=$1
	shift
	rm -f "$scratch/listening"
	inside "$host" "$python3" -c 'import signal, socket, sys
kept = []
for port in sys.argv[2:]:
    s = socket.socket(socket.AF_INET6)
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("::", int(port)))
    s.listen(64)
    kept.append(s)
open(sys.argv[1], "w").close()
signal.pause()' "$scratch/listening" "$@" &
	listener=$!
	until [ -e "$scratch/listening" ]; do kill -0 $listener || return 1; done
}
fifty_ports() {
	"$python3" -c 'import random
random.seed('"${1:-1}"')
print(*sorted(random.sample(range(1, 65536), 50)))'
}

# probe ARGUMENT...: its JSON lines into $scratch/lines; the exit status is probe's.
probe() {
	"$tcpwhy" probe --json "$@" > "$scratch/lines" 2> "$scratch/err"
}
# field PORT NAME: of the line about that port.
field() {
	"$python3" -c 'import json, sys
for line in open(sys.argv[1]):
    line = json.loads(line)
    if line.get("port") == int(sys.argv[2]):
        print(line[sys.argv[3]])' "$scratch/lines" "$1" "$2"
}
# counted: "open 50 closed 65485", in the order of the alphabet.
counted() {
	"$python3" -c 'import collections, json, sys
print(*(f"{state} {n}" for state, n in sorted(collections.Counter(
    json.loads(line)["state"] for line in open(sys.argv[1]) if "\"port\"" in line).items())))' "$scratch/lines"
}
# wrong EXPECTATION: ports whose state is not what the Python expression over `port` says.
wrong() {
	"$python3" -c 'import json, sys
opened = {int(p) for p in sys.argv[3].split()}
expected = eval("lambda port: " + sys.argv[2])
lines = [json.loads(line) for line in open(sys.argv[1])]
lines = [line for line in lines if line["type"] == "port"]
bad = [(l["port"], l["state"]) for l in lines if l["state"] not in expected(l["port"]).split("|")]
print(*bad[:10]) if bad else None
if len(lines) != int(sys.argv[4]): print(len(lines), "lines")' "$scratch/lines" "$1" "${opened:-}" "${2:-65535}"
}
