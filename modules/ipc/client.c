/* The children's side: a small pool of connections, one command at a time on each.
 *
 * A call may be repeated on a fresh connection only while the engine cannot have seen the
 * whole command; once it was sent completely, a lost connection is reported as it is: the
 * outcome is unknown. */
#include "ipc/ipc.h"

#include <apr_strings.h>
#include <apr_thread_mutex.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

/* Connections kept for reuse; more may be open while more threads call at once. */
#define MAX_IDLE 64

struct wf_ipc_client_t {
    const char *path;
    apr_size_t reply_limit;
    apr_thread_mutex_t *lock; /* of idle, count; held for a few instructions */
    int idle[MAX_IDLE];
    int count;
    apr_uint32_t next_id; /* atomic */
};

/* What a call is doing, for one message at one place. */
typedef enum { NOT_SENT, MAYBE_DONE } progress_e;

static apr_status_t close_idle(void *data)
{
    wf_ipc_client_t *client = data;

    while (client->count > 0) {
        close(client->idle[--client->count]);
    }
    return APR_SUCCESS;
}

wf_ipc_client_t *wf_ipc_client_create(const char *socket_path, apr_size_t reply_limit,
                                      apr_pool_t *p)
{
    wf_ipc_client_t *client = apr_pcalloc(p, sizeof(*client));

    client->path = apr_pstrdup(p, socket_path);
    client->reply_limit = reply_limit;
    apr_thread_mutex_create(&client->lock, APR_THREAD_MUTEX_DEFAULT, p);
    apr_pool_cleanup_register(p, client, close_idle, apr_pool_cleanup_null);
    return client;
}

/* ---- connections --------------------------------------------------------------------------- */

static int take_idle(wf_ipc_client_t *client)
{
    int fd = -1;

    apr_thread_mutex_lock(client->lock);
    if (client->count > 0) {
        fd = client->idle[--client->count];
    }
    apr_thread_mutex_unlock(client->lock);
    return fd;
}

static void give_back(wf_ipc_client_t *client, int fd)
{
    int kept = 0;

    apr_thread_mutex_lock(client->lock);
    if (client->count < MAX_IDLE) {
        client->idle[client->count++] = fd;
        kept = 1;
    }
    apr_thread_mutex_unlock(client->lock);
    if (!kept) {
        close(fd);
    }
}

/* An idle connection says nothing; if it is readable the engine has closed it. */
static int is_stale(int fd)
{
    struct pollfd poller = { .fd = fd, .events = POLLIN };

    return poll(&poller, 1, 0) != 0;
}

static apr_int64_t left_us(apr_int64_t deadline)
{
    apr_int64_t left = deadline - wf_mono_us();

    return left > 0 ? left : 0;
}

static apr_status_t unavailable(wf_error_t *err, progress_e progress, const char *why)
{
    return wf_error_set(err, WF_ERR_UNAVAILABLE, "%s%s", why,
                        progress == MAYBE_DONE ? "; the command may have taken effect" : "");
}

static apr_status_t connect_engine(wf_ipc_client_t *client, apr_int64_t deadline, int *out,
                                   wf_error_t *err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    apr_int64_t left = left_us(deadline);
    struct timeval timeout = { .tv_sec = left / 1000000, .tv_usec = left % 1000000 };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return wf_error_apr(err, WF_ERR_UNAVAILABLE, errno, "no socket for the engine");
    }
    if (left == 0) {
        close(fd);
        return unavailable(err, NOT_SENT, "the engine did not answer in time");
    }
    apr_cpystrn(address.sun_path, client->path, sizeof(address.sun_path));
    /* A unix connect waits while the listen queue is full; SO_SNDTIMEO bounds that. */
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        apr_status_t rv = errno;

        close(fd);
        return wf_error_apr(err, WF_ERR_UNAVAILABLE, rv, "the engine cannot be reached");
    }
    *out = fd;
    return APR_SUCCESS;
}

/* ---- sending and receiving -------------------------------------------------------------------- */

/* Wait for events until the deadline: 1 ready, 0 too late, -1 error. */
static int wait_for(int fd, short events, apr_int64_t deadline)
{
    struct pollfd poller = { .fd = fd, .events = events };
    int rc;

    do {
        apr_int64_t left = left_us(deadline);

        if (left == 0) {
            return 0;
        }
        rc = poll(&poller, 1, (int)((left + 999) / 1000));
    } while (rc < 0 && errno == EINTR);
    return rc;
}

