/* For fuzz targets: the entry, with a pool for each input, and what is asked of results.
 */
#ifndef WF_FUZZ_H
#define WF_FUZZ_H

#include "core/core.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/** The target. data may be NULL when size is 0. */
static void fuzz_input(const uint8_t *data, size_t size, apr_pool_t *p);

static inline void fuzz_check(int good)
{
    if (!good) {
        abort();
    }
}

static inline void fuzz_utf8(const char *text)
{
    fuzz_check(text && wf_utf8_valid(text, strlen(text)));
}

/** A line for a log. */
static inline void fuzz_line(const char *text)
{
    fuzz_utf8(text);
    for (; *text; text++) {
        fuzz_check((unsigned char)*text >= ' ' && *text != 0x7f);
    }
}

/** It was refused: with a reason, and because of what it is. */
static inline void fuzz_refused(const wf_error_t *err)
{
    fuzz_check(err->kind == WF_ERR_INVALID || err->kind == WF_ERR_TOO_LARGE
               || err->kind == WF_ERR_UNSUPPORTED || err->kind == WF_ERR_EXECUTION);
    fuzz_utf8(err->message);
}

/** The input without its first byte, with a NUL behind it. */
static inline char *fuzz_text(const uint8_t *data, size_t size, apr_pool_t *p)
{
    return size > 1 ? apr_pstrmemdup(p, (const char *)data + 1, size - 1)
                    : apr_pstrdup(p, "");
}

/** Cut the first line off; *rest is behind it. */
static inline char *fuzz_cut(char **rest)
{
    char *line = *rest;

    *rest += strcspn(line, "\n");
    if (**rest) {
        *(*rest)++ = '\0';
    }
    return line;
}

/** The server's zone from here on: UTC, or one that changes its clocks. */
static inline void fuzz_zone(int changes)
{
    static int set = -1;

    if (set != changes) {
        setenv("TZ", changes ? "Europe/Berlin" : "UTC0", 1);
        tzset();
        set = changes;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int initialized;
    apr_pool_t *p;

    if (!initialized) {
        apr_initialize();
        initialized = 1;
    }
    apr_pool_create(&p, NULL);
    fuzz_input(data, size, p);
    apr_pool_destroy(p);
    return 0;
}

#endif
