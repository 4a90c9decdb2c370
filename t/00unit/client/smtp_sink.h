/* A small SMTP server inside the test program: loopback, a free port, one connection
 * after the other. It follows a script of a few switches and keeps what it was told. */
#ifndef WF_TEST_SMTP_SINK_H
#define WF_TEST_SMTP_SINK_H

#include "../wait.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define SINK_KEPT (256 * 1024)

typedef struct smtp_sink_t {
    int listener, port;
    pthread_t thread;
    pthread_mutex_t lock;
    /* what it does; set between mails */
    const char
        *extensions;    /* lines of the answer to EHLO, such as "250-AUTH PLAIN\r\n" */
    const char *at;     /* at this command … */
    const char *answer; /* … it gives this answer; NULL: none, the line stays silent */
    int rejects_at_end; /* the message itself is refused */
    /* what it was told: all lines, the message as it came */
    char dialogue[SINK_KEPT], message[SINK_KEPT];
    int mails, fd, talking;
} smtp_sink_t;

static void sink_say(smtp_sink_t *s, const char *text)
{
    if (send(s->fd, text, strlen(text), MSG_NOSIGNAL) < 0) {
        shutdown(s->fd, SHUT_RDWR);
    }
}

static void sink_keep(char *where, const char *line)
{
    size_t have = strlen(where);

    snprintf(where + have, SINK_KEPT - have, "%s", line);
}

static void sink_data(smtp_sink_t *s, FILE *in)
{
    char line[4096];

    sink_say(s, "354 go on\r\n");
    while (fgets(line, sizeof(line), in) != NULL && strcmp(line, ".\r\n") != 0) {
        pthread_mutex_lock(&s->lock);
        sink_keep(s->message, line[0] == '.' ? line + 1 : line);
        pthread_mutex_unlock(&s->lock);
    }
    pthread_mutex_lock(&s->lock);
    s->mails += !s->rejects_at_end;
    pthread_mutex_unlock(&s->lock);
    sink_say(s, s->rejects_at_end ? "554 5.7.1 spam\r\n" : "250 2.0.0 taken\r\n");
}

/* 0 when the conversation is over. */
static int sink_command(smtp_sink_t *s, FILE *in, const char *line)
{
    if (s->at != NULL && strncasecmp(line, s->at, strlen(s->at)) == 0) {
        if (s->answer != NULL) {
            sink_say(s, s->answer);
        }
        return 1;
    }
    if (strncasecmp(line, "EHLO", 4) == 0) {
        sink_say(s, "250-sink.example\r\n");
        sink_say(s, s->extensions ? s->extensions : "");
        sink_say(s, "250 8BITMIME\r\n");
    }
    else if (strncasecmp(line, "AUTH", 4) == 0) {
        char secret[1024];

        sink_say(s, "334 \r\n");
        sink_say(s, fgets(secret, sizeof(secret), in) ? "235 2.7.0 welcome\r\n" : "");
    }
    else if (strncasecmp(line, "DATA", 4) == 0) {
        sink_data(s, in);
    }
    else if (strncasecmp(line, "QUIT", 4) == 0) {
        sink_say(s, "221 bye\r\n");
        return 0;
    }
    else {
        sink_say(s, "250 2.1.0 fine\r\n");
    }
    return 1;
}

static void sink_converse(smtp_sink_t *s)
{
    FILE *in = fdopen(dup(s->fd), "r");
    char line[4096];
    int on = 1;

    sink_say(s, "220 sink.example ESMTP\r\n");
    while (on && fgets(line, sizeof(line), in) != NULL) {
        pthread_mutex_lock(&s->lock);
        sink_keep(s->dialogue, line);
        pthread_mutex_unlock(&s->lock);
        on = sink_command(s, in, line);
    }
    fclose(in);
}

static void sink_talks(smtp_sink_t *s, int talking)
{
    pthread_mutex_lock(&s->lock);
    s->talking = talking;
    pthread_mutex_unlock(&s->lock);
}

static int sink_is_talking(smtp_sink_t *s)
{
    int talking;

    pthread_mutex_lock(&s->lock);
    talking = s->talking;
    pthread_mutex_unlock(&s->lock);
    return talking;
}

static void *sink_serve(void *data)
{
    smtp_sink_t *s = data;
    int fd;

    while ((fd = accept(s->listener, NULL, NULL)) >= 0) {
        sink_talks(s, 1);
        s->fd = fd;
        sink_converse(s);
        close(fd);
        sink_talks(s, 0);
    }
    return NULL;
}

static void sink_start(smtp_sink_t *s)
{
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof(a);

    memset(s, 0, sizeof(*s));
    pthread_mutex_init(&s->lock, NULL);
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(s->listener, (struct sockaddr *)&a, n) != 0 || listen(s->listener, 16) != 0
        || getsockname(s->listener, (struct sockaddr *)&a, &n) != 0) {
        perror("sink");
        exit(1);
    }
    s->port = ntohs(a.sin_port);
    pthread_create(&s->thread, NULL, sink_serve, s);
}

/* Forget what was told and how to behave, after the last goodbye. */
static void sink_reset(smtp_sink_t *s)
{
    WAIT_FOR(!sink_is_talking(s));
    pthread_mutex_lock(&s->lock);
    s->dialogue[0] = s->message[0] = '\0';
    s->mails = s->rejects_at_end = 0;
    s->extensions = s->at = s->answer = NULL;
    pthread_mutex_unlock(&s->lock);
}

static void sink_stop(smtp_sink_t *s)
{
    shutdown(s->listener, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->listener);
    pthread_mutex_destroy(&s->lock);
}

#endif
