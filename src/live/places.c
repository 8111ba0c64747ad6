#include "live/places.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void fill_executable(struct actor *actor)
{
	char path[40];
	ssize_t len;

	snprintf(path, sizeof path, "/proc/%u/exe", actor->pid);
	len = readlink(path, actor->executable, sizeof actor->executable - 1);
	actor->executable[len > 0 ? len : 0] = 0;
}

/* The line "0::/path" is that of cgroup2. */
static void fill_cgroup(struct actor *actor)
{
	char path[40], line[512];
	FILE *file;

	snprintf(path, sizeof path, "/proc/%u/cgroup", actor->pid);
	file = fopen(path, "re");
	if (!file)
		return;
	while (fgets(line, sizeof line, file))
		if (strncmp(line, "0::", 3) == 0) {
			line[strcspn(line, "\n")] = 0;
			snprintf(actor->cgroup, sizeof actor->cgroup, "%.*s", (int)sizeof actor->cgroup - 1, line + 3);
		}
	fclose(file);
}

/* Container managers name the cgroup after the container: "docker-<64 hexadecimal digits>.scope" and the like. */
static void fill_container(struct actor *actor)
{
	const char *at = actor->cgroup;
	size_t len;

	while (*at) {
		len = strspn(at, "0123456789abcdef");
		if (len == CONTAINER_MAX - 1) {
			memcpy(actor->container, at, len);
			actor->container[len] = 0;
		}
		at += len ? len : 1;
	}
}

void places_fill(struct actor *actor)
{
	if (!actor->known)
		return;
	fill_executable(actor);
	fill_cgroup(actor);
	fill_container(actor);
}
