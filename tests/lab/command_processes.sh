#!/bin/bash
# A command of the user's may be many processes: each has descriptors of its own, all of them go on, however many there
# are, and where one cannot be traced that is said at once.
. "$(dirname "$0")/../support/tap.sh"

connect='import os, socket
def connect():
    return socket.create_connection((os.environ["TCPWHY_ADDRESS"], int(os.environ["TCPWHY_PORT"])))
'

# client TEXT: what comes of it, in Python, with connect(), where the server closes; bounded, for it may hang.
client() {
	printf '%s' "$connect$1" > "$scratch/client.py"
	timeout 60 "$tcpwhy" lab --client "exec python3 $scratch/client.py" write-after-close 2>&1
}

if ! has python3 || ! "$tcpwhy" lab --json port-closed > /dev/null 2> "$scratch/why"; then
	skip 'playing' "python3 is missing, or $(head -1 "$scratch/why")"
	done_testing
fi

ok 'a socket that a child closes stays that of its parent' holds "$(client '
s = connect()
child = os.fork()
if child == 0:
    s.close()
    os._exit(0)
os.waitpid(child, 0)
s.recv(10)')" 'recv() = 0'
ok 'what a thread opens is told, too, where another reads' holds "$(client '
import threading
got = []
thread = threading.Thread(target=lambda: got.append(connect()))
thread.start()
thread.join()
got[0].recv(10)')" 'recv() = 0'
many=$(client '
come, told = os.pipe()
stay, end = os.pipe()
for i in range(300):
    if os.fork() == 0:
        os.close(end)
        os.write(told, b".")
        os.read(stay, 1)
        os._exit(0)
for i in range(300):
    os.read(come, 1)
s = connect()
s.recv(10)
os.close(end)')
ok 'more processes than are followed: they go on' holds "$many" 'recv() = 0'
ok 'and it says how many were not followed' holds "$many" 'processes are not shown; 256 are followed'
done_testing
