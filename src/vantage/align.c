#include "vantage/align.h"

#include <stdlib.h>

#include "base/clock.h"

/* No clock of a computer drifts more and is still called one: NTP's limit (RFC 5905 section 7.2) is 500 ppm. */
#define DRIFT_MAX 500e-6
/* Halving the range of drifts so often brings it below 1e-12: a microsecond in ten days. */
#define SEARCH_STEPS 48
/* A drift must widen the bounds by so much to be believed: less is noise of the time stamps. */
#define DRIFT_GAIN_NS 2000.0
/* Samples that are so far from the middle one are mistaken ones: no packet is on its way for so long. */
#define OUTLIER_NS (60 * NS_PER_S)

/* Differences of times that a file may claim. */
typedef __int128 wide;

/* Larger errors say no more. */
#define ERROR_MAX (CLOCK_MAX / 8)

/* To the nearest whole number; times of damaged files may lie anywhere. */
static int64_t nearest(double ns)
{
	if (!(ns > -(double)CLOCK_MAX && ns < (double)CLOCK_MAX))
		return ns > 0 ? CLOCK_MAX : -CLOCK_MAX;
	return (int64_t)(ns < 0 ? ns - 0.5 : ns + 0.5);
}

static int64_t clamp(wide ns)
{
	return ns > CLOCK_MAX ? CLOCK_MAX : ns < -CLOCK_MAX ? -CLOCK_MAX : (int64_t)ns;
}

/* A sample in numbers that are small enough: nanoseconds from the anchor, and the offset that it shows. */
struct point {
	double at, delta;
	bool from_client;
};

/* What is searched. */
struct search {
	struct point *points;
	size_t count;
	int64_t middle_ns;             /* an offset near to all */
	bool farther;                  /* the hypothesis: `there` is farther from the client */
};

static double delta(const struct point *point, double drift)
{
	return point->delta - drift * point->at;
}

/* What bounds the offset with this drift. Without samples of one direction that bound is infinite. */
static void bounds(const struct search *s, double drift, double *ret_low, double *ret_high)
{
	double low = -__builtin_inf(), high = __builtin_inf();

	for (size_t i = 0; i < s->count; i++) {
		double d = delta(&s->points[i], drift);

		/* What travels away from here arrives there later: its delta is too small by the time that it took. */
		if (s->points[i].from_client == s->farther)
			low = d > low ? d : low;
		else
			high = d < high ? d : high;
	}
	*ret_low = low;
	*ret_high = high;
}

static double gap(const struct search *s, double drift)
{
	double low, high;

	bounds(s, drift, &low, &high);
	return high - low;
}

/*
 * The drift that leaves most room between the bounds: with a wrong one they close in on each other over time. Infinite
 * where no clock drifts so much.
 */
static double best_drift(const struct search *s)
{
	double low = -DRIFT_MAX, high = DRIFT_MAX;

	if (__builtin_isinf(gap(s, 0)))
		return 0;
	for (unsigned i = 0; i < SEARCH_STEPS; i++) {
		double one = low + (high - low) / 3, two = high - (high - low) / 3;

		if (gap(s, one) < gap(s, two))
			low = one;
		else
			high = two;
	}
	low = (low + high) / 2;
	if (gap(s, low) <= gap(s, 0) + DRIFT_GAIN_NS)
		return 0;
	return __builtin_fabs(low) > DRIFT_MAX * 0.99 ? __builtin_inf() : low;
}

