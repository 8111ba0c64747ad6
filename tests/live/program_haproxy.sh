#!/bin/bash
# Behind HAProxy both connections of a request are told: a dead backend, and a client that vanishes in the middle.
. "$(dirname "$0")/../support/tap.sh"
. tests/support/live.sh
. tests/support/programs.sh
needs haproxy haproxy
needs curl curl
watch_begins

cat > "$scratch/haproxy.cfg" <<-END
	global
		nbthread 1
	defaults
		mode http
		retries 0
		timeout connect 20s
		timeout client 20s
		timeout server 20s
	listen dead
		bind 127.0.0.1:8080
		server down 127.0.0.1:8081
	listen streaming
		bind 127.0.0.1:8090
		server up 127.0.0.1:8091
END
start haproxy haproxy -db -f "$scratch/haproxy.cfg"
haproxy=$started
ok 'HAProxy runs' eventually listens 8090

# ---- a dead backend
ok 'a dead backend is a 503' is "$(inside curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8080/)" 503
tells 'HAProxy was refused' 'line["cause"] == "port-closed" and line["src"] == "127.0.0.1:8081" and
	process(receiver, "haproxy") and receiver["errno"] == "ECONNREFUSED" and not sender["process"]'

# ---- a client that vanishes while the backend sends
server 8091 'c.recv(1000); c.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    try:
        while True: c.sendall(bytes(1 << 16))
    except OSError as e:
        open("'"$scratch"'/backend", "w").write(type(e).__name__)'
start client curl -s -o /dev/null --limit-rate 1 http://127.0.0.1:8090/
client=$started
ok 'the client reads too slowly' eventually client_has_unread 8090
stop $client KILL
tells 'the client was killed' "line['cause'] == 'process-death' and line['dst'] == '127.0.0.1:8090' and
	process(sender, 'curl', 'exit') and sender['process']['signal'] == 9 and sender['process']['killer_pid'] == $$ and
	process(receiver, 'haproxy') and receiver['errno'] == 'ECONNRESET'"
tells 'so HAProxy drops the backend' 'line["cause"] in ("linger-zero", "unread-data") and
	line["dst"] == "127.0.0.1:8091" and process(sender, "haproxy", "close") and process(receiver, "python3") and
	receiver["errno"] == "ECONNRESET"'
ok 'which sees a reset' eventually grep -q ConnectionResetError "$scratch/backend"
server_ends
stop $haproxy
watch_is_over
