/* Bodies of requests: parts, large ones, and what is refused. */
#include "loop.h"
#include "../load/target.h"

static target_t target;
static size_t received; /* bytes of the last large body */
static unsigned sum;

static const char *url_of(const char *path)
{
    return apr_psprintf(pool, "http://127.0.0.1:%d%s", target.port, path);
}

static wf_client_part_t *add_part(apr_array_header_t *parts, const char *name,
                                  const char *data)
{
    wf_client_part_t *part = apr_array_push(parts);

    *part = (wf_client_part_t){ .name = name, .data = data, .length = strlen(data) };
    return part;
}

static wf_client_request_t parts_request(apr_array_header_t **parts)
{
    wf_client_request_t request = new_request("POST", url_of("/ok"), new_settings());

    *parts = apr_array_make(pool, 4, sizeof(wf_client_part_t));
    request.parts = *parts;
    return request;
}

static void multipart(fixture_t *f)
{
    apr_array_header_t *parts;
    wf_client_request_t request = parts_request(&parts);
    wf_client_part_t *part;

    add_header(&request, "content-type",
               "multipart/form-data; charset=x; boundary=\"A B\"");
    add_part(parts, "plain", "one");
    add_part(parts, "empty", "");
    add_part(parts, "na\"me\r\n\xc3\xbc", "two");
    part = add_part(parts, "file", "x\0y");
    part->length = 3;
    part->filename = "a\"b.bin";
    part = add_part(parts, "typed", "{}");
    part->type = "application/json";
    target_reset(&target);
    ok(exchange(f, prepare_request(&request)), "a body of parts");
    is_int(f->workers[0].r.outcome, WF_CLIENT_OK, "is sent");
    ok(target_saw(
           &target,
           "\r\ncontent-type: multipart/form-data; charset=x; boundary=\"A B\"\r\n")
           || target_saw(&target, "\r\nContent-Type: multipart/form-data; charset=x; "
                                  "boundary=\"A B\"\r\n"),
       "its type as given");
    ok(target_saw(
           &target,
           "\r\n\r\n--A B\r\nContent-Disposition: form-data; name=\"plain\"\r\n\r\n"
           "one\r\n--A B\r\nContent-Disposition: form-data; name=\"empty\"\r\n\r\n"
           "\r\n--A B\r\nContent-Disposition: form-data; "
           "name=\"na%22me%0D%0A\xc3\xbc\"\r\n\r\ntwo\r\n--A B\r\n"
           "Content-Disposition: form-data; name=\"file\"; filename=\"a%22b.bin\"\r\n"
           "Content-Type: application/octet-stream\r\n\r\nx"),
       "fields and a file");
    ok(f->workers[0].r.sent > 500, "counted");
}

static void boundaries(fixture_t *f)
{
    apr_array_header_t *parts;
    wf_client_request_t request = parts_request(&parts);
    char boundary[100] = "";
    const char *at;

    add_part(parts, "a", "1");
    target_reset(&target);
    exchange(f, prepare_request(&request));
    at = strstr(target.kept[0], "\r\nContent-Type: multipart/form-data; boundary=");
    ok(at != NULL && sscanf(at + 46, "%99[^\r]", boundary) == 1, "a boundary of our own");
    ok(strlen(boundary) > 30 && strlen(boundary) <= 70, "long enough");
    ok(strstr(target.kept[0], apr_pstrcat(pool, "\r\n\r\n--", boundary, "\r\n", NULL))
               != NULL
           && strstr(target.kept[0],
                     apr_pstrcat(pool, "\r\n--", boundary, "--\r\n", NULL))
                  != NULL,
       "divides the parts");
    request = parts_request(&parts);
    target_reset(&target);
    exchange(f, prepare_request(&request));
    ok(target_saw(&target, "--\r\n"), "no parts at all are a body, too");
    request = parts_request(&parts);
    add_part(parts, "a", "1");
    add_header(&request, "Content-Type", "multipart/mixed");
    target_reset(&target);
    exchange(f, prepare_request(&request));
    ok(target_saw(&target, "\r\nContent-Type: multipart/mixed; boundary=----workflow-"),
       "added to a type without one");
}

