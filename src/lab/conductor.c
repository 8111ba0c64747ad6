#include "lab/conductor.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/sequence.h"

#define POLL_NS NS_PER_MS          /* how often a state is looked at that only time can change … */
#define POLL_SLOW_NS (10 * NS_PER_MS) /* … and after POLL_FAST_NS */
#define POLL_FAST_NS (100 * NS_PER_MS)
#define PATIENCE_REAL_NS (1800 * NS_PER_S) /* tcp_retries2 takes 924 s by default */
#define PATIENCE_SILENT_NS (200 * NS_PER_MS) /* what is on its way passes within some ms, if the machine is not busy */

/* Which capture a port belongs to; PARTIES for none. */
static enum party vantage_of(const struct conductor *conductor, enum port_id port)
{
	switch (port) {
	case PORT_CLIENT: case PORT_NEIGHBOUR: return PARTY_CLIENT;
	case PORT_SERVER: case PORT_SPARE: return PARTY_SERVER;
	case PORT_ROUTER_LEFT: return conductor->scenario->router_at_server ? PARTIES : PARTY_ROUTER;
	case PORT_ROUTER_RIGHT: return conductor->scenario->router_at_server ? PARTY_ROUTER : PARTIES;
	default: return PARTIES;
	}
}

struct track *conductor_track(struct conductor *conductor, const struct endpoint *src, const struct endpoint *dst)
{
	struct track *track = conductor->tracks;

	for (size_t i = 0; i < conductor->track_count; i++, track++)
		if (endpoint_equal(&track->src, src) && endpoint_equal(&track->dst, dst))
			return track;
	return NULL;
}

static struct track *track_of(struct conductor *conductor, const struct segment *segment)
{
	struct track *track = conductor_track(conductor, &segment->src, &segment->dst);

	if (track)
		return track;
	if (conductor->track_count == TRACKS_MAX) {
		conductor->untracked++;
		return NULL;
	}
	track = &conductor->tracks[conductor->track_count++];
	*track = (struct track){ .src = segment->src, .dst = segment->dst, .next = segment_end(segment) };
	return track;
}

static void follow(struct conductor *conductor, const struct segment *segment)
{
	struct track *track = segment->flags & TCP_RST ? NULL : track_of(conductor, segment);

	if (!track)
		return;
	/* A SYN begins anew. */
	if (segment->flags & TCP_SYN || seq_after(segment_end(segment), track->next))
		track->next = segment_end(segment);
	if (segment->flags & TCP_ACK)
		track->ack = segment->ack;
}

int64_t conductor_now(const struct conductor *conductor)
{
	return clock_realtime() + conductor->ahead_ns;
}

static void see(struct conductor *conductor, const struct passing *passing, uint16_t flags)
{
	if (conductor->seen_count < SEEN_MAX)
		conductor->seen[conductor->seen_count++] = (struct seen){ (uint8_t)passing->port, passing->out, flags };
	else
		conductor->overlooked++;
}

static void take_frame(void *user, const struct passing *passing)
{
	struct conductor *conductor = user;
	enum party vantage = vantage_of(conductor, passing->port);
	struct lab_frame frame = {
		.time_ns = passing->time_ns + conductor->ahead_ns, .len = passing->len, .vantage = (uint8_t)vantage,
		.out = passing->out, .lost = passing->lost, .bytes = passing->bytes,
	};
	struct segment segment;

	if (vantage < VANTAGES)
		message_frame(conductor->caller, &frame);
	if (!wire_segment(passing->bytes, passing->len, &segment))
		return;
	see(conductor, passing, wire_flags(&segment));
	if (passing->out)
		follow(conductor, &segment);
}

/* A process that ended: in its last call, or between two. */
static void complete_end(struct conductor *conductor, enum party party)
{
	struct lab_call *call = &conductor->programs[party].answer.call;
	const struct step *step = conductor->orders[party];

	call->party = (uint8_t)party;
	call->start_ns = call->end_ns;
	if (!step)
		return;
	call->verb = step->verb;
	call->sock = step->sock;
	call_name(call->name, step);
}

/* By the lab's clock. */
static void tell_call(struct conductor *conductor, enum party party)
{
	struct lab_call call = conductor->programs[party].answer.call;

	call.start_ns += conductor->ahead_at_start_ns[party];
	call.end_ns += conductor->ahead_ns;
	message_call(conductor->caller, &call);
}

