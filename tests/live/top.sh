#!/bin/bash
# `tcpwhy watch --top`: rows of what is reset, the last of each in full, and the terminal as it was afterwards.
. "$(dirname "$0")/../support/tap.sh"
. tests/support/tracing.sh

if ! can_trace; then
	skip 'the screen' "$(sed -n 2p "$scratch/check")"
	done_testing
fi
. tests/support/live.sh

ok 'without a terminal it says so' eval '
	"$tcpwhy" watch --top < /dev/null > "$scratch/out" 2> "$scratch/err"
	is $? 1 && holds "$(cat "$scratch/err")" terminal'
ok 'it is no JSON' eval '"$tcpwhy" watch --top --json 2> /dev/null; is $? 2'

# A terminal of 24 lines; what it shows goes to $scratch/screen, what happened to $scratch/done.
cat > "$scratch/terminal.py" <<'PY'
import fcntl, os, pty, re, select, struct, subprocess, sys, termios, time
program, netns, refuse, out = sys.argv[1:5]
pid, fd = pty.fork()
if pid == 0:
    os.execv(program, [program, 'watch', '--top', '--netns', netns])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 120, 0, 0))
before = termios.tcgetattr(fd)
shown = b''
def until(text, seconds=20):
    global shown
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if select.select([fd], [], [], 0.1)[0]:
            try:
                shown += os.read(fd, 65536)
            except OSError:
                return text in shown
        if text in shown:
            return True
    return False
results = []
def check(name, passed):
    results.append(('ok ' if passed else 'not ok ') + name)
check('the screen comes', until(b'q: back, or quit'))
subprocess.run(refuse, shell=True)
check('a row for what was reset', until(b'port-closed'))
shown = b''
os.write(fd, b's')
check('another order', until(b'by count'))
os.write(fd, b'\n')
check('the last one in full', until(b'kernel says'))
shown = b''
os.write(fd, b'q')
check('back to the rows', until(b'port-closed'))
os.write(fd, b'q')
check('the screen is left', until(b'\033[?1049l'))
shown = shown[shown.index(b'\033[?1049l'):]
check('the summary stays', until(b'server has no listener'))
status = os.waitpid(pid, 0)[1]
check('it ends well', status == 0)
open(out, 'w').write('\n'.join(results) + '\n')
PY
python3 "$scratch/terminal.py" "$tcpwhy" "$netns" "nsenter -t $namespace_holder -n python3 -c 'import socket
socket.socket().connect_ex((\"127.0.0.1\", 9))'" "$scratch/done"
while read -r line; do
	ok "${line#*ok }" [ "${line%%ok*}" = '' ]
done < "$scratch/done"
ok 'all of it was tried' is "$(wc -l < "$scratch/done")" 8
done_testing
