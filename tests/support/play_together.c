/* What was played, captured at several places at once, and read as captures of the same traffic. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/play.h"
#include "vantage/vantage.h"

static struct play shifted;

/* The same as this clock stamps it. */
static void write_as(const struct play *p, enum vantage vantage, const struct play_clock *clock, const char *path)
{
	shifted = *p;
	shifted.setting.vantage = vantage;
	for (unsigned i = 0; i < shifted.count; i++) {
		int64_t since = shifted.packets[i].sent_ns - p->packets[0].sent_ns;

		shifted.packets[i].sent_ns += clock->shift_ns + since / 1000000 * clock->drift_ppb / 1000;
	}
	shifted.now_ns += clock->shift_ns;
	play_write(&shifted, path);
}

/* Which frame of each capture is the RST that was marked. */
static void find_subject(const struct play *p, unsigned vantages, uint64_t subject[VANTAGES])
{
	static struct told_all alone;

	for (unsigned v = 0; v < VANTAGES; v++) {
		if (!(vantages >> v & 1))
			continue;
		shifted = *p;
		shifted.setting.vantage = (enum vantage)v;
		play_explain(&shifted, &alone);
		subject[v] = alone.subject_frame;
	}
}

static void mark_subject(struct told_all *all, const uint64_t subject[VANTAGES], const unsigned of[VANTAGES])
{
	for (unsigned i = 0; i < all->count && !all->subject_frame; i++) {
		const struct way *way = &all->told[i].evidence.way;

		if (way->here && !all->told[i].is_ending && subject[of[way->here - 1]] == all->told[i].frame)
			all->subject_frame = all->told[i].frame;
	}
}

static void run(const struct vantage_input *inputs, unsigned count, bool surveyed, struct told_all *ret)
{
	const struct analysis_options options = { .one_pass = !surveyed, .two_passes = surveyed };
	const struct analysis_sink sink = { .user = ret, .verdict = play_take_verdict };
	struct vantages *vantages = vantages_new(inputs, count, &options, &sink, NULL);
	struct error error;

	if (vantages)
		vantages_run(vantages, &error);
	vantages_free(vantages);
}

void play_explain_together(const struct play *p, unsigned wanted, const struct play_clock clock[VANTAGES],
                           bool surveyed, struct told_all *ret)
{
	static const char *const names[VANTAGES] = { "client", "middle", "server" };
	struct vantage_input inputs[VANTAGES];
	struct source *sources[VANTAGES];
	unsigned count = 0, of[VANTAGES] = { 0 };
	uint64_t subject[VANTAGES] = { 0 };

	*ret = (struct told_all){ 0 };
	find_subject(p, wanted, subject);
	for (unsigned v = 0; v < VANTAGES; v++) {
		int fd = wanted >> v & 1 ? memfd_create(names[v], MFD_CLOEXEC) : -1;
		struct error error;
		char path[32];

		if (fd < 0)
			continue;
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
		write_as(p, (enum vantage)v, &clock[v], path);
		if (source_open(path, NULL, &sources[count], &error) == STATUS_OK) {
			inputs[count] = (struct vantage_input){ names[v], true, &sources[count], 1 };
			of[count++] = v;
		}
		close(fd);
	}
	run(inputs, count, surveyed, ret);
	mark_subject(ret, subject, of);
	for (unsigned i = 0; i < count; i++)
		source_free(sources[i]);
}
