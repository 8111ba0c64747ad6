#!/bin/bash
# Clients in Java, Node.js, Python and curl are told by the names of their processes, each with the errno that it got.
. "$(dirname "$0")/../support/tap.sh"
. tests/support/live.sh
. tests/support/programs.sh
watch_begins

# ---- the servers: one that closes with the request unread, one that closes and is written to, one that answers early
server 4100 'c.recv(1, socket.MSG_PEEK)'
unread=$server_pid
server 4101 'c.recv(100)'
closes=$server_pid
server 4102 'c.recv(10); c.sendall(b"HTTP/1.1 413 Too Large\r\nConnection: close\r\n\r\n")'
early=$server_pid

# refused COMMAND PORT, resets COMMAND, breaks COMMAND: what is told of each client.
refused() {
	tells "$1: the refused connection" "line['cause'] == 'port-closed' and line['src'].endswith(':$2') and
		process(receiver, '$1') and receiver['errno'] == 'ECONNREFUSED' and not sender['process']"
}
resets() {
	tells "$1: the server closed with the request unread" "line['cause'] == 'unread-data' and
		line['src'].endswith(':4100') and process(sender, 'python3', 'close') and sender['unread_bytes'] > 0 and
		process(receiver, '$1') and receiver['errno'] == 'ECONNRESET'"
}
breaks() {
	tells "$1: it wrote to what the server had closed" "line['cause'] == 'write-after-close' and
		line['src'].endswith(':4101') and process(sender, 'python3', 'close') and process(receiver, '$1') and
		receiver['errno'] == 'EPIPE'"
}
# follow COMMAND...: it runs under `tcpwhy run`, whose report is $report.
follow() {
	inside timeout 60 "$tcpwhy" run -o "$scratch/report" -- "$@" > "$scratch/out" 2>&1
	status=$?
	report=$(cat "$scratch/report")
}
# reports WHAT PIECE...
reports() {
	local what=$1 piece
	for piece in "${@:2}"; do ok "$what: $piece" holds "$report" "$piece"; done
}

# ---- curl
if has curl; then
	inside timeout 20 curl -s http://127.0.0.1:4001/
	ok 'curl: it says that it was refused' is $? 7
	refused curl 4001
	inside timeout 20 curl -s http://127.0.0.1:4100/
	ok 'curl: it says that receiving failed' is $? 56
	resets curl
	head -c 5000000 /dev/zero > "$scratch/large"
	inside timeout 20 curl -s -o "$scratch/answer" -H Expect: -T "$scratch/large" http://127.0.0.1:4102/
	tells 'curl: the server answered early, and closed with the rest unread' "line['cause'] == 'unread-data' and
		line['src'].endswith(':4102') and process(sender, 'python3', 'close') and line['lost_bytes'] > 0 and
		process(receiver, 'curl') and receiver['errno'] == 'ECONNRESET'"
	# What curl had sent on before the RST reached it, another processor may hand over when the socket has gone.
	may_tell "line['cause'] == 'late-segment' and line['part'] == 'echo' and line['src'].endswith(':4102') and
		process(sender, 'python3', 'close')"
	follow curl -s http://127.0.0.1:4100/
	ok 'run, curl: its exit status' is $status 56
	reports 'run, curl' unread-data 'curl (pid ' 'python3 (pid ' 'got ECONNRESET from read() or recv()'
else
	skip 'curl' 'not installed: package curl'
fi

# ---- Java: sockets are used by threads with names of their own
cat > "$scratch/Client.java" <<-'END'
	import java.io.IOException;
	import java.net.Socket;

	public class Client {
		static void write(Socket s) throws Exception {
			s.getOutputStream().write("request".getBytes());
		}

		/* What a client does with a server that has closed: it writes until that fails. */
		static void talk(int port, boolean again) throws Exception {
			try (Socket s = new Socket("127.0.0.1", port)) {
				write(s);
				s.getInputStream().read();
				for (int i = 0; again && i < 1000; i++, Thread.sleep(10))
					write(s);
			} catch (IOException e) {
				System.out.println(e.getMessage());
			}
		}

		public static void main(String[] args) throws Exception {
			Thread t = new Thread(() -> {
				try {
					talk(Integer.parseInt(args[0]), args.length > 1);
				} catch (Exception e) {
					e.printStackTrace();
				}
			}, "worker");
			t.start();
			t.join();
		}
	}
