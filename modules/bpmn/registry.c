/* The registry of delegates: names of classes and beans, and what stands behind each. The
 * module reads it, too, to check directives, so it knows no rooms but core. */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <apr_uri.h>

#include "bpmn/delegates.h"

/* ---- kinds --------------------------------------------------------------------------- */

static const char *check_url(const char *value, apr_pool_t *p)
{
    apr_uri_t uri;

    if (apr_uri_parse(p, value, &uri) == APR_SUCCESS && uri.hostname && *uri.hostname
        && uri.scheme
        && (strcmp(uri.scheme, "http") == 0 || strcmp(uri.scheme, "https") == 0)) {
        return NULL;
    }
    return "an absolute http or https URL";
}

static const char *check_something(const char *value, apr_pool_t *p)
{
    (void)p;
    return *value ? NULL : "a text that is not empty";
}

static const char *check_builtin(const char *value, apr_pool_t *p)
{
    static const char *const names[] = { "noop", "setVariables", "mail", "script" };
    int i;

    (void)p;
    for (i = 0; i < 4; i++) {
        if (strcmp(names[i], value) == 0) {
            return NULL;
        }
    }
    return "noop, setVariables, mail or script";
}

/* clang-format off */
static const struct {
    const char *name;
    const char *(*check)(const char *value, apr_pool_t *p); /* what it takes, or NULL */
    int timed;                                              /* it may have a timeout */
} kinds[WF_DELEGATE_KINDS] = {
    [WF_DELEGATE_HTTP]     = { "http",     check_url,       1 },
    [WF_DELEGATE_SCRIPT]   = { "script",   check_something, 0 },
    [WF_DELEGATE_EXTERNAL] = { "external", check_something, 0 },
    [WF_DELEGATE_BUILTIN]  = { "builtin",  check_builtin,   0 },
    [WF_DELEGATE_FAIL]     = { "fail",     check_something, 0 },
};
/* clang-format on */

/* ---- reading ----------------------------------------------------------------------------- */

typedef struct reader_t {
    wf_delegates_t *delegates;
    wf_id_t home;
    apr_pool_t *p;
    wf_error_t *err;
} reader_t;

#define INVALID(r, name, ...) wf_error_field((r)->err, WF_ERR_INVALID, name, __VA_ARGS__)

static apr_status_t read_timeout(reader_t *r, wf_delegate_t *d, const char *name,
                                 json_object *value)
{
    apr_int64_t seconds =
        json_object_is_type(value, json_type_int) ? json_object_get_int64(value) : 0;

    if (seconds < 1 || seconds > WF_DELEGATE_MAX_TIMEOUT_S) {
        return INVALID(r, name,
                       "delegate \"%s\": timeout takes whole seconds from 1 to %d", name,
                       WF_DELEGATE_MAX_TIMEOUT_S);
    }
    d->timeout = (int)seconds;
    return APR_SUCCESS;
}

static apr_status_t read_kind(reader_t *r, wf_delegate_t *d, const char *name, int kind,
                              json_object *value)
{
    const char *text = json_object_is_type(value, json_type_string)
                           ? apr_pstrdup(r->p, json_object_get_string(value))
                           : "";
    const char *wanted = kinds[kind].check(text, r->p);

    if (wanted) {
        return INVALID(r, name, "delegate \"%s\": %s takes %s, not \"%s\"", name,
                       kinds[kind].name, wanted, text);
    }
    if (d->value) {
        return INVALID(r, name, "delegate \"%s\" is both %s and %s", name,
                       kinds[d->kind].name, kinds[kind].name);
    }
    d->kind = kind;
    d->value = text;
    return APR_SUCCESS;
}

static apr_status_t read_member(reader_t *r, wf_delegate_t *d, const char *name,
                                const char *member, json_object *value)
{
    int kind;

    if (strcmp(member, "timeout") == 0) {
        return read_timeout(r, d, name, value);
    }
    for (kind = 0; kind < WF_DELEGATE_KINDS; kind++) {
        if (strcmp(kinds[kind].name, member) == 0) {
            return read_kind(r, d, name, kind, value);
        }
    }
    return INVALID(r, name,
                   "delegate \"%s\": \"%s\" is none of http, script, external, builtin, "
                   "fail and timeout",
                   name, member);
}

