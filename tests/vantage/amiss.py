"""Captures with something amiss, read together: amiss.py TCPWHY FOLDER. A line for each law: title, tab, complaint."""
import json
import os
import random
import subprocess
import sys

from wire import ACK, CLIENT, FIN, MS, PSH, RST, S, SERVER, START, SYN, US, Talk, ran, view, write

TCPWHY, FOLDER = sys.argv[1:]
WRONG_FOR_HOST = "injected", "firewall-reject"


def path(name):
    return os.path.join(FOLDER, name)


def read(*arguments):
    """Verdicts, the line about the vantages, what was said on standard error."""
    run = subprocess.run([TCPWHY, "read", "--json", *arguments], capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    return [line for line in lines if line["type"] in ("reset", "ending")], \
        next((line for line in lines if line["type"] == "vantages"), None), run.stderr.strip()


def two(client, server, named=False):
    write(path("client.pcap"), client)
    write(path("server.pcap"), server)
    if named:
        return read("--at", "client=" + path("client.pcap"), "--at", "server=" + path("server.pcap"))
    return read(path("client.pcap"), path("server.pcap"))


def blamed(verdicts, causes=WRONG_FOR_HOST, certainties=("certain",)):
    return [(v["cause"], v["certainty"]) for v in verdicts if v["cause"] in causes and v["certainty"] in certainties]


def accused(verdicts):
    """What is said of a host that did send its RSTs: that it did not, or that somebody else did."""
    return blamed(verdicts) + [f"not sent by {v['not_sent_by']}" for v in verdicts if v.get("not_sent_by")]


def lacks(what, condition):
    return "" if condition else what


# ---- a capture that lacks frames

def reused_port():
    """A port is used again after a RST that the capture at its sender missed"""
    first = Talk(4000).open().exchange().send(CLIENT, RST | ACK, lost_at=(0,))
    second = Talk(4000, (99000000, 7700000), first.now_ns + S).open().exchange()
    verdicts, _, _ = two(view(0, first, second) + ran(), view(1, first, second) + ran())
    return blamed(verdicts) or lacks("no verdict", verdicts)


def reused_port_twice():
    """A RST of each of two connections with the same ports was missed"""
    first = Talk(4000).open().exchange().send(CLIENT, RST | ACK, lost_at=(0,))
    second = Talk(4000, (99000000, 7700000), first.now_ns + S).open().exchange().send(CLIENT, RST | ACK, lost_at=(0,))
    verdicts, _, _ = two(view(0, first, second) + ran(), view(1, first, second) + ran())
    return blamed(verdicts) or lacks("no verdict", len(verdicts) == 2)


def lost_an_ack():
    """A capture that lacks an ACK of the host beside it may lack its RSTs"""
    talk = Talk(4000).open().exchange().send(CLIENT, PSH | ACK, b"hello").send(SERVER, ACK, after=20 * MS, lost_at=(1,))
    talk.send(SERVER, RST | ACK, lost_at=(1,)).send(SERVER, RST, seq=talk.next[SERVER] + 1, ack=0, lost_at=(1,))
    verdicts, _, _ = two(view(0, talk) + ran(), view(1, talk) + ran())
    return accused(verdicts) or lacks("no verdict", verdicts)


def acknowledged():
    """What was acknowledged is not lost, whichever capture has the acknowledgement"""
    talk = Talk(4000).open().exchange().send(CLIENT, PSH | ACK, b"hello", lost_at=(1,))
    talk.send(SERVER, ACK, after=20 * MS, lost_at=(1,)).send(SERVER, RST | ACK)
    _, vantages, _ = two(view(0, talk) + ran(), view(1, talk) + ran())
    return lacks(f"{vantages['segments']}", not vantages["segments"]["lost"] + vantages["segments"]["perhaps-lost"])


def burst():
    """A segment and the RST that answers it, both missing from one capture, may be a burst that it lost"""
    talk = Talk(4000).open().exchange().send(CLIENT, PSH | ACK, b"hello", lost_at=(1,))
    talk.send(SERVER, RST, after=20 * MS, ack=0, lost_at=(1,), hop_limit=66)
    verdicts, _, _ = two(view(0, talk) + ran(), view(1, talk) + ran())
    told = [cause for v in verdicts for cause in [v["cause"], *v["candidates"]]]
    return blamed(verdicts) or lacks(f"{told}", "half-open" in told)


def opening():
    """A RST during a handshake, after which its sender goes on with it, is not forged"""
    talk = Talk(4000).send(CLIENT, SYN)
    talk.knows[SERVER] = True
    talk.send(SERVER, SYN | ACK, after=20 * MS, seq=31337, ack=999)
    talk.send(CLIENT, RST, after=20 * MS, seq=999, ack=0, lost_at=(0,)).send(SERVER, SYN | ACK, after=20 * MS)
    talk.knows[CLIENT] = True
    talk.send(CLIENT, ACK, after=20 * MS).exchange()
    verdicts, _, _ = two(view(0, talk) + ran(), view(1, talk) + ran())
    return blamed(verdicts) or lacks("no verdict", verdicts)


def stopped_early():
    """What was still in a queue when the far capture ended is not lost"""
    talk = Talk(4000, trip_ns=5 * MS).open().send(CLIENT, PSH | ACK, b"GET")
    for i in range(40):
        talk.send(SERVER, ACK, b"x" * 1400, after=100 * US, late_ns=i * 5 * MS)
    talk.send(SERVER, RST | ACK, late_ns=205 * MS)
    end = START + 170 * MS
    verdicts, vantages, _ = two([frame for frame in view(0, talk) if frame[0] < end] + ran(to_ns=end), view(1, talk) + ran())
    return [v["lost_between"] for v in verdicts if v["lost_between"] and v["certainty"] == "certain"] or \
        lacks(f"{vantages['segments']}", not vantages["segments"]["lost"])


# ---- a capture that holds frames twice

def mirrored():
    """A mirror shows the client's packets twice, and not one after the other"""
    wrong = []
    for gap, seed in ((gap, seed) for gap in (300 * US, 1900 * US, 2500 * US) for seed in range(8)):
        draw = random.Random(seed)
        talk = Talk(4000, ids=seed % 2).open()
        for i in range(6):
            for who, flags, payload in (CLIENT, PSH | ACK, b"ping%d" % i), (SERVER, ACK, b""), (SERVER, PSH | ACK, b"pong"):
                talk.send(who, flags, payload, after=20 * MS, late_ns=draw.randrange(2 * MS))
        talk.send(SERVER, RST | ACK, late_ns=draw.randrange(2 * MS))
        talk.send(SERVER, RST, after=100 * US, ack=0, late_ns=draw.randrange(2 * MS))
        client = view(0, talk)
        verdicts, _, _ = two(client + [(time_ns + gap, frame) for time_ns, frame in client] + ran(), view(1, talk) + ran())
        wrong += accused(verdicts)
    return wrong


def went_on_before():
    """Copies bring no clock out of step: what a host sent before its RST was not sent after it"""
    talk = Talk(4000, trip_ns=20 * US).open()
    for i in range(2):
        talk.send(CLIENT, PSH | ACK, b"ping%d" % i, after=200 * US).send(SERVER, PSH | ACK, b"pong", after=20 * US)
    talk.send(SERVER, FIN | ACK, after=200 * US, lost_at=(0, 0.5)).send(CLIENT, PSH | ACK, b"more", after=80 * US)
    talk.send(SERVER, RST, after=20 * US, ack=0, lost_at=(1,))
    middle = view(0.5, talk)
    middle += [(time_ns + 3 * MS, frame) for time_ns, frame in middle]
    files = [write(path(f"{name}.pcap"), frames + ran()) for name, frames in (
        ("client", view(0, talk)), ("middle", middle), ("server", view(1, talk)))]
    return blamed(read(*files)[0])


def copies():
    """Copies by a mirror, or in files that overlap, are the same packets: neither lost nor made"""
    talk = Talk(4000).open().exchange().send(SERVER, RST | ACK)
    client = view(0, talk)
    runs = [two(client + [(time_ns + gap, frame) for time_ns, frame in client[:-1]] + ran(), view(1, talk) + ran())
            for gap in (MS, 9 * MS)]
    parts = write(path("first.pcap"), client), write(path("second.pcap"), client[-6:] + ran(START + 9 * S))
    runs.append(read(*(f"--at=client={part}" for part in parts), "--at=server=" + path("server.pcap")))
    return [vantages["segments"] for _, vantages, _ in runs if vantages["segments"]["passed"] != len(client) or
            any(count for fate, count in vantages["segments"].items() if fate != "passed")]


def mirrored_and_missed():
    """A RST that one capture holds twice and the other missed is not two"""
    talk = Talk(4000).open().exchange().send(CLIENT, PSH | ACK, b"hello")
    talk.send(SERVER, RST, after=20 * MS, ack=0, lost_at=(1,)).send(CLIENT, PSH | ACK, b"hello")
    other = Talk(4001, (5, 7)).open().exchange(5)
    wrong = []
    for gap in 300 * US, 2500 * US:
        client = view(0, talk)
        client += [(time_ns + gap, frame) for time_ns, frame in client[-3:]]
        verdicts, _, _ = two(client + view(0, other) + ran(), view(1, talk, other) + ran())
        wrong += blamed(verdicts)
    return wrong


# ---- a capture that was told to leave packets out

def filtered():
    """What a filter on flags left out of a capture is not missing there"""
    talk = Talk(4000).open().exchange().send(CLIENT, PSH | ACK, b"hello")
    talk.send(SERVER, RST, after=20 * MS, ack=0).send(CLIENT, PSH | ACK, b"again", after=5 * MS)
    talk.send(SERVER, RST, after=20 * MS, seq=talk.next[SERVER] + 1, ack=0)
    wrong = []
    for keep in (lambda p: p.payload, lambda p: p.flags & SYN, lambda p: p.flags & PSH, lambda p: p.payload or p.flags & SYN):
        verdicts, _, _ = two(view(0, talk) + ran(), view(1, talk, keep=keep) + ran(), named=True)
        wrong += accused(verdicts)
    return wrong


def filtered_ends():
    """A capture of SYNs and data only, on a host that acknowledges by its data, does not show that it sent no RST"""
    talk = Talk(4000).open()
    for i in range(4):
        talk.send(CLIENT, PSH | ACK, b"ping%d" % i, after=50 * MS).send(SERVER, PSH | ACK, b"pong", after=20 * MS)
    talk.send(SERVER, RST | ACK).send(SERVER, RST, seq=talk.next[SERVER] + 1, ack=0)
    verdicts, _, _ = two(view(0, talk) + ran(), view(1, talk, keep=lambda p: p.payload or p.flags & SYN) + ran())
    return accused(verdicts) or lacks("no verdict", verdicts)


def filtered_data():
    """Nor does one of SYNs, FINs and RSTs only show that what they answer never came"""
    talk = Talk(4000).open().exchange().send(CLIENT, PSH | ACK, b"hello").send(SERVER, RST, after=20 * MS, ack=0)
    verdicts, _, _ = two(view(0, talk) + ran(), view(1, talk, keep=lambda p: p.flags & (SYN | FIN | RST)) + ran())
    return [e["text"] for v in verdicts for e in v["evidence"] if "never got" in e["text"]] or lacks("no verdict", verdicts)


def renumbered():
    """A connection in which the captures find nothing in common tells nothing of what either lacks"""
    other = Talk(4001, (7777, 88888), START + 5 * MS).open().exchange(20)
    talk = Talk(4002, (111, 222), START - 400 * S, renumbered=(0x31415926, 0x1234567)).open().exchange()
    talk.now_ns = START + 300 * MS
    talk.send(CLIENT, PSH | ACK, b"hello").send(SERVER, RST, after=20 * MS, ack=0)
    talk.send(CLIENT, PSH | ACK, b"again").send(SERVER, RST, after=20 * MS, seq=talk.next[SERVER] + 1, ack=0)
    verdicts, vantages, _ = two(*([frame for frame in view(place, other, talk) if frame[0] >= START] for place in (0, 1)))
    return accused(verdicts) or lacks(f"{vantages}", vantages and not vantages["segments"]["made"])


def shares_nothing():
    """A capture that has a port's next connection only is no witness for the first"""
    first = Talk(4000).open().exchange().send(SERVER, RST | ACK)
    first.send(SERVER, RST, ack=0)
    second = Talk(4000, (99000, 77000), START + 60 * S).open().exchange()
    verdicts, _, _ = two(view(0, first, second) + ran(), view(1, second) + ran())
    return accused(verdicts)


def one_direction():
    """Where one direction was not captured, nobody knows whether the handshake was finished"""
    wrong = []
    for who in CLIENT, SERVER:
        for last in (RST, None, 0), (RST, 1, 0), (RST | ACK, None, None):
            talk = Talk(4000).open()
            seq = None if last[1] is None else talk.next[who] + last[1]
            talk.send(not who, PSH | ACK, b"hello", after=50 * MS).send(who, last[0], seq=seq, ack=last[2], after=20 * MS)
            half = view(who, talk, keep=lambda p: p.who == who)
            alone, _, _ = read(write(path("half.pcap"), half + ran()))
            verdicts, _, _ = two(*((half, view(1, talk)) if who == CLIENT else (view(0, talk), half)))
            wrong += blamed(alone + verdicts, ("bad-handshake",), ("likely", "certain")) + accused(verdicts)
            wrong += [] if alone else ["no verdict"]
    return wrong


def missed_one():
    """Where a capture lacks one RST of the host beside it, the cause that its packets show stays among the candidates"""
    talks = (
        Talk(4000).open().exchange().send(SERVER, RST | ACK, lost_at=(1,)),
        Talk(4001).open().exchange().send(CLIENT, PSH | ACK, b"hello").send(SERVER, RST, after=20 * MS, ack=0, lost_at=(1,)),
        Talk(4002).send(CLIENT, SYN).send(SERVER, RST | ACK, after=20 * MS, seq=0, ack=1001, lost_at=(1,)),
        Talk(4003).open().exchange().send(SERVER, FIN | ACK).send(CLIENT, PSH | ACK, b"more", after=20 * MS)
                  .send(SERVER, RST, after=20 * MS, ack=0, lost_at=(1,)),
    )
    wrong = []
    for talk in talks:
        other = Talk(5000, (7, 9)).open().exchange()
        cause = read(write(path("alone.pcap"), view(0, talk, other) + ran()))[0][0]["cause"]
        verdicts, _, _ = two(view(0, talk, other) + ran(), view(1, talk, other) + ran())
        wrong += [(cause, v["cause"], v["certainty"], v["candidates"]) for v in verdicts
                  if v["certainty"] == "certain" and v["cause"] != cause or cause not in v["candidates"] + [v["cause"]]]
    return wrong


def moved():
    """A machine as far away as the host, or farther, to which its address has moved, is no firewall on the way to it"""
    wrong = []
    for hop_limit in 66, 64, 62, 128, 255:
        talk = Talk(4000).open().exchange().send(CLIENT, PSH | ACK, b"hello", lost_at=(1,))
        talk.send(SERVER, RST, after=20 * MS, ack=0, lost_at=(1,), hop_limit=hop_limit)
        talk.send(SERVER, PSH | ACK, b"late", after=200 * MS, ack=talk.next[CLIENT] - 5)
        verdicts, _, _ = two(view(0, talk) + ran(), view(1, talk) + ran())
        reset = verdicts[0]
        if hop_limit > 64 and hop_limit < 128:
            wrong += [] if blamed(verdicts[:1]) else [("nearer", reset["cause"], reset["certainty"])]
        elif blamed(verdicts) or "failover" not in reset["candidates"]:
            wrong.append((hop_limit, reset["cause"], reset["certainty"], reset["candidates"]))
    return wrong


# ---- ways that are not the same for all

def gone_elsewhere():
    """What a capture in the middle lacks once the way no longer leads past it was neither made nor lost there"""
    wrong = []
    for lost in {}, {"lost_at": (0.5,)}:
        for ack in {}, {"ack": 0}:
            talk = Talk(4000).open().exchange().send(CLIENT, PSH | ACK, b"hello", **lost)
            talk.send(CLIENT, PSH | ACK, b"more", **lost)
            talk.send(SERVER, RST if ack else RST | ACK, after=20 * MS, lost_at=(0.5,), **ack)
            talk.send(SERVER, RST, seq=talk.next[SERVER] + 1, ack=0, lost_at=(0.5,))
            verdicts, vantages, _ = two(view(0, talk) + ran(), view(0.5, talk) + ran())
            wrong += accused(verdicts) + [s for s in ("made", "lost") if vantages["segments"][s]]
    talk = Talk(4000).open().exchange().send(SERVER, RST | ACK, lost_at=(0.5, 0))
    verdicts, vantages, _ = two(view(0.5, talk) + ran(), view(1, talk) + ran())
    return wrong or lacks(f"{vantages['segments']}", not vantages["segments"]["lost"])


def many_ways():
    """Where packets take several ways, a capture at one of them lacks what took another"""
    talk = Talk(4000).open().exchange(6).send(CLIENT, PSH | ACK, b"hello").send(SERVER, RST, after=20 * MS, ack=0)
    talk.send(CLIENT, PSH | ACK, b"hello", after=200 * MS).send(SERVER, RST, after=20 * MS, ack=0, seq=77)
    number = {packet: i for i, packet in enumerate(talk.packets)}
    wrong = []
    for ways in (lambda p: number[p] % 2, lambda p: number[p] // 3 % 2, lambda p: p.who,
                 lambda p: random.Random(number[p]).random() < 0.5):
        client = write(path("client.pcap"), view(0, talk) + ran())
        one, other = (write(path(name), view(0.5, talk, keep=lambda p, w=way: ways(p) == w) + ran())
                      for name, way in (("one.pcap", 0), ("other.pcap", 1)))
        for files in (client, one), (client, other), (client, one, other):
            verdicts, vantages, _ = read(*files)
            wrong += accused(verdicts) + [v["lost_between"] for v in verdicts if v["lost_between"]]
            wrong += [s for s in ("made", "lost") if vantages and vantages["segments"][s]]
    return wrong


def proxied():
    """A proxy ends a connection and opens another one: what one side lacks of the other's is nobody's doing"""
    wrong = []
    for transparent in False, True:
        middle = "192.0.2.1", "198.51.100.9"
        if not transparent:
            middle = "203.0.113.5", "198.51.100.9"
        front = Talk(4000, addresses=("192.0.2.1", "198.51.100.9" if transparent else "203.0.113.80")).open().exchange()
        back = Talk(4000 if transparent else 51000, (7100, 99100), front.now_ns - 300 * MS, addresses=middle).open()
        back.exchange().send(CLIENT, PSH | ACK, b"hello").send(SERVER, RST, after=20 * MS, ack=0)
        front.send(CLIENT, PSH | ACK, b"hello").send(SERVER, RST | ACK, after=40 * MS)
        for named in False, True:
            verdicts, vantages, said = two(view(0, front) + ran(), view(1, back) + ran(), named)
            causes = sorted(v["cause"] for v in verdicts)
            wrong += blamed(verdicts) + [v["not_sent_by"] for v in verdicts if v.get("not_sent_by")]
            wrong += [] if len(causes) == 2 or not named else [causes]
            wrong += [] if not vantages or not vantages["segments"]["made"] + vantages["segments"]["lost"] else [vantages]
    return wrong


def same_private_addresses():
    """Two sites use the same private addresses and ports: their connections have nothing to do with each other"""
    private = "10.0.0.1", "10.0.0.2"
    wrong = []
    for started in True, False:
        here = Talk(4000, addresses=private).open().exchange().send(SERVER, RST | ACK)
        there = Talk(4000, (33000, 44000), START + 7 * MS, addresses=private).open().exchange(5)
        there.send(CLIENT, PSH | ACK, b"more").send(SERVER, RST, after=20 * MS, ack=0)
        shared = Talk(5000, (1, 2)).open().exchange(12)
        views = view(0, here) + ran(), view(1, there) + ran()
        if not started:
            views = [frames[3:] for frames in views]
        alone = [read(write(path("alone.pcap"), frames))[0] for frames in views]
        told = sorted((v["cause"], v["certainty"]) for verdicts in alone for v in verdicts)
        for more in [], [shared]:
            for named in False, True:
                verdicts, _, _ = two(views[0] + view(0, *more), views[1] + view(1, *more), named)
                wrong += accused(verdicts)
                if not named and sorted((v["cause"], v["certainty"]) for v in verdicts) != told:
                    wrong.append((started, bool(more), told, [(v["cause"], v["certainty"]) for v in verdicts]))
    return wrong


def late_mirrors():
    """Copies of a mirror that are late, or that nothing tells from packets sent twice, make no RST a forged one"""
    wrong = []
    for gap in MS, 25 * MS, 80 * MS:
        for ids, stamped in (True, True), (True, False), (False, True), (False, False):
            talk = Talk(4000, ids=ids, stamped=stamped).open().exchange().send(CLIENT, PSH | ACK, b"hello")
            talk.send(SERVER, RST, after=20 * MS, ack=0)
            other = Talk(4001, (5, 7), ids=ids, stamped=stamped).open().exchange().send(SERVER, RST | ACK)
            for place in 0, 1:
                frames = [view(0, talk, other), view(1, talk, other)]
                frames[place] += [(time_ns + gap, frame) for time_ns, frame in frames[place]]
                for named in False, True:
                    verdicts, vantages, _ = two(frames[0] + ran(), frames[1] + ran(), named)
                    wrong += [(gap // MS, ids, stamped, place, named, what) for what in accused(verdicts)]
                    wrong += [vantages["segments"]] if vantages["segments"]["lost"] + vantages["segments"]["made"] else []
    return wrong


# ---- who may be asked

def no_witness():
    """A capture at the sender that had ended is not said to lack what another one lacks"""
    talk = Talk(4000).open().exchange().send(CLIENT, PSH | ACK, b"hello")
    end = talk.now_ns
    talk.send(SERVER, RST, after=200 * MS, ack=0, lost_at=(0.5,)).send(SERVER, PSH | ACK, b"late", after=S)
    files = [write(path(f"{name}.pcap"), frames) for name, frames in (
        ("client", view(0, talk) + ran()), ("middle", view(0.5, talk) + ran()),
        ("server", [frame for frame in view(1, talk) if frame[0] <= end + 30 * MS]))]
    verdicts, _, _ = read(*(part for file, name in zip(files, ("client", "middle", "server"))
                            for part in ("--at", f"{name}={file}")))
    return [v["not_sent_by"] for v in verdicts if v["not_sent_by"] == "server"] or lacks("no verdict", verdicts)


def never_got():
    """Nor is one without data asked whether what a forged RST answers arrived: no firewall kept that back"""
    talk = Talk(4000).open().exchange().send(CLIENT, PSH | ACK, b"hello")
    talk.send(SERVER, RST, after=15 * MS, ack=0, lost_at=(1,), hop_limit=66)
    talk.send(SERVER, FIN | ACK, after=S).send(CLIENT, RST, after=20 * MS, ack=0)
    wrong = []
    for named in False, True:
        verdicts, _, _ = two(view(0, talk) + ran(), view(1, talk, keep=lambda p: p.flags & (SYN | FIN | RST)) + ran(), named)
        wrong += blamed(verdicts, ("firewall-reject",), ("certain", "likely"))
        wrong += [] if verdicts[0]["not_sent_by"] else ["it is not said who did not send it"]
    return wrong


def given_order():
    """Where nothing but the names tells who is nearer, clocks are compared as the names have it"""
    draw = random.Random(1)
    talk = Talk(4000).open()
    for i in range(40):
        talk.send(CLIENT, PSH | ACK, b"ping%d" % i, after=20 * MS, late_ns=draw.randrange(1, 100 * MS) if i % 9 else 0)
    talk.send(SERVER, RST | ACK)
    for name, place in ("server", 1), ("client", 0):
        write(path(f"{name}.pcap"), [frame for frame in flat(place, talk) if packet_is_from_client(frame[1])] + ran())
    _, vantages, _ = read("--at=server=" + path("server.pcap"), "--at=client=" + path("client.pcap"))
    # What came fastest took as long as the way: all others were held up.
    return lacks(f"{vantages['captures']}", abs(vantages["captures"][1]["offset_ns"] - 20 * MS) < MS)


def flat(place, talk):
    """As view(), with no router in between."""
    return sorted((packet.at(place)[0], packet.at(0)[1] if packet.who == CLIENT else packet.at(1)[1])
                  for packet in talk.packets)


def packet_is_from_client(frame):
    return frame[26:30] == bytes((192, 0, 2, 1))


# ---- captures that stand where nobody says, or where the wrong one is said

def rounded():
    """Two captures of one place, by clocks that are rounded to different units, stand beside each other"""
    wrong = []
    for seed in range(8):
        draw = random.Random(seed)
        talk = Talk(4000, start_ns=START + draw.randrange(10**6)).open().send(CLIENT, PSH | ACK, b"hello")
        talk.send(SERVER, RST, after=20 * MS, ack=0).send(CLIENT, PSH | ACK, b"again")
        talk.send(SERVER, RST, after=20 * MS, ack=0)
        exact = [(time_ns + draw.randrange(1000), frame) for time_ns, frame in view(0, talk)]
        rest = [frame for frame in exact if frame not in view(0, talk) and not frame[1][47] & RST]
        write(path("exact.pcap"), exact + ran())
        write(path("rounded.pcap"), rest + ran(), nanoseconds=False)
        verdicts, vantages, _ = read(path("exact.pcap"), path("rounded.pcap"))
        wrong += accused(verdicts)
        wrong += [] if vantages else ["not recognised"]
    return wrong


def swapped():
    """Names that the hops contradict place no capture"""
    talk = Talk(4000).open().exchange().send(CLIENT, PSH | ACK, b"hello")
    for _ in range(3):
        talk.send(SERVER, RST, after=20 * MS, ack=0, lost_at=(0,)).send(CLIENT, PSH | ACK, b"hello", after=200 * MS)
    verdicts, vantages, said = two(view(1, talk) + ran(), view(0, talk) + ran(), named=True)
    clock = vantages["captures"][1]
    return blamed(verdicts, certainties=("certain", "likely")) or accused(verdicts) or \
        lacks(f"said: {said}", "contradict" in said) or lacks(f"clock {clock}", abs(clock["offset_ns"]) <= clock["error_ns"])


def any_order():
    """Captures that share nothing with the first one given are joined by what they share with the others"""
    talk, other = Talk(4000).open().exchange(20).send(SERVER, RST | ACK), Talk(4001, (5, 7)).open().exchange(25)
    frames = view(0, talk, other)
    cut = len(frames) * 2 // 3
    files = [write(path(name), part) for name, part in (
        ("early.pcap", frames[:cut]), ("late.pcap", frames[cut:]), ("server.pcap", view(1, talk, other)))]
    _, vantages, _ = read(*files)
    return lacks(f"{vantages}", vantages and all(c["offset_ns"] is not None for c in vantages["captures"]))


# ---- more than anybody asks for

def many():
    """As many files as --at takes: a line, and no more"""
    frames = view(0, Talk(4000).open().exchange(15).send(SERVER, RST | ACK))
    files = [write(path(f"part{i}.pcap"), frames[i:i + 1]) for i in range(64)]
    verdicts, _, said = read(*(part for i, file in enumerate(files) for part in ("--at", f"place{i}={file}")))
    parts, _, complaint = read(*(part for file in files for part in ("--at", f"client={file}")))
    return lacks(f"said: {said}", not verdicts and "too many places" in said) or \
        lacks(f"parts: {parts} {complaint}", parts)


LAWS = (reused_port, reused_port_twice, lost_an_ack, acknowledged, burst, opening, stopped_early, mirrored,
        went_on_before, copies, mirrored_and_missed, filtered, filtered_ends, filtered_data, one_direction, missed_one, renumbered, shares_nothing, moved, gone_elsewhere,
        many_ways, proxied, same_private_addresses, late_mirrors, no_witness, never_got, given_order, rounded, swapped, any_order, many)

for law in LAWS:
    print(law.__doc__, law() or "", sep="\t", flush=True)
