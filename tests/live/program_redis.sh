#!/bin/bash
# A killed Redis server or client is told as such: who was killed by whom, what lay unread, and what the others got.
. "$(dirname "$0")/../support/tap.sh"
. tests/support/live.sh
. tests/support/programs.sh
needs redis-server redis-server
needs redis-benchmark redis-tools
watch_begins

redis_begins() {
	start redis redis-server --port 6379 --bind 127.0.0.1 --dir "$scratch" --save '' --appendonly no
	redis=$started
	eventually listens 6379
}
redis_cli() {
	inside timeout 20 redis-cli "$@"
}

ok 'Redis runs' redis_begins

# ---- a client that is killed while messages lie unread
start subscriber redis-cli subscribe news
subscriber=$started
has_subscribed() { grep -q subscribe "$scratch/subscriber.log" || [ "$(redis_cli pubsub numsub news | tail -1)" = 1 ]; }
ok 'a client has subscribed' eventually has_subscribed
ok 'it is too busy to read' hold $subscriber
redis_cli publish news "$(printf '%01000d' 7)" > /dev/null
ok 'a message lies unread' eventually client_has_unread 6379
stop $subscriber KILL
tells 'the client was killed, with the message unread' "line['cause'] == 'process-death' and
	line['dst'] == '127.0.0.1:6379' and process(sender, 'redis-cli', 'exit') and sender['process']['signal'] == 9 and
	sender['process']['killer_pid'] == $$ and sender['unread_bytes'] > 1000 and line['lost_bytes'] > 1000 and
	process(receiver, 'redis-server') and receiver['errno'] == 'ECONNRESET'"

# ---- a server that is killed with a request unread
mkfifo "$scratch/requests"
exec 8<> "$scratch/requests"
start client sh -c 'exec redis-cli < "$1"' sh "$scratch/requests"
client=$started
echo 'ping' >&8
ok 'a client is served' eventually grep -q PONG "$scratch/client.log"
ok 'the server hangs' hold $redis
echo 'set key value' >&8
ok 'a request lies unread' eventually server_has_unread 6379
stop $redis KILL
tells 'the server was killed, with the request unread' "line['cause'] == 'process-death' and
	line['src'] == '127.0.0.1:6379' and process(sender, 'redis-server', 'exit') and sender['process']['signal'] == 9 and
	sender['process']['killer_pid'] == $$ and sender['unread_bytes'] > 0 and process(receiver, 'redis-cli') and
	receiver['errno'] == 'ECONNRESET'"
# It may try to connect again.
stop $client
may_tell "line['cause'] == 'port-closed' and line['src'] == '127.0.0.1:6379' and process(receiver, 'redis-cli')"

# ---- one that is killed in the middle of its work
ok 'Redis runs again' redis_begins
start load redis-benchmark -n 100000000 -c 10 -P 4 -t set -q
load=$started
ok 'clients put a load on it' eventually is_connected 6379
killed=$redis
stop $redis KILL
redis_cli ping > "$scratch/ping" 2>&1
ok 'who comes after is refused' holds "$(cat "$scratch/ping")" 'Connection refused'
tells 'and told that the server was killed a moment ago' "line['cause'] == 'port-closed' and
	line['src'] == '127.0.0.1:6379' and process(sender, 'redis-server', 'exit') and sender['process']['signal'] == 9 and
	sender['process']['killer_pid'] == $$ and sender['process']['pid'] == $killed and sender['process']['ago_ns'] > 0 and
	process(receiver, 'redis-cli') and receiver['errno'] == 'ECONNREFUSED'"
# Which client had a request unread, or one on its way, when the end came is chance.
may_tell "line['cause'] in ('process-death', 'write-after-close', 'close-race', 'late-segment', 'listener-closed') and
	line['src'] == '127.0.0.1:6379' and process(sender, 'redis-server', 'exit') and sender['process']['signal'] == 9 and
	(receiver['process'] is None or process(receiver, 'redis-benchmark'))"
may_tell "line['cause'] == 'port-closed' and line['src'] == '127.0.0.1:6379' and process(receiver, 'redis-benchmark')"
may_tell "line['dst'] == '127.0.0.1:6379' and process(sender, 'redis-benchmark')"
# A benchmark whose connections all end with EPIPE waits for ever.
stop $load
watch_is_over
