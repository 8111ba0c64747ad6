"""Answers SYNs with what no host sends: for tests/probe/hostile.sh.

	forger.py list VERSION             lines "PORT STATE NAME": what a probe must say of each port
	forger.py run INTERFACE LOG        answer until killed; LOG gets a line "ready", and one "SYN VERSION PORT",
	                                   "RST …", "UDP …" for each of these that comes
"""
import socket
import struct
import sys

FIN, SYN, RST, PUSH, ACK, URG = 1, 2, 4, 8, 16, 32
cases = []


FIRST_PORT = 1000


def case(state, name, *versions):
	"""Takes a function from a SYN to the packets (from the IP header on) that answer it."""
	return lambda answer: cases.append((state, name, versions or (4, 6), answer))


def checksum(data):
	total = sum(struct.unpack(f'>{(len(data) + 1) // 2}H', data + b'\0' * (len(data) % 2)))
	while total >> 16:
		total = (total & 0xffff) + (total >> 16)
	return ~total & 0xffff


class Syn:
	def __init__(self, ip):
		self.ip, self.version = ip, ip[0] >> 4
		if self.version == 4:
			header, self.protocol, self.src, self.dst = (ip[0] & 15) * 4, ip[9], ip[12:16], ip[16:20]
		else:
			header, self.protocol, self.src, self.dst = 40, ip[6], ip[8:24], ip[24:40]
		self.tcp = ip[header:]
		self.sport, self.dport = struct.unpack('>HH', self.tcp[:4])
		if self.protocol == 6:
			self.seq, _, _, self.flags = struct.unpack('>IIBB', self.tcp[4:14])

	def packet(self, protocol, body, src=None, short=0, ip_options=b'', fragment=0):
		"""From the host that was asked; its length field says `short` bytes less than there are."""
		src = src or self.dst
		if self.version == 6:
			return struct.pack('>IHBB', 6 << 28, len(body) - short, protocol, 64) + src + self.src + body
		length = 20 + len(ip_options)
		ip = struct.pack('>BBHHHBBH', 0x40 | length // 4, 0, length + len(body) - short, 0, fragment or 0x4000, 64,
		                 protocol, 0) + src + self.src + ip_options
		return ip[:10] + struct.pack('>H', checksum(ip)) + ip[12:] + body

	def segment(self, flags, ack=1, options=b'', payload=b'', damage=0, offset=None, sport=None, dport=None, cut=None,
	            **more):
		"""A TCP segment that acknowledges the SYN's number and `ack`."""
		size = 20 + len(options)
		tcp = struct.pack('>HHIIBBHHH', sport or self.dport, dport or self.sport, 1000, (self.seq + ack) & 0xffffffff,
		                  (size // 4 if offset is None else offset) << 4, flags, 65535 if flags & SYN else 0, 0, 0)
		tcp += options + payload
		pseudo = (more.get('src') or self.dst) + self.src + struct.pack('>II', len(tcp), 6)
		tcp = tcp[:16] + struct.pack('>H', checksum(pseudo + tcp) ^ damage) + tcp[18:]
		return self.packet(6, tcp[:cut], **more)

	def quote(self, seq=0, src=None, dst=None, protocol=6, length=8, first=None):
		"""The SYN as an ICMP error quotes it."""
		at, size = (12, 4) if self.version == 4 else (8, 16)
		ip = self.ip[:at] + (src or self.src) + (dst or self.dst) + self.ip[at + 2 * size:len(self.ip) - len(self.tcp)]
		ip = bytes([first or ip[0]]) + ip[1:]
		place = 9 if self.version == 4 else 6
		ip = ip[:place] + bytes([protocol]) + ip[place + 1:]
		return ip + (self.tcp[:4] + struct.pack('>I', (self.seq + seq) & 0xffffffff))[:length]

	def icmp(self, body, kind=None, code=None):
		"""Administratively prohibited, where nothing else is said."""
		kind = kind if kind is not None else 3 if self.version == 4 else 1
		code = code if code is not None else 13 if self.version == 4 else 1
		icmp = struct.pack('>BBHI', kind, code, 0, 0) + body
		pseudo = b'' if self.version == 4 else self.dst + self.src + struct.pack('>II', len(icmp), 58)
		icmp = icmp[:2] + struct.pack('>H', checksum(pseudo + icmp)) + icmp[4:]
		return self.packet(1 if self.version == 4 else 58, icmp)

	def neighbour(self):
		return self.dst[:-1] + bytes([self.dst[-1] + 1])


# ---- numbers that are not ours
case('filtered', 'a RST that acknowledges too much')(lambda s: [s.segment(RST | ACK, 2)])
case('filtered', 'a RST that acknowledges too little')(lambda s: [s.segment(RST | ACK, 0)])
case('filtered', 'a RST that acknowledges nothing')(lambda s: [s.segment(RST | ACK, -s.seq)])
case('filtered', 'a RST without ACK')(lambda s: [s.segment(RST)])
case('filtered', 'a SYN-ACK that acknowledges too much')(lambda s: [s.segment(SYN | ACK, 2)])
case('filtered', 'a SYN-ACK that acknowledges too little')(lambda s: [s.segment(SYN | ACK, 0)])
case('filtered', 'guesses')(lambda s: [s.segment(RST | ACK, 1 << bit) for bit in range(1, 32)])
case('filtered', 'a RST from another address')(lambda s: [s.segment(RST | ACK, src=s.neighbour())])
case('filtered', 'a SYN-ACK from another address')(lambda s: [s.segment(SYN | ACK, src=s.neighbour())])
case('filtered', 'a RST from another port')(lambda s: [s.segment(RST | ACK, sport=999)])
case('filtered', 'a SYN-ACK from a port that nobody asked')(lambda s: [s.segment(SYN | ACK, sport=2000)])
case('filtered', 'a RST to another port of the probe')(lambda s: [s.segment(RST | ACK, dport=s.sport ^ 1)])

# ---- flags
case('filtered', 'SYN, ACK and RST')(lambda s: [s.segment(SYN | ACK | RST)])
case('filtered', 'SYN, ACK and FIN')(lambda s: [s.segment(SYN | ACK | FIN)])
case('filtered', 'a mere ACK')(lambda s: [s.segment(ACK)])
case('filtered', 'a mere SYN')(lambda s: [s.segment(SYN)])
case('filtered', 'FIN, PSH and URG')(lambda s: [s.segment(FIN | PUSH | URG)])
case('filtered', 'no flag')(lambda s: [s.segment(0)])

# ---- damaged on the way, cut, and put together wrongly
case('filtered', 'a RST with a wrong checksum')(lambda s: [s.segment(RST | ACK, damage=0x1111)])
case('filtered', 'a SYN-ACK with a wrong checksum')(lambda s: [s.segment(SYN | ACK, damage=1)])
case('filtered', 'a RST of 12 bytes')(lambda s: [s.segment(RST | ACK, cut=12)])
case('filtered', 'a RST of 19 bytes')(lambda s: [s.segment(RST | ACK, cut=19)])
case('filtered', 'a RST without a byte')(lambda s: [s.segment(RST | ACK, cut=0)])
case('filtered', 'a header that is shorter than the shortest')(lambda s: [s.segment(RST | ACK, offset=3)])
case('filtered', 'a header that is longer than the packet')(lambda s: [s.segment(RST | ACK, offset=15)])
case('filtered', 'a length field that cuts the header')(lambda s: [s.segment(RST | ACK, short=12)])
case('filtered', 'a length field that cuts everything', 4)(lambda s: [s.segment(RST | ACK, short=20)])
case('filtered', 'an IP header that ends behind the packet', 4)(
	lambda s: [bytes([0x4f]) + s.segment(RST | ACK)[1:]])
case('filtered', 'an IP header without a byte', 4)(lambda s: [bytes([0x40]) + s.segment(RST | ACK)[1:]])
case('filtered', 'version 7')(lambda s: [bytes([0x75]) + s.segment(RST | ACK)[1:]])
case('filtered', 'a later fragment', 4)(lambda s: [s.segment(RST | ACK, fragment=1)])
case('filtered', 'a first fragment of a few bytes, alone', 4)(lambda s: [s.segment(RST | ACK, fragment=0x2000, cut=16)])
case('filtered', 'in another packet of IP')(lambda s: [s.packet(4 if s.version == 4 else 41, s.segment(RST | ACK))])
case('filtered', 'behind a fragment header', 6)(
	lambda s: [s.packet(44, bytes([6, 0, 0, 9, 1, 2, 3, 4]) + s.segment(RST | ACK)[40:])])
case('filtered', 'behind options of its own', 6)(
	lambda s: [s.packet(kind, bytes([6, 0, 1, 4, 0, 0, 0, 0]) + s.segment(RST | ACK)[40:]) for kind in (0, 60)])
case('filtered', 'behind headers without an end', 6)(lambda s: [s.packet(60, bytes([60, 0, 1, 4, 0, 0, 0, 0]) * 20)])

# ---- ICMP
case('filtered', 'ICMP about another number')(lambda s: [s.icmp(s.quote(seq=1))])
case('filtered', 'ICMP about another source')(lambda s: [s.icmp(s.quote(src=s.dst))])
case('filtered', 'ICMP about another host')(lambda s: [s.icmp(s.quote(dst=s.neighbour()))])
case('filtered', 'ICMP with half a number')(lambda s: [s.icmp(s.quote(length=6))])
case('filtered', 'ICMP without ports')(lambda s: [s.icmp(s.quote(length=0))])
case('filtered', 'ICMP about UDP')(lambda s: [s.icmp(s.quote(protocol=17))])
case('filtered', 'ICMP about something')(lambda s: [s.icmp(bytes(range(64))), s.icmp(b'\xff' * 64), s.icmp(b'')])
case('filtered', 'ICMP about version 9')(lambda s: [s.icmp(s.quote(first=0x95))])
case('filtered', 'ICMP about a header that is too long', 4)(lambda s: [s.icmp(s.quote(first=0x4f))])
case('filtered', 'ICMP about a header that is too short', 4)(lambda s: [s.icmp(s.quote(first=0x41))])
case('filtered', 'a packet was too large')(
	lambda s: [s.icmp(s.quote(), 3, 4) if s.version == 4 else s.icmp(s.quote(), 2, 0)])
case('filtered', 'ICMP that is no error')(lambda s: [s.icmp(s.quote(), kind) for kind in ((0, 5, 8) if s.version == 4
                                                                                            else (129, 137, 255))])
case('unreachable', 'ICMP as it should be')(lambda s: [s.icmp(s.quote())])
case('unreachable', 'ICMP twice')(lambda s: [s.icmp(s.quote()), s.icmp(s.quote(), code=0)])

# ---- one against the other: TCP's first answer counts, and ICMP gives way to it
case('open', 'a SYN-ACK three times')(lambda s: [s.segment(SYN | ACK)] * 3)
case('open', 'a SYN-ACK, then a RST')(lambda s: [s.segment(SYN | ACK), s.segment(RST | ACK)])
case('open', 'a SYN-ACK, then ICMP')(lambda s: [s.segment(SYN | ACK), s.icmp(s.quote())])
case('open', 'ICMP, then a SYN-ACK')(lambda s: [s.icmp(s.quote()), s.segment(SYN | ACK)])
case('open', 'a forged RST, then a SYN-ACK')(lambda s: [s.segment(RST | ACK, 7), s.segment(SYN | ACK)])
case('open', 'a thousand forged RSTs, then a SYN-ACK')(
	lambda s: [s.segment(RST | ACK, 2 + i) for i in range(1000)] + [s.segment(SYN | ACK)])
case('closed', 'a RST three times')(lambda s: [s.segment(RST | ACK)] * 3)
case('closed', 'a RST, then a SYN-ACK')(lambda s: [s.segment(RST | ACK), s.segment(SYN | ACK)])
case('closed', 'a forged SYN-ACK, then a RST')(lambda s: [s.segment(SYN | ACK, 7), s.segment(RST | ACK)])
case('closed', 'ICMP, then a RST')(lambda s: [s.icmp(s.quote()), s.segment(RST | ACK)])

# ---- odd, and yet an answer
case('open', 'options that say nothing')(lambda s: [s.segment(SYN | ACK, options=b'\x02\x00\x03\xff\x08\x0a\x01\x05' * 4)])
case('open', 'options without an end')(lambda s: [s.segment(SYN | ACK, options=b'\x01' * 39 + b'\x08')])
case('open', 'IP options that say nothing', 4)(
	lambda s: [s.segment(SYN | ACK, ip_options=b'\x07\x00\x04\x00\x44\xff\x01\x01')])
case('open', 'a SYN-ACK with a thousand bytes')(lambda s: [s.segment(SYN | ACK, payload=b'x' * 1000)])
case('closed', 'a length field of 0')(lambda s: [s.segment(RST | ACK, short=40 if s.version == 4 else 20)])
case('closed', 'a RST with a thousand bytes')(lambda s: [s.segment(RST | ACK, payload=b'\x1b[31m' * 200)])


def run(interface, log):
	link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
	link.bind((interface, 0))
	print('ready', file=log, flush=True)
	while True:
		frame, where = link.recvfrom(65535)
		protocol = frame[23:24] if frame[12:14] == b'\x08\x00' else frame[20:21]
		if where[2] == socket.PACKET_OUTGOING or frame[12:14] not in (b'\x08\x00', b'\x86\xdd'):
			continue
		if protocol not in (b'\x06', b'\x11'):
			continue
		syn = Syn(frame[14:])
		place = syn.dport - FIRST_PORT
		if syn.protocol == 17:
			print('UDP', syn.version, syn.dport, file=log, flush=True)
		elif syn.flags & RST:
			print('RST', syn.version, syn.dport, file=log, flush=True)
		elif 0 <= place < len(cases) and syn.version in cases[place][2]:
			print('SYN', syn.version, syn.dport, file=log, flush=True)
			for answer in cases[place][3](syn):
				link.send(frame[6:12] + frame[:6] + frame[12:14] + answer)


if sys.argv[1] == 'list':
	for place, (state, name, versions, _) in enumerate(cases):
		if int(sys.argv[2]) in versions:
			print(FIRST_PORT + place, state, name)
else:
	with open(sys.argv[3], 'a') as log:
		run(sys.argv[2], log)
