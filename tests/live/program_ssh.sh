#!/bin/bash
# A forwarding of OpenSSH to a closed port: both connections are told, that of the server and that of the client.
. "$(dirname "$0")/../support/tap.sh"
. tests/support/live.sh
. tests/support/programs.sh
needs sshd openssh-server
needs ssh openssh-client
watch_begins

# A server of an ordinary user needs nothing of the system's; only that user can log in.
# What the system knows of users is none of this test's concern: theirs is in a mount namespace of its own.
as_tester='mount --bind "$0/passwd" /etc/passwd && mount --bind "$0/shadow" /etc/shadow &&
	exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@"'
keys=$scratch/keys
start_as_tester() {
	start "$1" unshare --mount sh -c "$as_tester" "$scratch" "${@:2}"
}
sshd_begins() {
	chmod 711 "$scratch" && echo 'tester:*:65534:65534::/:/bin/sh' > "$scratch/passwd" &&
		echo 'tester:*:::::::' > "$scratch/shadow" && mkdir "$keys" && ssh-keygen -q -t ed25519 -N '' -f "$keys/host" &&
		ssh-keygen -q -t ed25519 -N '' -f "$keys/user" && cp "$keys/user.pub" "$keys/authorized" &&
		chown -R 65534:65534 "$keys" && cat > "$scratch/sshd_config" <<-END
			ListenAddress 127.0.0.1:2200
			HostKey $keys/host
			AuthorizedKeysFile $keys/authorized
			PidFile none
			StrictModes no
			UsePAM no
			PasswordAuthentication no
		END
	start_as_tester sshd "$(command -v sshd)" -D -e -f "$scratch/sshd_config"
	sshd=$started
	eventually listens 2200
}
forwarding_begins() {
	start_as_tester ssh ssh -N -F none -i "$keys/user" -p 2200 -o StrictHostKeyChecking=no \
		-o UserKnownHostsFile=/dev/null -o IdentitiesOnly=yes -L 127.0.0.1:2201:127.0.0.1:9 tester@127.0.0.1
	ssh=$started
	eventually listens 2201
}

ok 'sshd runs' sshd_begins
ok 'a port is forwarded' eval 'forwarding_begins || { cat "$scratch/ssh.log" "$scratch/sshd.log"; false; }'
# What the client sends is there before ssh knows of the refusal.
ok 'ssh is busy' hold $ssh
start client python3 -c 'import socket
s = socket.create_connection(("127.0.0.1", 2201))
s.sendall(b"hello")
try:
    s.recv(1)
except OSError as e:
    print(type(e).__name__)'
client=$started
ok 'a client has sent something' eventually server_has_unread 2201
kill -CONT $ssh
ended $client
ok 'the client is reset' is "$(cat "$scratch/client.log")" ConnectionResetError
tells 'sshd was refused' 'line["cause"] == "port-closed" and line["src"] == "127.0.0.1:9" and
	process(receiver, "sshd") and receiver["errno"] == "ECONNREFUSED" and not sender["process"]'
tells 'so ssh closes its end, with what the client sent unread' 'line["cause"] == "unread-data" and
	line["src"] == "127.0.0.1:2201" and process(sender, "ssh", "close") and sender["unread_bytes"] == 5 and
	process(receiver, "python3") and receiver["errno"] == "ECONNRESET"'

# ---- the whole tunnel goes
stop $ssh
client 2201 pass > "$scratch/client"
ok 'without the tunnel the client is refused' is "$(cat "$scratch/client")" ConnectionRefusedError
tells 'and told that ssh listened there, and who ended it' "line['cause'] == 'port-closed' and
	line['src'] == '127.0.0.1:2201' and process(sender, 'ssh') and sender['process']['act'] in ('exit', 'unlisten') and
	process(receiver, 'python3') and receiver['errno'] == 'ECONNREFUSED'"
stop $sshd
watch_is_over