static void listen_to(struct conductor *conductor, enum party party)
{
	struct program *program = &conductor->programs[party];
	const struct step *step = conductor->orders[party];

	if (!program_listen(program))
		return;
	conductor->news = true;
	if (program->answer.call.killed)
		complete_end(conductor, party);
	if (step && step->verb != VERB_ON_SIGPIPE)
		tell_call(conductor, party);
	if (program->answer.call.begins || !step || program->answer.call.value < 0)
		return;
	if (step->verb == VERB_CONNECT || step->verb == VERB_ACCEPT) {
		program->local[step->sock] = program->answer.local;
		program->remote[step->sock] = program->answer.remote;
	}
}

static void take_command_call(void *user, const struct lab_call *call)
{
	struct conductor *conductor = user;
	struct lab_call told = *call;

	told.start_ns += conductor->ahead_ns;
	told.end_ns += conductor->ahead_ns;
	message_call(conductor->caller, &told);
	conductor->news = true;
}

static unsigned poll_programs(const struct conductor *conductor, struct pollfd *fds)
{
	unsigned count = 0;

	for (unsigned i = 0; i < PARTIES; i++)
		if (conductor->programs[i].pid)
			fds[count++] = (struct pollfd){ .fd = conductor->programs[i].fd, .events = POLLIN };
	return count;
}

static void serve_once(struct conductor *conductor, int64_t until)
{
	struct pollfd fds[WIRE_POLL_MAX + PARTIES];
	unsigned count = wire_poll(conductor->network.wire, fds);
	int64_t due = wire_next_due(conductor->network.wire);
	int64_t ns = (due < until ? due : until) - clock_monotonic();
	struct timespec time;
	sigset_t none;

	sigemptyset(&none);
	count += poll_programs(conductor, fds + count);
	ns = ns < 0 ? 0 : ns;
	time = (struct timespec){ .tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S };
	/* A stop of a traced command comes as SIGCHLD, which is let through here only, and is no news by itself. */
	conductor->news = ppoll(fds, count, &time, &none) >= 0;
	wire_serve(conductor->network.wire);
	for (unsigned i = 0; i < PARTIES; i++) {
		listen_to(conductor, i);
		command_serve(&conductor->commands[i], take_command_call, conductor);
	}
}

/* Not one turn a stop: there are thousands a second, and after each turn the state of a socket is asked for again. */
void conductor_turn(struct conductor *conductor, int64_t ns)
{
	int64_t until = clock_monotonic() + ns;

	do
		serve_once(conductor, until);
	while (!conductor->news && clock_monotonic() < until);
}

static bool has_spoken(const struct conductor *conductor, enum party party)
{
	struct address address = network_address(conductor->options->version, party);

	for (size_t i = 0; i < conductor->track_count; i++)
		if (address_equal(&conductor->tracks[i].src.address, &address))
			return true;
	return false;
}

/* The host whose command has ended without a word: its part of the story will not come any more. PARTIES for none. */
static enum party find_silent(const struct conductor *conductor)
{
	for (unsigned i = 0; i < PARTIES; i++)
		if (conductor->commands[i].ended && !has_spoken(conductor, i))
			return i;
	return PARTIES;
}

static enum status complain_of_wait(struct conductor *conductor, const struct step *step)
{
	enum party silent = find_silent(conductor);
	char text[STEP_TEXT_MAX];

	step_text(text, step);
	if (silent < PARTIES)
		return error_set(&conductor->error, STATUS_LIMIT,
		                 _("waited in vain: %s (the command in place of %s has ended, and sent nothing)"), text,
		                 lab_party_text(silent));
	if (step->verb == VERB_WAIT_PACKET && conductor->overlooked)
		return error_set(&conductor->error, STATUS_LIMIT,
		                 _("waited in vain: %s (%zu segments were not looked at, past the first %d)"), text,
		                 conductor->overlooked, SEEN_MAX);
	return error_set(&conductor->error, STATUS_LIMIT, _("waited in vain: %s"), text);
}

static int64_t patience_of(const struct conductor *conductor)
{
	if (find_silent(conductor) < PARTIES)
		return PATIENCE_SILENT_NS;
	return conductor->options->real_time ? PATIENCE_REAL_NS : CONDUCTOR_PATIENCE_NS;
}

