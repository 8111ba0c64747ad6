#include <stdio.h>

#include "live/filling.h"

static const char *state_name(uint8_t state)
{
	static const char *const names[] = {
		[STATE_ESTABLISHED] = "ESTABLISHED", [STATE_SYN_SENT] = "SYN_SENT", [STATE_SYN_RECV] = "SYN_RECV",
		[STATE_FIN_WAIT1] = "FIN_WAIT1", [STATE_FIN_WAIT2] = "FIN_WAIT2", [STATE_TIME_WAIT] = "TIME_WAIT",
		[STATE_CLOSE] = "CLOSE", [STATE_CLOSE_WAIT] = "CLOSE_WAIT", [STATE_LAST_ACK] = "LAST_ACK",
		[STATE_LISTEN] = "LISTEN", [STATE_CLOSING] = "CLOSING", [STATE_NEW_SYN_RECV] = "SYN_RECV",
	};

	return state < sizeof names / sizeof *names ? names[state] : NULL;
}

static void fill_actor(struct actor *actor, const struct live_end *end, uint64_t now_ns)
{
	const struct live_process *process = &end->process;

	if (!process->pid)
		return;
	*actor = (struct actor){
		.known = true,
		.pid = process->pid,
		.act = end->act,
		.ago_ns = end->act_ns && end->act_ns < now_ns ? (int64_t)(now_ns - end->act_ns) : 0,
		.exit_code = -1,
		.fd = end->fd - 1,
	};
	snprintf(actor->command, sizeof actor->command, "%.*s", (int)sizeof process->command, process->command);
	if (end->act != ACT_EXIT)
		return;
	actor->signal = process->exit_code & 0x7f;
	if (!actor->signal)
		actor->exit_code = process->exit_code >> 8 & 0xff;
	else if (process->killer && process->killer != process->pid)
		actor->killer = process->killer;
	snprintf(actor->killer_command, sizeof actor->killer_command, "%.*s", (int)sizeof process->killer_command,
	         process->killer_command);
}

static void fill_witness(struct witness *witness, const struct filling *filling, const struct live_end *end,
                         const struct live_socket *socket, uint8_t state)
{
	uint64_t now_ns = filling->record->time_ns;

	witness->here = end->has_socket || end->process.pid;
	witness->netns = end->tuple.netns;
	witness->error = end->error;
	witness->pipe = end->pipe;
	witness->call = end->call;
	witness->state = state_name(state);
	fill_actor(&witness->actor, end, now_ns);
	if (!socket)
		return;
	witness->counted = true;
	witness->unread = unread_bytes(socket);
	witness->unsent = unsent_bytes(socket);
	witness->received = bytes_received(socket);
	witness->acked = bytes_acked(socket);
	witness->retransmits = socket->total_retransmits;
	witness->age_ns = socket->born_ns && socket->born_ns < now_ns ? (int64_t)(now_ns - socket->born_ns) : -1;
	witness->idle_ns = idle_ns(filling, socket);
	witness->linger_ns = -1;
	if (socket->lingers)
		witness->linger_ns = (int64_t)(socket->linger_ticks & UINT32_MAX) * filling->context->tick_ns;
	witness->orphan = !socket->held;
}

/* close() is what is seen; the evidence tells what it really was. */
static enum act act_of(const struct evidence *e, enum act act)
{
	if (act == ACT_HALF_CLOSE && yes(e, FACT_KERNEL_SHUTDOWN))
		return ACT_SHUTDOWN;
	if (act != ACT_CLOSE)
		return act;
	if (yes(e, FACT_KERNEL_DISCONNECT))
		return ACT_DISCONNECT;
	if (yes(e, FACT_KERNEL_DESTROYED))
		return ACT_DESTROY;
	if (yes(e, FACT_KERNEL_LISTENER_CLOSED))
		return ACT_UNLISTEN;
	return yes(e, FACT_KERNEL_SHUTDOWN) ? ACT_SHUTDOWN : ACT_CLOSE;
}

void fill_testimony(struct testimony *testimony, const struct filling *filling)
{
	const struct live_record *record = filling->record;

	*testimony = (struct testimony){
		.reason = reasons_name(filling->context->reasons, record->reason),
		.meaning = reasons_meaning(filling->reason),
	};
	fill_witness(&testimony->sender, filling, &record->sender, filling->sender,
	             filling->sender_state ? filling->sender_state : record->state);
	fill_witness(&testimony->receiver, filling, &record->receiver, filling->receiver, filling->receiver_state);
	testimony->sender.none = record->sent && record->passive && !record->state;
	testimony->sender.here |= record->sent || record->has_sender_past;
	testimony->receiver.here |= record->received || record->has_receiver_past;
	testimony->sender.actor.act = act_of(filling->e, testimony->sender.actor.act);
}
