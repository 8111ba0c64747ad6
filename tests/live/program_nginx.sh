#!/bin/bash
# What nginx resets, and what is reset for it, is told with cause and processes: time-outs, stops, dead upstreams.
. "$(dirname "$0")/../support/tap.sh"
. tests/support/live.sh
. tests/support/programs.sh
needs nginx nginx
watch_begins

# configure FILE PORT: a server with everything that is tried.
configure() {
	cat > "$1" <<-END
		daemon off;
		worker_processes 1;
		pid $scratch/nginx.pid;
		error_log stderr info;
		events { worker_connections 64; }
		http {
			access_log off;
			client_body_temp_path $scratch/body;
			proxy_temp_path $scratch/proxy;
			fastcgi_temp_path $scratch/fastcgi;
			uwsgi_temp_path $scratch/uwsgi;
			scgi_temp_path $scratch/scgi;
			server {
				listen 127.0.0.1:$2;
				keepalive_timeout 1s;
				client_header_timeout 1s;
				reset_timedout_connection on;
				location / { return 200 "hello"; }
				location /dead { proxy_pass http://127.0.0.1:8009; }
				location /drop { return 444; }
			}
		}
	END
}
nginx_begins() {
	configure "$scratch/nginx.conf" 8000
	start nginx nginx -e stderr -p "$scratch" -c "$scratch/nginx.conf"
	nginx=$started
	eventually listens 8000 && eventually worker_runs "$nginx"
}
workers() {
	cat "/proc/$1/task/$1/children"
}
worker_runs() {
	[ -n "$(workers "$1")" ]
}
# request PATH MORE: a client that reads one answer, then does MORE with its socket `s`.
request() {
	client 8000 "s.sendall(b'GET $1 HTTP/1.1\r\nHost: x\r\n\r\n'); answer = s.recv(1000); $2"
}
# queue_up PORT: a client that waits for an answer and finds nobody to accept it.
queue_up() {
	start queued timeout 60 python3 -c "import socket
s = socket.create_connection(('127.0.0.1', $1))
s.sendall(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
try:
    s.recv(1)
except OSError as e:
    print(type(e).__name__)"
	queued=$started
}
queues() {
	eventually is_queued "$1"
}
got() {
	is "$(cat "$scratch/queued.log")" "$1"
}

ok 'nginx runs' nginx_begins

# ---- a connection that is kept alive, and is not
wait_for_fin='import select; p = select.poll(); p.register(s, select.POLLRDHUP); p.poll(20000)'
request / "$wait_for_fin; s.sendall(b'GET / HTTP/1.1\r\n\r\n'); p.register(s, 0); p.poll(20000); s.sendall(b'x')" \
	> "$scratch/client"
ok 'the client is told that the pipe is broken' is "$(cat "$scratch/client")" BrokenPipeError
tells 'a request on a connection that keepalive_timeout has closed' 'line["cause"] == "write-after-close" and
	line["src"] == "127.0.0.1:8000" and process(sender, "nginx", "close") and process(receiver, "python3") and
	receiver["errno"] == "EPIPE" and sender["process"]["ago_ns"] > 0'
tells_later 'and the SIGPIPE that Python ignores' 'receiver["sigpipe"] == "ignored" or end["sigpipe"] == "ignored"'

# The FIN is on its way when the request is sent: here it is held up for good.
firewall() {
	inside python3 -c 'import ctypes, sys
nftables = ctypes.CDLL("libnftables.so.1")
nftables.nft_ctx_new.restype = ctypes.c_void_p
context = ctypes.c_void_p(nftables.nft_ctx_new(0))
sys.exit(nftables.nft_run_cmd_from_buffer(context, sys.argv[1].encode()))' "$1"
}
if firewall 'table ip race { chain out { type filter hook output priority 0
	tcp sport 8000 tcp flags & fin == fin drop; }; }' 2> "$scratch/nft-err"; then
	request / "
    while not any(line.split()[1].endswith(':1F40') and line.split()[3] == '04' for line in open('/proc/net/tcp')):
        time.sleep(0.01)
    s.sendall(b'GET / HTTP/1.1\r\n\r\n'); s.recv(1)" > "$scratch/client"
	ok 'a request that crosses the FIN is reset' is "$(cat "$scratch/client")" ConnectionResetError
	tells 'a request that keepalive_timeout has raced with' 'line["cause"] == "close-race" and
		line["src"] == "127.0.0.1:8000" and process(sender, "nginx", "close") and process(receiver, "python3") and
		receiver["errno"] == "ECONNRESET" and sender["process"]["ago_ns"] > 0'
	firewall 'delete table ip race'
else
	skip 'a request that crosses the FIN' "$(head -1 "$scratch/nft-err")"
fi

# ---- reset_timedout_connection
client 8000 's.sendall(b"GET / HT"); s.recv(1)' > "$scratch/client"
ok 'half a request is reset' is "$(cat "$scratch/client")" ConnectionResetError
tells 'reset_timedout_connection is SO_LINGER 0' 'line["cause"] == "linger-zero" and line["src"] == "127.0.0.1:8000" and
	process(sender, "nginx", "close") and process(receiver, "python3") and receiver["errno"] == "ECONNRESET"'
request /drop pass > "$scratch/client"
ok 'so does a 444' is "$(cat "$scratch/client")" ConnectionResetError

# ---- an upstream that is down
ok 'a dead upstream is a 502' holds "$(request /dead 'print(answer)')" '502 Bad Gateway'
tells 'nginx was refused, and nobody ever listened there' 'line["cause"] == "port-closed" and
	line["src"] == "127.0.0.1:8009" and process(receiver, "nginx") and receiver["errno"] == "ECONNREFUSED" and
	not sender["process"]'

# ---- stopped and reloaded while connections wait to be accepted
ok 'its worker is busy' hold $(workers $nginx)
queue_up 8000
ok 'a connection waits to be accepted' queues 8000
stop $nginx
ended $queued
ok 'who waited is reset' got ConnectionResetError
tells 'a stop: nginx closed the listener' 'line["cause"] == "listener-closed" and line["src"] == "127.0.0.1:8000" and
	process(sender, "nginx", "unlisten") and process(receiver, "python3") and receiver["errno"] == "ECONNRESET"'
request / pass > /dev/null
tells 'after it nobody listens, and who did is told' 'line["cause"] == "port-closed" and
	line["src"] == "127.0.0.1:8000" and process(sender, "nginx", "unlisten") and sender["process"]["ago_ns"] > 0 and
	process(receiver, "python3") and receiver["errno"] == "ECONNREFUSED"'

ok 'nginx runs again' nginx_begins
old=$(workers $nginx)
ok 'its worker is busy again' hold $old
queue_up 8000
ok 'another connection waits' queues 8000
configure "$scratch/nginx.conf" 8001
kill -HUP $nginx
has_new_worker() { [ "$(workers $nginx | wc -w)" -ge 2 ]; }
ok 'the new configuration is in use' eval 'eventually listens 8001 && eventually has_new_worker'
# The master orders its old workers to quit a moment later, and this one would first accept who waits.
is_gone() { [ ! -e "/proc/$1" ]; }
kill -QUIT $old
kill -CONT $old
ok 'the old worker goes' eventually is_gone $old
ended $queued
ok 'who waited is reset by a reload, too' got ConnectionResetError
tells 'a reload: the old worker closed the listener' "line['cause'] == 'listener-closed' and
	process(sender, 'nginx', 'unlisten') and sender['process']['pid'] == $old and receiver['errno'] == 'ECONNRESET'"
stop $nginx
watch_is_over
