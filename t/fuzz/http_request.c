/* Fuzz target of what a request consists of. The first byte chooses: 'q' a query string,
 * 'b' a Content-Type, a line end and a body, 'o' lines that are the headers which tell
 * where a page comes from, 'a' an Accept header, 'p' a path, else a text that is put into
 * pages, scripts and headers. Whatever it is: an answer that keeps to its promises, or an
 * error that says why not. */
#include "http/internal.h"
#include "fuzz.h"

/* ---- queries and bodies -------------------------------------------------------------- */

static void fuzz_query(const char *text, apr_pool_t *p)
{
    static const char *const keys[] = { "id", "name", NULL };
    const wf_query_t *query;
    wf_paging_t paging;
    wf_error_t err;
    int flag = 0;
    apr_int64_t ms = 0;

    wf_error_init(&err, p);
    if (wf_query_parse(&query, text, p, &err) != APR_SUCCESS) {
        fuzz_refused(&err);
        return;
    }
    fuzz_check(query->count <= WF_QUERY_MAX);
    for (int i = 0; i < query->count; i++) {
        fuzz_utf8(query->params[i].name);
        fuzz_utf8(query->params[i].value);
    }
    if (wf_paging_parse(&paging, query, keys, "id", &err) == APR_SUCCESS) {
        fuzz_check((!strcmp(paging.sort, "id") || !strcmp(paging.sort, "name"))
                   && (!strcmp(paging.order, "asc") || !strcmp(paging.order, "desc")));
    }
    else {
        fuzz_refused(&err);
    }
    wf_error_init(&err, p);
    if (wf_query_bool(query, "b", &flag, &err) != APR_SUCCESS
        || wf_query_date(query, "d", &ms, &err) != APR_SUCCESS) {
        fuzz_refused(&err);
    }
}

static void fuzz_members(json_object *object, apr_pool_t *p)
{
    wf_error_t err;

    json_object_object_foreach(object, name, member)
    {
        const char *text = NULL;
        apr_array_header_t *texts;
        int flag;

        (void)member;
        wf_error_init(&err, p);
        if (wf_body_text(object, name, &text, p, &err) != APR_SUCCESS) {
            fuzz_refused(&err);
        }
        else if (text) {
            fuzz_utf8(text);
        }
        wf_error_init(&err, p);
        if (wf_body_strings(object, name, &texts, p, &err) != APR_SUCCESS) {
            fuzz_refused(&err);
        }
        wf_error_init(&err, p);
        if (wf_body_bool(object, name, &flag, p, &err) != APR_SUCCESS) {
            fuzz_refused(&err);
        }
    }
}

static void fuzz_body(char *text, const char *end, apr_pool_t *p)
{
    const char *type = fuzz_cut(&text);
    wf_content_e content = wf_content_parse(*type ? type : NULL);
    apr_array_header_t *values;
    json_object *object;
    wf_error_t err;

    wf_error_init(&err, p);
    if (wf_body_object(&object, content, text, (apr_size_t)(end - text), p, &err)
        == APR_SUCCESS) {
        fuzz_check(json_object_is_type(object, json_type_object));
        fuzz_members(object, p);
    }
    else {
        fuzz_refused(&err);
    }
    wf_error_init(&err, p);
    if (wf_body_array(&values, content, text, (apr_size_t)(end - text), p, &err)
        != APR_SUCCESS) {
        fuzz_refused(&err);
    }
}

/* ---- headers -------------------------------------------------------------------------- */

/* A page is of this server only if its origin is one of the server's names. */
static void fuzz_origin(char *text)
{
    const char *site = fuzz_cut(&text), *origin = fuzz_cut(&text);
    const char *host = fuzz_cut(&text), *forwarded = text, *name;

    if (*origin && wf_origin_is_own(NULL, origin, host, forwarded)) {
        name = strstr(origin, "://");
        fuzz_check(name && name[3]
                   && (strcasestr(host, name + 3) || strcasestr(forwarded, name + 3)));
    }
    fuzz_check(!wf_origin_is_own("cross-site", origin, host, forwarded));
    fuzz_check(!wf_origin_is_own("same-site", origin, host, forwarded));
    fuzz_check(!wf_origin_is_own(NULL, "null", host, forwarded));
    fuzz_check(!*site
               || wf_origin_is_own(site, NULL, NULL, NULL)
                      == wf_origin_is_own(site, origin, host, forwarded));
}

/* ---- paths ---------------------------------------------------------------------------- */

/* clang-format off */
static const wf_route_t rows[] = {
    { .method = WF_GET,    .template = "/task/{taskId}" },
    { .method = WF_PUT,    .template = "/task/{taskId}/{operation}" },
    { .method = WF_GET,    .template = "/task/{taskId}/form" },
    { .method = WF_GET,    .template = "/a/{id}/resource/{name}" },
    { .method = WF_POST,   .template = "/deployments", .flags = WF_ROUTE_MULTIPART },
    { .method = WF_POST,   .template = "/deployment", .flags = WF_ROUTE_MULTIPART | WF_ROUTE_EXTENSION },
    { .method = WF_GET,    .template = "/pair/{a}-{b}/end" },
    { .method = WF_DELETE, .template = "/{a}/{b}/{c}/{d}" },
};
/* clang-format on */

static void fuzz_path(const char *path, unsigned flags, apr_pool_t *p)
{
    wf_face_t face = { .name = "fuzz",
                       .flags = flags,
                       .routes = rows,
                       .route_count = sizeof rows / sizeof rows[0] };
    const char *problem = NULL;
    wf_router_t *router = wf_router_create(&face, &problem, p);

    fuzz_check(router != NULL);
    for (unsigned method = WF_GET; method <= WF_PATCH; method <<= 1) {
        wf_match_t match;

        if (!wf_route_find(router, method, path, method == WF_POST, &match)) {
            fuzz_check(!match.route && !(match.allowed & method));
            continue;
        }
        fuzz_check(match.route && match.route->method == method);
        for (int i = 0; i < WF_ROUTE_VARS; i++) {
            const char *start = match.starts[i];

            if (!start) {
                continue;
            }
            fuzz_check(start >= path && start + match.lengths[i] <= path + strlen(path));
            fuzz_check(
                !(flags & WF_FACE_SEGMENTS)
                || (match.lengths[i] > 0 && !memchr(start, '/', match.lengths[i])));
        }
    }
}

/* ---- texts ---------------------------------------------------------------------------- */

static void fuzz_escapes(const char *text, apr_pool_t *p)
{
    const char *html = wf_escape_html(text, p), *js = wf_escape_js(text, p);
    const char *attachment = wf_attachment_text(text, p);

    fuzz_check(!strpbrk(html, "<>\""));
    fuzz_check(!strpbrk(js, "<>\"'&\n\r\t\f\v") && !strstr(js, "\xe2\x80\xa8"));
    for (const char *s = attachment; *s; s++) {
        fuzz_check(*s >= ' ' && *s < 0x7f);
    }
}

static void fuzz_input(const uint8_t *data, size_t size, apr_pool_t *p)
{
    char *text = fuzz_text(data, size, p);

    switch (size > 0 ? data[0] : 0) {
    case 'q':
        fuzz_query(text, p);
        break;
    case 'b':
        fuzz_body(text, text + size - 1, p);
        break;
    case 'o':
        fuzz_origin(text);
        break;
    case 'a':
        wf_accept_prefers_html(text);
        break;
    case 'p':
        fuzz_path(text, 0, p);
        fuzz_path(text, WF_FACE_SEGMENTS, p);
        break;
    default:
        fuzz_escapes(text, p);
    }
}