static void advance(struct iovec *iov, int *first, int count, size_t n)
{
    while (*first < count && n >= iov[*first].iov_len) {
        n -= iov[(*first)++].iov_len;
    }
    if (*first < count) {
        iov[*first].iov_base = (char *)iov[*first].iov_base + n;
        iov[*first].iov_len -= n;
    }
}

/* Room for one descriptor beside the bytes, as the kernel wants it aligned. */
typedef union passing_t {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
} passing_t;

static void pass_along(struct msghdr *message, passing_t *passing, int fd)
{
    struct cmsghdr *header;

    memset(passing, 0, sizeof(*passing));
    message->msg_control = passing->bytes;
    message->msg_controllen = sizeof(passing->bytes);
    header = CMSG_FIRSTHDR(message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &fd, sizeof(fd));
}

/* All of it; passed (NULL = none) goes with the first byte. */
static int send_all(int fd, struct iovec *iov, int count, const int *passed,
                    apr_int64_t deadline)
{
    passing_t passing;
    int first = 0;

    while (first < count) {
        struct msghdr message = { .msg_iov = iov + first, .msg_iovlen = count - first };
        ssize_t n;

        if (passed) {
            pass_along(&message, &passing, *passed);
        }
        n = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0) {
            passed = n > 0 ? NULL : passed;
            advance(iov, &first, count, n);
        }
        else if (errno == EAGAIN) {
            if (wait_for(fd, POLLOUT, deadline) <= 0) {
                return -1;
            }
        }
        else if (errno != EINTR) {
            return -1;
        }
    }
    return 0;
}

/* 1 all read, 0 too late, -1 connection lost. */
static int receive_all(int fd, char *to, size_t length, apr_int64_t deadline)
{
    while (length > 0) {
        ssize_t n = recv(fd, to, length, MSG_DONTWAIT);
        int rc;

        if (n > 0) {
            to += n;
            length -= n;
            continue;
        }
        if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
            return -1;
        }
        rc = wait_for(fd, POLLIN, deadline);
        if (rc <= 0) {
            return rc;
        }
    }
    return 1;
}

static const char *command_json(const wf_ipc_call_t *call, apr_int64_t deadline,
                                apr_size_t *length, apr_pool_t *p)
{
    json_object *envelope = wf_json_own(json_object_new_object(), p);

    wf_json_add_string(envelope, "command", wf_command_name(call->command));
    wf_json_add_string(envelope, "user", call->user);
    wf_json_add_int(envelope, "deadline", deadline);
    if (call->once) {
        json_object *once = json_object_new_object();

        wf_json_add_string(once, "key", call->once->key);
        wf_json_add_string(once, "step", call->once->step);
        wf_json_add_string(once, "fingerprint", call->once->fingerprint);
        json_object_object_add(envelope, "once", once);
    }
    json_object_object_add(envelope, "args",
                           call->args ? json_object_get(call->args)
                                      : json_object_new_object());
    return wf_json_text(envelope, length, p);
}

/* The whole command on fd; a pooled connection that breaks here may be replaced. */
static apr_status_t send_command(wf_ipc_client_t *client, const wf_ipc_call_t *call,
                                 apr_int64_t deadline, int *out, apr_uint32_t *id,
                                 apr_pool_t *p, wf_error_t *err)
{
    apr_size_t length;
    const char *json = command_json(call, deadline, &length, p);
    unsigned char header[WF_FRAME_HEADER];
    wf_frame_t frame = { .type = WF_FRAME_COMMAND, .json_length = length,
                         .blob_length = call->blob_length };

    frame.id = *id = __atomic_add_fetch(&client->next_id, 1, __ATOMIC_RELAXED);
    wf_frame_encode(&frame, header);
    for (;;) {
        struct iovec iov[] = { { header, sizeof(header) },
                               { (void *)json, length },
                               { (void *)call->blob, call->blob_length } };
        int pooled = take_idle(client), fd = pooled;

        if (pooled >= 0 && is_stale(pooled)) {
            close(pooled);
            continue;
        }
        if (pooled < 0) {
            apr_status_t rv = connect_engine(client, deadline, &fd, err);

            if (rv != APR_SUCCESS) {
                return rv;
            }
        }
        if (send_all(fd, iov, 3, call->fd, deadline) == 0) {
            *out = fd;
            return APR_SUCCESS;
        }
        close(fd);
        if (pooled < 0 || left_us(deadline) == 0) {
            return unavailable(err, NOT_SENT, "the engine does not take commands");
        }
    }
}

