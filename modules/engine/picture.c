/* SVG becomes PNG, by librsvg and cairo. They are loaded when the first picture is asked
 * for: an engine that draws none neither starts slower nor grows, and a server without
 * them does everything else. The few functions are declared here, as the two libraries'
 * manuals have them, so that building needs no headers of theirs. */
#include "engine/internal.h"

#include <apr_dso.h>
#include <math.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

#define LIBRARY "librsvg-2.so.2"
#define PACKAGE "librsvg2-2"

/* Beyond these a picture is scaled down. A pixel takes four bytes while it is drawn. */
#define MAX_SIDE 8192
#define MAX_PIXELS (32 * 1024 * 1024)

#define CAIRO_FORMAT_RGB24 1
#define CAIRO_STATUS_SUCCESS 0
#define CAIRO_STATUS_WRITE_ERROR 11

/* Of librsvg: RsvgRectangle, and GLib's GError. */
typedef struct rectangle_t {
    double x, y, width, height;
} rectangle_t;

typedef struct g_error_t {
    unsigned domain;
    int code;
    const char *message;
} g_error_t;

typedef struct functions_t {
    void *(*handle_new)(const void *data, size_t length, g_error_t **error);
    int (*handle_size)(void *handle, double *width, double *height);
    int (*handle_render)(void *handle, void *cairo, const rectangle_t *viewport,
                         g_error_t **error);
    void (*object_unref)(void *object);
    void (*error_free)(g_error_t *error);
    void *(*surface_create)(int format, int width, int height);
    void (*surface_destroy)(void *surface);
    int (*surface_write)(void *surface,
                         int (*write)(void *baton, const unsigned char *data, unsigned n),
                         void *baton);
    void *(*cairo_create)(void *surface);
    void (*cairo_destroy)(void *cairo);
    void (*cairo_scale)(void *cairo, double x, double y);
    int (*cairo_status)(void *cairo);
} functions_t;

#define AT(member) offsetof(functions_t, member)

/* clang-format off */
static const struct {
    const char *library; /* NULL: the one that was asked for */
    const char *symbol;
    size_t at;
} symbols[] = {
    { NULL,                   "rsvg_handle_new_from_data",                AT(handle_new) },
    { NULL,                   "rsvg_handle_get_intrinsic_size_in_pixels", AT(handle_size) },
    { NULL,                   "rsvg_handle_render_document",              AT(handle_render) },
    { "libgobject-2.0.so.0",  "g_object_unref",                           AT(object_unref) },
    { "libglib-2.0.so.0",     "g_error_free",                             AT(error_free) },
    { "libcairo.so.2",        "cairo_image_surface_create",               AT(surface_create) },
    { "libcairo.so.2",        "cairo_surface_destroy",                    AT(surface_destroy) },
    { "libcairo.so.2",        "cairo_surface_write_to_png_stream",        AT(surface_write) },
    { "libcairo.so.2",        "cairo_create",                             AT(cairo_create) },
    { "libcairo.so.2",        "cairo_destroy",                            AT(cairo_destroy) },
    { "libcairo.so.2",        "cairo_scale",                              AT(cairo_scale) },
    { "libcairo.so.2",        "cairo_status",                             AT(cairo_status) },
};
/* clang-format on */

/* One picture at a time, which the commands' lane sees to: a large one takes 128 MiB while
 * it is drawn. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static functions_t functions;   /* under the lock, as the next */
static apr_allocator_t *loaded; /* memory of the libraries' handles; NULL: not loaded yet.
                                   Never given back, because they cannot be unloaded */

#ifdef __SANITIZE_ADDRESS__
/* What these libraries keep until the process ends is not ours to free. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig\nleak:libpango\nleak:librsvg\n";
}
#endif
#ifdef __SANITIZE_THREAD__
/* Their own threads meet behind locks that the sanitizer does not see. */
__attribute__((visibility("default"))) const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
    return "race:libfontconfig\nrace:libpango\nrace:librsvg\nrace:libglib\n";
}
#endif

/* ---- loading -------------------------------------------------------------------------------- */

static apr_status_t load_symbol(const char *library, const char *symbol, void *function,
                                apr_pool_t *pool, wf_error_t *err)
{
    apr_dso_handle_t *handle;
    apr_dso_handle_sym_t found;

    if (apr_dso_load(&handle, library, pool) != APR_SUCCESS
        || apr_dso_sym(&found, handle, symbol) != APR_SUCCESS) {
        return wf_error_set(
            err, WF_ERR_UNSUPPORTED,
            "this server cannot make PNG pictures: %s is missing or too old "
            "(package " PACKAGE "); SVG needs no library",
            library);
    }
    memcpy(function, &found, sizeof(found));
    return APR_SUCCESS;
}

