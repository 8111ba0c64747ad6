#!/bin/bash
# Whatever goes wrong, a probe ends, says what is known and what is not, and leaves nothing behind.
. "$(dirname "$0")/../support/tap.sh"
. tests/support/probe.sh
build_network
listen near 80

# said STATUS PIECE ARGUMENT...: the exit status, and a piece of what it says.
said() {
	local want=$1 piece=$2 text status
	shift 2
	text=$(timeout 20 "$tcpwhy" probe "$@" 2>&1)
	status=$?
	is "$status" "$want" && holds "$text" "$piece"
}
# Sockets of this namespace, but for those that a closed connection leaves to the kernel: FIN_WAIT2, TIME_WAIT.
own_sockets() {
	"$python3" -c 'print(*[name for name in ("tcp", "tcp6", "packet", "raw", "raw6")
	for line in open("/proc/net/" + name).readlines()[1:] if name[:3] != "tcp" or line.split()[3] not in ("05", "06")])'
}
at_once() { timeout 20 "$@"; }
before=$(own_sockets)

# ---- usage
ok 'no ports' said 2 'which host, and which ports?' 203.0.113.2
ok 'no such port' said 2 'ports are from 1 to 65535' $near4 0
ok 'a range that runs backwards' said 2 'ports are from 1 to 65535' $near4 80-22
ok 'no such service' said 3 'no-such-service: ' $near4 80 no-such-service
ok 'one kind of addresses only' said 2 'one of them' -4 -6 localhost 80
ok '--watch is for one port' said 2 'one host and one port' --watch $near4 80,81
ok 'a name that cannot be found' said 3 'no-such-host.invalid' no-such-host.invalid 80
ok 'a hostile name' is_empty "$("$tcpwhy" probe $'\e[31mx.invalid' 80 2>&1 | grep $'\e')"
ok 'multicast' said 3 'TCP does not go' 224.0.0.1 80
ok 'broadcast' said 3 'TCP does not go' 203.0.113.255 80
ok 'a host without a name' said 3 'no such host' '' 80
ok 'an address of a link, and not which' said 3 'which? Say ADDRESS%INTERFACE' fe80::1 80
ok 'the same address on two links' said 1 'a run of its own' fe80::1%near0 fe80::1%far0 9
ok 'no route' said 3 'no route to 100.64.0.1' 100.64.0.1 80
ip route add prohibit 100.64.0.2 && ip route add blackhole 100.64.0.3 && ip route add unreachable 100.64.0.4
ok 'a route that prohibits' said 3 prohibits 100.64.0.2 80
ok 'a route that discards' said 3 discards 100.64.0.3 80
ok 'a route that is unreachable' said 3 unreachable 100.64.0.4 80
ok 'one host that can be asked, and one that cannot' said 3 'no route' $near4 100.64.0.1 80
ok 'services by name' said 0 '80/http' $near4 http

# ---- exit status
ok 'open' said 0 open $near4 80
ok 'closed' said 1 closed $near4 80,81
ok 'two hosts' said 1 $near6 $near4 $near6 80,81

# ---- without privileges
unprivileged=(setpriv --bounding-set -all --inh-caps -all)
if "${unprivileged[@]}" true 2> /dev/null; then
	text=$("${unprivileged[@]}" "$tcpwhy" probe $near4 80 2>&1)
	ok 'without CAP_NET_RAW it connects' is $? 0
	ok 'and says so' holds "$text" 'CAP_NET_RAW'
	rules near <<-END
		table inet probed { chain c { type filter hook input priority 0
			tcp dport 82 reject with icmpx admin-prohibited
			tcp dport 83 drop
		}
		}
	END
	"${unprivileged[@]}" "$tcpwhy" probe --json $near6 80-82 > "$scratch/lines6" 2> "$scratch/err6" &
	"${unprivileged[@]}" "$tcpwhy" probe --json $near4 80-83 > "$scratch/lines" 2> "$scratch/err"
	wait $!
	ok 'open, closed, unreachable, filtered' is "$(field 80 state) $(field 81 state) $(field 82 state) $(field 83 state)" \
		'open closed unreachable filtered'
	ok 'who sent the ICMP error is told' is "$(field 82 reporter)" $near4
	ok 'who refused is not' is "$(field 81 answered_by) $(field 81 certainty)" 'undecided likely'
	mv "$scratch/lines6" "$scratch/lines"
	ok 'the same of IPv6' is "$(field 80 state) $(field 81 state) $(field 82 state) $(field 82 reporter)" \
		"open closed unreachable $near6"
	rules near < /dev/null
else
	skip 'without CAP_NET_RAW' 'setpriv cannot drop it here'
fi

# ---- the host's own rules
rules here <<< 'table inet probed { chain c { type filter hook output priority 0; tcp dport 81 drop; }; }'
probe $near4 80,81
ok 'what the own firewall holds back is not called filtered' is "$(field 80 state) $(field 81 state)" 'open unknown'
ok 'and why' holds "$(field 81 evidence)" "this host's own firewall"
rules here <<- END
	table ip probed { chain c { type nat hook output priority -100
		ip daddr 203.0.113.9 tcp dport 90 dnat to $near4:80
	}
	}
END
probe 203.0.113.9 90
ok 'where this host translates addresses, connect() finds out' is "$(field 90 state) $(field 90 method)" 'open connect'
rules here < /dev/null

