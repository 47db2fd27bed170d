// Copyright 2026 the snn_gesture_ros authors
// SPDX-License-Identifier: Apache-2.0
// A power cut, by LD_PRELOAD: the process is killed at the n-th change of a file in one folder, in
// the middle of it if it is a write. A log has, for each file, up to where it is on the disk.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(&name)) dlsym(RTLD_NEXT, #name))

static long left = -1;  // changes until the cut; negative: none comes
static char folder[PATH_MAX];
static int log_descriptor = -1;

void cut_power_after(long changes, const char *within, int log) {
  snprintf(folder, sizeof folder, "%s/", within);
  log_descriptor = log;
  left = changes;
}

long changes_left(void) { return left; }

static int is_within(const char *path) {
  char resolved[PATH_MAX];
  if (left < 0 || path == NULL) return 0;
  if (path[0] != '/') {
    if (getcwd(resolved, sizeof resolved) == NULL) return 0;
    return strncmp(strcat(resolved, "/"), folder, strlen(folder)) == 0;
  }
  return strncmp(path, folder, strlen(folder)) == 0;
}

static int is_file_within(int descriptor) {
  char link[64], path[PATH_MAX];
  if (left < 0 || descriptor == log_descriptor) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return is_within(path);
}

static void note(const char *what, int descriptor) {
  struct stat status;
  char line[128];
  if (fstat(descriptor, &status) != 0) return;
  int length = snprintf(line, sizeof line, "%s %ld %ld\n", what, (long) status.st_ino,
                        (long) status.st_size);
  NEXT(write)(log_descriptor, line, length);
}

// Whether the power is cut at this change.
static int is_last(void) { return left-- == 0; }

static void die(void) { kill(getpid(), SIGKILL); }

ssize_t write(int descriptor, const void *data, size_t size) {
  if (!is_file_within(descriptor)) return NEXT(write)(descriptor, data, size);
  note("change", descriptor);
  if (is_last()) {
    NEXT(write)(descriptor, data, size / 2);
    die();
  }
  return NEXT(write)(descriptor, data, size);
}

static ssize_t write_at(int descriptor, const void *data, size_t size, off_t offset) {
  if (!is_file_within(descriptor)) return NEXT(pwrite64)(descriptor, data, size, offset);
  note("change", descriptor);
  if (is_last()) {
    NEXT(pwrite64)(descriptor, data, size / 2, offset);
    die();
  }
  return NEXT(pwrite64)(descriptor, data, size, offset);
}

ssize_t pwrite(int descriptor, const void *data, size_t size, off_t offset) {
  return write_at(descriptor, data, size, offset);
}

ssize_t pwrite64(int descriptor, const void *data, size_t size, off64_t offset) {
  return write_at(descriptor, data, size, offset);
}

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
  if (is_file_within(descriptor)) {
    note("change", descriptor);
    if (is_last()) die();
  }
  return NEXT(writev)(descriptor, parts, count);
}

size_t fwrite(const void *data, size_t size, size_t count, FILE *file) {
  if (!is_file_within(fileno(file))) return NEXT(fwrite)(data, size, count, file);
  note("change", fileno(file));
  if (is_last()) {
    NEXT(fwrite)(data, size, count / 2, file);
    fflush(file);
    die();
  }
  return NEXT(fwrite)(data, size, count, file);
}

static int cut(int (*next)(int, off_t), int descriptor, off_t size) {
  if (is_file_within(descriptor)) {
    note("change", descriptor);
    if (is_last()) die();
  }
  return next(descriptor, size);
}

int ftruncate(int descriptor, off_t size) { return cut(NEXT(ftruncate), descriptor, size); }

int ftruncate64(int descriptor, off64_t size) { return cut(NEXT(ftruncate64), descriptor, size); }

// Nothing is handed to the disk, which would only cost time.
static int sync_file(int descriptor) {
  if (is_file_within(descriptor)) {
    if (is_last()) die();
    note("disk", descriptor);
  }
  return 0;
}

int fsync(int descriptor) { return sync_file(descriptor); }

int fdatasync(int descriptor) { return sync_file(descriptor); }

static int open_file(int (*next)(const char *, int, ...), const char *path, int flags, mode_t mode) {
  int changes = (flags & (O_CREAT | O_TRUNC)) != 0 && is_within(path);
  if (changes && is_last()) die();
  int descriptor = next(path, flags, mode);
  if (changes && descriptor >= 0) note("change", descriptor);
  return descriptor;
}

#define MODE(flags) \
  mode_t mode = 0; \
  if ((flags) & O_CREAT) { \
    va_list rest; \
    va_start(rest, flags); \
    mode = va_arg(rest, mode_t); \
    va_end(rest); \
  }

int open(const char *path, int flags, ...) {
  MODE(flags)
  return open_file(NEXT(open), path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  MODE(flags)
  return open_file(NEXT(open64), path, flags, mode);
}

int rename(const char *from, const char *to) {
  if (is_within(to) && is_last()) die();
  return NEXT(rename)(from, to);
}

int unlink(const char *path) {
  if (is_within(path) && is_last()) die();
  return NEXT(unlink)(path);
}

int rmdir(const char *path) {
  if (is_within(path) && is_last()) die();
  return NEXT(rmdir)(path);
}

int mkdir(const char *path, mode_t mode) {
  if (is_within(path) && is_last()) die();
  return NEXT(mkdir)(path, mode);
}
