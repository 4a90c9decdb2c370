/* Writing HTML: markup is the format, what comes from elsewhere is a parameter and always
 * escaped. */
#include "http/internal.h"

#include <apr_strings.h>
#include <stdarg.h>
#include <string.h>

struct wf_html_t {
    apr_pool_t *pool;
    wf_buffer_t *buffer;
    int failed; /* no memory for a part of it */
};

wf_html_t *wf_html_create(apr_pool_t *p)
{
    wf_html_t *html = apr_pcalloc(p, sizeof *html);

    html->pool = p;
    html->buffer = wf_buffer_create(p);
    return html;
}

static void append(wf_html_t *html, const char *text, apr_size_t length)
{
    if (!wf_buffer_append(html->buffer, text, length)) {
        html->failed = 1;
    }
}

void wf_html_add(wf_html_t *html, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    while (*fmt) {
        apr_size_t plain = strcspn(fmt, "%");
        const char *text = "%";

        append(html, fmt, plain);
        fmt += plain;
        if (*fmt == '\0') {
            break;
        }
        if (fmt[1] == 's') {
            text = wf_escape_html(va_arg(ap, const char *), html->pool);
        }
        else if (fmt[1] == 'd') {
            text = apr_itoa(html->pool, va_arg(ap, int));
        }
        append(html, text, strlen(text));
        fmt += 2;
    }
    va_end(ap);
}

void wf_html_style(wf_html_t *html, const char *css)
{
    append(html, css, strlen(css));
}

const char *wf_html_text(const wf_html_t *html, apr_size_t *length)
{
    *length = html->buffer->length;
    return html->failed ? NULL : html->buffer->data;
}