static apr_status_t read_delegate(reader_t *r, wf_delegate_t *d, const char *name,
                                  json_object *json)
{
    apr_status_t rv = APR_SUCCESS;

    if (!json_object_is_type(json, json_type_object)) {
        return INVALID(r, name,
                       "delegate \"%s\": an object such as {\"http\": \"…\"} is "
                       "needed",
                       name);
    }
    json_object_object_foreach(json, member, value)
    {
        if (rv == APR_SUCCESS) {
            rv = read_member(r, d, name, member, value);
        }
    }
    if (rv == APR_SUCCESS && !d->value) {
        rv = INVALID(r, name,
                     "delegate \"%s\" has none of http, script, external, "
                     "builtin and fail",
                     name);
    }
    if (rv == APR_SUCCESS && d->timeout && !kinds[d->kind].timed) {
        rv = INVALID(r, name, "delegate \"%s\": %s has no timeout", name,
                     kinds[d->kind].name);
    }
    return rv;
}

/* ---- names --------------------------------------------------------------------------- */

static apr_status_t add(reader_t *r, const char *name, json_object *json)
{
    apr_size_t length = strlen(name);
    wf_delegate_t *d = apr_pcalloc(r->p, sizeof(*d));
    const char *star = strchr(name, '*');

    if (!length || length > WF_DELEGATE_MAX_NAME || (star && star[1])) {
        return INVALID(
            r, name, "delegate \"%s\": a name has 1 to %d bytes, and a * at its end only",
            name, WF_DELEGATE_MAX_NAME);
    }
    d->length = length - (star != NULL);
    d->name = apr_pstrmemdup(r->p, name, d->length);
    d->home = r->home;
    if (!star) {
        apr_hash_set(r->delegates->exact, d->name, APR_HASH_KEY_STRING, d);
    }
    else if (d->length) {
        APR_ARRAY_PUSH(r->delegates->prefixes, const wf_delegate_t *) = d;
    }
    else {
        r->delegates->fallback = d;
    }
    return read_delegate(r, d, name, json);
}

static int longer_first(const void *a, const void *b)
{
    const wf_delegate_t *x = *(const wf_delegate_t *const *)a;
    const wf_delegate_t *y = *(const wf_delegate_t *const *)b;

    return (x->length < y->length) - (x->length > y->length);
}

apr_status_t wf_delegates_parse(wf_delegates_t **delegates, const char *json,
                                apr_size_t length, wf_id_t home, apr_pool_t *p,
                                wf_error_t *err)
{
    reader_t r = { .home = home, .p = p, .err = err };
    json_object *all;
    apr_status_t rv = wf_json_parse(&all, json, length, p, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!json_object_is_type(all, json_type_object)
        || json_object_object_length(all) > WF_DELEGATES_MAX) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "delegates are one JSON object with at most %d names",
                            WF_DELEGATES_MAX);
    }
    *delegates = r.delegates = apr_pcalloc(p, sizeof(**delegates));
    r.delegates->exact = apr_hash_make(p);
    r.delegates->prefixes = apr_array_make(p, 4, sizeof(const wf_delegate_t *));
    json_object_object_foreach(all, name, delegate)
    {
        if (rv == APR_SUCCESS) {
            rv = add(&r, name, delegate);
        }
    }
    qsort(r.delegates->prefixes->elts, r.delegates->prefixes->nelts,
          sizeof(const wf_delegate_t *), longer_first);
    return rv;
}

/* ---- finding ----------------------------------------------------------------------------- */

const wf_delegate_t *wf_delegates_exact(const wf_delegates_t *delegates, const char *name)
{
    return delegates ? apr_hash_get(delegates->exact, name, APR_HASH_KEY_STRING) : NULL;
}

const wf_delegate_t *wf_delegates_prefix(const wf_delegates_t *delegates,
                                         const char *name)
{
    int i;

    for (i = 0; delegates && i < delegates->prefixes->nelts; i++) {
        const wf_delegate_t *d =
            APR_ARRAY_IDX(delegates->prefixes, i, const wf_delegate_t *);

        if (strncmp(d->name, name, d->length) == 0) {
            return d;
        }
    }
    return NULL;
}
