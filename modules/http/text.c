/* Small texts of HTTP: escaping for HTML and JavaScript, the Accept header, names and
 * one-line descriptions of statuses. */
#include "http/internal.h"

#include <apr_escape.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>
#include <strings.h>

int wf_once_a_second(apr_uint32_t *last)
{
    apr_uint32_t now = (apr_uint32_t)(wf_mono_us() / 1000000) + 1;

    return __atomic_exchange_n(last, now, __ATOMIC_RELAXED) != now;
}

/* ---- escaping ---------------------------------------------------------------------- */

const char *wf_escape_html(const char *text, apr_pool_t *p)
{
    return apr_pescape_entity(p, text, 0);
}

/* 1 if s starts U+2028 or U+2029, which end a line in older JavaScript. */
static int is_line_separator(const unsigned char *s)
{
    return s[0] == 0xe2 && s[1] == 0x80 && (s[2] == 0xa8 || s[2] == 0xa9);
}

const char *wf_escape_js(const char *text, apr_pool_t *p)
{
    /* The characters that end the literal, and those that could end the script element
     * or start an entity. */
    static const char special[] = "\\'\"<>&";
    char *out = apr_palloc(p, strlen(text) * 6 + 1), *to = out;

    for (const unsigned char *s = (const unsigned char *)text; *s; s++) {
        if (is_line_separator(s)) {
            to += apr_snprintf(to, 7, "\\u%04x", s[2] == 0xa8 ? 0x2028 : 0x2029);
            s += 2;
        }
        else if (*s < 0x20 || *s == 0x7f || strchr(special, *s)) {
            to += apr_snprintf(to, 7, "\\u%04x", *s);
        }
        else {
            *to++ = (char)*s;
        }
    }
    *to = '\0';
    return out;
}

/* Percent-encode what is not an attr-char of RFC 8187. */
static const char *encode_extended(const char *text, apr_pool_t *p)
{
    char *out = apr_palloc(p, strlen(text) * 3 + 1), *to = out;

    for (; *text; text++) {
        if (apr_isascii(*text) && (apr_isalnum(*text) || strchr("!#$&+-.^_`|~", *text))) {
            *to++ = *text;
        }
        else {
            to += apr_snprintf(to, 4, "%%%02X", (unsigned char)*text);
        }
    }
    *to = '\0';
    return out;
}

const char *wf_attachment_text(const char *filename, apr_pool_t *p)
{
    const char *slash = strrchr(filename, '/');
    const char *base = slash ? slash + 1 : filename;
    char *quoted = apr_palloc(p, strlen(base) * 2 + 1), *to = quoted;
    int plain = 1;

    for (const char *s = base; *s; s++) {
        int printable = apr_isascii(*s) && apr_isprint(*s);

        if (*s == '"' || *s == '\\') {
            *to++ = '\\';
        }
        *to++ = printable ? *s : '_';
        plain &= printable;
    }
    *to = '\0';
    if (plain) {
        return apr_psprintf(p, "attachment; filename=\"%s\"", quoted);
    }
    return apr_psprintf(p, "attachment; filename=\"%s\"; filename*=UTF-8''%s", quoted,
                        encode_extended(base, p));
}

/* ---- origins ----------------------------------------------------------------------- */

/* 1 if one of the names in a list separated by commas is host. */
static int names_have(const char *names, const char *host)
{
    apr_size_t length = strlen(host);

    while (names && *names) {
        apr_size_t item;

        names += strspn(names, ", \t");
        item = strcspn(names, ", \t");
        if (item > 0 && item == length && strncasecmp(names, host, length) == 0) {
            return 1;
        }
        names += item;
    }
    return 0;
}

/* Browsers tell the relation of page and address in Sec-Fetch-Site, older ones and those
 * without TLS only the page's origin; what is no browser tells neither. */
int wf_origin_is_own(const char *site, const char *origin, const char *host,
                     const char *forwarded_host)
{
    const char *name;

    if (site) {
        return strcasecmp(site, "same-origin") == 0 || strcasecmp(site, "none") == 0;
    }
    if (!origin) {
        return 1;
    }
    name = strstr(origin, "://");
    return name && (names_have(host, name + 3) || names_have(forwarded_host, name + 3));
}

/* ---- Accept ------------------------------------------------------------------------ */

