// The wall clock of a test's program: loaded before libc, it adds to CLOCK_REALTIME the milliseconds
// that stand, as an int64_t, in the file which the variable CLOCK_FILE names; 0 without one. The file
// is mapped, so a test moves the clock of a running program by writing to it. Other clocks go as ever.
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *offset_ms;

__attribute__((constructor)) static void map_file(void)
{
    const char *path = getenv("CLOCK_FILE");
    int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    void *mapped = mmap(NULL, sizeof *offset_ms, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (mapped != MAP_FAILED)
        offset_ms = mapped;
}

// By the system call, for the next function of that name may be a sanitizer's that is not ready yet.
int clock_gettime(clockid_t id, struct timespec *now)
{
    long result = syscall(SYS_clock_gettime, id, now);
    if (result != 0 || id != CLOCK_REALTIME || offset_ms == NULL)
        return (int)result;
    int64_t ms = *offset_ms;
    int64_t ns = now->tv_nsec + ms % 1000 * 1000000;
    now->tv_sec += ms / 1000 + (ns >= 1000000000) - (ns < 0);
    now->tv_nsec = ns + (ns < 0 ? 1000000000 : ns >= 1000000000 ? -1000000000 : 0);
    return 0;
}
