#!/bin/bash
# On Linux 6.1, which names no reasons and tells of no RST without a socket, `tcpwhy watch` still tells causes; where it
# cannot know, it does not say that it is certain.
. "$(dirname "$0")/../support/tap.sh"
. tests/support/kernel.sh

why=$(missing_for 6.1)
if [ -n "$why" ] || [ "$(uname -m)" != x86_64 ]; then
	skip 'watching on Linux 6.1' "${why:-this is no x86_64}"
	done_testing
fi

# What is played, and of what it is certain there: some of these, and nothing else; "-" for nothing, "?" where it
# depends on how fast the emulated machine is: the RST of a REJECT has to follow at once.
cat > "$scratch/wanted" << 'END'
loopback -
port-closed -
accept-queue-overflow listener-closed
listener-closed listener-closed
bad-handshake/syn-sent bad-handshake
half-open-reconnect half-open-reconnect
time-wait-reuse time-wait-reuse
unread-data unread-data
linger-zero linger-zero
process-death/sigkill process-death
disconnect disconnect
socket-destroyed socket-destroyed
abort-after-fin abort-after-fin
linger2-expired linger2-expired
linger2-expired/shutdown-first linger2-expired
mptcp-fastclose -
mptcp-subflow -
write-after-close write-after-close
write-after-shutdown write-after-shutdown
half-open -
keepalive-timeout keepalive-timeout
firewall-reject/midstream firewall-reject?
icmp-refused icmp-refused
unsigned unsigned
END

cut -d' ' -f1 "$scratch/wanted" | grep -v loopback | make_initramfs 6.1 "$scratch/initramfs"
ok 'it boots, and goes' boot 6.1 "$scratch/initramfs" "$scratch/said"
ok 'all was said' grep -q '^== end' "$scratch/said"
sed -n '/^== self-check/,/^== live/p' "$scratch/said" | sed '1d;$d' |
	sed '1s/^Linux [^ ]*:/Linux RELEASE:/' > "$scratch/check"
ok 'the self-check says what Linux 6.1 lacks' diff tests/live/self-check/kernel-6.1.txt "$scratch/check"
sed -n '/^== live/,/^== stacks/p' "$scratch/said" | grep '^{' > "$scratch/live"
sed -n '/^== stacks/,/^== end/p' "$scratch/said" | grep '^{' > "$scratch/stacks"
ok 'nothing else was said' is_empty "$(sed -n '/^== live/,/^== end/p' "$scratch/said" | grep -v '^[={]')"

# Lines "scenario certain-cause", "-" for none. The lab plays everything on the same addresses, so that what came late
# cannot be joined: a RST is told once more then, as its receiver sees it, who knows less. That counts where it is all
# there is, but for the abort that every cause of its family looks like from there.
python3 - "$scratch/live" > "$scratch/certain" << 'END'
import json, sys
certain, by_receiver = set(), set()
for line in map(json.loads, open(sys.argv[1])):
    if line["type"] == "scenario":
        print(line["name"], " ".join(sorted(certain or by_receiver - {"abort"})) or "-")
        certain, by_receiver = set(), set()
    elif line.get("certainty") == "certain":
        known = line["type"] == "ending" or line["part"] == "ignored" or line["ends"]["sender"]["here"]
        (certain if known else by_receiver).add(line["cause"])
END
certain_of() {
	local got
	got=$(sed -n "s|^$1 ||p" "$scratch/certain")
	case $2 in
	*\?) [ "$got" = - ] || is "$got" "${2%\?}" ;;
	*) is "$got" "$2" ;;
	esac
}
while read -r name cause; do
	ok "$name: certain of $cause" certain_of "$name" "$cause"
done < "$scratch/wanted"
ok 'with --stacks it is told where close() was called' python3 -c 'import json, sys
ends = [line["ends"]["sender"] for line in map(json.loads, open(sys.argv[1])) if line.get("cause") == "unread-data"]
stacks = [end["process"].get("stack", []) for end in ends]
told = any(len(stack) > 2 and "close" in (stack[0]["function"] or "") for stack in stacks)
sys.exit(0 if told else f"told: {ends}")
' "$scratch/stacks"
some_line() {
	grep -q "$1" "$scratch/live"
}
ok 'a closed port is likely by what its receiver tells' some_line '"port-closed","certainty":"likely"'
ok 'nothing was lost' some_line '"lost":0'
done_testing
