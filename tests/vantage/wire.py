"""Conversations between two hosts, and what a capture at any place between them holds. For tests alone."""
import struct

US, MS, S = 10**3, 10**6, 10**9
START = 1_700_000_000 * S
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
CLIENT, SERVER = 0, 1
ADDRESSES = "192.0.2.1", "198.51.100.9"
HOPS = 2
MSS = b"\2\4\5\xb4"


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ethernet(protocol, source, target, hop_limit, ip_id, payload):
    header = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), ip_id, 0x4000, hop_limit, protocol, 0) + source + target
    header = header[:10] + struct.pack(">H", checksum(header)) + header[12:]
    return b"\2\0\0\0\0\1\2\0\0\0\0\2\x08\0" + header + payload


def address(text):
    return bytes(map(int, text.split(".")))


class Packet:
    """One packet on its way. `lost_at`: the places, from 0 (client) to 1 (server), whose captures do not have it."""

    def __init__(self, talk, who, flags, payload, seq, ack, lost_at, late_ns, hop_limit):
        self.hop_limit = hop_limit
        self.time_ns, self.who, self.flags, self.payload = talk.now_ns, who, flags, payload
        self.seq, self.ack, self.lost_at, self.late_ns = seq, ack, lost_at, late_ns
        self.ports, self.ip_id, self.trip_ns = (talk.port, 80), talk.ip_id[who], talk.trip_ns
        self.renumbered, self.addresses, self.stamped = talk.renumbered, talk.addresses, talk.stamped
        if flags & RST or flags & (SYN | ACK) == SYN | ACK or not talk.ids:
            self.ip_id = 0  # as Linux has it: what no socket of a connection sends
        self.options = MSS if flags & SYN else b""
        if not flags & RST and self.stamped:
            ticks = talk.now_ns // MS
            self.options += b"\1\1\x08\x0a" + struct.pack(">II", (ticks + who * 777) & 0xFFFFFFFF, ticks & 0xFFFFFFFF)

    def at(self, place):
        """(time, frame) as a capture at this place has it."""
        way = place if self.who == CLIENT else 1 - place
        source, target = (address(self.addresses[who]) for who in (self.who, not self.who))
        ports = self.ports if self.who == CLIENT else self.ports[::-1]
        more = (self.renumbered[self.who], self.renumbered[not self.who]) if place == 1 else (0, 0)
        seq, ack = self.seq + more[0], self.ack + more[1] * bool(self.flags & ACK)
        tcp = struct.pack(">HHIIBBHHH", *ports, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF,
                          (20 + len(self.options)) // 4 << 4, self.flags, 0 if self.flags & RST else 502, 0, 0) + self.options + self.payload
        whole = checksum(source + target + struct.pack(">BBH", 0, 6, len(tcp)) + tcp)
        tcp = tcp[:16] + struct.pack(">H", whole) + tcp[18:]
        time_ns = self.time_ns + int(way * self.trip_ns) + (self.late_ns if way else 0)
        return time_ns, ethernet(6, source, target, self.hop_limit - round(way * HOPS), self.ip_id, tcp)


class Talk:
    """
    A connection: what its ends send, one after the other. Methods return the talk. `renumbered`: what a box before the
    server adds to the numbers of the client and of the server. `ids`, `stamped`: whether packets have an IP ID and
    timestamps.
    """

    def __init__(self, port, isn=(1000, 500000), start_ns=START, trip_ns=20 * MS, renumbered=(0, 0), ids=True,
                 addresses=ADDRESSES, stamped=True):
        self.port, self.next, self.now_ns, self.trip_ns = port, list(isn), start_ns, trip_ns
        self.renumbered, self.ids, self.addresses, self.stamped = renumbered, ids, addresses, stamped
        self.knows, self.ip_id, self.packets = [False, False], [100, 9000], []

    def send(self, who, flags, payload=b"", after=MS, seq=None, ack=None, lost_at=(), late_ns=0, hop_limit=64):
        self.now_ns += after
        self.ip_id[who] += 1
        if ack is None:
            ack = self.next[not who] if self.knows[who] else 0
        self.packets.append(Packet(self, who, flags, payload, self.next[who] if seq is None else seq, ack, lost_at, late_ns, hop_limit))
        if seq is None:
            self.next[who] += len(payload) + bool(flags & SYN) + bool(flags & FIN)
        return self

    def open(self):
        self.send(CLIENT, SYN)
        self.knows[SERVER] = True
        self.send(SERVER, SYN | ACK, after=self.trip_ns)
        self.knows[CLIENT] = True
        return self.send(CLIENT, ACK, after=self.trip_ns)

    def exchange(self, times=3):
        for i in range(times):
            self.send(CLIENT, PSH | ACK, b"ping%d" % i, after=50 * MS).send(SERVER, ACK, after=self.trip_ns)
            self.send(SERVER, PSH | ACK, b"pong%d" % i).send(CLIENT, ACK, after=self.trip_ns)
        return self

    def close(self):
        self.send(CLIENT, FIN | ACK).send(SERVER, FIN | ACK, after=self.trip_ns)
        return self.send(CLIENT, ACK, after=self.trip_ns)


def ran(from_ns=START - S, to_ns=START + 90 * S):
    """Frames of nobody: the capture ran from then on until then."""
    udp = struct.pack(">HHHH", 53, 53, 8, 0)
    return [(time_ns, ethernet(17, address("10.9.0.1"), address("10.9.0.2"), 64, 1, udp)) for time_ns in (from_ns, to_ns)]


def view(place, *talks, keep=lambda packet: True):
    """The frames that a capture at this place has of these."""
    return sorted(packet.at(place) for talk in talks for packet in talk.packets if place not in packet.lost_at and keep(packet))


def write(path, frames, nanoseconds=True):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B23C4D if nanoseconds else 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for time_ns, frame in sorted(frames):
            part = time_ns % S // (1 if nanoseconds else 1000)
            file.write(struct.pack("<IIII", time_ns // S, part, len(frame), len(frame)) + frame)
    return path