# ---- a neighbour that is slow to say its address, or gets another
rules near <<< 'table inet probed { chain c { type filter hook input priority 0; tcp dport 1000-1999 drop; }; }'
# The kernel asks more often, so that a slow test is in time.
echo 10 > /proc/sys/net/ipv4/neigh/near0/mcast_solicit
ip neighbour flush dev near0
inside near ip link set eth0 arp off
probe $near4 1-3000 &
job=$!
read -rt 1.7 <> <(:)
inside near ip link set eth0 arp on
wait $job
ok 'a neighbour that answers after 1.7 seconds is not called absent' is "$(counted)" 'closed 1999 filtered 1000 open 1'
echo 3 > /proc/sys/net/ipv4/neigh/near0/mcast_solicit
rules near < /dev/null
probe $near4 80
probe --rate 3000 $near4 1-6000 &
job=$!
read -rt 0.7 <> <(:)
inside near ip link set eth0 address 02:00:00:00:00:99
ip neighbour replace $near4 lladdr 02:00:00:00:00:99 dev near0 nud reachable
wait $job
ok 'where the next hop gets another address in the middle, SYNs follow it' is "$(counted)" 'closed 5999 open 1'

# ---- a quiet link: it ends, though no packet ever comes
rules near <<< 'table inet probed { chain c { type filter hook input priority 0; drop; }; }'
at_once "$tcpwhy" probe --json $near4 1-100 > "$scratch/lines"
ok 'a quiet link: it ends' is $? 1
ok 'and calls silence filtered' is "$(counted)" 'filtered 100'
ok 'not before 1.2 seconds: a SYN-ACK that gets lost comes again after one' eval \
	'[ "$(tail -1 "$scratch/lines" | grep -oE "\"took_ns\":[0-9]+" | cut -d: -f2)" -ge 1200000000 ]'

# ---- the interface goes down in the middle
(probe --rate 2000 $near4 -; echo $? > "$scratch/status") &
job=$!
read -rt 0.6 <> <(:)
ip link set near0 down
wait $job
ok 'the interface goes down: could not tell' is "$(cat "$scratch/status")" 3
ok 'it says so' holds "$(cat "$scratch/err")" 'near0'
ok 'and calls nothing filtered' is "$(counted)" 'unknown 65535'
ip link set near0 up
inside near ip link set eth0 down
ok 'a link without a carrier' said 3 'no carrier' $near4 80
inside near ip link set eth0 up
ip -6 address add 2001:db8:3::1/64 dev near0 nodad 2> /dev/null
rules near < /dev/null

# ---- ^C
# interrupt ARGUMENT...: SIGINT half a second after it began; its exit status.
interrupt() {
	env --default-signal=INT timeout --foreground 20 "$tcpwhy" probe "$@" > "$scratch/lines" 2> "$scratch/err" &
	local job=$!
	read -rt 0.5 <> <(:)
	kill -INT $job # timeout hands it on
	wait $job
}
rules near <<< 'table inet probed { chain c { type filter hook input priority 0; tcp dport 1000-65535 drop; }; }'
interrupt --json --rate 1500 $near4 -
ok '^C: could not tell' is $? 3
ok 'what is known is told' holds "$(counted)" 'closed'
ok 'the rest is unknown, and nothing is called filtered' is \
	"$(counted | tr ' ' '\n' | grep -E '[a-z]' | xargs)" 'closed unknown'
ok 'all ports are told of' is "$(grep -c '"type":"port"' "$scratch/lines")" 65535
rules near < /dev/null
interrupt --watch $near4 80
ok '^C ends --watch' is $? 0
ok 'with its numbers' holds "$(cat "$scratch/lines")" 'p50'

# ---- waiting
(read -rt 0.6 <> <(:); listen near 81) &
ok '--wait-open waits until it is' said 0 open --wait-open 10 $near4 81
ok 'and not for ever' said 1 closed --wait-open 1 $near4 82
rules near <<< 'table inet probed { chain c { type filter hook input priority 0; tcp dport 83 drop; }; }'
ok 'nor for one that is silent' said 1 filtered --wait-open 2 $near4 83
rules near < /dev/null
ok '--watch counts' is "$("$tcpwhy" probe --watch --count 2 $near4 80 | grep -c open)" 4
# ---- JSON
rules near <<-END
	table inet probed { chain c { type filter hook input priority 0
		tcp dport 82 reject with icmpx admin-prohibited
		tcp dport 83 drop
		tcp dport 84 reject with tcp reset
	}
	}
END
jobs=() asked=("$near4 80-84" "$near6 80-84" "--connect $near4 80-82" "--watch --count 1 $near4 80"
	"--watch --count 1 $near4 84" '203.0.113.99 80')
for ((i = 0; i < ${#asked[@]}; i++)); do
	"$tcpwhy" probe --json ${asked[i]} > "$scratch/lines.$i" &
	jobs+=($!)
done
wait "${jobs[@]}"
cat "$scratch"/lines.? > "$scratch/lines"
ok 'every line fits the schema' eval '"$BUILD"/check_json < "$scratch/lines"'
ok 'and there is one a port, and one for all' is "$(grep -c '"type":"port"' "$scratch/lines") $(
	grep -c '"type":"probe-summary"' "$scratch/lines")" '16 4'
ok '--watch ends with how often the port was open, and how fast' is "$("$python3" -c 'import json, sys
for line in map(json.loads, open(sys.argv[1])):
    if line["type"] == "probe-watch":
        times = line["rtt"] and [line["rtt"][name] for name in ("least", "p50", "p90", "p99", "most")]
        print(line["port"], line["probes"], line["open"], line["closed"], line["changes"],
              times and times[0] > 0 and times == sorted(times))' "$scratch/lines" | xargs)" \
	'80 1 1 0 0 True 84 1 0 1 0 None'
rules near < /dev/null
ok 'nothing is left: no socket' is "$(own_sockets)" "$before"
done_testing
