/*
 * Writes what a client, a router and a server capture of a conversation that the tests play: `stage TITLE VERSION DIR`
 * makes client.pcap, middle.pcap and server.pcap in DIR.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/scenarios.h"

static struct play play;

static const struct scenario *find(const char *title)
{
	for (unsigned i = 0; i < SCENARIO_LISTS; i++)
		for (unsigned j = 0; j < scenario_lists[i]->count; j++)
			if (strcmp(scenario_lists[i]->scenarios[j].title, title) == 0)
				return &scenario_lists[i]->scenarios[j];
	return NULL;
}

int main(int argc, char **argv)
{
	static const char *const names[VANTAGES] = { "client", "middle", "server" };
	const struct scenario *scenario = argc == 4 ? find(argv[1]) : NULL;
	struct setting setting = { .stack = { &stack_linux, &stack_linux }, .timestamps = true };
	char path[4096];

	if (!scenario) {
		fputs("usage: stage TITLE VERSION DIR, with the title of a scenario\n", stderr);
		return EXIT_FAILURE;
	}
	setting.version = (uint8_t)atoi(argv[2]);
	for (unsigned v = 0; v < VANTAGES; v++) {
		setting.vantage = (enum vantage)v;
		play_begin(&play, &setting);
		scenario->play(&play);
		snprintf(path, sizeof path, "%s/%s.pcap", argv[3], names[v]);
		if (!play_write(&play, path))
			return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
