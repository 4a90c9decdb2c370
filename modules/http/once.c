/* What an Idempotency-Key belongs to, and what tells one request from another: SHA-256
 * over texts that end with a NUL, so that no two lists of them look alike. Knows no
 * httpd. */
#include "http/internal.h"

#include <apr_strings.h>
#include <openssl/evp.h>
#include <string.h>

#define KEY_MAX 255

int wf_once_key_valid(const char *key)
{
    apr_size_t length = strlen(key);

    for (const char *s = key; *s; s++) {
        if (*s <= ' ' || *s > '~') {
            return 0;
        }
    }
    return length >= 1 && length <= KEY_MAX;
}

/* ---- sums -------------------------------------------------------------------------- */

typedef struct sum_t {
    EVP_MD_CTX *context;
    int failed; /* no memory, or a library that does not know SHA-256 */
} sum_t;

static void begin(sum_t *sum)
{
    sum->context = EVP_MD_CTX_new();
    sum->failed = !sum->context || !EVP_DigestInit_ex(sum->context, EVP_sha256(), NULL);
}

static void add(sum_t *sum, const void *data, apr_size_t length)
{
    sum->failed = sum->failed || !EVP_DigestUpdate(sum->context, data, length);
}

/* NULL is not the same as "". */
static void add_text(sum_t *sum, const char *text)
{
    add(sum, text ? "+" : "-", 1);
    if (text) {
        add(sum, text, strlen(text) + 1);
    }
}

static apr_status_t end(sum_t *sum, const char **hex, apr_pool_t *p, wf_error_t *err)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    char *to;

    sum->failed = sum->failed || !EVP_DigestFinal_ex(sum->context, bytes, &length);
    EVP_MD_CTX_free(sum->context);
    if (sum->failed) {
        return wf_error_set(err, WF_ERR_INTERNAL, "SHA-256 cannot be computed");
    }
    *hex = to = apr_palloc(p, 2 * length + 1);
    for (unsigned i = 0; i < length; i++, to += 2) {
        apr_snprintf(to, 3, "%02x", bytes[i]);
    }
    return APR_SUCCESS;
}

apr_status_t wf_once_key(const char **hex, const char *user, const char *method,
                         const char *path, const char *key, apr_pool_t *p,
                         wf_error_t *err)
{
    sum_t sum;

    begin(&sum);
    add_text(&sum, user);
    add_text(&sum, method);
    add_text(&sum, path);
    add_text(&sum, key);
    return end(&sum, hex, p, err);
}

/* ---- content ----------------------------------------------------------------------- */

/* Of a part, what clients mean: the boundary differs from one try to the next. Its data
 * is summed up by itself, so that it cannot look like another part. */
typedef struct parts_t {
    sum_t *all;
    sum_t part;
    int open;
    apr_pool_t *p;
} parts_t;

static apr_status_t begin_part(void *baton, const wf_part_t *part, wf_error_t *err)
{
    parts_t *parts = baton;

    (void)err;
    add_text(parts->all, part->name);
    add_text(parts->all, part->filename);
    add_text(parts->all, part->type);
    begin(&parts->part);
    parts->open = 1;
    return APR_SUCCESS;
}

static apr_status_t add_data(void *baton, const char *data, apr_size_t n, wf_error_t *err)
{
    parts_t *parts = baton;

    (void)err;
    add(&parts->part, data, n);
    return APR_SUCCESS;
}

static apr_status_t end_part(void *baton, wf_error_t *err)
{
    parts_t *parts = baton;
    const char *hex;
    apr_status_t rv = end(&parts->part, &hex, parts->p, err);

    parts->open = 0;
    if (rv == APR_SUCCESS) {
        add_text(parts->all, hex);
    }
    return rv;
}

static apr_status_t add_parts(sum_t *sum, const char *type, const char *data,
                              apr_size_t length, apr_pool_t *p, wf_error_t *err)
{
    parts_t parts = { .all = sum, .p = p };
    const wf_multipart_sink_t sink = { begin_part, add_data, end_part, &parts };
    wf_multipart_t *mp;
    apr_status_t rv = wf_multipart_create(&mp, type, &sink, p, err);

    if (rv == APR_SUCCESS) {
        rv = wf_multipart_feed(mp, data, length, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_multipart_finish(mp, err);
    }
    if (parts.open) { /* it broke off within a part */
        EVP_MD_CTX_free(parts.part.context);
    }
    return rv;
}

apr_status_t wf_once_fingerprint(const char **hex, const char *query, const char *type,
                                 const char *data, apr_size_t length, apr_pool_t *p,
                                 wf_error_t *err)
{
    wf_content_e content = wf_content_parse(type);
    apr_status_t rv = APR_SUCCESS, ended;
    sum_t sum;

    begin(&sum);
    add_text(&sum, query);
    add(&sum, &(char){ (char)content }, 1);
    if (content == WF_CONTENT_MULTIPART) {
        rv = add_parts(&sum, type, data, length, p, err);
    }
    else {
        add(&sum, data, length);
    }
    ended = end(&sum, hex, p, err);
    return rv == APR_SUCCESS ? ended : rv;
}
