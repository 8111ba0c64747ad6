#!/bin/bash
# Real servers do not notice a probe: no line in their logs, and no connection in any state.
. "$(dirname "$0")/../support/tap.sh"
. tests/support/probe.sh
build_network
eventually() {
	local i
	for ((i = 0; i < 1000; i++)); do
		"$@" > /dev/null 2>&1 && return
		read -rt 0.02 <> <(:)
	done
	return 1
}
connects() {
	"$python3" -c 'import socket, sys
socket.create_connection((sys.argv[1], int(sys.argv[2])), 2).close()' $near4 "$1"
}
connections() {
	inside near "$python3" -c 'import sys
port = "%04X" % int(sys.argv[1])
print(*[line.split()[3] for name in ("tcp", "tcp6") for line in open("/proc/net/" + name).readlines()[1:]
	if line.split()[1].endswith(":" + port) and line.split()[3] != "0A"])' "$1"
}
# unnoticed NAME PORT LOG: after a connection of an ordinary client has settled.
unnoticed() {
	local before
	eventually quiet "$2" "$3"
	before=$(cat "$3")
	ok "$1 is open" "$tcpwhy" probe $near4 "$2"
	ok "and again, many times" "$tcpwhy" probe --watch --count 3 $near4 "$2"
	ok "$1 holds no connection" is_empty "$(connections "$2")"
	# A client that connects and leaves comes after the probes: when it is done with, they are, too.
	connects "$2"
	eventually quiet "$2" "$3"
	ok "$1 wrote no more than a client that connects leaves" is_same_but_for_client "$1" "$before" "$(cat "$3")"
}
# Nothing is open on the port.
quiet() {
	[ -z "$(connections "$1")" ]
}
# What one client leaves, and not more: as many lines as the same client leaves a second time.
is_same_but_for_client() {
	local one=$(( $(wc -l <<< "$3") - $(wc -l <<< "$2") )) file=${logs[$1]} before after
	before=$(wc -l < "$file")
	connects "${ports[$1]}"
	eventually quiet "${ports[$1]}" "$file"
	eventually eval "[ \$(( \$(wc -l < '$file') - $before )) -ge $one ]"
	after=$(wc -l < "$file")
	is "$one" $((after - before))
}
declare -A logs ports

if has nginx; then
	mkdir "$scratch/nginx"
	cat > "$scratch/nginx.conf" <<-END
		daemon off;
		pid $scratch/nginx/pid;
		error_log $scratch/nginx/log debug;
		events { }
		http {
			access_log $scratch/nginx/log;
			client_body_temp_path $scratch/nginx/body; proxy_temp_path $scratch/nginx/proxy;
			fastcgi_temp_path $scratch/nginx/fastcgi; uwsgi_temp_path $scratch/nginx/uwsgi;
			scgi_temp_path $scratch/nginx/scgi;
			server { listen 8000; location / { return 200; } }
		}
	END
	sed -i 's/ debug;/ info;/' "$scratch/nginx.conf"
	inside near nginx -e stderr -p "$scratch/nginx" -c "$scratch/nginx.conf" 2> /dev/null &
	logs[nginx]=$scratch/nginx/log ports[nginx]=8000
	ok 'nginx runs' eventually connects 8000
	unnoticed nginx 8000 "$scratch/nginx/log"
else
	skip nginx 'not installed: package nginx'
fi

postgres=$(ls -d /usr/lib/postgresql/*/bin 2> /dev/null | tail -1)
if [ -n "$postgres" ]; then
	install -d -o postgres -m 700 "$scratch/db" 2> /dev/null || mkdir "$scratch/db"
	chmod 755 "$scratch"
	as=()
	[ "$(id -u)" != 0 ] || as=(setpriv --reuid postgres --regid postgres --clear-groups)
	"${as[@]}" "$postgres/initdb" -D "$scratch/db" -A trust > /dev/null 2>&1
	: > "$scratch/postgres.log"
	inside near "${as[@]}" "$postgres/postgres" -D "$scratch/db" -h 0.0.0.0 -p 5432 -k "$scratch/db" \
		-c log_connections=on -c log_disconnections=on > "$scratch/postgres.log" 2>&1 &
	logs[PostgreSQL]=$scratch/postgres.log ports[PostgreSQL]=5432
	ok 'PostgreSQL runs' eventually connects 5432
	unnoticed PostgreSQL 5432 "$scratch/postgres.log"
else
	skip PostgreSQL 'not installed: package postgresql'
fi

if has sshd; then
	mkdir -p /run/sshd 2> /dev/null
	ssh-keygen -q -t ed25519 -N '' -f "$scratch/key"
	: > "$scratch/sshd.log"
	inside near "$(command -v sshd)" -D -e -p 2222 -h "$scratch/key" -f /dev/null -o LogLevel=VERBOSE \
		-o PidFile=none -o UsePAM=no > "$scratch/sshd.log" 2>&1 &
	logs[sshd]=$scratch/sshd.log ports[sshd]=2222
	ok 'sshd runs' eventually connects 2222
	unnoticed sshd 2222 "$scratch/sshd.log"
else
	skip sshd 'not installed: package openssh-server'
fi
done_testing
