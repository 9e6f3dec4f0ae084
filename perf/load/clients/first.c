// How long a server takes from its start to its first answer: starts it, tries to connect, sends a request, and waits for the first bytes of
// a 200. Then the server gets SIGTERM, and this program ends when it has ended.
//
//   cc -O2 -o first first.c && ./first PORT PATH COMMAND [ARGUMENT ...]
//
// Prints: milliseconds resident_kilobytes proportional_kilobytes (child processes included)
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "client.h"

extern char **environ;
static const long PatienceMicroseconds = 15000000;

// One try: true when an answer with 200 begins.
static int ask(const struct sockaddr_in *server, const char *path) {
    char text[512];
    int fd = socket(AF_INET, SOCK_STREAM, 0), is_answered = 0;
    if (connect(fd, (const struct sockaddr *)server, sizeof *server) == 0) {
        struct timeval patience = {.tv_sec = 5};
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        int length = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", path);
        if (send(fd, text, length, MSG_NOSIGNAL) == length && recv(fd, text, sizeof text, 0) > 12) {
            is_answered = memcmp(text, "HTTP/1.1 200", 12) == 0;
        }
    }
    close(fd);
    return is_answered;
}

// What the system calls Rss or Pss of the process and of its children.
static long memory(pid_t process, const char *which) {
    char path[64], line[256], format[16];
    long kilobytes = 0, value;
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", process);
    snprintf(format, sizeof format, "%s: %%ld", which);
    FILE *file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, format, &value) == 1) kilobytes = value;
    }
    if (file != NULL) fclose(file);
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", process, process);
    if ((file = fopen(path, "r")) != NULL) {
        int child;
        while (fscanf(file, "%d", &child) == 1) kilobytes += memory(child, which);
        fclose(file);
    }
    return kilobytes;
}

int main(int argc, char **argv) {
    if (argc < 4) {
        fprintf(stderr, "usage: first PORT PATH COMMAND [ARGUMENT ...]\n");
        return 1;
    }
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    long started = now();
    pid_t process = vfork();
    if (process == 0) {
        int nowhere = open("/dev/null", O_RDWR);
        dup2(nowhere, STDOUT_FILENO);
        execvp(argv[3], argv + 3);
        _exit(127);
    }
    // The pauses leave the core to the server, and are a hundredth of what is measured.
    while (!ask(&server, argv[2])) {
        int status;
        if (waitpid(process, &status, WNOHANG) == process || now() - started > PatienceMicroseconds) {
            fprintf(stderr, "%s does not answer\n", argv[3]);
            kill(process, SIGKILL);
            return 1;
        }
        usleep(100);
    }
    double milliseconds = (now() - started) / 1000.0;
    usleep(100000);
    printf("%.2f %ld %ld\n", milliseconds, memory(process, "Rss"), memory(process, "Pss"));
    kill(process, SIGTERM);
    waitpid(process, NULL, 0);
    return 0;
}
