/* SVG becomes PNG: sizes, limits, faults, several threads, and a server without the
 * library. */
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "engine/internal.h"
#include "tap.h"

#define SVG(width, height, content)                                                     \
    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" width "\" height=\"" height    \
    "\" viewBox=\"0 0 " width " " height "\"><rect width=\"" width "\" height=\""       \
    height "\" fill=\"#fff\"/>" content "</svg>"
#define THREADS 4

static apr_pool_t *p;

static unsigned number_at(const unsigned char *png, size_t at)
{
    return (unsigned)png[at] << 24 | png[at + 1] << 16 | png[at + 2] << 8 | png[at + 3];
}

/* clang-format off */
static const struct {
    const char *what, *svg;
    unsigned width, height; /* 0: it fails */
} cases[] = {
    { "a picture",        SVG("120", "80", "<circle cx=\"60\" cy=\"40\" r=\"30\"/>"), 120,  80 },
    { "text",             SVG("200", "50", "<text x=\"10\" y=\"30\">Gr\xc3\xb6\xc3\x9f" "e</text>"), 200, 50 },
    { "one pixel",        SVG("1", "1", ""),             1,    1 },
    { "too wide",         SVG("16384", "100", ""),       8192, 50 },
    { "too high",         SVG("100", "81920", ""),       10,   8192 },
    { "too many pixels",  SVG("8000", "8000", ""),       5792, 5792 },
    { "a thin line",      SVG("100000", "1", ""),        8192, 1 },
    { "no XML",           "<svg",                        0,    0 },
    { "no SVG",           "<html/>",                     0,    0 },
    { "nothing",          "",                            0,    0 },
    { "no size",          SVG("0", "0", ""),             0,    0 },
};
/* clang-format on */

static apr_status_t convert(const char *svg, const unsigned char **png, apr_size_t *length,
                            apr_pool_t *pool, wf_error_t *err)
{
    const void *bytes = NULL;
    apr_status_t rv;

    wf_error_init(err, pool);
    rv = wf_picture_png(svg, strlen(svg), &bytes, length, pool, err);
    *png = bytes;
    return rv;
}

static void check(int i)
{
    const unsigned char *png;
    apr_size_t length;
    wf_error_t err;
    apr_status_t rv = convert(cases[i].svg, &png, &length, p, &err);

    if (!cases[i].width) {
        ok(rv != APR_SUCCESS && err.message && *err.message, "%s fails", cases[i].what);
        is_int(err.kind, WF_ERR_INTERNAL, "%s: kind", cases[i].what);
        return;
    }
    if (!ok(rv == APR_SUCCESS, "%s", cases[i].what)) {
        diag("%s", err.message);
        return;
    }
    ok(length > 33 && !memcmp(png, "\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16), "%s: is PNG",
       cases[i].what);
    is_int(number_at(png, 16), cases[i].width, "%s: width", cases[i].what);
    is_int(number_at(png, 20), cases[i].height, "%s: height", cases[i].what);
    ok(!memcmp(png + length - 8, "IEND", 4), "%s: is whole", cases[i].what);
}

static void without_library(void)
{
    wf_error_t err;

    wf_error_init(&err, p);
    ok(wf_picture_load("libnowhere.so.0", &err) != APR_SUCCESS, "a library that is missing");
    is_int(err.kind, WF_ERR_UNSUPPORTED, "is not supported");
    ok(strstr(err.message, "librsvg2-2") != NULL, "and the message names the package");
    wf_error_init(&err, p);
    ok(wf_picture_load("libcairo.so.2", &err) != APR_SUCCESS, "another library");
    is_int(err.kind, WF_ERR_UNSUPPORTED, "has not what is needed");
    wf_error_init(&err, p);
    ok(wf_picture_load("librsvg-2.so.2", &err) == APR_SUCCESS, "the right one still works");
    ok(wf_picture_load("libnowhere.so.0", &err) == APR_SUCCESS, "and is kept");
}

static void *APR_THREAD_FUNC draw_many(apr_thread_t *thread, void *baton)
{
    int *good = baton;
    apr_pool_t *pool = wf_pool_create("test", 0);

    (void)thread;
    for (int i = 0; i < 20; i++) {
        const unsigned char *png;
        apr_size_t length;
        wf_error_t err;

        *good += convert(cases[i % 2].svg, &png, &length, pool, &err) == APR_SUCCESS;
    }
    apr_pool_destroy(pool);
    return NULL;
}

static void threads(void)
{
    apr_thread_t *thread[THREADS];
    int good[THREADS] = { 0 };
    apr_status_t rv;

    for (int i = 0; i < THREADS; i++) {
        apr_thread_create(&thread[i], NULL, draw_many, &good[i], p);
    }
    for (int i = 0; i < THREADS; i++) {
        apr_thread_join(&rv, thread[i]);
        is_int(good[i], 20, "thread %d", i);
    }
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&p, NULL);
    without_library();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        check((int)i);
    }
    threads();
    apr_pool_destroy(p);
    apr_terminate();
    return done_testing();
}
