/*
 * Runs a command and adds a line to a file: seconds it took, seconds of processor time over all its threads, its peak
 * resident set and the peak of the anonymous part of that, both in KiB. The first peak is the kernel's own and counts
 * mapped files too; the second is sampled, and 0 unless asked for with -s, since sampling takes time from the command.
 */
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SAMPLE_NS 5000000L

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double seconds(const struct timeval *time)
{
	return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

/* RssAnon of a running process in KiB, 0 where it cannot be read. */
static long anonymous_of(pid_t pid)
{
	char path[64], text[8192], *at;
	ssize_t len;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/status", pid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return 0;
	len = read(fd, text, sizeof text - 1);
	close(fd);
	text[len > 0 ? len : 0] = '\0';
	at = strstr(text, "RssAnon:");
	return at ? strtol(at + strlen("RssAnon:"), NULL, 10) : 0;
}

/* Wait for the command. Returns its wait status. */
static int watch(pid_t pid, bool sample, struct rusage *ret_usage, long *ret_anonymous)
{
	long anonymous;
	pid_t ended;
	int status;

	*ret_anonymous = 0;
	while ((ended = wait4(pid, &status, sample ? WNOHANG : 0, ret_usage)) == 0) {
		anonymous = anonymous_of(pid);
		if (anonymous > *ret_anonymous)
			*ret_anonymous = anonymous;
		nanosleep(&(struct timespec){ .tv_nsec = SAMPLE_NS }, NULL);
	}
	if (ended < 0)
		err(EXIT_FAILURE, "wait4");
	return status;
}

int main(int argc, char **argv)
{
	bool sample = argc > 1 && strcmp(argv[1], "-s") == 0;
	char **command = argv + 2 + sample;
	struct rusage usage;
	double start = now();
	long anonymous;
	int status;
	FILE *report;
	pid_t pid;

	if (argc < 3 + sample)
		errx(2, "usage: peak [-s] REPORT COMMAND...");
	pid = fork();
	if (pid == 0) {
		execvp(command[0], command);
		err(127, "%s", command[0]);
	}
	if (pid < 0)
		err(EXIT_FAILURE, "fork");
	status = watch(pid, sample, &usage, &anonymous);
	report = fopen(argv[1 + sample], "a");
	if (!report)
		err(EXIT_FAILURE, "%s", argv[1 + sample]);
	fprintf(report, "%.4f %.4f %ld %ld\n", now() - start, seconds(&usage.ru_utime) + seconds(&usage.ru_stime),
	        usage.ru_maxrss, anonymous);
	if (fclose(report))
		err(EXIT_FAILURE, "%s", argv[1 + sample]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
