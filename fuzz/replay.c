/*
 * main() for a fuzz target without libFuzzer: runs it over every file of the folders given, so that the corpus and each
 * crash that was ever found are part of the ordinary tests. Prints TAP. A file that crashes ends the program.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned count;

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

int main(int argc, char **argv)
{
	int failed = 0;

	for (int i = 1; i < argc; i++)
		failed |= replay_folder(argv[i]);
	printf("1..%u\n", count);
	return failed || !count;
}
