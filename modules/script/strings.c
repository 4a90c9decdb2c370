/* The methods of strings, as java.lang.String has them. */
#include "script/internal.h"

#include <string.h>

#define NPOS ((apr_size_t)-1)

static wf_value_t slice(const wf_value_t *v, apr_size_t from, apr_size_t to,
                        apr_pool_t *p)
{
    return wf_string_n(v->as.text.data + from, to - from, p);
}

/* All methods that read their text from end to end account for it. */
static apr_status_t reading(wf_eval_t *e, const wf_value_t *self)
{
    return wf_eval_work(e, self->as.text.length);
}

/* ---- size and parts --------------------------------------------------------------- */

WF_METHOD(length)
{
    *result = wf_integer(wf_utf16_length(self->as.text.data, self->as.text.length));
    return reading(e, self);
}

WF_METHOD(is_empty)
{
    *result = wf_boolean(self->as.text.length == 0);
    return APR_SUCCESS;
}

/* The byte offset that an index argument means. */
static apr_status_t offset_arg(wf_eval_t *e, const wf_value_t *self,
                               const wf_value_t *arg, apr_size_t *offset)
{
    apr_int64_t index;
    apr_ssize_t found;
    apr_status_t rv = wf_arg_int(e, arg, &index);

    if (rv == APR_SUCCESS) {
        rv = reading(e, self);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    found = wf_utf16_offset(self->as.text.data, self->as.text.length, index);
    if (found < 0) {
        return wf_eval_fail(e, "string index out of range: %" APR_INT64_T_FMT, index);
    }
    *offset = (apr_size_t)found;
    return APR_SUCCESS;
}

WF_METHOD(substring)
{
    apr_size_t from = 0, to = self->as.text.length;
    apr_status_t rv = offset_arg(e, self, &args[0], &from);

    if (rv == APR_SUCCESS && nargs > 1) {
        rv = offset_arg(e, self, &args[1], &to);
    }
    if (rv == APR_SUCCESS && from > to) {
        rv = wf_eval_fail(e, "substring ends before it begins");
    }
    if (rv == APR_SUCCESS) {
        *result = slice(self, from, to, e->pool);
    }
    return rv;
}

WF_METHOD(char_at)
{
    apr_size_t from, step, n = self->as.text.length;
    apr_status_t rv = offset_arg(e, self, &args[0], &from);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (from == n) {
        return wf_eval_fail(e, "string index out of range: the length itself");
    }
    wf_utf8_decode(self->as.text.data + from, n - from, &step);
    *result = slice(self, from, from + step, e->pool);
    return APR_SUCCESS;
}

WF_METHOD(trim)
{
    const unsigned char *s = (const unsigned char *)self->as.text.data;
    apr_size_t from = 0, to = self->as.text.length;

    while (from < to && s[from] <= ' ') {
        from++;
    }
    while (to > from && s[to - 1] <= ' ') {
        to--;
    }
    *result = slice(self, from, to, e->pool);
    return reading(e, self);
}

/* ---- searching -------------------------------------------------------------------- */

static apr_size_t find_first(const wf_value_t *self, const wf_value_t *part,
                             apr_size_t from)
{
    const char *s = self->as.text.data;
    apr_size_t rest = self->as.text.length - from;
    const char *hit =
        part->as.text.length == 1 /* the usual separator; much faster */
            ? memchr(s + from, *part->as.text.data, rest)
            : memmem(s + from, rest, part->as.text.data, part->as.text.length);

    return hit ? (apr_size_t)(hit - s) : NPOS;
}

static int has_at(const wf_value_t *self, const wf_value_t *part, apr_size_t at)
{
    return at <= self->as.text.length && part->as.text.length <= self->as.text.length - at
           && !memcmp(self->as.text.data + at, part->as.text.data, part->as.text.length);
}

/* UTF-8 never matches in the middle of a character. Quadratic at worst: pays for it. */
static apr_status_t find_last(wf_eval_t *e, const wf_value_t *self,
                              const wf_value_t *part, apr_size_t from, apr_size_t *hit)
{
    *hit = NPOS;
    for (apr_size_t i = from + 1; i-- > 0;) {
        if (has_at(self, part, i)) {
            *hit = i;
            return APR_SUCCESS;
        }
        if (part->as.text.length > 1 && i % 64 == 0
            && wf_eval_work(e, part->as.text.length) != APR_SUCCESS) {
            return WF_EFAILED;
        }
    }
    return APR_SUCCESS;
}

static wf_value_t as_index(const wf_value_t *self, apr_size_t hit)
{
    return wf_integer(
        hit == NPOS ? -1 : (apr_int64_t)wf_utf16_length(self->as.text.data, hit));
}

/* Where a search from an index starts; behind the end there is nothing but the end. */
static apr_status_t start_arg(wf_eval_t *e, const wf_value_t *self, const wf_value_t *arg,
                              apr_ssize_t *from)
{
    apr_int64_t index;
    apr_status_t rv = wf_arg_int(e, arg, &index);

    if (rv == APR_SUCCESS) {
        *from = index < 0
                    ? -1
                    : wf_utf16_offset(self->as.text.data, self->as.text.length, index);
        if (*from < 0 && index > 0) {
            *from = (apr_ssize_t)self->as.text.length;
        }
    }
    return rv;
}

WF_METHOD(index_of)
{
    wf_value_t part;
    apr_ssize_t from = 0;
    apr_status_t rv = wf_arg_text(e, &args[0], &part);

    if (rv == APR_SUCCESS && nargs > 1) {
        rv = start_arg(e, self, &args[1], &from);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    *result = as_index(self, find_first(self, &part, from < 0 ? 0 : (apr_size_t)from));
    return reading(e, self);
}

WF_METHOD(last_index_of)
{
    wf_value_t part;
    apr_ssize_t from = (apr_ssize_t)self->as.text.length;
    apr_size_t hit = NPOS;
    apr_status_t rv = wf_arg_text(e, &args[0], &part);

    if (rv == APR_SUCCESS && nargs > 1) {
        rv = start_arg(e, self, &args[1], &from);
    }
    if (rv == APR_SUCCESS && from >= 0) {
        rv = find_last(e, self, &part, (apr_size_t)from, &hit);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    *result = as_index(self, hit);
    return reading(e, self);
}

WF_METHOD(contains)
{
    wf_value_t part;
    apr_status_t rv = wf_arg_text(e, &args[0], &part);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    *result = wf_boolean(find_first(self, &part, 0) != NPOS);
    return reading(e, self);
}

WF_METHOD(starts_with)
{
    wf_value_t part;
    apr_ssize_t from = 0;
    apr_status_t rv = wf_arg_text(e, &args[0], &part);

    if (rv == APR_SUCCESS && nargs > 1) {
        rv = start_arg(e, self, &args[1], &from);
    }
    if (rv == APR_SUCCESS) {
        *result = wf_boolean(from >= 0 && has_at(self, &part, (apr_size_t)from));
    }
    return rv;
}

WF_METHOD(ends_with)
{
    wf_value_t part;
    apr_status_t rv = wf_arg_text(e, &args[0], &part);

    if (rv == APR_SUCCESS) { /* a longer part wraps around, and has_at says no */
        *result =
            wf_boolean(has_at(self, &part, self->as.text.length - part.as.text.length));
    }
    return rv;
}

/* ---- comparing -------------------------------------------------------------------- */

WF_METHOD(equals_ignore_case)
{
    wf_value_t other, a, b;
    apr_status_t rv = wf_arg_text(e, &args[0], &other);

    if (rv == APR_SUCCESS) {
        rv = wf_eval_work(e, 2 * (self->as.text.length + other.as.text.length));
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    a = wf_text_lower(self, e->pool);
    b = wf_text_lower(&other, e->pool);
    *result = wf_boolean(wf_value_equal(&a, &b));
    return APR_SUCCESS;
}

WF_METHOD(compare_to)
{
    wf_value_t other;
    apr_status_t rv = wf_arg_text(e, &args[0], &other);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    *result = wf_integer(wf_utf16_compare(self, &other));
    return reading(e, self);
}

WF_METHOD(hash_code)
{
    *result = wf_integer(wf_utf16_hash(self));
    return reading(e, self);
}

/* ---- new texts -------------------------------------------------------------------- */

WF_METHOD(to_upper_case)
{
    apr_status_t rv = wf_eval_grow(e, self->as.text.length);

    if (rv == APR_SUCCESS) {
        *result = wf_text_upper(self, e->pool);
    }
    return rv;
}

WF_METHOD(to_lower_case)
{
    apr_status_t rv = wf_eval_grow(e, self->as.text.length);

    if (rv == APR_SUCCESS) {
        *result = wf_text_lower(self, e->pool);
    }
    return rv;
}

WF_METHOD(concat)
{
    wf_value_t other;
    apr_size_t n = self->as.text.length;
    char *out;
    apr_status_t rv = wf_arg_text(e, &args[0], &other);

    if (rv == APR_SUCCESS) {
        rv = wf_eval_grow(e, n + other.as.text.length);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    out = apr_palloc(e->pool, n + other.as.text.length + 1);
    memcpy(out, self->as.text.data, n);
    memcpy(out + n, other.as.text.data, other.as.text.length);
    out[n + other.as.text.length] = '\0';
    *result =
        (wf_value_t){ .type = WF_STRING, .as.text = { out, n + other.as.text.length } };
    return APR_SUCCESS;
}

/* Where the next replacement goes at or after `from`. An empty target is found before
 * every character and at the end. */
static apr_size_t next_target(const wf_value_t *self, const wf_value_t *target,
                              apr_size_t from, int first)
{
    apr_size_t step = 0;

    if (target->as.text.length > 0) {
        return find_first(self, target, from);
    }
    if (!first) {
        if (from == self->as.text.length) {
            return NPOS;
        }
        wf_utf8_decode(self->as.text.data + from, self->as.text.length - from, &step);
    }
    return from + step;
}

/* One pass: counts if out is NULL, writes otherwise. The bytes of the result. */
static apr_size_t replace_pass(const wf_value_t *self, const wf_value_t *target,
                               const wf_value_t *with, char *out)
{
    apr_size_t from = 0, made = 0, hit = next_target(self, target, 0, 1);

    for (; hit != NPOS; hit = next_target(self, target, from, 0)) {
        if (out) {
            memcpy(out + made, self->as.text.data + from, hit - from);
            memcpy(out + made + hit - from, with->as.text.data, with->as.text.length);
        }
        made += hit - from + with->as.text.length;
        from = hit + target->as.text.length;
    }
    if (out) {
        memcpy(out + made, self->as.text.data + from, self->as.text.length - from);
    }
    return made + self->as.text.length - from;
}

WF_METHOD(replace)
{
    wf_value_t target, with;
    apr_size_t n;
    char *out;
    apr_status_t rv = wf_arg_text(e, &args[0], &target);

    if (rv == APR_SUCCESS) {
        rv = wf_arg_text(e, &args[1], &with);
    }
    if (rv == APR_SUCCESS) {
        rv = reading(e, self);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    n = replace_pass(self, &target, &with, NULL);
    rv = wf_eval_grow(e, n);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    out = apr_palloc(e->pool, n + 1);
    replace_pass(self, &target, &with, out);
    out[n] = '\0';
    *result = (wf_value_t){ .type = WF_STRING, .as.text = { out, n } };
    return APR_SUCCESS;
}

/* ---- regular expressions ---------------------------------------------------------- */

WF_METHOD(matches)
{
    wf_value_t pattern;
    int found = 0;
    apr_status_t rv = wf_arg_text(e, &args[0], &pattern);

    if (rv == APR_SUCCESS) {
        rv = wf_regex_matches(e, self, &pattern, &found);
    }
    *result = wf_boolean(found);
    return rv;
}

static apr_status_t replace_regex(wf_eval_t *e, const wf_value_t *self,
                                  const wf_value_t *args, int all, wf_value_t *result)
{
    wf_value_t pattern, with;
    apr_status_t rv = wf_arg_text(e, &args[0], &pattern);

    if (rv == APR_SUCCESS) {
        rv = wf_arg_text(e, &args[1], &with);
    }
    return rv == APR_SUCCESS ? wf_regex_replace(e, self, &pattern, &with, all, result)
                             : rv;
}

WF_METHOD(replace_all)
{
    return replace_regex(e, self, args, 1, result);
}

WF_METHOD(replace_first)
{
    return replace_regex(e, self, args, 0, result);
}

WF_METHOD(split)
{
    wf_value_t pattern;
    apr_int64_t limit = 0;
    apr_status_t rv = wf_arg_text(e, &args[0], &pattern);

    if (rv == APR_SUCCESS && nargs > 1) {
        rv = wf_arg_int(e, &args[1], &limit);
    }
    return rv == APR_SUCCESS ? wf_regex_split(e, self, &pattern, limit, result) : rv;
}

/* clang-format off */
const wf_method_t wf_string_methods[] = {
    { "length",           0, 0, length },
    { "isEmpty",          0, 0, is_empty },
    { "substring",        1, 2, substring },
    { "charAt",           1, 1, char_at },
    { "trim",             0, 0, trim },
    { "indexOf",          1, 2, index_of },
    { "lastIndexOf",      1, 2, last_index_of },
    { "contains",         1, 1, contains },
    { "startsWith",       1, 2, starts_with },
    { "endsWith",         1, 1, ends_with },
    { "equals",           1, 1, wf_method_equals },
    { "equalsIgnoreCase", 1, 1, equals_ignore_case },
    { "compareTo",        1, 1, compare_to },
    { "hashCode",         0, 0, hash_code },
    { "toUpperCase",      0, 0, to_upper_case },
    { "toLowerCase",      0, 0, to_lower_case },
    { "concat",           1, 1, concat },
    { "replace",          2, 2, replace },
    { "replaceAll",       2, 2, replace_all },
    { "replaceFirst",     2, 2, replace_first },
    { "matches",          1, 1, matches },
    { "split",            1, 2, split },
    { "toString",         0, 0, wf_method_to_string },
    { 0 },
};
/* clang-format on */
