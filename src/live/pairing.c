#include "live/pairing.h"

#include <string.h>

#include "live/filling.h"

bool same_end(const struct live_tuple *a, const struct live_tuple *b)
{
	return a->version == b->version && a->net == b->net && a->local_port == b->local_port &&
	       a->remote_port == b->remote_port && memcmp(a->local, b->local, sizeof a->local) == 0 &&
	       memcmp(a->remote, b->remote, sizeof a->remote) == 0;
}

bool other_end(const struct live_tuple *a, const struct live_tuple *b)
{
	return a->version == b->version && a->local_port == b->remote_port && a->remote_port == b->local_port &&
	       memcmp(a->local, b->remote, sizeof a->local) == 0 && memcmp(a->remote, b->local, sizeof a->remote) == 0;
}

struct live_tuple turned(const struct live_tuple *tuple)
{
	struct live_tuple turned = *tuple;

	memcpy(turned.local, tuple->remote, sizeof turned.local);
	memcpy(turned.remote, tuple->local, sizeof turned.remote);
	turned.local_port = tuple->remote_port;
	turned.remote_port = tuple->local_port;
	turned.net = 0;
	turned.netns = 0;
	return turned;
}

bool begins_anew(const struct live_segment *segment)
{
	return (segment->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

bool met_nobody(const struct live_record *record)
{
	return record->passive && (!record->state || record->state == STATE_LISTEN);
}

/* What began at another time is an older connection, or a younger one, of the same ports. */
static bool is_goodbye(const struct live_record *record, const struct live_record *answer)
{
	uint64_t born_ns = record->sender.socket.born_ns;

	if (!record->sent || record->passive || !answer->sent || !met_nobody(answer) || begins_anew(&answer->segment) ||
	    !same_end(&record->sender.tuple, &answer->sender.tuple))
		return false;
	if (answer->has_sender_past)
		return !answer->sender_past.reset && answer->sender_past.born_ns == born_ns;
	/* It was there, and just changing. */
	return !answer->forgot_ticks && born_ns <= answer->time_ns;
}

static void move_receiver(struct live_record *from, struct live_record *to)
{
	to->received = true;
	to->receiver = from->receiver;
	to->receiver_past = from->receiver_past;
	to->has_receiver_past = from->has_receiver_past;
	to->receiver_listener = from->receiver_listener;
	to->has_receiver_listener = from->has_receiver_listener;
	from->received = false;
	from->receiver = (struct live_end){ .tuple = turned(&from->sender.tuple) };
}

void pair_goodbye(struct live_record *goodbye, struct live_record *answer)
{
	if (!is_goodbye(goodbye, answer))
		return;
	if (goodbye->has_sender_past)
		answer->sender_past = goodbye->sender_past;
	answer->has_sender_past = true;
	answer->sender_past.reset = 1;
	if (answer->received && !goodbye->received)
		move_receiver(answer, goodbye);
}
