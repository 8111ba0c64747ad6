#include "probe/outbox.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"

#define BATCHES 4
/* So many full batches, and a second thread is worth its start. */
#define HELPER_FROM 16
/* It waits for the next batch so long before it sleeps: to be woken takes as long as some batches. */
#define HELPER_AWAKE_NS (100 * NS_PER_US)

struct parcel {
	uint8_t bytes[GUISE_FRAME_MAX];
	struct sockaddr_storage to;
	struct iovec piece;
	uint32_t tag;
	int failure;                  /* errno; 0: sent */
};

enum batch_state {
	FREE,                         /* or being filled */
	READY,                        /* whoever comes first sends it */
	TAKEN,                        /* somebody does */
	DONE,
};

struct batch {
	_Atomic int state;            /* enum batch_state */
	unsigned count;
	bool by_frames;
	int ended;                    /* errno where the interface has gone */
	char interface_name[IF_NAMESIZE]; /* that the last of it leaves by */
	struct parcel parcels[OUTBOX_BATCH];
	struct mmsghdr messages[OUTBOX_BATCH];
};

struct outbox {
	int raw, packet;
	struct batch batches[BATCHES];
	unsigned filling;             /* index of the batch that is */
	uint64_t full;                /* batches so far */
	outbox_refusal refusal;
	void *user;
	bool alone;                   /* there is no other processor, or no thread is to be had */
	bool helped;
	pthread_t helper;
	sem_t ready;                  /* batches */
	atomic_bool stopping;
};

/* ---- one batch */

/* The device is gone or down; everything else concerns a packet or a moment. */
static bool ends_it(int failure)
{
	return failure == ENETDOWN || failure == ENXIO || failure == ENODEV;
}

/* A queue of this host is full. Waiting is all there is to do, and no answer is lost by it. */
static bool is_full(int failure)
{
	return failure == ENOBUFS || failure == EAGAIN || failure == ENOMEM;
}

#define FULL_WAIT_NS (1 * NS_PER_MS)
#define FULL_TRIES 200

static void deliver(const struct outbox *outbox, struct batch *batch)
{
	unsigned done = 0, full = 0;

	while (done < batch->count && !batch->ended) {
		int sent = sendmmsg(batch->by_frames ? outbox->packet : outbox->raw, batch->messages + done,
		                    batch->count - done, 0);

		if (sent > 0) {
			done += (unsigned)sent;
		} else if (ends_it(errno)) {
			batch->ended = errno;
		} else if (is_full(errno) && full++ < FULL_TRIES) {
			struct timespec pause = { 0, FULL_WAIT_NS };

			nanosleep(&pause, NULL);
		} else if (errno != EINTR) {
			batch->parcels[done++].failure = errno;
		}
	}
	atomic_store(&batch->state, DONE);
}

static bool take(struct batch *batch)
{
	int ready = READY;

	return atomic_compare_exchange_strong(&batch->state, &ready, TAKEN);
}

/* What came of a batch that is done, which is free then. */
static enum status collect(struct outbox *outbox, struct batch *batch, struct error *error)
{
	int ended = batch->ended;

	if (atomic_load(&batch->state) != DONE)
		return STATUS_OK;
	for (unsigned i = 0; i < batch->count; i++)
		if (batch->parcels[i].failure && outbox->refusal)
			outbox->refusal(outbox->user, batch->parcels[i].tag, batch->parcels[i].failure);
	batch->count = 0;
	batch->ended = 0;
	atomic_store(&batch->state, FREE);
	return ended ? error_set(error, STATUS_IO, _("interface %s is gone or down: %s"), batch->interface_name,
	                         strerror(ended))
	             : STATUS_OK;
}

/* ---- the second thread */

static void await_batch(struct outbox *outbox)
{
	int64_t until = clock_monotonic() + HELPER_AWAKE_NS;

	while (sem_trywait(&outbox->ready) != 0) {
		if (clock_monotonic() >= until) {
			while (sem_wait(&outbox->ready) != 0)
				;
			return;
		}
		sched_yield();
	}
}

static void *help(void *user)
{
	struct outbox *outbox = user;

	while (await_batch(outbox), !atomic_load(&outbox->stopping))
		for (unsigned i = 0; i < BATCHES; i++)
			if (take(&outbox->batches[i]))
				deliver(outbox, &outbox->batches[i]);
	return NULL;
}

