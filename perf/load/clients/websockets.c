// A client of WebSocket connections (RFC 6455), for echo servers: opens them, sends a text message of 64 bytes by each, waits for it to come back,
// and sends the next one. Whatever is not the same message in one frame is an error. Or it opens them and only answers pings.
//
//   cc -O2 -pthread -o websockets websockets.c
//   ./websockets PORT PATH CONNECTIONS THREADS SECONDS     messages for some seconds, which begin when all are open
//   ./websockets PORT PATH CONNECTIONS idle                says "open" when all are, and answers pings until its standard input ends
//
// Prints: messages seconds p50_microseconds p99_microseconds errors          or: pings errors
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include "client.h"

enum { TextBytes = 64, MaskBytes = 4, FrameBytes = 2 + MaskBytes + TextBytes, EchoBytes = 2 + TextBytes, Buckets = 100000, MaxEvents = 256, RoomBytes = 256 };

typedef struct {
    int fd, have;
    long sent;  // microseconds
    unsigned char room[RoomBytes];
} connection;

typedef struct {
    int count;
    connection *connections;
    long done, errors;
    unsigned *latency;  // messages by their microseconds; the last bucket has the slower ones too
} worker;

static struct sockaddr_in server;
static char request[1024];
static int request_bytes;
static unsigned char frame[FrameBytes], echo[EchoBytes];
static long ends_at;
static pthread_barrier_t all_open;

static void make_frames(void) {
    frame[0] = echo[0] = 0x81;
    frame[1] = 0x80 | TextBytes;
    echo[1] = TextBytes;
    for (int i = 0; i < MaskBytes; i++) frame[2 + i] = (unsigned char)(0x37 * (i + 1));
    for (int i = 0; i < TextBytes; i++) {
        echo[2 + i] = (unsigned char)('a' + i % 26);
        frame[2 + MaskBytes + i] = echo[2 + i] ^ frame[2 + i % MaskBytes];
    }
}

// Connects and makes the handshake, blocking. The answer ends with an empty line, and nothing follows it until we have sent something.
static void open_one(connection *it) {
    char answer[2048];
    int have = 0, one = 1;
    it->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (it->fd < 0 || connect(it->fd, (struct sockaddr *)&server, sizeof server) < 0) die("connect");
    setsockopt(it->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct timeval patience = {.tv_sec = 10};
    setsockopt(it->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (send(it->fd, request, request_bytes, MSG_NOSIGNAL) != request_bytes) die("send");
    while (have < 4 || memcmp(answer + have - 4, "\r\n\r\n", 4) != 0) {
        ssize_t got = recv(it->fd, answer + have, sizeof answer - 1 - have, 0);
        if (got <= 0) die("no answer to the handshake");
        have += got;
    }
    answer[have] = 0;
    // The key of RFC 6455 §1.3, and its answer.
    if (strncmp(answer, "HTTP/1.1 101 ", 13) != 0 || strstr(answer, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") == NULL) {
        fprintf(stderr, "no WebSocket: %s\n", answer);
        exit(1);
    }
    it->have = 0;
}

static void open_all(worker *self, int epoll) {
    for (int i = 0; i < self->count; i++) {
        open_one(&self->connections[i]);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &self->connections[i]};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, self->connections[i].fd, &event) < 0) die("epoll_ctl");
    }
}

static bool send_next(connection *it) {
    it->have = 0;
    it->sent = now();
    return send(it->fd, frame, FrameBytes, MSG_NOSIGNAL) == FrameBytes;
}

