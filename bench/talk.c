/*
 * Traffic over loopback for bench/watch.sh, both ends in two processes on one processor:
 *
 *   talk bulk SECONDS    one connection, as many bytes as fit; prints bytes a second
 *   talk volume BYTES    one connection, so many bytes; prints bytes a second
 *   talk short SECONDS   connect, one byte each way, close; prints connections a second
 *   talk slow SECONDS    the same, fifty times a second
 *   talk refused SECONDS connect to a closed port, from two processes; prints connections a second
 *   talk stats           let the kernel measure BPF programs until standard input ends
 *
 * Behind each rate follows the processor time of both ends in seconds, and how often it was done.
 */
#include <arpa/inet.h>
#include <err.h>
#include <linux/bpf.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PORT 7000
#define CLOSED_PORT 9
#define CHUNK (128 * 1024)
/* The client goes from one address of the server to the next, so that its ports last beyond TIME_WAIT. */
#define ADDRESSES 250
#define SLOW_PAUSE_US 20000

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static struct sockaddr_in address(uint64_t turn, uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)(turn % ADDRESSES)),
	};
}

static int listen_anywhere(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, (struct sockaddr *)&any, sizeof any) || listen(fd, 128))
		err(EXIT_FAILURE, "listen");
	return fd;
}

static int connect_to(uint64_t turn, uint16_t port)
{
	struct sockaddr_in to = address(turn, port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		err(EXIT_FAILURE, "socket");
	if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
		return fd;
	if (port != CLOSED_PORT)
		err(EXIT_FAILURE, "connect");
	close(fd);
	return -1;
}

static void swallow(int listener)
{
	static char buffer[CHUNK];
	int fd = accept(listener, NULL, NULL);

	while (read(fd, buffer, sizeof buffer) > 0)
		;
	close(fd);
}

static void answer(int listener)
{
	char byte;
	int fd;

	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		if (read(fd, &byte, 1) == 1 && write(fd, &byte, 1) != 1)
			err(EXIT_FAILURE, "answer");
		/* The client closes first, as most do. */
		if (read(fd, &byte, 1) < 0)
			err(EXIT_FAILURE, "answer");
		close(fd);
	}
}

static uint64_t send_bulk(double seconds, uint64_t bytes)
{
	static char buffer[CHUNK];
	double end = now() + seconds;
	uint64_t done = 0;
	ssize_t sent;
	int fd = connect_to(0, PORT);

	while (bytes ? done < bytes : now() < end) {
		sent = write(fd, buffer, sizeof buffer);
		if (sent < 0)
			err(EXIT_FAILURE, "write");
		done += (uint64_t)sent;
	}
	shutdown(fd, SHUT_WR);
	if (read(fd, buffer, 1) != 0)
		errx(EXIT_FAILURE, "the other end did not close");
	close(fd);
	return done;
}

static uint64_t talk_shortly(double seconds, useconds_t pause)
{
	double end = now() + seconds;
	uint64_t done = 0;
	char byte = 'x';

	for (; now() < end; done++) {
		int fd = connect_to(done, PORT);

		if (write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1)
			err(EXIT_FAILURE, "talk");
		close(fd);
		if (pause)
			usleep(pause);
	}
	return done;
}

static uint64_t be_refused(double seconds)
{
	double end = now() + seconds;
	uint64_t done = 0;

	for (; now() < end; done++)
		if (connect_to(done, CLOSED_PORT) >= 0)
			errx(EXIT_FAILURE, "port %d is open", CLOSED_PORT);
	return done;
}

/* Where the scheduler puts two ends decides more than all else: both on one processor; the storm takes all. */
static void stay_together(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET((size_t)sched_getcpu(), &one);
	sched_setaffinity(0, sizeof one, &one);
}

static double processor_time(void)
{
	double sum = 0;

	for (int i = 0; i < 2; i++) {
		struct rusage usage;

		getrusage(i ? RUSAGE_CHILDREN : RUSAGE_SELF, &usage);
		sum += (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
		       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
	}
	return sum;
}

/* BPF_ENABLE_STATS holds as long as the descriptor does: nothing is left switched on, whatever ends this. */
static int count_programs(void)
{
	union bpf_attr attr = { .enable_stats.type = BPF_STATS_RUN_TIME };
	char byte;

	if (syscall(SYS_bpf, BPF_ENABLE_STATS, &attr, sizeof attr) < 0)
		err(EXIT_FAILURE, "BPF_ENABLE_STATS");
	puts("measuring");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return EXIT_SUCCESS;
}

static bool is_short(const char *mode)
{
	return strcmp(mode, "short") == 0 || strcmp(mode, "slow") == 0;
}

/* The second process: a server, or one more that is refused. */
static pid_t beside(const char *mode, int listener, double seconds, uint64_t *ret_count)
{
	pid_t pid = fork();

	if (pid < 0)
		err(EXIT_FAILURE, "fork");
	if (pid > 0)
		return pid;
	if (is_short(mode))
		answer(listener);
	else if (strcmp(mode, "refused") == 0)
		*ret_count = be_refused(seconds);
	else
		swallow(listener);
	_exit(EXIT_SUCCESS);
}

static uint64_t first(const char *mode, double amount)
{
	if (is_short(mode))
		return talk_shortly(amount, strcmp(mode, "slow") == 0 ? SLOW_PAUSE_US : 0);
	if (strcmp(mode, "refused") == 0)
		return be_refused(amount);
	return strcmp(mode, "volume") == 0 ? send_bulk(0, (uint64_t)amount) : send_bulk(amount, 0);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	double amount = argc > 2 ? atof(argv[2]) : 1, start;
	uint64_t *beside_count, count;
	int listener = -1;
	pid_t pid;

	if (strcmp(mode, "stats") == 0)
		return count_programs();
	if (argc < 3)
		errx(2, "usage: talk bulk|volume|short|slow|refused AMOUNT, talk stats");
	beside_count = mmap(NULL, sizeof *beside_count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (beside_count == MAP_FAILED)
		err(EXIT_FAILURE, "mmap");
	if (strcmp(mode, "refused") != 0) {
		stay_together();
		listener = listen_anywhere();
	}
	start = now();
	pid = beside(mode, listener, amount, beside_count);
	count = first(mode, amount);
	if (is_short(mode))
		kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	count += *beside_count;
	printf("%.1f %.4f %llu\n", (double)count / (now() - start), processor_time(), (unsigned long long)count);
	return EXIT_SUCCESS;
}
