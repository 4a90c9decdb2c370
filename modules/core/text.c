/* Pools for threads, text, random ids, and the log callback. */
#include "core/internal.h"

#include <apr_allocator.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

apr_pool_t *wf_pool_create(const char *tag, apr_size_t keep)
{
    apr_allocator_t *allocator;
    apr_pool_t *pool;

    if (apr_allocator_create(&allocator) != APR_SUCCESS) {
        return NULL;
    }
    if (keep > 0) {
        apr_allocator_max_free_set(allocator, keep);
    }
    if (apr_pool_create_unmanaged_ex(&pool, NULL, allocator) != APR_SUCCESS) {
        apr_allocator_destroy(allocator);
        return NULL;
    }
    apr_allocator_owner_set(allocator, pool);
    apr_pool_tag(pool, tag);
    return pool;
}

/* Length of the well-formed sequence at s (RFC 3629: no overlong forms, no surrogates,
 * nothing above U+10FFFF), or 0. */
static apr_size_t utf8_sequence(const unsigned char *s, apr_size_t n)
{
    static const struct {
        unsigned char from, to;  /* first byte */
        unsigned char low, high; /* second byte */
        unsigned char length;
    } forms[] = {
        { 0x01, 0x7f, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 },
        { 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
        { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
        { 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
        { 0xf4, 0xf4, 0x80, 0x8f, 4 },
    };

    for (apr_size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (s[0] < forms[i].from || s[0] > forms[i].to) {
            continue;
        }
        if (forms[i].length > n
            || (forms[i].length > 1 && (s[1] < forms[i].low || s[1] > forms[i].high))) {
            return 0;
        }
        for (int k = 2; k < forms[i].length; k++) {
            if ((s[k] & 0xc0) != 0x80) {
                return 0;
            }
        }
        return forms[i].length;
    }
    return 0;
}

/* Eight bytes of ASCII without NUL, which is what most texts are made of: no high bit is
 * set, and none gets set when one is taken from each. */
static int is_plain_block(const char *s)
{
    const apr_uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
    apr_uint64_t block;

    memcpy(&block, s, sizeof(block));
    return (block & highs) == 0 && ((block - ones) & highs) == 0;
}

apr_size_t wf_utf8_prefix(const char *s, apr_size_t n)
{
    const unsigned char *u = (const unsigned char *)s;
    apr_size_t good = 0, length;

    while (good < n) {
        length = n - good >= 8 && is_plain_block(s + good)
                     ? 8
                     : utf8_sequence(u + good, n - good);
        if (length == 0) {
            break;
        }
        good += length;
    }
    return good;
}

int wf_utf8_valid(const char *s, apr_size_t n)
{
    return wf_utf8_prefix(s, n) == n;
}

const char *wf_utf8_cut(const char *s, apr_size_t n, apr_pool_t *p)
{
    const char *end = s;

    for (; *end; end++) {
        if ((*end & 0xc0) != 0x80 && n-- == 0) { /* a character begins */
            return apr_pstrmemdup(p, s, end - s);
        }
    }
    return s;
}

int wf_parse_int64(const char *text, apr_int64_t *value)
{
    char *end;
    const char *digits = *text == '-' ? text + 1 : text;

    if (*digits < '0' || *digits > '9') {
        return 0;
    }
    errno = 0;
    *value = strtoll(text, &end, 10);
    return errno == 0 && *end == '\0';
}

const char *wf_id_random(const char *prefix, apr_pool_t *p)
{
    static const char alphabet[32] = "abcdefghijkmnpqrstuvwxyz23456789";
    unsigned char random[20];
    char text[sizeof(random) + 1];

    if (apr_generate_random_bytes(random, sizeof(random)) != APR_SUCCESS) {
        abort(); /* an id that can be guessed or repeated is worse than no server */
    }
    for (apr_size_t i = 0; i < sizeof(random); i++) {
        text[i] = alphabet[random[i] % 32];
    }
    text[sizeof(random)] = '\0';
    return apr_pstrcat(p, prefix, text, NULL);
}

/* ---- log ---------------------------------------------------------------------------------- */

static void to_stderr(void *baton, wf_log_level_e level, const char *text)
{
    (void)baton;
    (void)level;
    fprintf(stderr, "%s\n", text);
}

static wf_log_fn *log_fn = to_stderr;
static void *log_baton;
static int log_level = WF_LOG_WARN; /* atomic: changed while threads log */

void wf_log_to(wf_log_fn *fn, void *baton)
{
    log_fn = fn ? fn : to_stderr;
    log_baton = baton;
}

void wf_log_set_level(wf_log_level_e level)
{
    __atomic_store_n(&log_level, (int)level, __ATOMIC_RELAXED);
}

int wf_log_enabled(wf_log_level_e level)
{
    return (int)level <= __atomic_load_n(&log_level, __ATOMIC_RELAXED);
}

void wf_log(wf_log_level_e level, const char *fmt, ...)
{
    char text[4096]; /* longer lines are cut: a log is for reading */
    va_list ap;

    if (!wf_log_enabled(level)) {
        return;
    }
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    log_fn(log_baton, level, text);
}
