/* The assertion keywords: a row each. Equality is JSON's, deep and between equal types
 * only; order is for numbers; texts are compared by their bytes. */
#include "steps/keywords.h"

#include <apr_strings.h>
#include <string.h>

#define SHOWN_MAX 120 /* bytes of a value in a message */

/* ---- types ------------------------------------------------------------------------- */

static const char *const json_types[WF_TYPES] = {
    [WF_NULL] = "null",      [WF_BOOLEAN] = "boolean", [WF_SHORT] = "number",
    [WF_INTEGER] = "number", [WF_LONG] = "number",     [WF_DOUBLE] = "number",
    [WF_STRING] = "string",  [WF_DATE] = "string",     [WF_BYTES] = "string",
    [WF_LIST] = "array",     [WF_MAP] = "object",      [WF_OBJECT] = "object",
};

const char *wf_json_type(const wf_value_t *v)
{
    return json_types[v->type];
}

static int is_number(const wf_value_t *v)
{
    return strcmp(wf_json_type(v), "number") == 0;
}

/* ---- what they find ------------------------------------------------------------------ */

/* Not every keyword looks at all of it. */
#define KEYWORD(name)                                                                    \
    static int name(__attribute__((unused)) const wf_value_t *actual,                    \
                    __attribute__((unused)) const wf_value_t *expected,                  \
                    __attribute__((unused)) const wf_pattern_t *pattern,                 \
                    __attribute__((unused)) apr_pool_t *p,                               \
                    __attribute__((unused)) wf_error_t *err)

KEYWORD(is_equal)
{
    return wf_json_same(actual, expected);
}

KEYWORD(is_greater)
{
    return is_number(actual) ? wf_json_order(actual, expected) == 1 : -1;
}

KEYWORD(is_less)
{
    return is_number(actual) ? wf_json_order(actual, expected) == -1 : -1;
}

/* Not the opposite of less: what is not a number is neither. */
KEYWORD(is_at_least)
{
    int order = wf_json_order(actual, expected);

    return is_number(actual) ? order == 0 || order == 1 : -1;
}

KEYWORD(is_at_most)
{
    int order = wf_json_order(actual, expected);

    return is_number(actual) ? order == 0 || order == -1 : -1;
}

/* A part of a text by bytes: a NUL within does not end it. */
static int holds_text(const wf_value_t *text, const wf_value_t *part)
{
    return part->as.text.length == 0
           || memmem(text->as.text.data, text->as.text.length, part->as.text.data,
                     part->as.text.length)
                  != NULL;
}

static int holds_element(const wf_list_t *list, const wf_value_t *value)
{
    int i, count = wf_list_count(list);

    for (i = 0; i < count; i++) {
        if (wf_json_same(wf_list_at(list, i), value)) {
            return 1;
        }
    }
    return 0;
}

KEYWORD(does_contain)
{
    if (actual->type == WF_LIST) {
        return holds_element(actual->as.list, expected);
    }
    return actual->type == WF_STRING && expected->type == WF_STRING
               ? holds_text(actual, expected)
               : -1;
}

KEYWORD(does_start)
{
    apr_size_t n = expected->as.text.length;

    return actual->type != WF_STRING
               ? -1
               : actual->as.text.length >= n
                     && memcmp(actual->as.text.data, expected->as.text.data, n) == 0;
}

KEYWORD(does_end)
{
    apr_size_t n = expected->as.text.length, all = actual->as.text.length;

    return actual->type != WF_STRING
               ? -1
               : all >= n
                     && memcmp(actual->as.text.data + all - n, expected->as.text.data, n)
                            == 0;
}

KEYWORD(does_match)
{
    int found = 0;

    if (actual->type != WF_STRING) {
        return -1;
    }
    wf_pattern_find(pattern, actual->as.text.data, actual->as.text.length, 0, 0, &found,
                    NULL, p, err);
    return found;
}

KEYWORD(is_in)
{
    return holds_element(expected->as.list, actual);
}

/* Characters, elements or members; -1: it has no length. */
static int length_of(const wf_value_t *v)
{
    int length = 0;
    apr_size_t i;

    if (v->type == WF_LIST) {
        return wf_list_count(v->as.list);
    }
    if (v->type == WF_MAP) {
        return wf_map_count(v->as.map);
    }
    if (v->type != WF_STRING) {
        return -1;
    }
    for (i = 0; i < v->as.text.length; i++) {
        length += ((unsigned char)v->as.text.data[i] & 0xc0) != 0x80;
    }
    return length;
}

