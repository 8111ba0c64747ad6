#!/bin/bash
# An ordinary user needs no privileges where user namespaces are allowed; where they are not, one line says so.
. "$(dirname "$0")/../support/tap.sh"

NOBODY=65534

# The program where everybody can reach it.
mkdir "$scratch/bin" && chmod 755 "$scratch" "$scratch/bin" && cp "$tcpwhy" "$scratch/bin/tcpwhy"

as_user() {
	if [ "$(id -u)" = 0 ]; then setpriv --reuid $NOBODY --regid $NOBODY --clear-groups "$@"; else "$@"; fi
}

# Without any capability, and with the number of user namespaces at its limit.
forbidden() {
	unshare --user --map-root-user bash -c 'echo 0 > /proc/sys/user/max_user_namespaces &&
		exec setpriv --bounding-set=-all --inh-caps=-all "$@"' - "$scratch/bin/tcpwhy" lab port-closed
}

if ! has setpriv || ! has unshare; then
	skip 'an ordinary user' 'setpriv and unshare are not installed'
	done_testing
fi
if as_user unshare --user true 2> /dev/null; then
	for scenario in write-after-close firewall-reject/midstream half-open injected; do
		ok "an ordinary user plays $scenario" as_user "$scratch/bin/tcpwhy" lab --check -4 -6 $scenario
	done
	forbidden > "$scratch/out" 2> "$scratch/err"
	ok 'forbidden: the exit status' is $? 1
	ok 'forbidden: one line' is "$(wc -l < "$scratch/err")" 1
	ok 'forbidden: it says what' holds "$(cat "$scratch/err")" 'user namespace cannot be made'
else
	skip 'an ordinary user' 'user namespaces are forbidden here'
fi
done_testing
