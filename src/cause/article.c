#include "cause/article.h"

#include <string.h>

#include "cause/step.h"

const struct article_row article_rows[] = {
	{
		.name = "refused", .cause = CAUSE_port_closed,
		.told = N_("Nobody listens on the port. The SYN itself draws the RST, connect() fails with ECONNREFUSED, and the "
		           "program says \"connection refused\"."),
	},
	{
		.name = "reset-not-refused", .cause = CAUSE_NONE,
		.told = N_("Nobody listens any more, and the program says \"connection reset\": the handshake was over when the RST "
		           "came. Refused is a word for SYN-SENT only."),
		.today = N_("The kernel finishes handshakes before the program accepts, so a client can be reset by a server that "
		            "never knew of it."),
	},
	{
		.name = "scan", .cause = CAUSE_NONE,
		.told = N_("A SYN alone finds out which ports are open: SYN ACK means open, RST means closed, and no connection is "
		           "ever made."),
		.today = N_("It is the scanner's own kernel that resets the open port's answer; unless a firewall keeps it from "
		            "doing so, the scanned host sees a RST."),
	},
	{
		.name = "power-loss", .cause = CAUSE_half_open,
		.told = N_("A host loses its power and boots. The other end, which knows of nothing, sends, and the rebooted host "
		           "answers with a RST."),
	},
	{
		.name = "power-loss-listening", .cause = CAUSE_half_open, .face = "listening-again",
		.told = N_("It makes no difference that the server program runs again: it listens, but for new connections."),
	},
	{
		.name = "power-loss-keepalive", .cause = CAUSE_half_open, .face = "keepalive",
		.told = N_("A program that only reads would wait for ever; SO_KEEPALIVE finds out."),
		.today = N_("The first probe goes out after two hours by default (tcp_keepalive_time); here after a second."),
	},
	{
		.name = "linger-off", .cause = CAUSE_NONE,
		.told = N_("SO_LINGER is off, as it is by default: close() returns at once, and the kernel delivers in the "
		           "background what is still unsent."),
	},
	{
		.name = "linger-zero", .cause = CAUSE_NONE,
		.told = N_("SO_LINGER {1, 0}: close() returns at once, a RST goes out in place of the FIN, and what was unsent is "
		           "thrown away."),
		.today = N_("What had arrived before the RST can still be read on Linux; only then does the reader get ECONNRESET."),
	},
	{
		.name = "linger-n", .cause = CAUSE_NONE,
		.told = N_("SO_LINGER {1, N}: close() waits until everything is acknowledged, for at most N seconds."),
	},
	{
		.name = "linger-n-over", .cause = CAUSE_NONE,
		.told = N_("SO_LINGER {1, N}, and after N seconds not everything is acknowledged."),
		.today = N_("On Linux nothing is reset and nothing is thrown away: close() returns 0, as if all were well, and the "
		            "kernel goes on delivering. Other systems return EWOULDBLOCK, or reset."),
	},
	{
		.name = "rst-unacknowledged", .cause = CAUSE_NONE,
		.told = N_("A RST is not acknowledged. Who receives it forgets the connection at once, together with all that it "
		           "had not sent yet."),
	},
	{
		.name = "rst-lost-once", .cause = CAUSE_NONE,
		.told = N_("The RST gets lost. Its sender has forgotten the connection and will not send it again; the next segment "
		           "of the other end draws another."),
		.today = N_("The second RST is another one: it says that nobody is there, and no longer why. An idle reader never "
		            "learns of either."),
	},
	{
		.name = "rst-lost-always", .cause = CAUSE_no_answer,
		.told = N_("Every RST gets lost. The other end retransmits, and gives up with ETIMEDOUT."),
		.today = N_("After tcp_retries2 = 15 retransmissions, which take 924 seconds or more; here fewer, to save time "
		            "(--real-time does not)."),
	},
	{
		.name = "broken-pipe", .cause = CAUSE_write_after_close,
		.told = N_("The first client: the server closes, the client writes twice. The first write succeeds and draws a RST, "
		           "the second one meets a broken pipe."),
	},
	{
		.name = "sigpipe-default", .cause = CAUSE_write_after_close, .face = "sigpipe-kills",
		.told = N_("Who does nothing about SIGPIPE dies of it, without a word: in a pipeline of a shell that is what one "
		           "wants, in a server it is not."),
	},
	{
		.name = "sigpipe-caught", .cause = CAUSE_NONE,
		.told = N_("SIGPIPE comes for writing only: a reader is told by read() itself that there is nothing more, a writer "
		           "that looks at no result would go on for ever. Caught, it leaves write() failing with EPIPE."),
	},
	{
		.name = "sigpipe-ignored", .cause = CAUSE_write_after_close, .face = "sigpipe-ignored",
		.told = N_("Ignored, it does not come at all. A JVM lives on because it sets a handler that does nothing: write() "
		           "fails with EPIPE, and Java throws \"Broken pipe\"."),
	},
	{
		.name = "reset-by-read", .cause = CAUSE_NONE,
		.told = N_("The second client: the server closes, the client writes once and then reads, after the server's FIN and "
		           "a RST. Its log shows \"Connection reset\"."),
		.today = N_("That client ran on macOS. On Linux a FIN that came before the RST makes read() return end of file, "
		            "never ECONNRESET; Java 17 prints null. The error is there, as EPIPE, for who asks with SO_ERROR."),
	},
	{
		.name = "reset-by-read-unread", .cause = CAUSE_unread_data,
		.told = N_("A read that does get ECONNRESET on Linux: the server closed with bytes unread, and no FIN came before "
		           "the RST."),
	},
	{
		.name = "reset-by-read-linger", .cause = CAUSE_linger_zero,
		.told = N_("Another: the server closed with SO_LINGER {1, 0}."),
	},
	{
		.name = "reset-by-read-answer", .cause = CAUSE_unread_data, .face = "after-an-answer",
		.told = N_("And one that first gets the answer, and ECONNRESET after it."),
		.today = N_("Windows, and older accounts, discard the answer when the RST arrives; Linux does not."),
	},
	{ 0 }
};

const struct article_row *article_find(const char *name)
{
	for (const struct article_row *row = article_rows; row->name; row++)
		if (strcmp(row->name, name) == 0)
			return row;
	return NULL;
}

const struct scenario *article_scenario(const struct article_row *row)
{
	if (row->cause < CAUSES)
		return scenario_find(cause_get(row->cause)->scenarios, row->face);
	return scenario_find(scenarios_article, row->name);
}
