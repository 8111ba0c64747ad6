#include "probe/loss.h"

/*
 * A port may be silent by loss. Wrong less than once in a million is what is aimed at: of all ports where none is known
 * to get lost; where some are, of those that answer, and by far, for losses come in clusters.
 */
#define WRONG_SHARE 2e-7
#define WRONG_SHARE_LOSSY 1e-9
#define TRIES_MIN 2
#define TRIES_UNKNOWN_MAX 6   /* while few answers tell of loss */
#define TRIES_MAX 16
#define LOSS_UNKNOWN_MAX 0.4
#define LOSS_KNOWN_FROM 20    /* answers */
#define RULE_OF_THREE 3       /* none of n lost: with 95 % confidence at most 3 of n are */
/* More than random loss: somebody limits the rate of answers. Then a share of what got through is asked for. */
#define LIMITED_LOSS 0.15
#define LIMITED_FROM 5        /* lost */
#define LIMITED_SIGMAS 3      /* by so much more than chance would have it */
#define LIMITED_SHARE 0.7
#define PACE_MIN 20.0
/* Ports that may be taken for silent by mistake, of a host that loses much. */
#define MISSED_MAX 0.5

/* SYNs at the present pace to ports that are answered at last. */
struct fates {
	double lost, answered;
};

static struct fates count_fates(const struct scan *scan)
{
	struct fates fates = { 0 };

	for (unsigned try = scan->pace_since; try < 64; try++) {
		fates.lost += (double)scan->answered_by_try[try] * (try - scan->pace_since);
		fates.answered += (double)scan->answered_by_try[try];
	}
	return fates;
}

/* Of those the share that was lost; an upper bound. */
static double loss_bound(const struct scan *scan)
{
	struct fates fates = count_fates(scan);
	double bound = (fates.lost + RULE_OF_THREE) / (fates.lost + fates.answered + RULE_OF_THREE);

	return fates.answered < LOSS_KNOWN_FROM && bound > LOSS_UNKNOWN_MAX ? LOSS_UNKNOWN_MAX : bound;
}

unsigned loss_tries_needed(const struct scan *scan)
{
	double answered = scan->answered_by_tcp ? (double)scan->answered_by_tcp : 1;
	double allowed = count_fates(scan).lost > 0 ? WRONG_SHARE_LOSSY : WRONG_SHARE * (double)scan->ask_count / answered;
	unsigned most = answered < LOSS_KNOWN_FROM ? TRIES_UNKNOWN_MAX : TRIES_MAX, tries = 0;

	for (double missed = 1, loss = loss_bound(scan); missed > allowed && tries < most; missed *= loss)
		tries++;
	return tries < TRIES_MIN ? TRIES_MIN : tries;
}

/* Whether more gets lost than by chance, as far as the present pace goes. */
static bool is_limited(const struct scan *scan)
{
	struct fates fates = count_fates(scan);
	double sent = fates.lost + fates.answered, excess = fates.lost - LIMITED_LOSS * sent;
	double variance = sent * LIMITED_LOSS * (1 - LIMITED_LOSS);

	/* Of few answers, many get lost by bad luck. */
	return scan->round > scan->pace_since && fates.lost >= LIMITED_FROM && excess > 0 &&
	       excess * excess >= LIMITED_SIGMAS * LIMITED_SIGMAS * variance;
}

bool loss_is_too_much(const struct scan *scan, unsigned tries)
{
	double missed = (double)scan->answered_by_tcp;

	for (double loss = loss_bound(scan); tries; tries--)
		missed *= loss;
	return scan->answered_by_tcp >= LOSS_KNOWN_FROM && missed > MISSED_MAX;
}

void loss_mind_limits(struct scan *scan, int64_t began_ns)
{
	double seconds = (double)(clock_monotonic() - began_ns) / NS_PER_S;
	double answers = (double)scan->answered_by_try[scan->round % 64], pace;

	if (!is_limited(scan))
		return;
	pace = LIMITED_SHARE * answers / seconds;
	if (pace < PACE_MIN)
		pace = PACE_MIN;
	if (scan->pace > 0 && pace >= scan->pace)
		return;
	scan->pace = pace;
	scan->pace_since = scan->round + 1;
	scan->limited = true;
	scan->usual_yield = 0;
	scan->sample_sent = 0;
}
