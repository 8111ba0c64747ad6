/*
 * main() for a fuzz target without libFuzzer: runs it over every file of the folders given, so that the corpus and each
 * crash that was ever found are part of the ordinary tests; then, where a number comes behind them, over so many
 * changed ones, the same each time. Prints TAP. A file that crashes ends the program.
 *
 *	build/fuzz/NAME-replay FOLDER... [N]
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEPT_MAX 1000
#define CHANGES_MAX 8
/* What changed inputs may grow by. */
#define GROWN_MAX 64
/* They are said so often: the last line tells where to look for one that crashes. */
#define SAID_EACH 1000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned count;
static struct input {
	uint8_t *data;
	size_t size;
} kept[KEPT_MAX];
static size_t kept_count;

/* NULL where the file cannot be read. */
static uint8_t *read_file(const char *path, size_t *ret_size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = NULL;
	long size;

	if (!file)
		return NULL;
	if (fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0) {
		rewind(file);
		*ret_size = (size_t)size;
		data = malloc(*ret_size + 1);
		if (data && fread(data, 1, *ret_size, file) != *ret_size) {
			free(data);
			data = NULL;
		}
	}
	fclose(file);
	return data;
}

static int replay(const char *folder, const char *name)
{
	char path[4096];
	size_t size = 0;
	uint8_t *data;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	printf("# %s\n", path);
	fflush(stdout);
	data = read_file(path, &size);
	if (data)
		LLVMFuzzerTestOneInput(data, size);
	printf("%sok %u - %s\n", data ? "" : "not ", ++count, path);
	if (data && kept_count < KEPT_MAX)
		kept[kept_count++] = (struct input){ data, size };
	else
		free(data);
	return data ? 0 : 1;
}

static int replay_folder(const char *folder)
{
	DIR *entries = opendir(folder);
	struct dirent *entry;
	int failed = 0;

	if (!entries) {
		fprintf(stderr, "%s: cannot be read\n", folder);
		return 1;
	}
	while ((entry = readdir(entries)) != NULL)
		if (entry->d_name[0] != '.')
			failed |= replay(folder, entry->d_name);
	closedir(entries);
	return failed || !count;
}

/* Marsaglia's xorshift64. */
static size_t below(uint64_t *state, size_t limit)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (size_t)(*state % limit);
}

/* One byte more, fewer, or another; a bit; a value at an edge; or the end is cut off. */
static size_t change(uint64_t *state, uint8_t *data, size_t size, size_t room)
{
	static const uint8_t edges[] = { 0, 1, 0x7f, 0x80, 0xff };
	size_t at = below(state, size + 1);

	switch (below(state, at < size ? 6 : 1)) {
	case 0:
		if (size == room)
			return size;
		memmove(data + at + 1, data + at, size - at);
		data[at] = (uint8_t)below(state, 256);
		return size + 1;
	case 1:
		memmove(data + at, data + at + 1, size - at - 1);
		return size - 1;
	case 2:
		data[at] ^= (uint8_t)(1u << below(state, 8));
		return size;
	case 3:
		data[at] = edges[below(state, sizeof edges)];
		return size;
	case 4:
		data[at] = (uint8_t)below(state, 256);
		return size;
	default:
		return at;
	}
}

static void replay_changed(unsigned long runs)
{
	uint64_t state = 0x9e3779b97f4a7c15;

	for (unsigned long i = 0; i < runs; i++) {
		const struct input *input = &kept[i % kept_count];
		size_t size = input->size, room = size + GROWN_MAX;
		uint8_t *data = malloc(room);

		if (!data)
			return;
		memcpy(data, input->data, size);
		for (size_t changes = 1 + below(&state, CHANGES_MAX); changes; changes--)
			size = change(&state, data, size, room);
		if (i % SAID_EACH == 0) {
			printf("# changed from the %luth on\n", i);
			fflush(stdout);
		}
		LLVMFuzzerTestOneInput(data, size);
		free(data);
	}
	printf("ok %u - %lu changed ones\n", ++count, runs);
}

int main(int argc, char **argv)
{
	unsigned long runs = 0;
	int failed = 0;
	char *end;

	for (int i = 1; i < argc; i++) {
		runs = strtoul(argv[i], &end, 10);
		if (*end)
			failed |= replay_folder(argv[i]);
	}
	if (runs && kept_count)
		replay_changed(runs);
	while (kept_count)
		free(kept[--kept_count].data);
	printf("1..%u\n", count);
	return failed || !count;
}
