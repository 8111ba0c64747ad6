#!/bin/bash
# Nothing stays: no process, no namespace, no interface, no rule, no file; after a run, after ^C, after SIGKILL at any
# moment.

# With PID and network namespaces of its own, in which nobody else makes anything: what there is can be compared.
if [ -z "${TCPWHY_TEST_ALONE:-}" ]; then
	alone=(--pid --net --fork --kill-child --mount-proc)
	[ "$(id -u)" = 0 ] || alone+=(--user --map-root-user)
	if unshare "${alone[@]}" true 2> /dev/null; then
		TCPWHY_TEST_ALONE=yes exec unshare "${alone[@]}" bash "$0" "$@"
	fi
	export TCPWHY_TEST_ALONE=no
fi
. "$(dirname "$0")/../support/tap.sh"

# In real time it is silent for far longer than the test waits, and does not notice that nobody listens any more: what
# outlives the program is still there.
LONG=idle-close
# Played in turn: a plain one, one with rules, one with NAT, one that starts further programs, one with a spare host.
SCENARIOS=($LONG half-open firewall-reject/midstream nat-expired process-death/sigkill failover)
KILLS=10
mark=lab-test-$$-$RANDOM
tcpwhy=$(realpath "$tcpwhy")
mkdir "$scratch/tmp" "$scratch/here"

# Every process of the lab has inherited this environment.
processes() {
	grep -slz "^TCPWHY_TEST_MARK=$mark\$" /proc/[0-9]*/environ
}

# Wait until none is left: the kernel needs a moment. Bounded: 500 looks.
all_gone() {
	local i
	for ((i = 0; i < 500; i++)); do
		[ -n "$(processes)" ] || return 0
		read -rt 0.02 <> <(:) || true
	done
	processes
	return 1
}

# Become it, with folders of its own, in which any file would be one of the lab's. SIGINT ends it, also where whoever
# runs this test ignores it.
become_lab() {
	cd "$scratch/here" && exec env --default-signal=INT TMPDIR="$scratch/tmp" TCPWHY_TEST_MARK="$mark" \
		"$tcpwhy" lab "$@" > /dev/null 2>&1
}

# kill_after MICROSECONDS SCENARIO: SIGKILL to the program.
kill_after() {
	(become_lab --check --real-time "$2") &
	local pid=$!
	read -rt "0.$(printf %06d "$1")" <> <(:) || true
	kill -s KILL "$pid" 2> /dev/null
	wait "$pid" 2> /dev/null
	all_gone
}

# Until a program of the lab runs, the fourth process: behind tcpwhy, its sandbox and the conductor. Bounded: 500 looks.
await_players() {
	local i
	for ((i = 0; i < 500; i++)); do
		[ "$(processes | wc -l)" -lt 4 ] || return 0
		read -rt 0.02 <> <(:) || true
	done
	echo 'it does not play'
	return 1
}

# interrupted TO: SIGINT ends it while it plays, sent to the group ("-"), as a terminal sends it, or to the program
# alone (""); and no process is left. A job has a group of its own with job control only.
interrupted() {
	local pid gone=yes
	set -m
	(become_lab --check --real-time $LONG) &
	pid=$!
	set +m
	await_players && kill -s INT -- "$1$pid"
	all_gone || { gone=no; kill -s KILL -- "-$pid"; }
	wait "$pid"
	is "exit status $?, all gone: $gone" 'exit status 130, all gone: yes'
}

# ---- what there is: each prints one list

interfaces() {
	tail -n +3 /proc/net/dev | cut -d: -f1
	cat /proc/net/route /proc/net/fib_trie /proc/net/if_inet6 2> /dev/null
}

# Those that a process is in, and those that a mount or an open file holds.
namespaces() {
	{
		readlink /proc/[0-9]*/ns/net
		find /proc/[0-9]*/fd -lname 'net:*' -printf '%l\n' 2> /dev/null
		awk '/ - nsfs / { print $4 }' /proc/[0-9]*/mountinfo 2> /dev/null
	} | sort -u
}

namespaces_by_lsns() {
	lsns --type net --noheadings --output NS | sort -u
}

rules() {
	nft list ruleset
}

files() {
	find "$scratch/tmp" "$scratch/here"
}

lists=(files)
if [ "$TCPWHY_TEST_ALONE" = yes ]; then
	lists+=(interfaces namespaces)
	has lsns && lists+=(namespaces_by_lsns) || skip 'namespaces as lsns lists them' 'lsns is not installed'
else
	skip 'network namespaces and interfaces' 'no PID namespace can be made here: those of others come and go'
fi
has nft && lists+=(rules) || skip 'rules of this host' 'nft is not installed'

# compare MOMENT: every list is what it was.
compare() {
	local list
	for list in "${lists[@]}"; do
		ok "$1: the same ${list//_/ }" diff "$scratch/$list" <($list 2>&1)
	done
	ok "$1: this network namespace is the one it was" is "$(readlink /proc/self/ns/net)" "$here"
}

if ! (become_lab --json port-closed); then
	skip 'leaving nothing' "$("$tcpwhy" lab --json port-closed 2>&1 > /dev/null | head -1)"
	done_testing
fi
all_gone
here=$(readlink /proc/self/ns/net)
for list in "${lists[@]}"; do $list > "$scratch/$list" 2>&1; done
ok 'the comparison knows a namespace that was not there' eval '! unshare --user --map-root-user --net \
	bash -c "$(declare -f namespaces); namespaces" | diff "$scratch/namespaces" - > /dev/null'

(become_lab write-after-close)
ok 'after a run no process is left' all_gone
compare 'after a run'
ok '^C ends it, and no process is left' interrupted -
compare 'after ^C'
ok 'SIGINT to the program alone does the same' interrupted ''
compare 'after SIGINT'
for scenario in "${SCENARIOS[@]}"; do
	: > "$scratch/left"
	for ((i = 0; i < KILLS; i++)); do
		kill_after $((RANDOM * 3 % 90000)) "$scenario" >> "$scratch/left" || break
	done
	ok "$scenario, SIGKILL at $KILLS random moments: no process is left" is_empty "$(cat "$scratch/left")"
	compare "$scenario, SIGKILL"
done
done_testing
