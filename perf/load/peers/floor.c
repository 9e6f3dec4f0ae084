// The floor: what one epoll loop per core costs when nothing is parsed, routed or limited. It counts the blank lines that end
// request heads and answers each with the same bytes: an upper bound for any server of this kind, and no server.
//
//   cc -O2 -pthread -o floor floor.c && ./floor 7001 2
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static const char Reply[] =
    "HTTP/1.1 200 OK\r\nServer: PipeServer\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
    "Content-Length: 13\r\nContent-Type: text/plain\r\n\r\nHello, World!";

enum { ReplyBytes = sizeof Reply - 1, MaxEvents = 256, BufferBytes = 4096, MaxReplies = BufferBytes / 16 };

static int port;

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int listen_on(void) {
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) die("bind");
    if (listen(fd, 4096) < 0) die("listen");
    return fd;
}

// Heads are not split over reads by the load generators that this is for.
static int serve(int fd) {
    char buffer[BufferBytes];
    static __thread char replies[MaxReplies * ReplyBytes];
    for (;;) {
        ssize_t got = recv(fd, buffer, sizeof buffer, 0);
        if (got == 0 || (got < 0 && errno != EAGAIN)) return -1;
        if (got < 0) return 0;
        size_t length = 0;
        for (char *at = buffer, *end = buffer + got; (at = memmem(at, end - at, "\r\n\r\n", 4)) != NULL; at += 4) {
            memcpy(replies + length, Reply, ReplyBytes);
            length += ReplyBytes;
        }
        if (length > 0 && send(fd, replies, length, MSG_NOSIGNAL) != (ssize_t)length) return -1;
        if (got < (ssize_t)sizeof buffer) return 0;
    }
}

static void *loop(void *unused) {
    (void)unused;
    int listener = listen_on(), epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[MaxEvents];
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int count = epoll_wait(epoll, events, MaxEvents, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd != listener) {
                if (serve(fd) < 0) close(fd);
                continue;
            }
            while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                event = (struct epoll_event){.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.fd = fd};
                epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
            }
        }
    }
    return NULL;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: floor PORT LOOPS\n");
        return 1;
    }
    port = atoi(argv[1]);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    pthread_t thread;
    for (int i = 1; i < atoi(argv[2]); i++) pthread_create(&thread, NULL, loop, NULL);
    printf("listening\n");
    fflush(stdout);
    loop(NULL);
    return 0;
}
