#!/bin/bash
# Of PostgreSQL, a process a connection: the one of the connection is told, and whether it or its client was killed.
. "$(dirname "$0")/../support/tap.sh"
. tests/support/live.sh
. tests/support/programs.sh
programs=$(ls -d /usr/lib/postgresql/*/bin 2> /dev/null | sort -V | tail -1)
PATH=${programs:-/nonexistent}:$PATH
needs initdb postgresql
needs psql postgresql-client
needs pgbench postgresql
watch_begins

data=$scratch/data
as_nobody() {
	setpriv --reuid 65534 --regid 65534 --clear-groups env HOME=/ "$@"
}
postgres_begins() {
	chmod 711 "$scratch" && mkdir "$data" && chown 65534:65534 "$data" && cd / &&
		as_nobody initdb -D "$data" -U postgres -A trust --no-sync > "$scratch/initdb.log" 2>&1 && cd - > /dev/null &&
		start postgres setpriv --reuid 65534 --regid 65534 --clear-groups postgres -D "$data" -p 5432 \
			-c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c max_connections=20 &&
		postgres=$started && eventually listens 5432 && eventually answers
}
sql() {
	inside timeout 20 psql -X -A -t -h 127.0.0.1 -U postgres -c "$1" postgres
}
answers() {
	[ "$(sql 'select 1' 2> "$scratch/psql-err")" = 1 ]
}

ok 'PostgreSQL runs' postgres_begins

# ---- a client that is killed while its rows lie unread: nobody reads what it prints
mkfifo "$scratch/fifo"
exec 9<> "$scratch/fifo"
(exec nsenter -t $namespace_holder -n psql -X -h 127.0.0.1 -U postgres -c \
	"copy (select repeat('x', 1000) from generate_series(1, 100000)) to stdout" postgres > "$scratch/fifo" 2>&1) &
client=$!
ok 'rows lie unread' eventually client_has_unread 5432
stop $client KILL
exec 9>&-
tells 'the client was killed, with rows unread' "line['cause'] == 'process-death' and
	line['dst'] == '127.0.0.1:5432' and process(sender, 'psql', 'exit') and sender['process']['signal'] == 9 and
	sender['process']['killer_pid'] == $$ and sender['unread_bytes'] > 0 and
	process(receiver, 'postgres') and receiver['errno'] == 'ECONNRESET'"

# ---- a server process that is killed with a request unread
backends() {
	sql "select pid from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()
		and application_name = 'pgbench'"
}
load() {
	start load pgbench -n -h 127.0.0.1 -U postgres -c "$1" -T 600 -f "$scratch/one.sql" postgres
	load=$started
	eventually eval '[ "$(backends | wc -l)" = '"$1"' ]'
}
echo 'select 1;' > "$scratch/one.sql"
ok 'a client puts a load on it' load 1
backend=$(backends)
# Where it is held while it works at a request, the client sends no other.
ok 'its server process hangs, and a request lies unread' hold_when "$backend" server_has_unread 5432
kill -KILL "$backend"
ended $load
tells 'the server process was killed, with the request unread' "line['cause'] == 'process-death' and
	line['src'] == '127.0.0.1:5432' and process(sender, 'postgres', 'exit') and sender['process']['signal'] == 9 and
	sender['process']['pid'] == $backend and sender['process']['killer_pid'] == $$ and sender['unread_bytes'] > 0 and
	process(receiver, 'pgbench') and receiver['errno'] == 'ECONNRESET'"

# ---- all of it is killed under load: its processes see that it died and end by themselves
ok 'it has recovered' eventually answers
ok 'clients put a load on it again' load 4
stop $postgres KILL
ended $load
sql 'select 1' > "$scratch/refused" 2>&1
ok 'who comes after is refused' holds "$(cat "$scratch/refused")" 'Connection refused'
tells 'and told who listened, and was killed' "line['cause'] == 'port-closed' and line['src'] == '127.0.0.1:5432' and
	process(sender, 'postgres', 'exit') and sender['process']['ago_ns'] > 0 and
	process(receiver, 'psql') and receiver['errno'] == 'ECONNREFUSED'"
# Which of the clients had a request on its way is chance.
may_tell "line['cause'] in ('process-death', 'write-after-close', 'close-race', 'late-segment') and
	line['src'] == '127.0.0.1:5432' and process(sender, 'postgres', 'exit') and process(receiver, 'pgbench')"
watch_is_over
