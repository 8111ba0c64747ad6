#include "reset/neighbourhood.h"

#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "flow/pool.h"

#define HOSTS 4096          /* a power of two */
#define TRIED 64            /* ends remembered for each host; more is not needed to call it a scan */
/* Attempts further apart than this are not one scan: a patient user retries within a minute. */
#define TOGETHER_NS (60 * NS_PER_S)

/*
 * No secret seed: who chooses collisions makes us forget hosts sooner, and gains nothing; the same capture must give
 * the same verdicts each time.
 */
#define HASH_START 0x9e3779b97f4a7c15ULL

/* One host, and the ends that resets joined it with. */
struct host {
	struct address address;
	uint32_t tried[TRIED];       /* hashes of the other ends */
	unsigned count;
	int64_t since_ns;            /* of the first */
};

struct neighbourhood {
	struct host hosts[HOSTS];
};

static uint64_t mix(uint64_t hash, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ p[i]) * 0x9fb21c651e98df25ULL;
	return hash ^ hash >> 29;
}

static struct host *host_of(const struct neighbourhood *n, const struct address *address)
{
	uint64_t hash = mix(HASH_START, address->bytes, sizeof address->bytes);

	return (struct host *)&n->hosts[hash & (HOSTS - 1)];
}

struct neighbourhood *neighbourhood_new(void)
{
	/* Pages that are clear until they are used: calloc() may clear all of them, and a library is asked more than once. */
	return pages_map(sizeof(struct neighbourhood), PROT_READ | PROT_WRITE);
}

static void remember(struct neighbourhood *n, const struct endpoint *host_end, const struct endpoint *other,
                     const struct evidence *e)
{
	struct host *host = host_of(n, &host_end->address);
	uint32_t tried = (uint32_t)mix(mix(HASH_START, other->address.bytes, sizeof other->address.bytes), &other->port,
	                               sizeof other->port);

	if (!address_equal(&host->address, &host_end->address) || e->time_ns - host->since_ns > TOGETHER_NS) {
		memset(host, 0, sizeof *host);
		host->address = host_end->address;
		host->since_ns = e->time_ns;
	}
	for (unsigned i = 0; i < host->count; i++)
		if (host->tried[i] == tried)
			return;
	if (host->count < TRIED)
		host->tried[host->count++] = tried;
}

/* Only resets without a conversation in the data sense are attempts of a prober: nothing was said before them. */
static bool is_attempt(const struct evidence *e)
{
	return !yes(e, FACT_SENDER_DATA) && !(yes(e, FACT_RECEIVER_DATA) && yes(e, FACT_HANDSHAKE_SEEN)) &&
	       !yes(e, FACT_EARLIER_RST_BY_SENDER) && !yes(e, FACT_EARLIER_RST_BY_RECEIVER);
}

void neighbourhood_add(struct neighbourhood *n, const struct evidence *evidence)
{
	if (!n || !is_attempt(evidence))
		return;
	remember(n, &evidence->dst, &evidence->src, evidence);
	remember(n, &evidence->src, &evidence->dst, evidence);
}

static void tried_fact(const struct neighbourhood *n, struct evidence *e, enum fact fact, const struct address *address)
{
	const struct host *host = host_of(n, address);

	if (address_equal(&host->address, address) && host->count > 1 && e->time_ns - host->since_ns <= TOGETHER_NS)
		evidence_number(e, fact, host->count, 0, 0);
	else
		evidence_no(e, fact);
}

void neighbourhood_facts(const struct neighbourhood *n, struct evidence *evidence)
{
	if (!n)
		return;
	tried_fact(n, evidence, FACT_PROBED_PORTS, &evidence->dst.address);
	tried_fact(n, evidence, FACT_SCANNED_PORTS, &evidence->src.address);
}

void neighbourhood_free(struct neighbourhood *n)
{
	pages_unmap(n, sizeof *n);
}
