// A client of what a capacity ends at: many connections at the same moment, connections that are opened and reset as fast as can be, connections that
// the client closes first, and readers that do not read. No answer is looked at beyond its status.
//
//   cc -O2 -I perf/load/clients -o bursts perf/capacity/clients/bursts.c
//   ./bursts burst ADDRESS PORT COUNT          all at once, one request each, kept open until all have their outcome, or eight seconds have passed
//   ./bursts reset ADDRESS PORT AT_ONCE SECONDS    opens and resets, nothing is asked
//   ./bursts fresh ADDRESS PORT AT_ONCE SECONDS    a connection for each request, which the client closes first: its port rests in TIME_WAIT
//   ./bursts kept ADDRESS PORT AT_ONCE SECONDS     the same requests on connections that are kept
//   ./bursts readers ADDRESS PORT COUNT PATH BYTES     asks, reads so much as fast as it comes, and no more; says "open" when all have, and holds on until
//                                                  its standard input ends
//
// Prints, burst: answered busy closed waiting p50_us p99_us longest_us       reset, fresh, kept: connections or answers, seconds, without_port, errors, the client's processor time in us
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include "client.h"

enum { MaxEvents = 256, Patience = 8000000 };

typedef enum { Connecting, Asking, Over } state;
typedef enum { Reset, Fresh, Kept } way;

typedef struct {
    int fd;
    state state;
    long started;  // microseconds
} connection;

static struct sockaddr_in server;
static char request[1024];
static int request_bytes;
static int epoll;

static void ask_for(const char *path, const char *address) {
    request_bytes = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, address);
}

// False when the client has no port left; any other failure ends the program.
static bool begin(connection *it) {
    it->state = Connecting;
    it->started = now();
    it->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (it->fd < 0) die("socket");
    int one = 1;
    setsockopt(it->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(it->fd, (struct sockaddr *)&server, sizeof server) < 0 && errno != EINPROGRESS) {
        if (errno != EADDRNOTAVAIL) die("connect");
        close(it->fd);
        it->state = Over;
        return false;
    }
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = it};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, it->fd, &event) < 0) die("epoll_ctl");
    return true;
}

// The status of an answer; 0: nothing has come yet; -1: the connection has ended.
static int look(connection *it, unsigned events) {
    char answer[4096];
    if (it->state == Connecting && (events & EPOLLOUT) && !(events & (EPOLLERR | EPOLLHUP))) {
        it->state = Asking;
        if (send(it->fd, request, request_bytes, MSG_NOSIGNAL) != request_bytes) return -1;
    }
    if (it->state == Connecting) return events & (EPOLLERR | EPOLLHUP) ? -1 : 0;
    ssize_t got = recv(it->fd, answer, sizeof answer, 0);
    if (got < 0 && errno == EAGAIN) return 0;
    return got > 12 && memcmp(answer, "HTTP/1.1 ", 9) == 0 ? atoi(answer + 9) : -1;
}

static int ascending(const void *first, const void *second) {
    long left = *(const long *)first, right = *(const long *)second;
    return left < right ? -1 : left > right;
}

static void burst(int count) {
    connection *all = calloc(count, sizeof *all);
    long *took = calloc(count, sizeof *took), answered = 0, busy = 0, closed = 0, started = now();
    struct epoll_event events[MaxEvents];
    for (int i = 0; i < count; i++) {
        if (!begin(&all[i])) closed++;
    }
    while (answered + busy + closed < count && now() - started < Patience) {
        int ready = epoll_wait(epoll, events, MaxEvents, 100);
        for (int i = 0; i < ready; i++) {
            connection *it = events[i].data.ptr;
            int status = it->state == Over ? 0 : look(it, events[i].events);
            if (status == 0) continue;
            it->state = Over;
            if (status == 200) took[answered++] = now() - it->started;
            busy += status > 0 && status != 200;
            closed += status < 0;
        }
    }
    qsort(took, answered, sizeof *took, ascending);
    long last = answered > 0 ? answered - 1 : 0;
    printf(
        "%ld %ld %ld %ld %ld %ld %ld\n", answered, busy, closed, count - answered - busy - closed, took[last / 2], took[last * 99 / 100], took[last]);
}

