/* --ladder: a second reading, in which every segment of a few connections is kept and drawn. */
#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "cli/cmd_read.h"
#include "cli/message.h"

#define NOTES_MAX 400 /* segments that a ladder shows: the first and the last half of so many */

struct ladders {
	uint64_t numbers[LADDERS_MAX];
	struct ladder *ladder[LADDERS_MAX];
	size_t count;
};

static void choose(struct ladders *ladders, const struct findings *findings)
{
	const struct picks *picks = &findings->picks;
	const uint64_t *numbers = picks->harmful_count ? picks->harmful : picks->harmless;
	size_t count = picks->harmful_count ? picks->harmful_count : picks->harmless_count;

	if (findings->settings->connection) {
		ladders->numbers[ladders->count++] = findings->settings->connection;
		return;
	}
	for (size_t i = 0; i < count; i++)
		ladders->numbers[ladders->count++] = numbers[i];
}

static struct ladder *find(const struct ladders *ladders, uint64_t number)
{
	for (size_t i = 0; i < ladders->count; i++)
		if (ladders->numbers[i] == number)
			return ladders->ladder[i];
	return NULL;
}

static void take_note(void *user, struct conversation *conversation, const struct note *note,
                      const struct segment *segment)
{
	struct ladder *ladder = find(user, conversation->number);

	(void)segment;
	if (ladder)
		ladder_add(ladder, conversation, note);
}

static void take_verdict(void *user, const struct verdict *verdict)
{
	struct ladder *ladder = find(user, verdict->evidence->connection);

	if (ladder)
		ladder_add_verdict(ladder, verdict);
}

/* False when out of memory. */
static bool read_again(struct ladders *ladders, struct reading *reading, const struct analysis_options *options)
{
	struct analysis_options again = *options;
	struct analysis_sink sink = { .user = ladders, .verdict = take_verdict, .note = take_note };
	struct analysis *analysis;

	again.all_connections = false;
	analysis = analysis_new(&again, &sink);
	for (size_t i = 0; i < ladders->count; i++)
		ladders->ladder[i] = ladder_new(NOTES_MAX);
	for (size_t i = 0; i < ladders->count; i++)
		if (!analysis || !ladders->ladder[i]) {
			analysis_free(analysis);
			return false;
		}
	reading_rewind(reading);
	analysis_run(analysis, reading->sources, reading->count, NULL);
	analysis_finish(analysis);
	analysis_free(analysis);
	return true;
}

static void print(const struct ladders *ladders, struct findings *findings)
{
	for (size_t i = 0; i < ladders->count; i++) {
		buffer_puts(&findings->text, "\n");
		report_ladder(&findings->text, ladders->ladder[i], &findings->style);
		terminal_print(&findings->text);
	}
	if (!findings->settings->connection && findings->picks.offered > ladders->count)
		printf(_("\ndrawn: %zu of the connections; --connection N draws another\n"), ladders->count);
}

enum exit_status ladders_draw(struct findings *findings, struct reading *reading,
                              const struct analysis_options *options)
{
	struct ladders ladders = { 0 };
	enum exit_status status = EXIT_DONE;

	choose(&ladders, findings);
	if (!ladders.count || findings->quiet)
		return EXIT_DONE;
	if (read_again(&ladders, reading, options)) {
		print(&ladders, findings);
	} else {
		complain("%s", _("out of memory"));
		status = EXIT_FAILED;
	}
	for (size_t i = 0; i < ladders.count; i++)
		ladder_free(ladders.ladder[i]);
	return status;
}
