/* Zeek's conn_state and history: one sequence of segments for each state and for each rule of each letter. */
#include "tap.h"

#include "flow/zeek.h"

#define CLIENT_PORT 50000
#define SERVER_PORT 9999   /* not one that Zeek knows */

/*
 * Steps are separated by ';': who sends (c or s), flags, seq, ack, bytes of payload, and marks:
 * z window 0, b bad checksum, g good checksum, x payload cut off by the snap length, h header cut off.
 */
struct row {
	const char *name, *steps, *state, *history;
	unsigned originator;
};

static const struct row rows[] = {
	/* The states. */
	{ "S0: no answer", "c S 100 0 0; c S 100 0 0", "S0", "S", 0 },
	{ "S1: established", "c S 100 0 0; s SA 500 101 0; c A 101 501 0", "S1", "ShA", 0 },
	{ "S2: the originator closed", "c S 100 0 0; s SA 500 101 0; c A 101 501 0; c FA 101 501 0; s A 501 102 0",
	  "S2", "ShAFa", 0 },
	{ "S3: the responder closed", "c S 100 0 0; s SA 500 101 0; c A 101 501 0; s FA 501 101 0; c A 101 502 0",
	  "S3", "ShAf", 0 },
	{ "SF: both closed", "c S 100 0 0; s SA 500 101 0; c A 101 501 0; c PA 101 501 10; s A 501 111 0; s PA 501 111 20;"
	  "c A 111 521 0; c FA 111 521 0; s FA 521 112 0; c A 112 522 0", "SF", "ShADadFf", 0 },
	{ "SF: a RST after both FINs changes nothing", "c S 100 0 0; s SA 500 101 0; c A 101 501 0; c FA 101 501 0;"
	  "s FA 501 102 0; c R 102 0 0", "SF", "ShAFfR", 0 },
	{ "SF: FIN and RST, answered by a FIN", "c S 100 0 0; s SA 500 101 0; c A 101 501 0; c FA 101 501 0; c R 102 0 0;"
	  "s FA 501 102 0", "SF", "ShAFRf", 0 },
	{ "REJ: refused", "c S 100 0 0; s RA 0 101 0", "REJ", "Sr", 0 },
	{ "REJ: reset both ways, and no byte of data",
	  "c S 100 0 0; s SA 500 101 0; c A 101 501 0; c R 101 0 0; s R 501 0 0",
	  "REJ", "ShARr", 0 },
	{ "RSTO: the originator reset", "c S 100 0 0; s SA 500 101 0; c A 101 501 0; c RA 101 501 0", "RSTO", "ShAR", 0 },
	{ "RSTR: the responder reset", "c S 100 0 0; s SA 500 101 0; c A 101 501 0; c PA 101 501 5; s R 501 0 0",
	  "RSTR", "ShADr", 0 },
	{ "RSTOS0: given up by a RST", "c S 100 0 0; c R 101 0 0", "RSTOS0", "SR", 0 },
	{ "RSTRH: the SYN was not seen, the responder reset", "c A 100 500 0; s R 500 0 0", "RSTRH", "Ar", 0 },
	{ "SH: SYN and FIN, nothing came back", "c S 100 0 0; c FA 101 500 0", "SH", "SF", 0 },
	{ "SHR: the responder's half only", "s A 500 100 0; c FA 100 501 0; ", "SHR", "Af", 0 },
	{ "OTH: in the middle", "c A 100 500 10; s A 500 110 10", "OTH", "Dd", 0 },
	{ "OTH: the originator's RST after one ACK", "c A 100 500 0; c R 100 0 0", "OTH", "AR", 0 },
	{ "OTH: a SYN-ACK alone", "s SA 500 101 0", "OTH", "H", 0 },

	/* Who is the originator. */
	{ "flip: SYN-ACK, then an ACK", "s SA 500 101 0; c A 101 501 0; c A 101 501 9; s A 501 110 3; c FA 110 504 0;"
	  "s FA 504 111 0", "SF", "^hADdFf", 1 },
	{ "flip: SYN-ACK, then data of the same side", "s SA 500 101 0; s A 501 101 9", "OTH", "^hd", 1 },
	{ "no flip: SYN-ACK, then a RST", "s SA 500 101 0; c R 101 0 0", "REJ", "Hr", 0 },
	{ "flip: the SYN-ACK overtook the SYN", "s SA 500 101 0; c S 100 0 0; c A 101 501 0", "S1", "Hs^A", 1 },

	/* Letters that come again when the number differs. */
	{ "S: the same SYN once", "c S 100 0 0; c S 100 0 0; c S 100 0 0", "S0", "S", 0 },
	{ "H: the same SYN-ACK once", "c S 100 0 0; s SA 500 101 0; s SA 500 101 0; c A 101 501 0", "S1", "ShA", 0 },
	{ "F: the same FIN once, another twice", "c S 100 0 0; s SA 500 101 0; c A 101 501 0; c FA 101 501 0;"
	  "c FA 101 501 0; c FA 111 501 0", "S2", "ShAFF", 0 },
	{ "F: counted from its end", "c S 100 0 0; s SA 500 101 0; c A 101 501 0; c FA 101 501 10; c FA 111 501 0",
	  "S2", "ShAF", 0 },
	{ "R: other numbers, other letters", "c S 100 0 0; s R 500 0 0; s R 500 0 0; s R 501 0 0", "REJ", "Srr", 0 },

	/* Letters that come once. */
	{ "D: once a side, and not for a FIN with data", "c S 100 0 0; s SA 500 101 0; c A 101 501 4; c A 105 501 4;"
	  "s A 501 109 4; s FA 505 109 4", "S3", "ShDdf", 0 },
	{ "A: pure ones only", "c S 100 0 0; s SA 500 101 0; c A 101 501 4; c A 105 501 0; c A 105 501 0", "S1", "ShDA", 0 },
	{ "no letter for a segment with no flag and no data", "c - 100 0 0", "OTH", "", 0 },
	{ "I: FIN and RST", "c FR 100 0 0; c FR 100 0 0", "OTH", "I", 0 },
	{ "Q: SYN and FIN", "c SF 100 0 0; c SF 100 0 0", "SH", "Q", 0 },
	{ "Q: SYN and RST", "c SR 100 0 0", "OTH", "Q", 0 },
	{ "I: all three", "c SFR 100 0 0", "OTH", "I", 0 },

	/* W: a window of 0. */
	{ "W", "c S 100 0 0; s SA 500 101 0; c A 101 501 0 z; s A 501 101 0 z", "S1", "ShAWaw", 0 },
	{ "W: not in a RST", "c S 100 0 0; s RA 0 101 0 z", "REJ", "Sr", 0 },
	{ "W: not when the peer has sent all", "c S 100 0 0; s SA 500 101 0; c A 101 501 0; s FA 501 101 0; c A 101 502 0 z",
	  "S3", "ShAf", 0 },
	{ "W: not after its own RST", "c S 100 0 0; s SA 500 101 0; c A 101 501 0; c R 101 0 0; c A 101 501 0 z",
	  "RSTO", "ShAR", 0 },
	{ "W: a SYN may say so", "c S 100 0 0 z", "S0", "SW", 0 },

	/* T: nothing new, but with data. */
	{ "T", "c S 100 0 0; s SA 500 101 0; c A 101 501 10; c A 101 501 10; s A 501 111 5; s A 501 111 5",
	  "S1", "ShDTdt", 0 },
	{ "T: a keepalive with a byte", "c S 100 0 0; s SA 500 101 0; c A 101 501 10; s A 501 111 0; c A 110 501 1",
	  "S1", "ShDaT", 0 },
	{ "T: not where a part is new", "c S 100 0 0; s SA 500 101 0; c A 101 501 10; c A 105 501 10", "S1", "ShD", 0 },
	{ "T: not after a RST", "c S 100 0 0; s SA 500 101 0; c A 101 501 10; c R 111 0 0; c A 101 501 10",
	  "RSTO", "ShDR", 0 },

	/* G: acknowledged, and not seen. */
	{ "G: a hole that was acknowledged", "c S 100 0 0; s SA 500 101 0; c A 101 501 10; c A 121 501 10; s A 501 131 0",
	  "S1", "ShDaG", 0 },
	{ "G: a hole that is filled is none",
	  "c S 100 0 0; s SA 500 101 0; c A 101 501 10; c A 121 501 10; c A 111 501 10;"
	  "s A 501 131 0", "S1", "ShDTa", 0 },
	{ "G: the end is missing", "c S 100 0 0; s SA 500 101 0; c A 101 501 10; s A 501 131 0", "S1", "ShDaG", 0 },
	{ "G: the FIN itself is no gap", "c S 100 0 0; s SA 500 101 0; c A 101 501 10; c FA 111 501 0; s A 501 112 0",
	  "S2", "ShDFa", 0 },
	{ "G: an ACK with the responder's FIN", "c S 100 0 0; s SA 500 101 0; c A 101 501 10; s FA 501 131 0",
	  "S3", "ShDfG", 0 },
	{ "G: not revealed by a RST", "c S 100 0 0; s SA 500 101 0; c A 101 501 10; s RA 501 131 0", "RSTR", "ShDr", 0 },
	{ "G: not without the handshake", "c A 101 501 10; s A 501 131 0; s A 501 151 0", "OTH", "Da", 0 },
	{ "G: payload that was cut off", "c S 100 0 0; s SA 500 101 0; c A 101 501 10 x; s A 501 111 0", "S1", "ShDaG", 0 },
	{ "G: each hole of two counts, two letters need ten", "c S 100 0 0; s SA 500 101 0; c A 121 501 10;"
	  "c A 141 501 10; s A 501 151 0", "S1", "ShDaG", 0 },

	/* C: a bad checksum, and the segment is not seen. */
	{ "C", "c S 100 0 0 g; s SA 500 101 0 g; c A 101 501 0 g; c R 101 0 0 b; s A 501 101 3 g", "S1", "ShACd", 0 },
	{ "C: not where none of the side is good", "c S 100 0 0 b; s SA 500 101 0 g; c A 101 501 0 b", "S1", "ShA", 0 },
	{ "a header that was cut off is not seen", "c S 100 0 0; s RA 0 101 0 h", "S0", "S", 0 },

	/* A second SYN. */
	{ "a SYN after a partial beginning", "c A 99 0 0; c S 100 0 0", "S0", "AS", 0 },
	{ "simultaneous open", "c S 100 0 0; s S 500 0 0; c SA 100 501 0; s SA 500 101 0", "S1", "Ss", 0 },
};

