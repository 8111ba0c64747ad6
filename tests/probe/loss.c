/*
 * At most one port in a million is called silent that merely had its SYNs or answers lost; and bad luck with few
 * answers is not taken for a box that limits their rate.
 */
#include "probe/loss.h"
#include "tap.h"

#define LOST_BOTH_WAYS (1 - 0.95 * 0.95)

/* A scan of 65 535 ports, of which `answering` answer, each SYN to them with chance `loss` of no answer. */
static struct scan scan_with(double answering, double loss)
{
	struct scan scan = { .ask_count = 65535, .pace_since = 1, .round = 4, .window = 256 };
	double left = answering;

	for (unsigned try = 1; try <= scan.round; try++, left *= loss) {
		scan.answered_by_try[try] = (uint64_t)(left * (1 - loss) + 0.5);
		scan.answered_by_tcp += scan.answered_by_try[try];
	}
	return scan;
}

/* The chance that a port that answers is called silent. */
static double missed(const struct scan *scan, double loss)
{
	double chance = 1;

	for (unsigned tries = loss_tries_needed(scan); tries; tries--)
		chance *= loss;
	return chance;
}

static void test_misses(void)
{
	static const double counts[] = { 65485, 32000, 1000, 200, 50 }, losses[] = { 0.02, 0.05, LOST_BOTH_WAYS, 0.15, 0.25 };

	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		for (size_t k = 0; k < sizeof losses / sizeof *losses; k++) {
			struct scan scan = scan_with(counts[i], losses[k]);

			ok(missed(&scan, losses[k]) <= 1e-6, "%.0f answer, %.2f %% lost: %u tries, %.1e missed", counts[i],
			   losses[k] * 100, loss_tries_needed(&scan), missed(&scan, losses[k]));
		}
}

static void test_quiet(void)
{
	struct scan scan = scan_with(65485, 0);

	is_number(loss_tries_needed(&scan), 2, "nothing is lost: twice is enough");
	scan = scan_with(0, 0);
	is_number(loss_tries_needed(&scan), 5, "nothing is known: more often");
}

/* The pace that is kept after a round that took a tenth of a second. */
static double pace_after(struct scan scan)
{
	loss_mind_limits(&scan, clock_monotonic() - NS_PER_S / 10);
	return scan.pace;
}

static void test_limits(void)
{
	struct scan scan = scan_with(50, LOST_BOTH_WAYS);

	ok(pace_after(scan) == 0, "one answer in ten gets lost: nobody limits them");
	scan.answered_by_try[1] -= 8;
	scan.answered_by_try[2] += 8;
	ok(pace_after(scan) == 0, "one in five of 50: bad luck");
	scan = scan_with(65485, 0.18);
	ok(pace_after(scan) > 0, "one in five of 65 485 is more than that");
	scan = scan_with(50, 0.6);
	ok(pace_after(scan) > 0, "and so is more than half of 50");
}

int main(void)
{
	test_misses();
	test_quiet();
	test_limits();
	return done_testing();
}