static void start_helper(struct outbox *outbox)
{
	cpu_set_t processors;
	sigset_t all, before;

	outbox->alone = true;
	if (sched_getaffinity(0, sizeof processors, &processors) != 0 || CPU_COUNT(&processors) < 2 ||
	    sem_init(&outbox->ready, 0, 0) != 0)
		return;
	/* Signals are for the first thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	outbox->helped = pthread_create(&outbox->helper, NULL, help, outbox) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!outbox->helped)
		sem_destroy(&outbox->ready);
	outbox->alone = !outbox->helped;
}

/* ---- all batches */

/* Send the batch that is filled, or leave it to the second thread, where another is free to be filled meanwhile. */
static enum status dispatch(struct outbox *outbox, bool now, struct error *error)
{
	struct batch *batch = &outbox->batches[outbox->filling];
	unsigned next = (outbox->filling + 1) % BATCHES;
	enum status status;

	if (!now && !outbox->helped && !outbox->alone && outbox->full++ == HELPER_FROM)
		start_helper(outbox);
	status = collect(outbox, &outbox->batches[next], error);
	if (outbox->helped && !now && atomic_load(&outbox->batches[next].state) == FREE) {
		atomic_store(&batch->state, READY);
		sem_post(&outbox->ready);
		outbox->filling = next;
		return status;
	}
	atomic_store(&batch->state, TAKEN);
	deliver(outbox, batch);
	return collect(outbox, batch, status == STATUS_OK ? error : NULL) == STATUS_OK ? status : STATUS_IO;
}

enum status outbox_flush(struct outbox *outbox, struct error *error)
{
	enum status status = STATUS_OK;

	if (outbox->batches[outbox->filling].count)
		status = dispatch(outbox, true, error);
	/* What nobody has begun with is sent here; for what somebody has, there is no way but to wait. */
	for (unsigned i = 0; i < BATCHES && outbox->helped; i++) {
		struct batch *batch = &outbox->batches[i];

		if (take(batch))
			deliver(outbox, batch);
		while (atomic_load(&batch->state) == TAKEN)
			sched_yield();
		if (collect(outbox, batch, status == STATUS_OK ? error : NULL) != STATUS_OK)
			status = STATUS_IO;
	}
	return status;
}

static socklen_t write_address(struct parcel *parcel, const struct path *path, bool by_frame)
{
	struct sockaddr_ll link = { .sll_family = AF_PACKET, .sll_ifindex = (int)path->interface, .sll_halen = 6 };

	if (!by_frame)
		return path_socket_address(&path->target, 0, path->scope, &parcel->to);
	memcpy(link.sll_addr, path->next_hop_mac, sizeof path->next_hop_mac);
	link.sll_protocol = htons(path->target.version == 4 ? ETH_P_IP : ETH_P_IPV6);
	memcpy(&parcel->to, &link, sizeof link);
	return sizeof link;
}

enum status outbox_put(struct outbox *outbox, const struct path *path, const uint8_t *packet, size_t len, uint32_t tag,
                       struct error *error)
{
	struct batch *batch = &outbox->batches[outbox->filling];
	bool by_frame = path->ethernet && path->resolved;
	enum status status = STATUS_OK;
	struct parcel *parcel;

	if (batch->count && batch->by_frames != by_frame)
		status = dispatch(outbox, false, error);
	if (status != STATUS_OK)
		return status;
	batch = &outbox->batches[outbox->filling];
	batch->by_frames = by_frame;
	memcpy(batch->interface_name, path->interface_name, sizeof batch->interface_name);
	parcel = &batch->parcels[batch->count];
	memcpy(parcel->bytes, packet, len);
	parcel->piece = (struct iovec){ parcel->bytes, len };
	parcel->tag = tag;
	parcel->failure = 0;
	batch->messages[batch->count++].msg_hdr = (struct msghdr){
		.msg_name = &parcel->to,
		.msg_namelen = write_address(parcel, path, by_frame),
		.msg_iov = &parcel->piece,
		.msg_iovlen = 1,
	};
	return batch->count == OUTBOX_BATCH ? dispatch(outbox, false, error) : STATUS_OK;
}

/* ---- life */

enum status outbox_new(int raw, int packet, struct outbox **ret_outbox, struct error *error)
{
	struct outbox *outbox = calloc(1, sizeof *outbox);

	if (!outbox)
		return error_set(error, STATUS_MEMORY, "%s", _("out of memory"));
	outbox->raw = raw;
	outbox->packet = packet;
	*ret_outbox = outbox;
	return STATUS_OK;
}

void outbox_on_refusal(struct outbox *outbox, outbox_refusal refusal, void *user)
{
	outbox->refusal = refusal;
	outbox->user = user;
}

void outbox_free(struct outbox *outbox)
{
	if (!outbox)
		return;
	if (outbox->helped) {
		atomic_store(&outbox->stopping, true);
		sem_post(&outbox->ready);
		pthread_join(outbox->helper, NULL);
		sem_destroy(&outbox->ready);
	}
	free(outbox);
}
