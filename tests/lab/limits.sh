#!/bin/bash
# What keeps the lab from playing is named: a limit on namespaces, a stack that is too small, a command that has ended.
# Options that have nothing to do are wrong usage, not ignored.
. "$(dirname "$0")/../support/tap.sh"

# usage NAME WANTED ARGUMENT...: exit status 2, and a first line that says so.
usage() {
	local name=$1 wanted=$2
	shift 2
	timeout 60 "$tcpwhy" lab "$@" > "$scratch/out" 2> "$scratch/err" < /dev/null
	ok "$name: wrong usage" is $? 2
	ok "$name: it says why" holds "$(head -1 "$scratch/err")" "$wanted"
}

# with_namespaces SYSCTL N: play where there may be so many.
with_namespaces() {
	unshare -Urn bash -c 'echo "$2" > "/proc/sys/user/$1" && exec "$3" lab --check port-closed' \
		bash "$1" "$2" "$tcpwhy" 2>&1
}

for option in '--at client' '--client true' '--server true' --real-time --pause --explain -4 -6 --check --json; do
	# shellcheck disable=SC2086
	usage "$option without a cause" 'which cause' $option
done
for option in '--json' '--check' '--pause' "--write $scratch/x" '--client true' '--at server' '--real-time'; do
	# shellcheck disable=SC2086
	usage "--explain $option" '--explain: nothing is played' --explain $option port-closed
done
usage '--pause with --check' 'does not go with --check' --pause --check port-closed
usage '--write without a name' 'the name of a folder is empty' --write '' port-closed

if ! "$tcpwhy" lab --json port-closed > /dev/null 2> "$scratch/why"; then
	skip 'playing' "$(head -1 "$scratch/why")"
	done_testing
fi
if unshare -Urn true 2> /dev/null; then
	ok 'no network namespace left: the limit is named' holds "$(with_namespaces max_net_namespaces 0)" \
		'a limit is reached'
	ok 'none for a host: the limit is named' holds "$(with_namespaces max_net_namespaces 3)" \
		'sysctl user.max_net_namespaces'
else
	skip 'limits on namespaces' 'user namespaces cannot be made here'
fi
if [ -z "${SANITIZE:-}" ]; then
	ok 'a stack of 64 KiB is enough' bash -c "ulimit -s 64; '$tcpwhy' lab --check port-closed"
	ok 'one of 40 KiB is named, or enough' bash -c "ulimit -s 40; out=\$('$tcpwhy' lab --check port-closed 2>&1) ||
		[[ \$out == *'was killed by SIGSEGV'*'ulimit -a'* ]]"
fi
began=$SECONDS
out=$("$tcpwhy" lab --client nonexistent-command port-closed/again connect-abandoned 2>&1)
ok 'a command that is not there is not waited for' test $((SECONDS - began)) -lt 8
ok 'and it says that it has ended' holds "$out" 'the command in place of the client has ended, and sent nothing'
done_testing
