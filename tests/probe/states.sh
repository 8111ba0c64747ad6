#!/bin/bash
# Not one port of 65 535 is called what it is not: open, closed, filtered or unreachable, whatever a host does with SYNs
# and however much gets lost.
#
# TCPWHY_PROBE_RUNS=20 does all of it so often, for both families; by default each target is asked once.
. "$(dirname "$0")/../support/tap.sh"
. tests/support/probe.sh
build_network
runs=${TCPWHY_PROBE_RUNS:-1}
opened=$(fifty_ports)
listen near $opened && listen far $opened
accepted="tcp dport { ${opened// /, } } accept"
loss='meta l4proto tcp numgen random mod 100 < 5 drop'

# firewall HOST IN OUT [HOOK]: rules as lines separated by semicolons.
firewall() {
	rules "$1" <<-END
		table inet probed {
			chain in { type filter hook ${4:-input} priority 0
				${2//;/
		}
			}
			chain out { type filter hook output priority 0
				${3//;/
		}
			}
		}
	END
}
# right NAME TARGET EXPECTATION: all of its ports, or those in `asked`, are what they are.
asked=(-) count=65535
right() {
	local run complaint=''
	for ((run = 1; run <= runs; run++)); do
		probe "$2" "${asked[@]}"
		complaint+=$(wrong "$3" $count)
		[ -n "$complaint" ] && break
	done
	ok "$1 ($2)" is_empty "$complaint$(cat "$scratch/err")"
}
is_open='"open" if port in opened else'
# In a short run the slower half of the families is left out.
all() { [ "$runs" -gt 1 ]; }

rules near < /dev/null
for target in $near4 $near6; do
	right 'closed and open' $target "$is_open 'closed'"
	all || [ $target = $near4 ] || continue
	firewall near "$accepted;meta l4proto tcp drop" ''
	right 'dropped' $target "$is_open 'filtered'"
	firewall near "$accepted;meta l4proto tcp reject with tcp reset" ''
	right 'rejected with tcp reset' $target "$is_open 'closed'"
	firewall near "$accepted;meta l4proto tcp reject with icmpx admin-prohibited" ''
	right 'rejected with ICMP' $target "$is_open 'unreachable'"
	firewall near "$accepted;tcp dport 1-32000 drop" ''
	right 'half dropped, half closed' $target "$is_open 'filtered' if port <= 32000 else 'closed'"
	firewall near "$accepted;tcp dport 1-32000 reject" ''
	! all || right 'half rejected with ICMP, half closed' $target "$is_open 'unreachable' if port <= 32000 else 'closed'"
	# What is silent because ICMP is limited cannot be told from what is dropped; it is never called closed or open.
	firewall near "$accepted;tcp dport 1-32000 drop;meta l4proto tcp reject" ''
	! all || right 'half dropped, half rejected with ICMP' $target \
		"$is_open 'filtered|unreachable' if port > 32000 else 'filtered'"
	firewall near "$accepted;tcp dport 1-32000 drop;meta l4proto tcp reject with tcp reset" ''
	! all || right 'half dropped, half rejected with tcp reset' $target \
		"$is_open 'filtered' if port <= 32000 else 'closed'"
	rules near < /dev/null
done
rules near < /dev/null

for target in $near4 $near6; do
	firewall near "$loss" "$loss"
	right 'with 5 % lost each way' $target "$is_open 'closed'"
	all || break
	firewall near "$loss;tcp dport 1-32000 drop" "$loss"
	right 'with 5 % lost each way, half dropped' $target "'filtered' if port <= 32000 else $is_open 'closed'"
	firewall near "$loss;$accepted;meta l4proto tcp drop" "$loss"
	right 'with 5 % lost each way, dropped' $target "$is_open 'filtered'"
done

# Beyond a router, no more than 5000 SYNs a second are sent of one's own accord.
all || asked=(--rate 50000 1-8000) count=8000
for target in $far4 $far6; do
	all || [ $target = $far4 ] || continue
	firewall router 'iifname eth1 tcp flags rst limit rate over 8000/second burst 20 packets drop' '' forward
	right 'behind a router that limits the rate of answers' $target "$is_open 'closed'"
done
rules router < /dev/null
done_testing