static apr_status_t fail_from_json(json_object *json, wf_error_t *err)
{
    const char *field = wf_json_string(json, "field", NULL);

    wf_error_set(err, wf_err_parse(wf_json_string(json, "kind", NULL)), "%s",
                 wf_json_string(json, "message", "the engine gave no reason"));
    err->field = apr_pstrdup(err->pool, field);
    err->retry_after = (int)wf_json_int(json, "retry_after", 0);
    return WF_EFAILED;
}

#define ASK_US 1000000

/* 1 the reply begins, 0 too late, -1 error, -2 broken off. */
static int wait_for_reply(int fd, const wf_ipc_call_t *call, apr_int64_t deadline)
{
    int rc;

    do {
        apr_int64_t ask_at = wf_mono_us() + ASK_US;

        rc = wait_for(fd, POLLIN,
                      call->breaks_off && ask_at < deadline ? ask_at : deadline);
        if (rc == 0 && call->breaks_off && call->breaks_off(call->baton)) {
            return -2;
        }
    } while (rc == 0 && left_us(deadline) > 0);
    return rc;
}

static apr_status_t receive_reply(wf_ipc_client_t *client, int fd,
                                  const wf_ipc_call_t *call, apr_uint32_t id,
                                  apr_int64_t deadline, wf_ipc_reply_t *reply,
                                  int *clean, apr_pool_t *p, wf_error_t *err)
{
    unsigned char header[WF_FRAME_HEADER];
    wf_frame_t frame;
    char *json, *blob;
    int rc = wait_for_reply(fd, call, deadline);

    if (rc == -2) {
        return unavailable(err, MAYBE_DONE, "nobody waits for the answer any more");
    }
    rc = rc > 0 ? receive_all(fd, (char *)header, sizeof(header), deadline) : rc;
    if (rc > 0) {
        apr_status_t rv = wf_frame_decode(&frame, header, client->reply_limit, err);

        if (rv != APR_SUCCESS) {
            return wf_error_note(err, rv, "reply of the engine");
        }
        json = apr_palloc(p, frame.json_length + 1);
        blob = apr_palloc(p, frame.blob_length + 1);
        rc = receive_all(fd, json, frame.json_length, deadline);
        rc = rc > 0 ? receive_all(fd, blob, frame.blob_length, deadline) : rc;
    }
    if (rc <= 0) {
        return unavailable(err, MAYBE_DONE, rc == 0 ? "the engine did not answer in time"
                                                    : "the engine went away");
    }
    /* An error with id 0 speaks of the connection: refused before any command. */
    if (frame.id != id && !(frame.id == 0 && frame.type == WF_FRAME_ERROR)) {
        return wf_error_set(err, WF_ERR_INTERNAL, "reply of the engine to another command");
    }
    if (wf_json_read(&reply->json, json, frame.json_length, p, err) != APR_SUCCESS) {
        return wf_error_note(err, WF_EFAILED, "reply of the engine");
    }
    reply->blob = blob;
    reply->blob_length = frame.blob_length;
    *clean = frame.id == id;
    return frame.type == WF_FRAME_ERROR ? fail_from_json(reply->json, err) : APR_SUCCESS;
}

apr_status_t wf_ipc_call(wf_ipc_client_t *client, const wf_ipc_call_t *call,
                         wf_ipc_reply_t *reply, apr_pool_t *p, wf_error_t *err)
{
    apr_int64_t deadline = wf_mono_us() + call->timeout;
    apr_uint32_t id;
    int fd = -1, clean = 0;
    apr_status_t rv = send_command(client, call, deadline, &fd, &id, p, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = receive_reply(client, fd, call, id, deadline, reply, &clean, p, err);
    if (clean) {
        give_back(client, fd);
    }
    else {
        close(fd); /* a late reply must not meet the next command */
    }
    return rv;
}
