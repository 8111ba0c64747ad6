/* What each word does. */
#include <string.h>

#include "base/clock.h"
#include "lab/conductor.h"
#include "lab/firewall.h"
#include "lab/mptcp.h"

typedef enum status (*player)(struct conductor *conductor, const struct step *step);

void step_remark(struct conductor *conductor, const struct step *step)
{
	char text[STEP_TEXT_MAX];

	step_text(text, step);
	message_remark(conductor->caller, conductor_now(conductor), text);
}

static enum status play_say(struct conductor *conductor, const struct step *step)
{
	step_remark(conductor, step);
	return STATUS_OK;
}

/* ---- calls */

static struct program *program_of(struct conductor *conductor, const struct step *step)
{
	return &conductor->programs[step->who];
}

static bool is_answered(struct conductor *conductor, const struct step *step)
{
	return program_of(conductor, step)->answered;
}

/* It said that it is about to call, and then it sleeps: in that call. */
static bool is_blocked(struct conductor *conductor, const struct step *step)
{
	const struct program *program = program_of(conductor, step);

	return program->answered || (program->answer.call.begins && program_sleeps(program));
}

static struct order order_of(const struct conductor *conductor, const struct step *step)
{
	uint8_t version = conductor->options->version;
	struct order order = { .step = step };

	order.local.address = network_address(version, (enum party)step->who);
	order.local.port = step->verb == VERB_LISTEN ? LAB_PORT : (uint16_t)(LAB_CLIENT_PORT + step->sock);
	if (step->verb == VERB_CONNECT) {
		order.remote.address = network_address(version, (enum party)step->other);
		order.remote.port = LAB_PORT;
	}
	if (step->verb == VERB_SET_OPTION)
		order.remote.address = network_address(version, step->who == PARTY_SERVER ? PARTY_CLIENT : PARTY_SERVER);
	/* Whatever address it has, and those that it gets. */
	if (step->verb == VERB_LISTEN)
		memset(order.local.address.bytes, 0, sizeof order.local.address.bytes);
	return order;
}

static enum status play_call(struct conductor *conductor, const struct step *step)
{
	struct program *program = program_of(conductor, step);
	struct order order = order_of(conductor, step);
	enum status status = program_start(program, &conductor->network, (enum party)step->who, &conductor->error);

	if (status != STATUS_OK)
		return status;
	if (step->verb == VERB_CONNECT) {
		program->local[step->sock] = order.local;
		program->remote[step->sock] = order.remote;
	}
	conductor->orders[step->who] = step;
	conductor->ahead_at_start_ns[step->who] = conductor->ahead_ns;
	program->answer.call.begins = false;
	program_order(program, &order);
	status = conductor_wait(conductor, step, step->expect == EXPECT_PENDING ? is_blocked : is_answered);
	if (status == STATUS_OK && step->verb != VERB_ON_SIGPIPE && step->expect != EXPECT_PENDING)
		expect_check(conductor, step, &program->answer.call);
	return status;
}

static enum status play_result(struct conductor *conductor, const struct step *step)
{
	enum status status = conductor_wait(conductor, step, is_answered);

	if (status == STATUS_OK)
		expect_check(conductor, step, &program_of(conductor, step)->answer.call);
	return status;
}

static enum status play_kill(struct conductor *conductor, const struct step *step)
{
	step_remark(conductor, step);
	program_kill(program_of(conductor, step), (int)step->number);
	return STATUS_OK;
}

/* ---- hosts */

static void switch_power(struct conductor *conductor, enum party party, bool on)
{
	wire_power(conductor->network.wire, network_port(party), on);
	if (party == PARTY_ROUTER)
		wire_power(conductor->network.wire, PORT_ROUTER_RIGHT, on);
}

static enum status play_power_off(struct conductor *conductor, const struct step *step)
{
	enum status status;

	step_remark(conductor, step);
	switch_power(conductor, (enum party)step->who, false);
	program_forget(program_of(conductor, step));
	program_kill(program_of(conductor, step), SIGKILL);
	status = network_enter(&conductor->network, (enum party)step->who, &conductor->error);
	if (status == STATUS_OK)
		status = diag_destroy_all(&conductor->error);
	if (status == STATUS_OK && step->who == PARTY_ROUTER)
		status = conntrack_flush(&conductor->error);
	return network_leave(&conductor->network, status, &conductor->error);
}

static enum status play_power_on(struct conductor *conductor, const struct step *step)
{
	switch_power(conductor, (enum party)step->who, true);
	step_remark(conductor, step);
	return STATUS_OK;
}

static enum status play_destroy(struct conductor *conductor, const struct step *step)
{
	const struct program *program = program_of(conductor, step);
	enum status status = network_enter(&conductor->network, (enum party)step->who, &conductor->error);

	step_remark(conductor, step);
	if (status == STATUS_OK)
		status = diag_destroy(&program->local[step->sock], &program->remote[step->sock], &conductor->error);
	return network_leave(&conductor->network, status, &conductor->error);
}

static enum status play_sysctl(struct conductor *conductor, const struct step *step)
{
	step_remark(conductor, step);
	return network_sysctl(&conductor->network, (enum party)step->who, step->name, step->text, &conductor->error);
}

static enum status play_rule(struct conductor *conductor, const struct step *step)
{
	step_remark(conductor, step);
	return network_rule(&conductor->network, (enum party)step->who, step->name, step->text, &conductor->error);
}

static enum status play_no_rules(struct conductor *conductor, const struct step *step)
{
	step_remark(conductor, step);
	return network_no_rules(&conductor->network, (enum party)step->who, &conductor->error);
}

static enum status play_forget(struct conductor *conductor, const struct step *step)
{
	enum status status = network_enter(&conductor->network, (enum party)step->who, &conductor->error);

