/* Fuzz target of the multipart parser. The first line is the Content-Type, the rest the
 * body. Whatever it is: how the body is cut into pieces must not change what comes out.
 */
#include "http/http.h"
#include "fuzz.h"

/* What the sink saw, as text: "part a file=x type=t|bytes|end|" … then the outcome. */
typedef struct record_t {
    wf_buffer_t *text;
    int inside; /* a part is open */
} record_t;

static void note(record_t *record, const char *text)
{
    wf_buffer_append(record->text, text, strlen(text));
}

static apr_status_t see_part(void *baton, const wf_part_t *part, wf_error_t *err)
{
    record_t *record = baton;

    (void)err;
    if (record->inside++) {
        abort();
    }
    note(record, part->name);
    if (part->filename) {
        note(record, " file=");
        note(record, part->filename);
    }
    if (part->type) {
        note(record, " type=");
        note(record, part->type);
    }
    note(record, "|");
    return APR_SUCCESS;
}

static apr_status_t see_data(void *baton, const char *data, apr_size_t length,
                             wf_error_t *err)
{
    record_t *record = baton;

    (void)err;
    if (!record->inside || length == 0) {
        abort();
    }
    wf_buffer_append(record->text, data, length);
    return APR_SUCCESS;
}

static apr_status_t see_end(void *baton, wf_error_t *err)
{
    record_t *record = baton;

    (void)err;
    if (--record->inside) {
        abort();
    }
    note(record, "|");
    return APR_SUCCESS;
}

/* Parse in pieces of piece bytes. */
static const wf_buffer_t *describe(const char *type, const char *body, apr_size_t length,
                                   apr_size_t piece, apr_pool_t *p)
{
    record_t record = { wf_buffer_create(p), 0 };
    wf_multipart_sink_t sink = { see_part, see_data, see_end, &record };
    wf_multipart_t *mp;
    wf_error_t err;
    apr_status_t rv;

    wf_error_init(&err, p);
    rv = wf_multipart_create(&mp, type, &sink, p, &err);
    for (apr_size_t at = 0; rv == APR_SUCCESS && at < length; at += piece) {
        apr_size_t n = length - at < piece ? length - at : piece;

        rv = wf_multipart_feed(mp, body + at, n, &err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_multipart_finish(mp, &err);
    }
    if (rv != APR_SUCCESS
        && (!err.message
            || (err.kind != WF_ERR_INVALID && err.kind != WF_ERR_TOO_LARGE))) {
        abort();
    }
    note(&record, rv == APR_SUCCESS ? "done" : err.message);
    return record.text;
}

/* 1 if the pieces made no difference. */
static int same_in_pieces(const char *type, const char *body, apr_size_t length,
                          apr_pool_t *p)
{
    static const apr_size_t pieces[] = { 1, 2, 3, 7, 61 };
    const wf_buffer_t *whole = describe(type, body, length, length + 1, p);

    for (apr_size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        const wf_buffer_t *cut = describe(type, body, length, pieces[i], p);

        if (cut->length != whole->length
            || memcmp(cut->data, whole->data, whole->length) != 0) {
            return 0;
        }
    }
    return 1;
}

static void fuzz_input(const uint8_t *data, size_t size, apr_pool_t *p)
{
    const uint8_t *newline = size ? memchr(data, '\n', size) : NULL;

    if (!newline) {
        return;
    }
    if (!same_in_pieces(
            apr_pstrmemdup(p, (const char *)data, (apr_size_t)(newline - data)),
            (const char *)newline + 1, size - (size_t)(newline - data) - 1, p)) {
        abort();
    }
}
