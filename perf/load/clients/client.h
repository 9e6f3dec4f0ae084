// What the clients have in common: the clock, the end, and percentiles.
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline void die(const char *what) {
    perror(what);
    exit(1);
}

// Microseconds.
static inline long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000L + time.tv_nsec / 1000;
}

// Of so many that are counted by their microseconds; the last bucket has the slower ones too.
static inline long percentile(const unsigned *latency, long buckets, long done, int percent) {
    long seen = 0, at = 0;
    while (at < buckets - 1 && (seen += latency[at]) * 100 < done * percent) at++;
    return at;
}
