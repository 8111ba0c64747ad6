#!/bin/bash
# Who answered is right wherever anything differs, and undecided where nothing does.
. "$(dirname "$0")/../support/tap.sh"
. tests/support/probe.sh
build_network
listen near 80 443 && listen far 80 443 && listen behind 8080

# answered NAME TARGET PORTS PORT BY CAUSE [CERTAINTY]
answered() {
	probe "$2" "$3"
	ok "$1 ($2 $3)" is "$(field "$4" answered_by) $(field "$4" cause)${7:+ $(field "$4" certainty)}" "$5 $6${7:+ $7}"
}
reject() {
	rules "$1" <<-END
		table inet probed { chain c { type filter hook $2 priority 0
			tcp dport 81-89 reject with tcp reset
		}
		}
	END
}

# ---- a host that refuses
for target in $near4 $near6; do
	answered 'a closed port' $target 22,80 22 host port-closed certain
	answered 'a closed port of a host without an open one' $target 22 22 host port-closed certain
	answered 'an open port' $target 80 80 host None certain
done
for target in $far4 $far6; do
	answered 'a closed port behind a router' $target 22,80 22 host port-closed certain
	answered 'an open port behind a router, beside a closed one' $target 22,80 80 host None certain
	answered 'an open port alone behind a router' $target 80 80 host None likely
	answered 'alone, nothing tells how far the host is' $target 22 22 host port-closed likely
done

# ---- a REJECT on the host
reject near input
reject far input
for target in $near4 $near6 $far4 $far6; do
	answered 'a REJECT on the host, beside a closed port' $target 22,80,81 81 firewall-at-host firewall-reject certain
	answered 'and the closed port' $target 22,80,81 22 host port-closed certain
done
for target in $near4 $near6; do
	answered 'a REJECT on the host, beside an open port' $target 80,81 81 firewall-at-host firewall-reject certain
done
answered 'a REJECT alone on the link' $near4 81 81 firewall-at-host firewall-reject likely
answered 'a REJECT on a host behind a router, beside an open port' $far4 80,81 81 firewall-at-host firewall-reject
answered 'a REJECT alone behind a router: nothing differs' $far4 81 81 undecided port-closed likely
ok 'and it says why' holds "$(field 81 evidence)" 'no open port of the host'
ok 'the walk was tried' holds "$(field 81 evidence)" 'no router beyond is needed'
rules near < /dev/null
rules far < /dev/null

# ---- before the host
reject router forward
for target in $far4 $far6; do
	answered 'a REJECT on a router' $target 22,80,81 81 firewall-before-host firewall-reject certain
	answered 'beside an open port' $target 80,81 81 firewall-before-host firewall-reject
done
for target in $far4 $far6; do
	answered 'a REJECT on a router, alone: the walk tells' $target 81 81 firewall-before-host firewall-reject likely
done
answered 'beside a closed port alone' $far4 22,81 81 firewall-before-host firewall-reject likely
rules router <<- END
	table inet probed { chain c { type filter hook forward priority 0
		tcp dport 81-89 reject with icmpx admin-prohibited
	}
	}
END
answered 'ICMP from a router' $far4 80,81 81 reporter icmp-refused certain
ok 'its address' is "$(field 81 reporter)" 192.0.2.1
answered 'ICMPv6 from a router' $far6 80,81 81 reporter icmp-refused certain
ok 'its address' is "$(field 81 reporter)" 2001:db8:1::1

# ---- a router that takes the DSCP from what one port sends
rules router <<- END
	table inet probed { chain c { type filter hook forward priority 0
		tcp sport 25 ip dscp set cs0
	}
	}
END
answered 'a closed port whose DSCP a router takes away' $far4 22,25,80 25 undecided port-closed unknown
answered 'without an open port' $far4 22,25 25 undecided port-closed unknown
reject far input
rules router <<- END
	table inet probed { chain c { type filter hook forward priority 0
		tcp sport 81 ip dscp set cs0
	}
	}