END
java=(java -XX:TieredStopAtLevel=1 -Xshare:auto -cp "$scratch" Client)
if has java && has javac && javac -d "$scratch" "$scratch/Client.java"; then
	inside timeout 60 "${java[@]}" 4002 > "$scratch/out"
	ok 'Java: it says that it was refused' holds "$(cat "$scratch/out")" 'Connection refused'
	refused java 4002
	inside timeout 60 "${java[@]}" 4100 > "$scratch/out"
	ok 'Java: it says that it was reset' holds "$(cat "$scratch/out")" 'Connection reset'
	resets java
	inside timeout 60 "${java[@]}" 4101 again > "$scratch/out"
	ok 'Java: it says that the pipe is broken' holds "$(cat "$scratch/out")" 'Broken pipe'
	breaks java
	follow "${java[@]}" 4101 again
	ok 'run, Java: it says the same' holds "$(cat "$scratch/out")" 'Broken pipe'
	reports 'run, Java' write-after-close 'java (pid ' 'python3 (pid ' 'got EPIPE from write() or send()'
else
	skip 'Java' 'not installed: package default-jdk-headless'
fi

# ---- Node.js
cat > "$scratch/client.js" <<-'END'
	const [port, again] = process.argv.slice(2);
	const s = require('net').connect({ host: '127.0.0.1', port, allowHalfOpen: true }, () => s.write('request'));
	const write = () => s.destroyed || s.write('more', () => setTimeout(write, 10));
	s.on('error', (e) => { console.log(e.code); s.destroy(); });
	s.on('end', () => { if (again) write(); else s.end(); });
	s.resume();
END
if has node; then
	inside timeout 60 node "$scratch/client.js" 4003 > "$scratch/out"
	ok 'Node.js: it says that it was refused' is "$(cat "$scratch/out")" ECONNREFUSED
	refused node 4003
	inside timeout 60 node "$scratch/client.js" 4100 > "$scratch/out"
	ok 'Node.js: it says that it was reset' is "$(cat "$scratch/out")" ECONNRESET
	resets node
	inside timeout 60 node "$scratch/client.js" 4101 again > "$scratch/out"
	ok 'Node.js: it says that the pipe is broken' is "$(cat "$scratch/out")" EPIPE
	breaks node
	follow node "$scratch/client.js" 4101 again
	ok 'run, Node.js: it says the same' is "$(cat "$scratch/out")" EPIPE
	reports 'run, Node.js' write-after-close 'node (pid ' 'python3 (pid ' 'got EPIPE from write() or send()'
else
	skip 'Node.js' 'not installed: package nodejs'
fi

# ---- Python: HTTP as its library speaks it, and a client that a SIGPIPE kills
inside timeout 20 python3 -c 'import urllib.request
urllib.request.urlopen("http://127.0.0.1:4004/")' 2> "$scratch/out"
ok 'Python: it says that it was refused' holds "$(cat "$scratch/out")" 'Connection refused'
refused python3 4004
inside timeout 20 python3 -c 'import urllib.request
urllib.request.urlopen("http://127.0.0.1:4100/")' 2> "$scratch/out"
ok 'Python: it says that it was reset' holds "$(cat "$scratch/out")" 'Connection reset by peer'
resets python3
server 4103 'c.sendall(b"never read"); select.select([c], [], [])'
start mortal python3 -c 'import select, signal, socket
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
other = socket.create_connection(("127.0.0.1", 4103))
other.recv(1, socket.MSG_PEEK)
signal.sigwait({signal.SIGUSR1})
s = socket.create_connection(("127.0.0.1", 4101))
s.sendall(b"request")
s.recv(1)
p = select.poll()
p.register(s, 0)
s.sendall(b"more")
p.poll(20000)
s.sendall(b"deadly")'
mortal=$started
ok 'Python: something lies unread' eventually client_has_unread 4103
kill -USR1 $mortal
ended $mortal
ok 'Python: a SIGPIPE kills it' is $? 141
breaks python3
tells_later 'Python: the SIGPIPE is told' "line['cause'] == 'write-after-close' and
	receiver['sigpipe'] == 'delivered' and
	receiver['process']['pid'] == $mortal"
tells 'Python: so is its death, of which nobody is guilty who sent another signal' "line['cause'] == 'process-death' and
	line['dst'].endswith(':4103') and process(sender, 'python3', 'exit') and sender['process']['signal'] == 13 and
	sender['process']['pid'] == $mortal and sender['process']['killer_pid'] is None"

for server_pid in $unread $closes $early $server_pid; do server_ends; done
watch_is_over