static uint16_t flags_of(const char *text)
{
	static const char letters[] = "FSRPAU";
	uint16_t flags = 0;

	for (; *text; text++) {
		const char *at = strchr(letters, *text);

		flags |= at ? (uint16_t)(1 << (at - letters)) : 0;
	}
	return flags;
}

static struct endpoint client = { { { 10, 0, 0, 1 }, 4 }, CLIENT_PORT };
static struct endpoint server = { { { 10, 0, 0, 2 }, 4 }, SERVER_PORT };

static struct segment segment_of(char who, const char *flags, uint32_t seq, uint32_t ack, uint32_t len,
                                 const char *marks)
{
	struct segment s = {
		.seq = seq, .ack = ack, .payload_len = len, .payload_captured = strchr(marks, 'x') ? 0 : len,
		.flags = flags_of(flags), .window = strchr(marks, 'z') ? 0 : 1000, .version = 4,
		.header_options_len = strchr(marks, 'h') ? 12 : 0,
		.src = who == 'c' ? client : server, .dst = who == 'c' ? server : client,
	};

	if (strchr(marks, 'b'))
		s.checksum = CHECKSUM_BAD;
	if (strchr(marks, 'g'))
		s.checksum = CHECKSUM_GOOD;
	return s;
}

static void play(struct zeek *zeek, const char *steps)
{
	char who, flags[8];
	unsigned seq, ack, len;
	bool begun = false;
	int end;

	while (sscanf(steps, " %c %7s %u %u %u%n", &who, flags, &seq, &ack, &len, &end) == 5) {
		char marks[8] = "";
		struct segment s;

		steps += end;
		sscanf(steps, " %7[a-z]", marks);
		s = segment_of(who, flags, seq, ack, len, marks);
		if (!begun)
			zeek_begin(zeek, &s);
		begun = true;
		zeek_segment(zeek, &s);
		steps += strcspn(steps, ";");
		steps += *steps == ';';
	}
}