static int by_number(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The median of those of one direction (-1: of both), 0 where there is none. */
static double median(const struct search *s, double drift, int from_client, double *scratch)
{
	size_t count = 0;

	for (size_t i = 0; i < s->count; i++)
		if (from_client < 0 || s->points[i].from_client == (from_client != 0))
			scratch[count++] = delta(&s->points[i], drift);
	if (!count)
		return 0;
	qsort(scratch, count, sizeof *scratch, by_number);
	return scratch[count / 2];
}

/* What none of them contradicts where the bounds have crossed: the offset was each of these at its time. */
static double widest(const struct search *s, double offset)
{
	double most = 0;

	for (size_t i = 0; i < s->count; i++) {
		double off = __builtin_fabs(s->points[i].delta - offset);

		most = off > most ? off : most;
	}
	return most;
}

/* Settle on one hypothesis. */
static void conclude(struct search *s, double drift, double *scratch, struct alignment *a)
{
	double low, high, offset;

	/* No drift but something that was held up on its way, or a clock that was set: as if it did not drift. */
	a->runaway = __builtin_isinf(drift);
	drift = a->runaway ? 0 : drift;
	bounds(s, drift, &low, &high);
	a->one_way = __builtin_isinf(low) || __builtin_isinf(high);
	offset = __builtin_isinf(low) ? high : __builtin_isinf(high) ? low : (low + high) / 2;
	if (__builtin_isinf(offset))
		offset = median(s, drift, -1, scratch);
	a->drift = drift;
	a->offset_ns = clamp((wide)s->middle_ns + nearest(offset));
	a->error_ns = a->one_way ? 0 : nearest(a->runaway || high < low ? widest(s, offset) : (high - low) / 2);
	a->error_ns = a->error_ns > ERROR_MAX ? ERROR_MAX : a->error_ns;
	for (int way = 0; way < 2; way++)
		a->transit_ns[way] = nearest(offset - median(s, drift, way, scratch));
}

/* Between two samples nothing tells more of a drift than how far the bounds leave it free. */
static void bound_drift(const struct sample *samples, size_t count, struct alignment *a)
{
	double span;

	a->from_ns = a->to_ns = samples[0].here_ns;
	for (size_t i = 1; i < count; i++) {
		a->from_ns = samples[i].here_ns < a->from_ns ? samples[i].here_ns : a->from_ns;
		a->to_ns = samples[i].here_ns > a->to_ns ? samples[i].here_ns : a->to_ns;
	}
	span = (double)((wide)a->to_ns - a->from_ns);
	a->drift_error = span > 0 && !a->one_way && !a->runaway ? 2 * (double)a->error_ns / span : DRIFT_MAX;
	if (a->drift_error > DRIFT_MAX)
		a->drift_error = DRIFT_MAX;
}

/* Around the middle one, without those that are mistaken. */
static void set_points(struct search *s, const struct sample *samples, size_t count, double *scratch)
{
	size_t kept = 0;

	s->count = count;
	for (size_t i = 0; i < count; i++)
		s->points[i] = (struct point){
			.at = (double)((wide)samples[i].there_ns - samples[0].there_ns),
			.delta = (double)((wide)samples[i].here_ns - samples[i].there_ns - s->middle_ns),
			.from_client = samples[i].from_client,
		};
	s->middle_ns = clamp((wide)s->middle_ns + nearest(median(s, 0, -1, scratch)));
	for (size_t i = 0; i < count; i++) {
		struct point *p = &s->points[i];

		p->delta = (double)((wide)samples[i].here_ns - samples[i].there_ns - s->middle_ns);
		if (__builtin_fabs(p->delta) <= (double)OUTLIER_NS + DRIFT_MAX * __builtin_fabs(p->at))
			s->points[kept++] = *p;
	}
	s->count = kept;
}

static void choose(struct search *s, int order, double *scratch, struct alignment *a)
{
	double drift[2], room[2];
	bool both;

	for (int farther = 0; farther < 2; farther++) {
		s->farther = farther;
		drift[farther] = best_drift(s);
		room[farther] = gap(s, __builtin_isinf(drift[farther]) ? 0 : drift[farther]);
	}
	both = !__builtin_isinf(room[0]);
	if (!order && both && room[0] != room[1] && (room[0] > 0 || room[1] > 0))
		order = room[1] > room[0] ? 1 : -1;
	s->farther = order ? order > 0 : room[1] >= room[0];
	a->order = order;
	conclude(s, drift[s->farther], scratch, a);
}

void align(const struct sample *samples, size_t count, int order, struct alignment *ret_alignment)
{
	struct search search = { .points = calloc(count + 1, sizeof *search.points) };
	double *scratch = calloc(count + 1, sizeof *scratch);

	*ret_alignment = (struct alignment){ .samples = count };
	if (count && search.points && scratch) {
		search.middle_ns = clamp((wide)samples[0].here_ns - samples[0].there_ns);
		ret_alignment->known = true;
		ret_alignment->anchor_ns = samples[0].there_ns;
		set_points(&search, samples, count, scratch);
		choose(&search, order, scratch, ret_alignment);
		bound_drift(samples, count, ret_alignment);
	}
	free(search.points);
	free(scratch);
}

int64_t align_error(const struct alignment *a, int64_t here_ns)
{
	wide outside = here_ns < a->from_ns ? (wide)a->from_ns - here_ns : here_ns > a->to_ns ? (wide)here_ns - a->to_ns : 0;
	int64_t error;

	/* The first clock itself was compared with nothing. */
	if (!a->samples)
		return 0;
	error = clamp((wide)a->error_ns + nearest(a->drift_error * (double)outside));
	return error > ERROR_MAX ? ERROR_MAX : error;
}

int64_t align_time(const struct alignment *a, int64_t there_ns)
{
	int64_t since;

	if (a->drift == 0)
		return clamp((wide)there_ns + a->offset_ns);
	/* Asked for every packet many times: numbers that the processor itself knows, where they fit. */
	if (__builtin_sub_overflow(there_ns, a->anchor_ns, &since))
		return clamp((wide)there_ns + a->offset_ns + nearest(a->drift * (double)((wide)there_ns - a->anchor_ns)));
	return clamp((wide)there_ns + a->offset_ns + nearest(a->drift * (double)since));
}

int64_t align_back(const struct alignment *a, int64_t here_ns)
{
	double since = (double)((wide)here_ns - a->offset_ns - a->anchor_ns);

	return clamp((wide)a->anchor_ns + nearest(since / (1 + a->drift)));
}