KEYWORD(is_empty)
{
    int length = length_of(actual);

    return actual->type == WF_NULL ? 1 : length < 0 ? -1 : length == 0;
}

KEYWORD(has_length)
{
    int length = length_of(actual);
    wf_value_t value = wf_integer(length);

    return length < 0 ? -1 : wf_json_same(&value, expected);
}

KEYWORD(is_nothing)
{
    return actual->type == WF_NULL;
}

KEYWORD(is_of_type)
{
    return strcmp(wf_json_type(actual), expected->as.text.data) == 0;
}

/* ---- the table ----------------------------------------------------------------------- */

#define ANYTHING NULL

/* clang-format off */
static const wf_assertion_t rows[] = {
    { "equals",           "eq",           WF_EXPECT_ANY,     "to equal",            ANYTHING,   is_equal,     0 },
    { "not_equals",       "ne",           WF_EXPECT_ANY,     "not to equal",        ANYTHING,   is_equal,     1 },
    { "greater_than",     "gt",           WF_EXPECT_NUMBER,  "to be greater than",  "a number", is_greater,   0 },
    { "greater_or_equal", "gte",          WF_EXPECT_NUMBER,  "to be at least",      "a number", is_at_least,  0 },
    { "less_than",        "lt",           WF_EXPECT_NUMBER,  "to be less than",     "a number", is_less,      0 },
    { "less_or_equal",    "lte",          WF_EXPECT_NUMBER,  "to be at most",       "a number", is_at_most,   0 },
    { "contains",         "contains",     WF_EXPECT_ANY,     "to contain",          "a text (with a text to look for) or a list", does_contain, 0 },
    { "not_contains",     "not_contains", WF_EXPECT_ANY,     "not to contain",      "a text (with a text to look for) or a list", does_contain, 1 },
    { "starts_with",      NULL,           WF_EXPECT_TEXT,    "to start with",       "a text",   does_start,   0 },
    { "ends_with",        NULL,           WF_EXPECT_TEXT,    "to end with",         "a text",   does_end,     0 },
    { "matches",          NULL,           WF_EXPECT_PATTERN, "to match",            "a text",   does_match,   0 },
    { "in",               NULL,           WF_EXPECT_LIST,    "to be one of",        ANYTHING,   is_in,        0 },
    { "not_in",           NULL,           WF_EXPECT_LIST,    "to be none of",       ANYTHING,   is_in,        1 },
    { "is_empty",         NULL,           WF_EXPECT_NOTHING, "to be empty",         "a text, a list, a map or null", is_empty, 0 },
    { "is_not_empty",     NULL,           WF_EXPECT_NOTHING, "not to be empty",     "a text, a list, a map or null", is_empty, 1 },
    { "length_equals",    NULL,           WF_EXPECT_COUNT,   "to have the length",  "a text, a list or a map", has_length, 0 },
    { "is_null",          NULL,           WF_EXPECT_NOTHING, "to be null",          ANYTHING,   is_nothing,   0 },
    { "is_not_null",      NULL,           WF_EXPECT_NOTHING, "not to be null",      ANYTHING,   is_nothing,   1 },
    { "is_type",          NULL,           WF_EXPECT_TYPE,    "to be of the type",   ANYTHING,   is_of_type,   0 },
};
/* clang-format on */

#define ROWS ((int)(sizeof(rows) / sizeof(rows[0])))

const wf_assertion_t *wf_assertion_at(int n)
{
    return n >= 0 && n < ROWS ? &rows[n] : NULL;
}

const wf_assertion_t *wf_assertion_find(const char *name, int operators_too)
{
    int i;

    for (i = 0; i < ROWS; i++) {
        if (strcmp(rows[i].name, name) == 0
            || (operators_too && rows[i].operator_name != NULL
                && strcmp(rows[i].operator_name, name) == 0)) {
            return &rows[i];
        }
    }
    return NULL;
}

/* ---- what may stand beside them ------------------------------------------------------ */

static int names_type(const wf_value_t *v)
{
    int i;

    for (i = 0; v->type == WF_STRING && i < WF_TYPES; i++) {
        if (strcmp(json_types[i], v->as.text.data) == 0) {
            return 1;
        }
    }
    return 0;
}