	step_remark(conductor, step);
	if (status == STATUS_OK)
		status = conntrack_flush(&conductor->error);
	return network_leave(&conductor->network, status, &conductor->error);
}

static enum status play_subflows(struct conductor *conductor, const struct step *step)
{
	struct address own = network_address(conductor->options->version, (enum party)step->who);
	enum status status = network_enter(&conductor->network, (enum party)step->who, &conductor->error);

	step_remark(conductor, step);
	if (status == STATUS_OK)
		status = step->verb == VERB_ANNOUNCE ? mptcp_announce(&own, LAB_PORT + 1, &conductor->error)
		                                     : mptcp_allow_subflows(&conductor->error);
	return network_leave(&conductor->network, status, &conductor->error);
}

static enum status play_take_address(struct conductor *conductor, const struct step *step)
{
	step_remark(conductor, step);
	return network_take_address(&conductor->network, (enum party)step->who, &conductor->error);
}

/* ---- wires */

static enum status play_wire(struct conductor *conductor, const struct step *step)
{
	struct wire *wire = conductor->network.wire;
	enum port_id port = network_port((enum party)step->who);

	step_remark(conductor, step);
	if (step->verb == VERB_LOSE)
		return wire_lose(wire, port, step->flags, (uint32_t)step->number, &conductor->error);
	if (step->verb == VERB_DELAY)
		wire_delay(wire, port, step->number * NS_PER_US);
	else
		wire_hold(wire, port, step->verb == VERB_HOLD);
	return STATUS_OK;
}

/* ---- waits */

struct socket_view step_look(struct conductor *conductor, const struct step *step)
{
	const struct program *program = program_of(conductor, step);
	struct socket_view view = { 0 };
	enum status status = network_enter(&conductor->network, (enum party)step->who, &conductor->error);

	if (status == STATUS_OK)
		status = diag_look(&program->local[step->sock], &program->remote[step->sock], &view, &conductor->error);
	if (network_leave(&conductor->network, status, &conductor->error) != STATUS_OK)
		view.state = -1;
	return view;
}

static bool is_in_state(struct conductor *conductor, const struct step *step)
{
	return step_look(conductor, step).state == step->number;
}

static bool is_unread(struct conductor *conductor, const struct step *step)
{
	return step_look(conductor, step).unread >= step->number;
}

static bool is_acked(struct conductor *conductor, const struct step *step)
{
	struct socket_view view = step_look(conductor, step);

	return view.state >= 0 && view.unacked == 0;
}

static bool has_passed(struct conductor *conductor, const struct step *step)
{
	enum port_id port = network_port((enum party)step->who);
	size_t *cursor = &conductor->cursors[step->who];

	while (*cursor < conductor->seen_count) {
		const struct seen *seen = &conductor->seen[(*cursor)++];

		if (seen->port == port && (seen->flags & step->flags) == step->flags &&
		    (step->number == PASSING_ANY || seen->out == (step->number == PASSING_OUT)))
			return true;
	}
	return false;
}

static enum status play_wait(struct conductor *conductor, const struct step *step)
{
	const conductor_condition conditions[VERBS] = {
		[VERB_WAIT_STATE] = is_in_state, [VERB_WAIT_UNREAD] = is_unread, [VERB_WAIT_ACKED] = is_acked,
		[VERB_WAIT_PACKET] = has_passed,
	};

	if (step->verb != VERB_WAIT_PACKET && !program_of(conductor, step)->local[step->sock].port)
		return error_set(&conductor->error, STATUS_LIMIT, _("%s: it never had such a socket"),
		                 lab_party_text((enum party)step->who));
	return conductor_wait(conductor, step, conditions[step->verb]);
}

static enum status play_wait_ms(struct conductor *conductor, const struct step *step)
{
	int64_t until = clock_monotonic() + step->number * NS_PER_MS;

	while (clock_monotonic() < until)
		conductor_turn(conductor, until - clock_monotonic());
	return STATUS_OK;
}

static enum status play_idle(struct conductor *conductor, const struct step *step)
{
	const struct step wait = { .verb = VERB_WAIT_MS, .number = step->number * 1000 };

	step_remark(conductor, step);
	if (conductor->options->real_time)
		return play_wait_ms(conductor, &wait);
	conductor->ahead_ns += step->number * NS_PER_S;
	return STATUS_OK;
}

enum status step_play(struct conductor *conductor, const struct step *step)
{
	static const player players[VERBS] = {
		[VERB_SAY] = play_say, [VERB_RESULT] = play_result, [VERB_KILL] = play_kill,
		[VERB_POWER_OFF] = play_power_off, [VERB_POWER_ON] = play_power_on, [VERB_DESTROY] = play_destroy,
		[VERB_SYSCTL] = play_sysctl, [VERB_RULE] = play_rule, [VERB_NO_RULES] = play_no_rules,
		[VERB_FORGET] = play_forget, [VERB_ANNOUNCE] = play_subflows, [VERB_ALLOW_SUBFLOWS] = play_subflows,
		[VERB_TAKE_ADDRESS] = play_take_address, [VERB_LOSE] = play_wire,
		[VERB_HOLD] = play_wire, [VERB_RELEASE] = play_wire, [VERB_DELAY] = play_wire,
		[VERB_FORGE] = step_forge, [VERB_SEND_RAW] = step_send_raw, [VERB_IDLE] = play_idle,
		 [VERB_WAIT_STATE] = play_wait, [VERB_WAIT_UNREAD] = play_wait,
		[VERB_WAIT_ACKED] = play_wait, [VERB_WAIT_PACKET] = play_wait, [VERB_WAIT_MS] = play_wait_ms,
	};

	return players[step->verb] ? players[step->verb](conductor, step) : play_call(conductor, step);
}