// Closed at once, with a reset: no port rests.
static void reset_one(connection *it) {
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(it->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(it->fd);
}

static void repeat(int at_once, long seconds, way how) {
    connection *all = calloc(at_once, sizeof *all);
    struct epoll_event events[MaxEvents];
    long done = 0, without_port = 0, errors = 0, started = now(), ends_at = started + seconds * 1000000L;
    for (int i = 0; i < at_once; i++) all[i].state = Over;
    while (now() < ends_at) {
        bool is_short = false;
        for (int i = 0; i < at_once && !is_short; i++) {
            if (all[i].state == Over && !begin(&all[i])) {
                is_short = true;
                without_port++;
            }
        }
        int ready = epoll_wait(epoll, events, MaxEvents, is_short ? 1 : 100);
        for (int i = 0; i < ready; i++) {
            connection *it = events[i].data.ptr;
            if (it->state == Over) continue;
            int status = how != Reset ? look(it, events[i].events) : events[i].events & EPOLLOUT ? 200 : -1;
            if (status == 0) continue;
            done += status == 200;
            errors += status != 200;
            if (how == Kept && status == 200 && send(it->fd, request, request_bytes, MSG_NOSIGNAL) == request_bytes) continue;
            if (how == Reset) reset_one(it);
            else close(it->fd);
            it->state = Over;
        }
    }
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    long spent = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000L + used.ru_utime.tv_usec + used.ru_stime.tv_usec;
    printf("%ld %.6f %ld %ld %ld\n", done, (now() - started) / 1e6, without_port, errors, spent);
}

static void readers(int count, long bytes) {
    static char buffer[64 * 1024];
    int small = 128 * 1024;
    for (int i = 0; i < count; i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        if (fd < 0) die("socket");
        // Of one size: the system would let it grow, and what is measured is the sender's.
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
        if (connect(fd, (struct sockaddr *)&server, sizeof server) < 0) die("connect");
        if (send(fd, request, request_bytes, MSG_NOSIGNAL) != request_bytes) die("send");
        for (long have = 0, got; have < bytes; have += got) {
            if ((got = recv(fd, buffer, sizeof buffer, 0)) <= 0) die("recv");
        }
    }
    printf("open\n");
    fflush(stdout);
    while (read(STDIN_FILENO, buffer, 1) > 0) continue;
}

int main(int argc, char **argv) {
    const char *ways[] = {"reset", "fresh", "kept"};
    int how = 0;
    while (argc == 6 && how < 3 && strcmp(argv[1], ways[how]) != 0) how++;
    bool is_timed = argc == 6 && how < 3, is_readers = argc == 7 && strcmp(argv[1], "readers") == 0;
    if (!is_timed && !is_readers && !(argc == 5 && strcmp(argv[1], "burst") == 0)) {
        fprintf(stderr, "usage: bursts burst ADDRESS PORT COUNT | reset|fresh|kept ADDRESS PORT AT_ONCE SECONDS | readers ADDRESS PORT COUNT PATH BYTES\n");
        return 1;
    }
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(argv[3]))};
    if (inet_pton(AF_INET, argv[2], &server.sin_addr) != 1) {
        fprintf(stderr, "bursts: %s is no address\n", argv[2]);
        return 1;
    }
    epoll = epoll_create1(0);
    ask_for(is_readers ? argv[5] : "/plaintext", argv[2]);
    if (is_readers) readers(atoi(argv[4]), atol(argv[6]));
    else if (is_timed) repeat(atoi(argv[4]), atol(argv[5]), (way)how);
    else burst(atoi(argv[4]));
    return 0;
}