apr_status_t wf_picture_load(const char *library, wf_error_t *err)
{
    apr_pool_t *pool;
    functions_t found;
    apr_status_t rv = APR_SUCCESS;

    pthread_mutex_lock(&lock);
    if (loaded) {
        pthread_mutex_unlock(&lock);
        return APR_SUCCESS;
    }
    pool = wf_pool_create("wf_picture", 0);
    for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]) && rv == APR_SUCCESS;
         i++) {
        rv = load_symbol(symbols[i].library ? symbols[i].library : library,
                         symbols[i].symbol, (char *)&found + symbols[i].at, pool, err);
    }
    if (rv == APR_SUCCESS) {
        functions = found;
        loaded = apr_pool_allocator_get(pool);
    }
    else {
        apr_pool_destroy(pool);
    }
    pthread_mutex_unlock(&lock);
    return rv;
}

/* ---- drawing -------------------------------------------------------------------------------- */

static int append(void *baton, const unsigned char *data, unsigned n)
{
    return wf_buffer_append(baton, (const char *)data, n) ? CAIRO_STATUS_SUCCESS
                                                          : CAIRO_STATUS_WRITE_ERROR;
}

static apr_status_t fail(wf_error_t *err, g_error_t *cause, const char *what)
{
    wf_error_set(err, WF_ERR_INTERNAL, "%s%s%s", what, cause ? ": " : "",
                 cause ? cause->message : "");
    if (cause) {
        functions.error_free(cause);
    }
    return WF_EFAILED;
}

/* How much smaller than the picture says it is drawn. */
static double scale_of(double width, double height)
{
    double scale = fmin(1, fmin(MAX_SIDE / width, MAX_SIDE / height));

    return fmin(scale, sqrt(MAX_PIXELS / (width * height)));
}

static apr_status_t paint(void *handle, const rectangle_t *viewport, void *surface,
                          double scale, wf_buffer_t *png, wf_error_t *err)
{
    void *cairo = functions.cairo_create(surface);
    g_error_t *cause = NULL;
    apr_status_t rv = APR_SUCCESS;

    functions.cairo_scale(cairo, scale, scale);
    if (functions.cairo_status(cairo) != CAIRO_STATUS_SUCCESS) {
        rv = wf_error_set(err, WF_ERR_UNAVAILABLE, "no memory for the picture");
    }
    else if (!functions.handle_render(handle, cairo, viewport, &cause)) {
        rv = fail(err, cause, "the picture cannot be drawn");
    }
    else if (functions.surface_write(surface, append, png) != CAIRO_STATUS_SUCCESS) {
        rv = fail(err, NULL, "the picture cannot be written");
    }
    functions.cairo_destroy(cairo);
    return rv;
}

static apr_status_t convert(void *handle, wf_buffer_t *png, wf_error_t *err)
{
    rectangle_t viewport = { 0 };
    double scale;
    void *surface;
    apr_status_t rv;

    if (!functions.handle_size(handle, &viewport.width, &viewport.height)
        || !(viewport.width >= 1) || !(viewport.height >= 1)) {
        return wf_error_set(err, WF_ERR_INTERNAL, "the picture has no size in pixels");
    }
    scale = scale_of(viewport.width, viewport.height);
    surface =
        functions.surface_create(CAIRO_FORMAT_RGB24, (int)fmax(1, viewport.width * scale),
                                 (int)fmax(1, viewport.height * scale));
    rv = paint(handle, &viewport, surface, scale, png, err);
    functions.surface_destroy(surface);
    return rv;
}

apr_status_t wf_picture_png(const char *svg, apr_size_t length, const void **png,
                            apr_size_t *png_length, apr_pool_t *p, wf_error_t *err)
{
    wf_buffer_t *bytes = wf_buffer_create(p);
    g_error_t *cause = NULL;
    void *handle;
    apr_status_t rv = wf_picture_load(LIBRARY, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    pthread_mutex_lock(&lock);
    handle = functions.handle_new(svg, length, &cause);
    if (handle) {
        rv = convert(handle, bytes, err);
        functions.object_unref(handle);
    }
    else {
        rv = fail(err, cause, "the picture cannot be read");
    }
    pthread_mutex_unlock(&lock);
    *png = bytes->data;
    *png_length = bytes->length;
    return rv;
}
