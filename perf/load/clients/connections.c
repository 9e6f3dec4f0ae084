// A client with one request a connection: opens them, so many at once, each asks for the end of its connection, and reads until the server
// has ended it. So the server closes first, TIME_WAIT is the server's, and the client does not run out of ports, as it does when the client
// closes first: of 28,232 ports each then rests for a second at least. Whatever is not a whole answer with 200 is an error.
//
//   cc -O2 -pthread -o connections connections.c
//   ./connections PORT PATH CONNECTIONS THREADS SECONDS          load for some seconds
//   ./connections PORT PATH CONNECTIONS THREADS 0 COUNT          so many connections, for counting system calls
//
// Prints: connections seconds p50_microseconds p99_microseconds errors
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include "client.h"

enum { BufferBytes = 128 * 1024, HeadBytes = 2048, Buckets = 100000, MaxEvents = 256 };

typedef struct {
    int fd;
    long started;   // microseconds
    long received;  // bytes of head and content
    long expected;  // bytes of the whole answer; 0 until the head is there
    char head[HeadBytes];
} exchange;

typedef struct {
    int at_once;
    long done, errors;
    unsigned *latency;  // connections by their microseconds; the last bucket has the slower ones too
} worker;

static struct sockaddr_in server;
static char request[1024];
static int request_bytes;
static long ends_at;
static atomic_long left;
static bool is_counted;

static bool take(void) {
    return is_counted ? atomic_fetch_sub(&left, 1) > 0 : now() < ends_at;
}

// Begins the next connection; false when there is none to begin.
static bool begin(int epoll, exchange *it) {
    it->fd = -1;
    if (!take()) return false;
    it->started = now();
    it->received = it->expected = 0;
    it->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (it->fd < 0) die("socket");
    int one = 1;
    setsockopt(it->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(it->fd, (struct sockaddr *)&server, sizeof server) < 0 && errno != EINPROGRESS) die("connect");
    struct epoll_event event = {.events = EPOLLOUT, .data.ptr = it};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, it->fd, &event) < 0) die("epoll_ctl");
    return true;
}

static void read_head(exchange *it) {
    long have = it->received < HeadBytes - 1 ? it->received : HeadBytes - 1;
    it->head[have] = 0;
    char *end = strstr(it->head, "\r\n\r\n"), *field = strcasestr(it->head, "\r\nContent-Length:");
    if (end != NULL && field != NULL && field < end) it->expected = end + 4 - it->head + atol(field + 17);
}

// 1: the server has ended the connection; 0: there is more to come; -1: an error.
static int receive(exchange *it, char *buffer) {
    for (;;) {
        ssize_t got = recv(it->fd, buffer, BufferBytes, 0);
        if (got == 0) return it->expected > 0 && it->received == it->expected && strncmp(it->head, "HTTP/1.1 200 ", 13) == 0 ? 1 : -1;
        if (got < 0) return errno == EAGAIN ? 0 : -1;
        if (it->expected == 0 && it->received < HeadBytes - 1) {
            long room = HeadBytes - 1 - it->received;
            memcpy(it->head + it->received, buffer, got < room ? got : room);
        }
        it->received += got;
        if (it->expected == 0) read_head(it);
    }
}

static void *run(void *argument) {
    worker *self = argument;
    int epoll = epoll_create1(0), open = 0;
    char *buffer = malloc(BufferBytes);
    exchange *exchanges = calloc(self->at_once, sizeof *exchanges);
    struct epoll_event events[MaxEvents];
    for (int i = 0; i < self->at_once; i++) open += begin(epoll, &exchanges[i]);
    while (open > 0) {
        int count = epoll_wait(epoll, events, MaxEvents, 10000);
        if (count == 0) {
            self->errors += open;  // nothing has come for ten seconds
            break;
        }
        for (int i = 0; i < count; i++) {
            exchange *it = events[i].data.ptr;
            int outcome;
            if (events[i].events & EPOLLOUT) {
                outcome = send(it->fd, request, request_bytes, MSG_NOSIGNAL) == request_bytes ? 0 : -1;
                struct epoll_event event = {.events = EPOLLIN, .data.ptr = it};
                epoll_ctl(epoll, EPOLL_CTL_MOD, it->fd, &event);
            } else {
                outcome = receive(it, buffer);
            }
            if (outcome == 0) continue;
            close(it->fd);
            self->errors += outcome < 0;
            self->done += outcome > 0;
            long took = now() - it->started;
            if (outcome > 0) self->latency[took < Buckets ? took : Buckets - 1]++;
            open -= !begin(epoll, it);
        }
    }
    return NULL;
}

int main(int argc, char **argv) {
    if (argc != 6 && argc != 7) {
        fprintf(stderr, "usage: connections PORT PATH CONNECTIONS THREADS SECONDS [COUNT]\n");
        return 1;
    }
    int at_once = atoi(argv[3]), threads = atoi(argv[4]);
    server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    request_bytes = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nConnection: close\r\n\r\n", argv[2], argv[1]);
    is_counted = argc == 7;
    left = is_counted ? atol(argv[6]) : 0;
    long started = now();
    ends_at = started + atol(argv[5]) * 1000000L;
    pthread_t *ids = calloc(threads, sizeof *ids);
    worker *workers = calloc(threads, sizeof *workers);
    for (int i = 0; i < threads; i++) {
        workers[i] = (worker){.at_once = at_once / threads + (i < at_once % threads), .latency = calloc(Buckets, sizeof(unsigned))};
        pthread_create(&ids[i], NULL, run, &workers[i]);
    }
    long done = 0, errors = 0;
    for (int i = 0; i < threads; i++) {
        pthread_join(ids[i], NULL);
        done += workers[i].done;
        errors += workers[i].errors;
        for (int at = 0; i > 0 && at < Buckets; at++) workers[0].latency[at] += workers[i].latency[at];
    }
    double seconds = (now() - started) / 1e6;
    printf("%ld %.6f %ld %ld %ld\n", done, seconds, percentile(workers[0].latency, Buckets, done, 50), percentile(workers[0].latency, Buckets, done, 99), errors);
    return 0;
}