END
answered 'a REJECT whose DSCP it would take away' $far4 22,80,81 81 firewall-at-host firewall-reject certain
# Of more than 256 that lack it some are not asked again, as this one among them.
rules router <<- END
	table inet probed { chain c { type filter hook forward priority 0
		tcp sport 25 ip dscp set cs0
	}
	}
END
rules far <<- END
	table inet probed { chain c { type filter hook input priority 0
		tcp dport 1000-1400 reject with tcp reset
	}
	}
END
many=22-80,1000-1400
answered 'a closed port beside many that are rejected' $far4 $many 25 firewall-at-host firewall-reject likely
answered 'and one of these' $far4 $many 1400 firewall-at-host firewall-reject certain
rules router < /dev/null
rules far < /dev/null

# ---- translated addresses
rules router <<- END
	table ip probed { chain c { type nat hook prerouting priority -100
		ip daddr $far4 tcp dport 90-91 dnat to 10.9.9.2
		ip daddr $far4 tcp dport 92 redirect to :92
		ip daddr $far4 tcp dport 93 dnat to 10.9.9.2:8080
	}
	}
END
answered 'DNAT to a closed port as far away as the host' $far4 80,90 90 host port-closed
answered 'a port redirected to the router itself, where it is closed' $far4 80,92 92 box-before-host port-closed
answered 'DNAT to an open port' $far4 80,93 93 host None
# One router more: from 10.9.9.2 into yet another namespace.
new_host deep
inside behind ip link add eth1 type veth peer name eth0 netns "${holders[deep]}"
inside behind ip address add 10.8.8.1/24 dev eth1
inside behind ip link set eth1 up
inside behind sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward'
inside deep ip address add 10.8.8.2/24 dev eth0
inside deep ip link set eth0 up
inside deep ip route add default via 10.8.8.1
inside router ip route add 10.8.8.0/24 via 10.9.9.2
listen deep 8080
rules router <<- END
	table ip probed { chain c { type nat hook prerouting priority -100
		ip daddr $far4 tcp dport 90-91 dnat to 10.8.8.2
		ip daddr $far4 tcp dport 93 dnat to 10.8.8.2:8080
	}
	}
END
answered 'DNAT to a closed port farther away' $far4 80,90 90 host-behind port-closed
answered 'and to an open one, beside one of the host' $far4 22,80,93,443 93 host-behind None likely
rules deep <<- END
	table inet probed { chain c { type filter hook input priority 0
		tcp dport 91 reject with tcp reset
	}
	}
END
answered 'a REJECT after DNAT' $far4 22,80,91 91 firewall-behind firewall-reject
rules router < /dev/null
rules deep < /dev/null

# ---- a host that hands its open port on to a container: that is farther away, and no firewall stands before the host
new_host inner
for host in near far; do
	[ $host = near ] && target=$near4 || target=$far4
	inside $host ip link add inner0 type veth peer name eth0 netns "${holders[inner]}"
	inside $host ip address add 10.7.7.1/24 dev inner0
	inside $host ip link set inner0 up
	inside $host sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward'
	inside inner ip address add 10.7.7.2/24 dev eth0
	inside inner ip link set eth0 up
	inside inner ip route replace default via 10.7.7.1
	[ $host = far ] || listen inner 8080
	rules $host <<- END
		table ip probed {
			chain c { type nat hook prerouting priority -100
				ip daddr $target tcp dport 8080 dnat to 10.7.7.2
			}
			chain in { type filter hook input priority 0
				tcp dport 81-89 reject with tcp reset
			}
		}
	END
	[ $host = near ] && wanted='firewall-at-host firewall-reject certain' ||
		wanted='firewall-before-host firewall-reject likely'
	answered 'beside the port of a container, a REJECT of its host' $target 8080,22,81 81 $wanted
	[ $host = far ] || answered 'and a closed port of its host' $target 8080,22 22 host port-closed certain
	rules $host < /dev/null
	inside $host ip link delete inner0
done