enum status conductor_wait(struct conductor *conductor, const struct step *step, conductor_condition is_so)
{
	int64_t begin = clock_monotonic(), waited = 0;

	while (!is_so(conductor, step)) {
		if (conductor->error.status != STATUS_OK)
			return conductor->error.status;
		if (waited > patience_of(conductor))
			return complain_of_wait(conductor, step);
		conductor_turn(conductor, waited < POLL_FAST_NS ? POLL_NS : POLL_SLOW_NS);
		waited = clock_monotonic() - begin;
	}
	return STATUS_OK;
}

static unsigned parties_of(const struct scenario *scenario)
{
	unsigned parties = 1u << PARTY_CLIENT | 1u << PARTY_ROUTER | 1u << PARTY_SERVER;

	for (const struct step *step = scenario->steps; step->verb != VERB_END; step++) {
		if (step->verb != VERB_SAY)
			parties |= 1u << step->who;
		if (step->verb == VERB_CONNECT)
			parties |= 1u << step->other;
		if (step->verb == VERB_SEND_RAW)
			parties |= 1u << step->forged->to;
	}
	return parties;
}

static void on_child(int signal)
{
	(void)signal;
}

/* SIGCHLD interrupts nothing but the conductor's poll. */
static void await_children(void)
{
	const struct sigaction action = { .sa_handler = on_child };
	sigset_t children;

	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	sigprocmask(SIG_BLOCK, &children, NULL);
	sigaction(SIGCHLD, &action, NULL);
}

static bool is_for_haste(const struct step *step)
{
	return step->verb == VERB_SYSCTL && step->number;
}

/* Waits for packets look no further back than the last thing that happened. */
static void forget_packets(struct conductor *conductor, const struct step *step)
{
	if (step->verb == VERB_SAY || (step->verb >= VERB_RESULT && step->verb <= VERB_WAIT_MS))
		return;
	conductor->seen_count = conductor->overlooked = 0;
	memset(conductor->cursors, 0, sizeof conductor->cursors);
}

static enum status play_steps(struct conductor *conductor)
{
	enum status status = STATUS_OK;
	char text[STEP_TEXT_MAX];

	for (const struct step *step = conductor->scenario->steps; step->verb != VERB_END && status == STATUS_OK; step++) {
		if (conductor->options->real_time && is_for_haste(step))
			continue;
		wire_serve(conductor->network.wire);
		forget_packets(conductor, step);
		step_text(text, step);
		message_step(conductor->caller, text);
		if (step->verb != VERB_SAY && conductor->options->commands[step->who])
			status = command_step(conductor, step);
		else
			status = step_play(conductor, step);
	}
	command_finish(conductor);
	message_step(conductor->caller, _("that was all"));
	conductor_turn(conductor, 0);
	return status;
}

/* Whoever watches the kernel knows network namespaces by the inode numbers of their files. */
static void tell_hosts(const struct conductor *conductor)
{
	uint32_t netns[PARTIES] = { 0 };

	for (unsigned i = 0; i < PARTIES; i++) {
		struct stat file;

		if (conductor->network.hosts[i] >= 0 && fstat(conductor->network.hosts[i], &file) == 0)
			netns[i] = (uint32_t)file.st_ino;
	}
	message_hosts(conductor->caller, netns);
}

void conductor_play(const struct scenario *scenario, const struct lab_options *options, int caller)
{
	struct conductor *conductor = calloc(1, sizeof *conductor);
	struct error none = { STATUS_MEMORY, "" };

	if (!conductor) {
		error_set(&none, STATUS_MEMORY, _("out of memory"));
		message_end(caller, &none);
		return;
	}
	conductor->scenario = scenario;
	conductor->options = options;
	conductor->caller = caller;
	for (unsigned i = 0; i < PARTIES; i++)
		conductor->programs[i].fd = conductor->programs[i].stat = -1;
	await_children();
	if (network_init(&conductor->network, options->version, parties_of(scenario), take_frame, conductor,
	                 &conductor->error) == STATUS_OK) {
		tell_hosts(conductor);
		conductor->error.status = play_steps(conductor);
	}
	message_end(caller, &conductor->error);
	network_clear(&conductor->network);
	free(conductor);
}
