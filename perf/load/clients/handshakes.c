// A client with one request a TLS connection: connects, makes a handshake, new or resumed, asks for the end of the connection, and reads to it.
// Whatever is not a whole answer with 200 is an error, and so is a session that is not resumed where it should be, or the other way round.
//
//   cc -O2 -pthread -o handshakes handshakes.c -lssl -lcrypto
//   ./handshakes PORT PATH CONNECTIONS new|resumed SECONDS          so many connections at once, each in a thread of its own
//
// Prints: connections seconds p50_microseconds p99_microseconds errors
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "client.h"

enum { BufferBytes = 16 * 1024, Buckets = 1000000 };

typedef struct {
    pthread_t id;
    SSL_SESSION *session;  // the last one that the server has given
    long done, errors;
} worker;

static struct sockaddr_in server;
static SSL_CTX *context;
static char request[1024];
static int request_bytes;
static bool is_resumed;
static long ends_at;
static unsigned latency[Buckets];  // connections by their microseconds

// True for a whole answer with 200, by a session as it should be. The first connection of a thread has none to resume.
static bool ask(worker *self, SSL *ssl, bool is_first) {
    char buffer[BufferBytes + 1];
    int have = 0, got;
    if (SSL_connect(ssl) != 1 || SSL_write(ssl, request, request_bytes) != request_bytes) return false;
    while (have < BufferBytes && (got = SSL_read(ssl, buffer + have, BufferBytes - have)) > 0) have += got;
    buffer[have] = 0;
    bool is_right = is_first || (SSL_session_reused(ssl) == 1) == is_resumed;
    if (is_resumed) {
        SSL_SESSION *session = SSL_get1_session(ssl);
        if (session != NULL && SSL_SESSION_is_resumable(session)) {
            SSL_SESSION_free(self->session);
            self->session = session;
        } else {
            SSL_SESSION_free(session);
        }
    }
    char *end = strstr(buffer, "\r\n\r\n"), *field = strcasestr(buffer, "\r\nContent-Length:");
    bool is_whole = end != NULL && field != NULL && field < end && have == end + 4 - buffer + atol(field + 17);
    if (SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN) SSL_shutdown(ssl);
    return is_right && is_whole && strncmp(buffer, "HTTP/1.1 200 ", 13) == 0;
}

static void *run(void *argument) {
    worker *self = argument;
    for (bool is_first = true; now() < ends_at; is_first = false) {
        long started = now();
        int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
        struct timeval patience = {.tv_sec = 10};
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        SSL *ssl = SSL_new(context);
        bool is_right = false;
        if (connect(fd, (struct sockaddr *)&server, sizeof server) == 0) {
            SSL_set_fd(ssl, fd);
            if (is_resumed && self->session != NULL) SSL_set_session(ssl, self->session);
            is_right = ask(self, ssl, is_first);
        }
        SSL_free(ssl);
        close(fd);
        self->done += is_right;
        self->errors += !is_right;
        long took = now() - started;
        if (is_right) __atomic_fetch_add(&latency[took < Buckets ? took : Buckets - 1], 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

int main(int argc, char **argv) {
    if (argc != 6) {
        fprintf(stderr, "usage: handshakes PORT PATH CONNECTIONS new|resumed SECONDS\n");
        return 1;
    }
    int at_once = atoi(argv[3]);
    is_resumed = strcmp(argv[4], "resumed") == 0;
    server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    request_bytes = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nConnection: close\r\n\r\n", argv[2], argv[1]);
    context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(context, SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
    long started = now();
    ends_at = started + atol(argv[5]) * 1000000L;
    worker *workers = calloc(at_once, sizeof *workers);
    for (int i = 0; i < at_once; i++) pthread_create(&workers[i].id, NULL, run, &workers[i]);
    long done = 0, errors = 0;
    for (int i = 0; i < at_once; i++) {
        pthread_join(workers[i].id, NULL);
        done += workers[i].done;
        errors += workers[i].errors;
    }
    double seconds = (now() - started) / 1e6;
    printf("%ld %.6f %ld %ld %ld\n", done, seconds, percentile(latency, Buckets, done, 50), percentile(latency, Buckets, done, 99), errors);
    return 0;
}
