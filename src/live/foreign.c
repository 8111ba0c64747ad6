#include "live/foreign.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Larger files are not looked into. */
#define FILE_MAX_BYTES (1ll << 30)

const char *mapped_file_read(struct mapped_file *ret_file, const char *line)
{
	const char *end = strchr(line, '\n'), *slash;
	char *at;

	*ret_file = (struct mapped_file){ 0 };
	if (!end)
		return NULL;
	slash = memchr(line, '/', (size_t)(end - line));
	if (!slash)
		return end + 1;
	/* "7f01a000-7f01b000 r-xp 00001000 08:01 1234   /lib/x.so": see proc(5). */
	ret_file->start = strtoull(line, &at, 16);
	for (int field = 0; at < slash && field < 3; field++)
		at = (char *)memchr(at + 1, ' ', (size_t)(slash - at)) ?: (char *)slash;
	ret_file->major = (unsigned)strtoul(at, &at, 16);
	ret_file->minor = *at == ':' ? (unsigned)strtoul(at + 1, &at, 16) : 0;
	ret_file->inode = strtoull(at, NULL, 10);
	ret_file->path = slash;
	ret_file->path_len = (size_t)(end - slash);
	return end + 1;
}

/* Devices that have no number of their own (major 0) are told by different ones: those of btrfs and of overlays. */
static bool is_file(const struct mapped_file *file, const struct stat *is)
{
	return S_ISREG(is->st_mode) && is->st_ino == file->inode && is->st_size <= FILE_MAX_BYTES &&
	       (!file->major || (major(is->st_dev) == file->major && minor(is->st_dev) == file->minor));
}

int mapped_file_open(const struct mapped_file *file, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat is;

	if (fd < 0)
		return -1;
	if (fstat(fd, &is) == 0 && is_file(file, &is))
		return fd;
	close(fd);
	return -1;
}

static bool is_here(const struct mapped_file *file)
{
	char path[PATH_MAX];
	struct stat is;

	if (snprintf(path, sizeof path, "%.*s", (int)file->path_len, file->path) >= (int)sizeof path)
		return false;
	return stat(path, &is) == 0 && is_file(file, &is);
}

static bool is_known(const struct foreign *foreign, uint64_t inode)
{
	for (size_t i = 0; i < foreign->count; i++)
		if (foreign->files[i].inode == inode)
			return true;
	return false;
}

/* So much of the path is the root of the process: both have it where that root is another, out of reach from here. */
static size_t root_len(const struct mapped_file *file, uint32_t pid)
{
	char link[32], root[PATH_MAX];
	ssize_t len;

	snprintf(link, sizeof link, "/proc/%" PRIu32 "/root", pid);
	len = readlink(link, root, sizeof root);
	if (len <= 1 || (size_t)len >= file->path_len || memcmp(root, file->path, (size_t)len) || file->path[len] != '/')
		return 0;
	return (size_t)len;
}

/* By its path in the mount namespace of the process; its executable may have been deleted, or replaced. */
static int open_there(const struct mapped_file *file, uint32_t pid)
{
	char path[PATH_MAX + 32];
	size_t skip = root_len(file, pid);
	int fd;

	snprintf(path, sizeof path, "/proc/%" PRIu32 "/root%.*s", pid, (int)(file->path_len - skip), file->path + skip);
	fd = mapped_file_open(file, path);
	if (fd >= 0)
		return fd;
	snprintf(path, sizeof path, "/proc/%" PRIu32 "/exe", pid);
	return mapped_file_open(file, path);
}

void foreign_open(struct foreign *foreign, uint32_t pid, const char *maps, size_t max)
{
	uint64_t last = 0;
	struct mapped_file file;

	foreign->count = 0;
	if (max > FOREIGN_MAX)
		max = FOREIGN_MAX;
	/* The parts of one file follow each other. */
	while (foreign->count < max && (maps = mapped_file_read(&file, maps))) {
		int fd;

		if (!file.path_len || file.inode == last)
			continue;
		last = file.inode;
		if (is_known(foreign, file.inode) || is_here(&file) || (fd = open_there(&file, pid)) < 0)
			continue;
		foreign->files[foreign->count].inode = file.inode;
		foreign->files[foreign->count++].fd = fd;
	}
}

int foreign_get(const struct foreign *foreign, uint64_t inode)
{
	for (size_t i = 0; i < foreign->count; i++)
		if (foreign->files[i].inode == inode)
			return fcntl(foreign->files[i].fd, F_DUPFD_CLOEXEC, 0);
	return -1;
}

void foreign_close(struct foreign *foreign)
{
	for (size_t i = 0; i < foreign->count; i++)
		close(foreign->files[i].fd);
	foreign->count = 0;
}