static bool check(const struct row *row)
{
	char history[ZEEK_HISTORY_MAX];
	struct zeek zeek = { 0 };
	bool right;

	play(&zeek, row->steps);
	zeek_history(&zeek, history);
	right = ok(strcmp(zeek_conn_state(&zeek), row->state) == 0 && strcmp(history, row->history) == 0 &&
	           zeek_originator(&zeek) == row->originator, "%s", row->name);
	if (!right)
		printf("#   got %s %s %u, want %s %s %u\n", zeek_conn_state(&zeek), history, zeek_originator(&zeek),
		       row->state, row->history, row->originator);
	return right;
}

/* The server's port 80 and the client's are told apart where the handshake is missing. */
static void check_ports(void)
{
	static const struct row known[] = {
		{ "known port: a SYN-ACK", "s SA 500 101 0; c A 101 501 0", "S1", "^hA", 1 },
		{ "known port: data", "s A 500 101 7; c A 101 507 0", "OTH", "^dA", 1 },
		{ "known port: a SYN is believed all the same", "s S 500 0 0", "S0", "S", 0 },
		{ "known port: its RST", "s R 500 0 0", "RSTRH", "^r", 1 },
	};
	static const struct row both[] = {
		{ "two known ports: the lower one serves", "s A 500 101 7", "OTH", "^d", 1 },
		{ "two known ports: from the higher one", "c A 500 101 7", "OTH", "D", 0 },
		{ "two known ports: a SYN-ACK is left alone", "s SA 500 101 0; c R 101 0 0", "REJ", "Hr", 0 },
	};

	server.port = 80;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		check(&known[i]);
	client.port = 8080;
	for (size_t i = 0; i < sizeof both / sizeof *both; i++)
		check(&both[i]);
	server.port = SERVER_PORT;
	client.port = CLIENT_PORT;
}

