/*
 * The law: every message of the table is found in a line that holds it, leads to a meaning with something to do, and a
 * longer message is preferred to a shorter one within it. Lines may hold anything.
 */
#include "cause/errors.h"

#include "../tap.h"

static const char *first_meaning(const char *line)
{
	const struct error_message *matches[ERROR_MATCHES_MAX];

	return errors_find(line, matches) ? matches[0]->meaning->name : "none";
}

static bool is_found(const struct error_message *message)
{
	const struct error_message *matches[ERROR_MATCHES_MAX];
	char line[256];
	size_t count;

	snprintf(line, sizeof line, "10:15:30 [error] 17#17: *4 %s, while serving", message->pattern);
	count = errors_find(line, matches);
	for (size_t i = 0; i < count; i++)
		if (matches[i] == message)
			return true;
	return false;
}

static bool is_complete(const struct error_meaning *meaning)
{
	size_t count = 0;

	while (count <= ERROR_CAUSES_MAX && meaning->causes[count] != CAUSE_NONE)
		count++;
	return count <= ERROR_CAUSES_MAX && meaning->means && *meaning->means && meaning->next && *meaning->next;
}

static void every_message_is_found(void)
{
	const struct error_message *message;
	size_t count = 0;

	for (; (message = errors_get(count)) != NULL; count++) {
		ok(is_found(message), "found: %s", message->pattern);
		ok(message->printed_by && is_complete(message->meaning), "complete: %s", message->pattern);
	}
	ok(count > 100, "the table knows many messages");
}

static void no_message_stands_twice(void)
{
	for (size_t i = 0; errors_get(i); i++)
		for (size_t j = i + 1; errors_get(j); j++)
			if (strcmp(errors_get(i)->pattern, errors_get(j)->pattern) == 0)
				ok(false, "twice: %s", errors_get(i)->pattern);
	ok(true, "each message once");
}

static void real_lines_are_understood(void)
{
	is_text(first_meaning("write: broken pipe"), "broken_pipe", "the line of the manual");
	is_text(first_meaning("WRITE: BROKEN PIPE"), "broken_pipe", "letter case does not count");
	is_text(first_meaning("write tcp 10.0.0.1:443->10.0.0.2:51034: write: connection reset by peer"), "reset_write", "Go");
	is_text(first_meaning("java.net.SocketException: Connection reset\n\tat java.net.SocketInputStream.read"),
	        "reset_read", "Java");
	is_text(first_meaning("recv() failed (104: Connection reset by peer) while reading response header from upstream"),
	        "server_left", "nginx, upstream");
	is_text(first_meaning("writev() failed (32: Broken pipe) while sending to client"), "client_left", "nginx, client");
	is_text(first_meaning("upstream timed out (110: Connection timed out) while reading response header"),
	        "server_slow", "nginx's own time limit is none of TCP's");
	is_text(first_meaning("www/web1 10/0/30/-1/69 200 1748 - - SD-- 1/1/1/1/0"), "server_left", "HAProxy SD");
	is_text(first_meaning("www/web1 10/0/30/-1/69 200 1748 - - cD-- 1/1/1/1/0"), "client_idle", "HAProxy cD");
	is_text(first_meaning("\"GET / HTTP/1.1\" 503 UC 0 95 12"), "server_left", "Envoy UC");
	is_text(first_meaning("\"GET / HTTP/1.1\" 503 UF,URX 0 95 12"), "server_refused", "Envoy, two flags");
	is_text(first_meaning("kex_exchange_identification: read: Connection reset by peer"), "ssh_reset", "ssh");
	is_text(first_meaning("client_loop: send disconnect: Broken pipe"), "broken_pipe", "ssh, later");
	is_text(first_meaning("Error: socket hang up { code: 'ECONNRESET' }"), "end_of_file", "Node: not a reset at all");
	is_text(first_meaning("stream error: stream ID 1; INTERNAL_ERROR; RST_STREAM"), "http2_stream", "HTTP/2");
}

static void codes_are_words(void)
{
	is_text(first_meaning("SUCCESS"), "none", "UC inside a word");
	is_text(first_meaning("uc"), "none", "UC in small letters");
	is_text(first_meaning("SD_CARD"), "none", "SD before an underscore");
	is_text(first_meaning("UC"), "server_left", "UC alone");
}

static void anything_is_harmless(void)
{
	char every_byte[256], *large = malloc(1 << 20);

	is_text(first_meaning(""), "none", "nothing");
	for (int i = 0; i < 255; i++)
		every_byte[i] = (char)(i + 1);
	every_byte[255] = '\0';
	is_text(first_meaning(every_byte), "none", "every byte");
	is_text(first_meaning("\xff\xfe\x80 ECONNRESET \x1b[2J"), "reset_read", "broken UTF-8 around a name");
	if (!large)
		return;
	memset(large, 'E', (1 << 20) - 1);
	large[(1 << 20) - 1] = '\0';
	is_text(first_meaning(large), "none", "a megabyte");
	free(large);
}

int main(void)
{
	every_message_is_found();
	no_message_stands_twice();
	real_lines_are_understood();
	codes_are_words();
	anything_is_harmless();
	return done_testing();
}