// 1: the message is back; 0: there is more to come, or a ping was answered; -1: an error.
static int receive(connection *it, long *pings) {
    ssize_t got = recv(it->fd, it->room + it->have, RoomBytes - it->have, MSG_DONTWAIT);
    if (got <= 0) return got < 0 && errno == EAGAIN ? 0 : -1;
    it->have += got;
    while (it->have >= 2 && it->room[0] == 0x89) {
        int length = it->room[1];
        if (length > 125) return -1;
        if (it->have < 2 + length) return 0;
        unsigned char pong[2 + MaskBytes + 125] = {0x8A, (unsigned char)(0x80 | length)};  // a mask of zeros: the payload as it is
        memcpy(pong + 2 + MaskBytes, it->room + 2, length);
        if (send(it->fd, pong, 2 + MaskBytes + length, MSG_NOSIGNAL) != 2 + MaskBytes + length) return -1;
        it->have -= 2 + length;
        memmove(it->room, it->room + 2 + length, it->have);
        ++*pings;
    }
    if (it->have < EchoBytes) return 0;
    return it->have == EchoBytes && memcmp(it->room, echo, EchoBytes) == 0 ? 1 : -1;
}

static void *run(void *argument) {
    worker *self = argument;
    int epoll = epoll_create1(0), open = self->count;
    long pings = 0;
    struct epoll_event events[MaxEvents];
    open_all(self, epoll);
    pthread_barrier_wait(&all_open);  // twice: the time begins between
    pthread_barrier_wait(&all_open);
    for (int i = 0; i < self->count; i++) {
        if (!send_next(&self->connections[i])) die("send");
    }
    while (open > 0) {
        int count = epoll_wait(epoll, events, MaxEvents, 10000);
        if (count == 0) {
            self->errors += open;  // nothing has come for ten seconds
            break;
        }
        for (int i = 0; i < count; i++) {
            connection *it = events[i].data.ptr;
            int outcome = receive(it, &pings);
            if (outcome == 0) continue;
            long time = now(), took = time - it->sent;
            self->errors += outcome < 0;
            self->done += outcome > 0;
            if (outcome > 0) self->latency[took < Buckets ? took : Buckets - 1]++;
            if (outcome < 0 || time >= ends_at || !send_next(it)) {
                close(it->fd);
                open--;
            }
        }
    }
    return NULL;
}

static int wait_idle(int count) {
    worker self = {.count = count, .connections = calloc(count, sizeof(connection))};
    int epoll = epoll_create1(0);
    long pings = 0, errors = 0;
    struct epoll_event events[MaxEvents], input = {.events = EPOLLIN, .data.ptr = NULL};
    open_all(&self, epoll);
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &input) < 0) die("standard input");
    printf("open\n");
    fflush(stdout);
    for (bool is_over = false; !is_over;) {
        int ready = epoll_wait(epoll, events, MaxEvents, -1);
        for (int i = 0; i < ready; i++) {
            connection *it = events[i].data.ptr;
            if (it == NULL) {
                is_over = true;
            } else if (receive(it, &pings) != 0) {
                errors++;
                close(it->fd);
            }
        }
    }
    printf("%ld %ld\n", pings, errors);
    return 0;
}

int main(int argc, char **argv) {
    if (argc != 6 && !(argc == 5 && strcmp(argv[4], "idle") == 0)) {
        fprintf(stderr, "usage: websockets PORT PATH CONNECTIONS THREADS SECONDS | PORT PATH CONNECTIONS idle\n");
        return 1;
    }
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    int count = atoi(argv[3]), threads = argc == 6 ? atoi(argv[4]) : 1;
    server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    request_bytes = snprintf(
        request, sizeof request,
        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        argv[2], argv[1]);
    make_frames();
    if (argc == 5) return wait_idle(count);
    pthread_t *ids = calloc(threads, sizeof *ids);
    worker *workers = calloc(threads, sizeof *workers);
    pthread_barrier_init(&all_open, NULL, threads + 1);
    for (int i = 0; i < threads; i++) {
        workers[i] = (worker){.count = count / threads + (i < count % threads), .latency = calloc(Buckets, sizeof(unsigned))};
        workers[i].connections = calloc(workers[i].count, sizeof(connection));
        pthread_create(&ids[i], NULL, run, &workers[i]);
    }
    pthread_barrier_wait(&all_open);
    long started = now();
    ends_at = started + atol(argv[5]) * 1000000L;
    pthread_barrier_wait(&all_open);
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