static void repeat(const char *step, unsigned times, const char *want, const char *name)
{
	struct zeek zeek = { 0 };
	char history[ZEEK_HISTORY_MAX];
	const char *steps = strchr(step, '|') + 1;

	play(&zeek, step);
	for (unsigned i = 0; i < times; i++) {
		char who, flags[8], marks[8] = "";
		unsigned seq, ack, len;
		struct segment s;

		sscanf(steps, " %c %7s %u %u %u %7s", &who, flags, &seq, &ack, &len, marks);
		s = segment_of(who, flags, seq, ack, len, marks);
		zeek_segment(&zeek, &s);
	}
	zeek_history(&zeek, history);
	is_text(history, want, name);
}

/* The second letter stands for the tenth time, the third for the hundredth. */
static void check_repetition(void)
{
	repeat("c S 100 0 0; s SA 500 101 0; c A 101 501 5 |c A 101 501 5", 9, "ShDT", "T: 9 times");
	repeat("c S 100 0 0; s SA 500 101 0; c A 101 501 5 |c A 101 501 5", 10, "ShDTT", "T: 10 times");
	repeat("c S 100 0 0; s SA 500 101 0; c A 101 501 5 |c A 101 501 5", 100, "ShDTTT", "T: 100 times");
	repeat("c S 100 0 0; s SA 500 101 0 |s A 501 101 0 z", 1000, "Shawwww", "W: 1000 times");
	repeat("c S 100 0 0 g; s SA 500 101 0 g |s A 501 101 0 b", 10, "Shcc", "C: 10 times");
}

static void check_length(void)
{
	struct zeek zeek = { 0 };
	char history[ZEEK_HISTORY_MAX];

	play(&zeek, "c S 100 0 0");
	for (uint32_t i = 0; i < 100; i++) {
		struct segment s = segment_of('s', "R", 500 + i, 0, 0, "");

		zeek_segment(&zeek, &s);
	}
	zeek_history(&zeek, history);
	is_number((long long)strlen(history), ZEEK_HISTORY_MAX - 1, "a history that is too long is cut");
	is_text(zeek_conn_state(&zeek), "REJ", "and the state is right all the same");
	ok(history[0] == 'S' && history[ZEEK_HISTORY_MAX - 2] == 'r', "every letter kept is right");
}

/* Sequence numbers wrap; a gap after that is one all the same. */
static void check_wrap(void)
{
	static const struct row wrap[] = {
		{ "wrap: no gap", "c S 4294967290 0 0; s SA 500 4294967291 0; c A 4294967291 501 10; s A 501 5 0; c A 5 501 10;"
		  "s A 501 15 0", "S1", "ShDa", 0 },
		{ "wrap: a gap", "c S 4294967290 0 0; s SA 500 4294967291 0; c A 4294967291 501 10; s A 501 5 0; c A 25 501 10;"
		  "s A 501 35 0", "S1", "ShDaG", 0 },
	};

	check(&wrap[0]);
	check(&wrap[1]);
}

static void check_self(void)
{
	struct zeek zeek = { 0 };
	struct segment s = segment_of('c', "S", 1, 0, 0, "");
	char history[ZEEK_HISTORY_MAX];

	s.dst = s.src;
	zeek_begin(&zeek, &s);
	zeek_segment(&zeek, &s);
	zeek_history(&zeek, history);
	is_text(history, "S", "a connection with itself");
}

int main(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		check(&rows[i]);
	check_ports();
	check_repetition();
	check_length();
	check_wrap();
	check_self();
	ok(sizeof(struct zeek) <= 160, "small enough to be kept for each connection (%zu bytes)", sizeof(struct zeek));
	return done_testing();
}
