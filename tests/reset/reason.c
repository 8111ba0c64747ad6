/* Law: a reason on the wire is decoded where it is one, and gated where chance could look like one. */
#include "support/stage.h"

static const struct evidence *say(const void *bytes, size_t len)
{
	struct packet *rst;

	stage(&usual);
	rst = play_abort(&play, SERVER);
	rst->segment.payload = bytes;
	rst->segment.payload_len = rst->segment.payload_captured = (uint32_t)len;
	play_subject(rst);
	return evidence_of_subject();
}

static const struct evidence *say_text(const char *text)
{
	return say(text, strlen(text));
}

static void texts(void)
{
	const struct evidence *e = say_text("BIG-IP: [0x11c5672:1234] Flow expired (sweeper)");

	is_so(e, FACT_TEXT_REASON, "a text");
	is_so(e, FACT_BOX_SAYS_EXPIRED, "a text of expiry");
	is_not_so(e, FACT_PEER_RESET_RELAYED, "a text of expiry");
	is_text(e->text, "BIG-IP: [0x11c5672:1234] Flow expired (sweeper)", "the text is kept");
	is_so(say_text("BIG-IP: [0x1:1] {peer} TCP RST from remote system"), FACT_PEER_RESET_RELAYED, "a text of a relay");
	is_so(say_text("No listener"), FACT_BOX_SAYS_REFUSED, "a text of refusal");
	e = say("\x01\x02\x80\x81\xff", 5);
	is_not_so(e, FACT_TEXT_REASON, "bytes");
	e = say_text("\033[31mred");
	ok(!strchr(e->text, '\033'), "no text holds a control character");
}

static void windows(void)
{
	static const struct {
		uint16_t handshake, rst;
		bool code;
	} cases[] = { { 8190, 9300, true }, { 64240, 9300, false }, { 8190, 17, false } };

	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct packet *rst;

		play_begin(&play, &usual);
		play_syn(&play);
		play_send(&play, SERVER, TCP_SYN | TCP_ACK, 0)->segment.window = cases[i].handshake;
		play_settle(&play);
		play_ack(&play, CLIENT);
		play_settle(&play);
		play_exchange(&play);
		rst = play_abort(&play, SERVER);
		rst->segment.window = cases[i].rst;
		play_subject(rst);
		ok(yes(evidence_of_subject(), FACT_NETSCALER_CODE) == cases[i].code,
		   "a handshake with window %u and a RST with %u are %s code", cases[i].handshake, cases[i].rst,
		   cases[i].code ? "a" : "no");
	}
}

static void options(void)
{
	static const uint8_t tcprst[] = { 30, 4, 0x80, 6 };
	struct packet *rst;

	stage(&usual);
	rst = play_abort(&play, SERVER);
	play_option(rst, tcprst, sizeof tcprst);
	play_subject(rst);
	counts(evidence_of_subject(), FACT_MP_TCPRST_REASON, 6, "MP_TCPRST");
	stage(&usual);
	play_subject(play_abort(&play, SERVER));
	is_not_so(evidence_of_subject(), FACT_MP_TCPRST_REASON, "no option");
}

static void fastclose(void)
{
	static const uint8_t option[] = { 30, 12, 0x70, 0, 1, 2, 3, 4, 5, 6, 7, 8 };

	for (enum end who = CLIENT; who <= SERVER; who++) {
		stage(&usual);
		play_option(play_ack(&play, SERVER), option, sizeof option);
		play_settle(&play);
		play_subject(play_abort(&play, who));
		is_so(evidence_of_subject(), FACT_MP_FASTCLOSE, "MP_FASTCLOSE on an ACK before the RST");
	}
	stage(&usual);
	play_option(play_ack(&play, SERVER), option, sizeof option);
	play_settle(&play);
	play_tell(&play, CLIENT, 5);
	play_settle(&play);
	play_subject(play_answer(&play, SERVER));
	is_not_so(evidence_of_subject(), FACT_MP_FASTCLOSE, "a RST that answers data, long after MP_FASTCLOSE");
}

int main(void)
{
	texts();
	windows();
	options();
	fastclose();
	return done_testing();
}
