/*
 * Law: two clocks are compared by what went both ways, whatever they are off and however they drift, and the error that
 * is stated holds.
 */
#include "vantage/align.h"

#include "base/clock.h"
#include "tap.h"

#define SAMPLES 2000
#define START_NS (1700000000 * NS_PER_S)

static struct sample samples[SAMPLES];

/* The same numbers in each run. */
static uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

/*
 * Segments in turn both ways over `span_ns`; each takes `trip_ns` and up to `queue_ns` more. The other clock is ahead
 * by `shift_ns` and gains `ppm`; it stands at the server's side where `farther`.
 */
static void fill(int64_t span_ns, int64_t trip_ns, int64_t queue_ns, int64_t shift_ns, double ppm, bool farther)
{
	uint64_t state = 7;

	for (unsigned i = 0; i < SAMPLES; i++) {
		int64_t here = START_NS + span_ns / SAMPLES * i;
		int64_t late = trip_ns + (int64_t)(next_random(&state) % (uint64_t)queue_ns);
		bool from_client = i % 2;
		int64_t there = from_client == farther ? here + late : here - late;

		samples[i] = (struct sample){
			.here_ns = here, .from_client = from_client,
			.there_ns = there + shift_ns + (int64_t)(ppm / 1e6 * (double)(there - START_NS)),
		};
	}
}

/* How wrong the other clock's time of this moment comes out. */
static int64_t wrong_at(const struct alignment *a, int64_t true_ns, int64_t shift_ns, double ppm)
{
	int64_t there = true_ns + shift_ns + (int64_t)(ppm / 1e6 * (double)(true_ns - START_NS));

	return llabs(align_time(a, there) - true_ns);
}

static void test_clocks(void)
{
	static const int64_t shifts[] = {
		0, 86400 * NS_PER_S, -86400 * NS_PER_S, 40 * 86400 * NS_PER_S, -1500 * NS_PER_US,
	};
	static const double drifts[] = { 0, 50, -50, 200 };

	for (unsigned s = 0; s < sizeof shifts / sizeof *shifts; s++)
		for (unsigned d = 0; d < sizeof drifts / sizeof *drifts; d++) {
			int64_t span = 600 * NS_PER_S, worst = 0;
			struct alignment a;

			fill(span, 10 * NS_PER_MS, 3 * NS_PER_MS, shifts[s], drifts[d], true);
			align(samples, SAMPLES, 0, &a);
			for (int64_t at = 0; at <= span; at += span / 10) {
				int64_t wrong = wrong_at(&a, START_NS + at, shifts[s], drifts[d]);

				worst = wrong > worst ? wrong : worst;
			}
			ok(a.known && a.order == 1 && worst <= a.error_ns && a.error_ns < 12 * NS_PER_MS,
			   "%lld s and %g ppm: wrong by %lld us, to within %lld us", (long long)(shifts[s] / NS_PER_S), drifts[d],
			   (long long)(worst / NS_PER_US), (long long)(a.error_ns / NS_PER_US));
			ok(-a.drift * 1e6 - drifts[d] < 1 && -a.drift * 1e6 - drifts[d] > -1, "the drift is found: %g", a.drift * 1e6);
		}
}

/* What no clock does is not stated as what this one does, and the error that is stated still holds. */
static void test_runaway(void)
{
	static const double drifts[] = { 700, -700, 5000 };

	for (unsigned d = 0; d < sizeof drifts / sizeof *drifts; d++) {
		int64_t span = 600 * NS_PER_S, worst = 0;
		struct alignment a;

		fill(span, 10 * NS_PER_MS, 3 * NS_PER_MS, 0, drifts[d], true);
		align(samples, SAMPLES, 1, &a);
		for (int64_t at = 0; at <= span; at += span / 10) {
			int64_t wrong = wrong_at(&a, START_NS + at, 0, drifts[d]);

			worst = wrong > worst ? wrong : worst;
		}
		ok(a.runaway && a.drift == 0, "%g ppm: the drift is not known", drifts[d]);
		ok(worst <= a.error_ns, "%g ppm: wrong by %lld ms, to within %lld ms", drifts[d],
		   (long long)(worst / NS_PER_MS), (long long)(a.error_ns / NS_PER_MS));
	}
}

/* A short capture with jitter tells nothing of a drift. */
static void test_short(void)
{
	struct alignment a;

	fill(NS_PER_S, 10 * NS_PER_MS, 3 * NS_PER_MS, 0, 50, true);
	align(samples, SAMPLES, 1, &a);
	ok(a.drift_error > 50e-6 && a.drift - -50e-6 < a.drift_error && -50e-6 - a.drift < a.drift_error,
	   "in a second 50 ppm come out as %g, to within %g", a.drift * 1e6, a.drift_error * 1e6);
}

static void test_order(void)
{
	struct alignment a;

	fill(NS_PER_S, 50 * NS_PER_US, 20 * NS_PER_US, 5 * NS_PER_S, 0, false);
	align(samples, SAMPLES, 0, &a);
	is_number(a.order, -1, "who is nearer to the client is told by the times");
	align(samples, SAMPLES, 1, &a);
	is_number(a.order, 1, "unless it is known better");
}

static void test_little(void)
{
	struct alignment a;
	struct sample one = { .here_ns = START_NS, .there_ns = START_NS + 5, .from_client = true };
	struct sample far = { .here_ns = CLOCK_MAX, .there_ns = -CLOCK_MAX };

	align(NULL, 0, 0, &a);
	ok(!a.known, "nothing in common: nothing known");
	align(&one, 1, 0, &a);
	ok(a.known && a.one_way, "one segment is one direction only");
	is_number(align_time(&a, START_NS + 5), START_NS, "and the offset is that of this segment");
	align(&far, 1, 0, &a);
	ok(a.known && align_time(&a, INT64_MAX / 2) <= CLOCK_MAX, "times of a damaged file overflow nothing");
}

static void test_way_back(void)
{
	struct alignment a;
	int64_t there;

	fill(600 * NS_PER_S, NS_PER_MS, NS_PER_MS, 86400 * NS_PER_S, 50, true);
	align(samples, SAMPLES, 0, &a);
	there = samples[1000].there_ns;
	ok(llabs(align_back(&a, align_time(&a, there)) - there) <= 2, "a time goes there and back");
	ok(align_error(&a, START_NS + 6000 * NS_PER_S) > align_error(&a, START_NS), "beyond the samples the error grows");
}

int main(void)
{
	test_clocks();
	test_runaway();
	test_short();
	test_order();
	test_little();
	test_way_back();
	return done_testing();
}
