/* Query parameters, their types, and pages. */
#include "http/http.h"
#include "tap.h"

#include <apr_strings.h>

static apr_pool_t *pool;

static const wf_query_t *parse(const char *args)
{
    const wf_query_t *query;
    wf_error_t err;

    wf_error_init(&err, pool);
    return wf_query_parse(&query, args, pool, &err) == APR_SUCCESS ? query : NULL;
}

static void test_text(void)
{
    static const struct {
        const char *args, *name, *want;
    } cases[] = {
        /* clang-format off */
        { "a=1",             "a",   "1" },
        { "a=1&a=2",         "a",   "1" },
        { "a=&a=2",          "a",   NULL },
        { "a",               "a",   NULL },
        { "a=",              "a",   NULL },
        { "",                "a",   NULL },
        { NULL,              "a",   NULL },
        { "A=1",             "a",   NULL },
        { "&&a=1&",          "a",   "1" },
        { "a=x+y%20z",       "a",   "x y z" },
        { "a%2Db=1",         "a-b", "1" },
        { "a=1=2",           "a",   "1=2" },
        { "a=%C3%A4",        "a",   "\xc3\xa4" },
        { "b=1&a=%26",       "a",   "&" },
        /* clang-format on */
    };

    for (apr_size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const wf_query_t *query = parse(cases[i].args);

        is_str(query ? wf_query_text(query, cases[i].name) : "refused", cases[i].want,
               "'%s': %s", cases[i].args ? cases[i].args : "(none)", cases[i].name);
    }
}

static void test_refused(void)
{
    static const char *const bad[] = { "a=%",   "a=%4",  "a=%zz", "a=%00",
                                       "%zz=1", "a=%ff", "%c3=1", "a=%ed%a0%80" };
    const wf_query_t *query;
    wf_error_t err;
    char *many = apr_palloc(pool, 2 * WF_QUERY_MAX + 3);

    for (apr_size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ok(parse(bad[i]) == NULL, "'%s' is refused", bad[i]);
    }
    memset(many, '&', 2 * WF_QUERY_MAX + 2);
    many[2 * WF_QUERY_MAX + 2] = '\0';
    wf_error_init(&err, pool);
    ok(wf_query_parse(&query, many, pool, &err) != APR_SUCCESS
           && err.kind == WF_ERR_TOO_LARGE,
       "too many parameters are refused");
}

typedef enum { INT, BOOL, DATE } type_e;

static void test_types(void)
{
    static const struct {
        type_e type;
        const char *value;
        int fine;
        apr_int64_t want;
    } cases[] = {
        /* clang-format off */
        { INT,  "7",            1, 7 },
        { INT,  "-7",           1, -7 },
        { INT,  "2147483647",   1, 2147483647 },
        { INT,  "-2147483648",  1, -2147483648LL },
        { INT,  "2147483648",   0, 0 },
        { INT,  "%2B7",         0, 0 },
        { INT,  "7.0",          0, 0 },
        { INT,  "7%20",         0, 0 },
        { INT,  "0x7",          0, 0 },
        { INT,  "seven",        0, 0 },
        { INT,  "",             1, 99 },
        { BOOL, "true",         1, 1 },
        { BOOL, "TRUE",         1, 1 },
        { BOOL, "False",        1, 0 },
        { BOOL, "1",            0, 0 },
        { BOOL, "yes",          0, 0 },
        { BOOL, "",             1, 99 },
        { DATE, "1970-01-01T00:00:01Z",              1, 1000 },
        { DATE, "1970-01-01T01:00:01.500%2B01:00",   1, 1500 },
        { DATE, "1970-01-01T01:00:01.500+01:00",     1, 1500 },
        { DATE, "1970-01-01T00:00:01",               0, 0 },
        { DATE, "1970-01-01",                        0, 0 },
        { DATE, "yesterday",                         0, 0 },
        { DATE, "",                                  1, 99 },
        /* clang-format on */
    };

    for (apr_size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const wf_query_t *query = parse(apr_pstrcat(pool, "x=", cases[i].value, NULL));
        apr_int64_t got = 99;
        int flag = 99;
        apr_status_t rv;
        wf_error_t err;

        wf_error_init(&err, pool);
        rv = cases[i].type == INT    ? wf_query_int(query, "x", &got, &err)
             : cases[i].type == DATE ? wf_query_date(query, "x", &got, &err)
                                     : wf_query_bool(query, "x", &flag, &err);
        got = cases[i].type == BOOL ? flag : got;
        ok((rv == APR_SUCCESS) == cases[i].fine, "type %d: '%s' is %s", cases[i].type,
           cases[i].value, cases[i].fine ? "taken" : "refused");
        if (cases[i].fine) {
            is_int(got, cases[i].want, "type %d: '%s'", cases[i].type, cases[i].value);
        }
        else {
            is_str(err.field, "x", "the error names the field: %s", err.message);
            is_int(err.kind, WF_ERR_INVALID, "and is the caller's");
        }
    }
}