static int is_count(const wf_value_t *v)
{
    return wf_is_integer(v) && v->as.integer >= 0;
}

const char *wf_assertion_expects(const wf_assertion_t *a, const wf_value_t *expected)
{
    switch (a->expects) {
    case WF_EXPECT_NUMBER:
        return is_number(expected) ? NULL : "needs a number";
    case WF_EXPECT_TEXT:
    case WF_EXPECT_PATTERN:
        return expected->type == WF_STRING ? NULL : "needs a text";
    case WF_EXPECT_LIST:
        return expected->type == WF_LIST ? NULL : "needs a list";
    case WF_EXPECT_COUNT:
        return is_count(expected) ? NULL : "needs a whole number from 0 on";
    case WF_EXPECT_TYPE:
        return names_type(expected)
                   ? NULL
                   : "needs string, number, boolean, array, object or null";
    default:
        return NULL;
    }
}

/* A text beside something else that is neither list nor map: both as texts. */
static void as_texts(wf_value_t *a, wf_value_t *b, apr_pool_t *p)
{
    wf_value_t *other = a->type == WF_STRING ? b : a;

    if (a->type != b->type && (a->type == WF_STRING || b->type == WF_STRING)
        && (other->type == WF_BOOLEAN || is_number(other))) {
        *other = wf_string(wf_value_print(other, WF_LOAD, p));
    }
}

void wf_assertion_relax(const wf_assertion_t *a, wf_value_t *actual, wf_value_t *expected,
                        apr_pool_t *p)
{
    int numbers = a->expects == WF_EXPECT_NUMBER;
    int equality = a->holds == is_equal;

    if (actual->type == WF_STRING && (numbers || (equality && is_number(expected)))) {
        wf_value_number(actual, actual);
    }
    if (expected->type == WF_STRING && (numbers || (equality && is_number(actual)))) {
        wf_value_number(expected, expected);
    }
    if (equality || a->holds == does_contain) {
        as_texts(actual, expected, p);
    }
}

/* ---- judging ------------------------------------------------------------------------- */

/* Texts in quotes, all else as JSON; long ones are cut. */
static const char *shown(const wf_value_t *v, apr_pool_t *p)
{
    const char *text = v->type == WF_OBJECT
                           ? "an object"
                           : wf_json_text(wf_json_own(wf_value_to_json(v), p), NULL, p);
    const char *cut = wf_utf8_cut(text, SHOWN_MAX, p);

    return cut == text || strlen(cut) == strlen(text) ? text
                                                      : apr_pstrcat(p, cut, "…", NULL);
}

static const char *tell(const wf_assertion_t *a, const wf_value_t *actual,
                        const wf_value_t *expected, int secret, const char *why,
                        apr_pool_t *p)
{
    const char *words = a->words;

    if (a->expects != WF_EXPECT_NOTHING) {
        words =
            apr_pstrcat(p, words, " ", secret ? "a secret" : shown(expected, p), NULL);
    }
    return apr_pstrcat(p, words, ", got ", secret ? "another value" : shown(actual, p),
                       why ? ", which is not " : "", why, NULL);
}

const char *wf_assertion_check(const wf_assertion_t *a, const wf_value_t *actual,
                               const wf_value_t *expected, const wf_pattern_t *pattern,
                               int secret, apr_pool_t *p)
{
    const char *wrong = wf_assertion_expects(a, expected);
    wf_pattern_t *made;
    wf_error_t err;
    int holds;

    if (wrong != NULL) {
        return apr_psprintf(p, "%s %s: the keyword %s %s", a->words,
                            secret ? "a secret" : shown(expected, p), a->name, wrong);
    }
    wf_error_init(&err, p);
    if (a->expects == WF_EXPECT_PATTERN && pattern == NULL) {
        if (wf_pattern_parse(&made, expected->as.text.data, expected->as.text.length, 0,
                             p, &err)
            != APR_SUCCESS) {
            return apr_psprintf(p, "%s: %s", a->words, err.message);
        }
        pattern = made;
    }
    holds = a->holds(actual, expected, pattern, p, &err);
    if (err.message != NULL) {
        return apr_psprintf(p, "%s: %s", a->words, err.message);
    }
    if (holds < 0) {
        return tell(a, actual, expected, secret, a->takes, p);
    }
    return holds != a->negated ? NULL : tell(a, actual, expected, secret, NULL, p);
}
