/*
 * Each packet leaves once, and of each that the system refuses the sender is told once, whichever thread sends them. In
 * a network namespace of its own, over its loopback.
 */
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "probe/outbox.h"
#include "support/loopback.h"
#include "tap.h"

#define PROTOCOL 253              /* RFC 3692: for experiments */
#define ROUNDS 300
#define A_ROUND (4 * OUTBOX_BATCH + 5)
#define PACKETS (ROUNDS * A_ROUND)
#define HEADER 20
#define NOWHERE_EACH 7            /* one of so many has no route */

static uint8_t came[PACKETS], refused[PACKETS];

static void on_refusal(void *user, uint32_t tag, int failure)
{
	(void)user;
	(void)failure;
	if (tag < PACKETS && refused[tag] < UINT8_MAX)
		refused[tag]++;
}

/* An IP packet with a number in it. */
static void put(struct outbox *outbox, uint32_t number)
{
	struct path path = { .target = { .version = 4, .bytes = { 127, 0, 0, 1 } }, .interface_name = "lo" };
	uint8_t packet[HEADER + 4] = { 0x45, [8] = 64, [9] = PROTOCOL, [12] = 127, [15] = 1, [16] = 127, [19] = 1 };
	struct error error = { STATUS_OK, "" };

	if (number % NOWHERE_EACH == 0)
		path.target.bytes[0] = packet[16] = 198;
	store_be16(packet + 2, sizeof packet);
	store_be32(packet + HEADER, number);
	outbox_put(outbox, &path, packet, sizeof packet, number, &error);
}

static void take(int fd)
{
	uint8_t packet[HEADER + 4];

	while (recv(fd, packet, sizeof packet, MSG_DONTWAIT) == sizeof packet) {
		uint32_t number = load_be32(packet + HEADER);

		if (number < PACKETS && came[number] < UINT8_MAX)
			came[number]++;
	}
}

/* Packets whose fate is another than one that came, or one refusal where there is no route. */
static unsigned count_wrong(void)
{
	unsigned wrong = 0;

	for (uint32_t i = 0; i < PACKETS; i++) {
		bool nowhere = i % NOWHERE_EACH == 0;

		wrong += came[i] != !nowhere || refused[i] != nowhere;
	}
	return wrong;
}

int main(void)
{
	struct outbox *outbox = NULL;
	int in, out;

	if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
		puts("1..0 # SKIP network namespaces cannot be made here");
		return 0;
	}
	ok(loopback_up(), "a network of its own");
	in = socket(AF_INET, SOCK_RAW, PROTOCOL);
	out = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	ok(in >= 0 && out >= 0 && outbox_new(out, out, &outbox, NULL) == STATUS_OK, "an outbox");
	outbox_on_refusal(outbox, on_refusal, NULL);
	for (uint32_t i = 0; i < PACKETS; i++) {
		put(outbox, i);
		if (i % A_ROUND != A_ROUND - 1)
			continue;
		/* All have left, also those that another thread had begun with. */
		outbox_flush(outbox, NULL);
		take(in);
	}
	is_number(count_wrong(), 0, "each packet came once, or was refused once");
	outbox_free(outbox);
	close(in);
	close(out);
	return done_testing();
}