# ---- a program that sends with a hop limit of its own, as BGP does to a neighbour
inside near "$python3" -c 'import signal, socket, sys
s = socket.socket()
s.setsockopt(socket.SOL_IP, socket.IP_TTL, 1)
s.bind(("", 179))
s.listen(8)
open(sys.argv[1], "w").close()
signal.pause()' "$scratch/neighbour" &
neighbour=$!
until [ -e "$scratch/neighbour" ]; do kill -0 $neighbour || exit 1; done
answered 'beside a port that answers with a hop limit of 1' $near4 22,179 22 host port-closed certain
kill $neighbour

# ---- a router that sets hop limits anew: nothing tells how far away anybody is
rules router <<- END
	table ip probed {
		chain out { type filter hook postrouting priority 0
			oifname eth0 ip ttl set 64
		}
		chain c { type filter hook forward priority 0
			tcp dport 81-89 reject with tcp reset
		}
	}
END
answered 'a REJECT on a router that sets hop limits' $far4 22,80,81 81 firewall firewall-reject likely
answered 'and a closed port of the host behind it' $far4 22,80,81 22 host port-closed likely
rules router < /dev/null

# ---- a host that turns flow labels round instead of making them
inside far sh -c 'echo 0 > /proc/sys/net/ipv6/auto_flowlabels; echo 1 > /proc/sys/net/ipv6/flowlabel_reflect'
listen far 8081
answered 'a closed port of a host that reflects flow labels' $far6 22,8081 22 host port-closed certain
inside far sh -c 'echo 1 > /proc/sys/net/ipv6/auto_flowlabels; echo 0 > /proc/sys/net/ipv6/flowlabel_reflect'

# ---- behind two routers, with nothing open
inside behind ip -6 address add 2001:db8:8::1/64 dev eth1 nodad
inside behind sh -c 'echo 1 > /proc/sys/net/ipv6/conf/all/forwarding'
inside behind ip -6 route replace default via 2001:db8:9::1
inside deep ip -6 address add 2001:db8:8::2/64 dev eth0 nodad
inside deep ip -6 route add default via 2001:db8:8::1
inside router ip -6 route add 2001:db8:8::/64 via 2001:db8:9::2
ip route add 10.8.8.0/24 via 192.0.2.1
ip -6 route add 2001:db8:8::/64 via 2001:db8:1::1
for target in 10.8.8.2 2001:db8:8::2; do
	answered 'a closed port' $target 22 22 host port-closed likely
done
for host in router behind; do
	reject $host forward
	for target in 10.8.8.2 2001:db8:8::2; do
		answered "a REJECT on $host, alone" $target 81,82 81 firewall-before-host firewall-reject likely
	done
	rules $host < /dev/null
done
reject deep input
answered 'a REJECT on the host, alone: nothing differs' 10.8.8.2 81 81 undecided port-closed likely
ok 'and it says what was tried' holds "$(field 81 evidence)" 'no router beyond is needed'

# ---- boxes that answer for every port
rules near <<- END
	table inet probed { chain c { type nat hook prerouting priority -100
		meta l4proto tcp redirect to :80
	}
	}
END
answered 'everything is open: one port' $near4 22 22 proxy None likely
answered 'everything is open: many ports' $near4 1-1000 22 proxy None likely
rules near <<- END
	table inet probed {
		chain early { type filter hook prerouting priority -300
			tcp dport 80 tcp flags & (syn | ack) == syn notrack
		}
		chain in { type filter hook input priority 0
			tcp dport 80 ct state invalid,untracked synproxy mss 1460 wscale 7 timestamp sack-perm
		}
	}
END
answered 'a SYN proxy' $near4 22,80 80 proxy None likely
rules near < /dev/null

# ---- this host
rules here <<- END
	table inet probed { chain c { type filter hook output priority 0
		tcp dport 81 reject with tcp reset
	}
	}
END
answered "the firewall of this host" $near4 22,80,81 81 firewall-here local-reject certain
rules here < /dev/null
answered 'nobody has that address' 203.0.113.77 80 80 this-host no-answer certain
answered 'an own address' 203.0.113.1 80 80 host port-closed certain
answered 'the loopback address' 127.0.0.1 80 80 host port-closed certain
answered 'the loopback address of IPv6' ::1 80 80 host port-closed certain
done_testing