static const struct {
    const char *what, *name, *filename, *type, *header, *field;
} refused[] = {
    { "a control character in a name", "a\001", NULL, NULL, NULL, "parts" },
    { "in a file name", "a", "b\177", NULL, NULL, "parts" },
    { "a line break in a type", "a", NULL, "text/plain\r\nX: y", NULL, "parts" },
    { "another type", "a", NULL, NULL, "application/json", "headers" },
    { "an empty boundary", "a", NULL, NULL, "multipart/form-data; boundary=", "headers" },
    { "a long one", "a", NULL, NULL,
      "multipart/form-data; boundary=aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee"
      "ffffffffffgggggggggghhh",
      "headers" },
};

static void refusals(void)
{
    size_t i;

    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        apr_array_header_t *parts;
        wf_client_request_t request = parts_request(&parts);
        wf_client_part_t *part = add_part(parts, refused[i].name, "x");
        wf_client_call_t *call;
        wf_error_t err;

        part->filename = refused[i].filename;
        part->type = refused[i].type;
        if (refused[i].header != NULL) {
            add_header(&request, "Content-Type", refused[i].header);
        }
        wf_error_init(&err, pool);
        ok(wf_client_prepare(&call, &request, pool, &err) != APR_SUCCESS, "%s",
           refused[i].what);
        is_str(err.field, refused[i].field, "%s", refused[i].what);
    }
}

/* ---- large bodies ---------------------------------------------------------------- */

/* Reads a body beyond the buffer of the small server by itself. */
static int read_all(int fd, size_t expected)
{
    unsigned char block[65536];

    for (received = 0, sum = 0; received < expected;) {
        ssize_t n = recv(fd, block, sizeof(block), 0), i;

        if (n <= 0) {
            return 0;
        }
        for (i = 0; i < n; i++) {
            sum = sum * 31 + block[i];
        }
        received += (size_t)n;
    }
    return 1;
}

typedef struct sink_t {
    int listener, port;
    size_t expected;
    pthread_t thread;
} sink_t;

/* One connection: header, body, answer, after a while. */
static void *sink_serve(void *data)
{
    sink_t *s = data;
    char head[8192];
    size_t n = 0;
    int fd = accept(s->listener, NULL, NULL);

    while (n < sizeof(head) - 1 && recv(fd, head + n, 1, 0) == 1) {
        head[++n] = '\0';
        if (n > 4 && memcmp(head + n - 4, "\r\n\r\n", 4) == 0) {
            break;
        }
    }
    usleep(100000); /* we are slow: what is sent has to wait for us */
    if (read_all(fd, s->expected)) {
        target_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 38);
    }
    close(fd);
    return NULL;
}

static void sink_start(sink_t *s, size_t expected)
{
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof(a);
    int small = 65536;

    s->expected = expected;
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(s->listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    if (bind(s->listener, (struct sockaddr *)&a, n) != 0 || listen(s->listener, 1) != 0
        || getsockname(s->listener, (struct sockaddr *)&a, &n) != 0) {
        perror("sink");
        exit(1);
    }
    s->port = ntohs(a.sin_port);
    pthread_create(&s->thread, NULL, sink_serve, s);
}

static void large(fixture_t *f)
{
    size_t n = 20 * 1024 * 1024, i;
    wf_client_request_t request;
    char *body = malloc(n);
    unsigned want = 0;
    sink_t sink;

    for (i = 0; i < n; i++) {
        body[i] = (char)(i * 7 + i / 251);
        want = want * 31 + (unsigned char)body[i];
    }
    sink_start(&sink, n);
    request =
        new_request("PUT", apr_psprintf(pool, "http://127.0.0.1:%d/large", sink.port),
                    new_settings());
    request.body = body;
    request.body_length = n;
    ok(exchange(f, prepare_request(&request)), "a large body");
    is_int(f->workers[0].r.status, 200, "arrives");
    is_int((long long)received, (long long)n, "as long as it is");
    is_int(sum, want, "byte for byte");
    ok(f->workers[0].r.sent > (apr_int64_t)n, "counted");
    ok(f->workers[0].r.timings.sending > 80000, "sending takes its time");
    pthread_join(sink.thread, NULL);
    close(sink.listener);
    free(body);
}

int main(void)
{
    static fixture_t f;

    begin_tests();
    open_fixture(&f);
    target_start(&target);
    multipart(&f);
    boundaries(&f);
    refusals();
    large(&f);
    target_stop(&target);
    return end_tests(&f);
}