/* "0.85" in thousandths. */
static int parse_quality(const char *s, const char *end)
{
    int thousandths = 0;

    if (s < end && *s == '1') {
        return 1000;
    }
    s += 2; /* "0." */
    for (int unit = 100; unit > 0 && s < end && apr_isdigit(*s); unit /= 10, s++) {
        thousandths += (*s - '0') * unit;
    }
    return thousandths;
}

/* The q among a range's parameters (RFC 9110, 12.4.2); 1000 if there is none. */
static int quality(const char *s, const char *end)
{
    for (; s + 2 < end; s++) {
        if (strchr("; \t", *s) && apr_tolower(s[1]) == 'q' && s[2] == '=') {
            return parse_quality(s + 3, end);
        }
    }
    return 1000;
}

/* How well a range names type: 3 exactly, 2 its family, 1 everything, 0 not. */
static int closeness(const char *range, apr_size_t length, const char *type)
{
    apr_size_t family = (apr_size_t)(strchr(type, '/') - type) + 1;

    if (length == strlen(type) && strncasecmp(range, type, length) == 0) {
        return 3;
    }
    if (length == family + 1 && strncasecmp(range, type, family) == 0
        && range[family] == '*') {
        return 2;
    }
    return length == 3 && memcmp(range, "*/*", 3) == 0;
}

/* The quality an Accept header gives a type: that of the closest range. */
static int accepted(const char *accept, const char *type)
{
    int best = 0, result = 0;

    while (*accept) {
        apr_size_t item, range;
        int close;

        accept += strspn(accept, ", \t");
        item = strcspn(accept, ",");
        range = strcspn(accept, ",; \t");
        close = closeness(accept, range, type);
        if (close > best) {
            best = close;
            result = quality(accept + range, accept + item);
        }
        accept += item;
    }
    return result;
}

int wf_accept_prefers_html(const char *accept)
{
    return accept && accepted(accept, "text/html") > accepted(accept, "application/json");
}

/* ---- statuses ---------------------------------------------------------------------- */

static const struct {
    int status;
    const char *name, *description;
} statuses[] = {
    /* clang-format off */
    { 101, "Switching Protocols",          "The connection goes on as a WebSocket." },
    { 200, "OK",                           "Done." },
    { 201, "Created",                      "Created." },
    { 204, "No Content",                   "Done." },
    { 303, "See Other",                    "What is asked for is elsewhere." },
    { 400, "Bad Request",                  "The request cannot be understood as sent." },
    { 401, "Unauthorized",                 "Valid credentials are needed." },
    { 403, "Forbidden",                    "The caller lacks the right to do this." },
    { 404, "Not Found",                    "There is no such object or address." },
    { 405, "Method Not Allowed",           "This address does not do the method." },
    { 408, "Request Timeout",              "The request did not arrive in time." },
    { 409, "Conflict",                     "The present state does not allow this." },
    { 413, "Request Entity Too Large",     "The request exceeds a configured limit." },
    { 414, "Request-URI Too Long",         "The address exceeds a configured limit." },
    { 415, "Unsupported Media Type",       "The type of the body is not understood." },
    { 417, "Expectation Failed",           "The request's expectation cannot be met." },
    { 422, "Unprocessable Content",        "The request contradicts an earlier one." },
    { 426, "Upgrade Required",             "This address is that of a WebSocket." },
    { 429, "Too Many Requests",            "Too many requests in a short time." },
    { 431, "Header Fields Too Large",      "The headers exceed a configured limit." },
    { 500, "Internal Error",               "The server failed to carry this out." },
    { 501, "Not Implemented",              "The server does not do this." },
    { 502, "Bad Gateway",                  "A server behind this one failed." },
    { 503, "Service Unavailable",          "The server cannot do this now; try again." },
    { 504, "Gateway Timeout",              "A server behind this one did not answer." },
    /* clang-format on */
};

static int find_status(int status)
{
    for (apr_size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        if (statuses[i].status == status) {
            return (int)i;
        }
    }
    return -1;
}

const char *wf_status_name(int status)
{
    int i = find_status(status);

    return i >= 0 ? statuses[i].name : status < 500 ? "Request Failed" : "Server Failed";
}

const char *wf_status_description(int status)
{
    int i = find_status(status);

    return i >= 0 ? statuses[i].description : "The request could not be carried out.";
}