static void test_paging(void)
{
    static const char *const keys[] = { "id", "name", NULL };
    static const struct {
        const char *args;
        int start, size;
        const char *sort, *order; /* sort NULL = refused */
    } cases[] = {
        /* clang-format off */
        { "",                              0,  10, "id",   "asc" },
        { "start=5&size=2",                5,  2,  "id",   "asc" },
        { "start=-3&size=0",               -3, 0,  "id",   "asc" },
        { "size=-1",                       0,  -1, "id",   "asc" },
        { "sort=name&order=desc",          0,  10, "name", "desc" },
        { "sort=&order=",                  0,  10, "id",   "asc" },
        { "sort=Name",                     0,  0,  NULL,   NULL },
        { "sort=colour",                   0,  0,  NULL,   NULL },
        { "order=DESC",                    0,  0,  NULL,   NULL },
        { "order=up",                      0,  0,  NULL,   NULL },
        { "start=x",                       0,  0,  NULL,   NULL },
        { "size=1e3",                      0,  0,  NULL,   NULL },
        /* clang-format on */
    };

    for (apr_size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        wf_paging_t paging;
        wf_error_t err;
        apr_status_t rv;

        wf_error_init(&err, pool);
        rv = wf_paging_parse(&paging, parse(cases[i].args), keys, "id", &err);
        if (!cases[i].sort) {
            ok(rv != APR_SUCCESS && err.kind == WF_ERR_INVALID && err.field,
               "'%s' is refused: %s", cases[i].args, err.message);
            continue;
        }
        ok(rv == APR_SUCCESS, "'%s' is a page", cases[i].args);
        is_int(paging.start, cases[i].start, "start is echoed");
        is_int(paging.page.start, cases[i].start, "start");
        is_int(paging.page.size, cases[i].size, "size");
        is_str(paging.sort, cases[i].sort, "sort");
        is_str(paging.order, cases[i].order, "order");
        is_int(paging.page.descending, !strcmp(cases[i].order, "desc"), "direction");
    }
}

static json_object *render(const void *row, apr_pool_t *p)
{
    (void)p;
    return json_object_new_string(row);
}

static void test_envelope(void)
{
    static const char *const keys[] = { "id", NULL };
    wf_rows_t rows = { apr_array_make(pool, 2, sizeof(char *)), 17 };
    wf_paging_t paging;
    json_object *page;
    wf_error_t err;

    wf_error_init(&err, pool);
    wf_paging_parse(&paging, parse("start=-1&size=5"), keys, "id", &err);
    APR_ARRAY_PUSH(rows.rows, const char *) = "a";
    APR_ARRAY_PUSH(rows.rows, const char *) = "b";
    page = wf_json_own(wf_page_to_json(&paging, &rows, render, pool), pool);
    is_str(wf_json_text(page, NULL, pool),
           "{\"data\":[\"a\",\"b\"],\"total\":17,\"start\":-1,\"sort\":\"id\","
           "\"order\":\"asc\",\"size\":2}",
           "envelope");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_text();
    test_refused();
    test_types();
    test_paging();
    test_envelope();
    apr_pool_destroy(pool);
    return done_testing();
}
