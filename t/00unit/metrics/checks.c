/* Checks by name: equal ones share an entry, sheets add them up, their number is bounded,
 * and records have them. */
#include "samples.h"

static wf_metric_table_t *table;

/* "a: one 3/1, …, rest 0/2", in the order of the entries. */
static const char *listed(const wf_sheet_t *sheet)
{
    const char *text = "";
    double passes, fails;
    int i;

    for (i = 0; i < wf_sheet_checks(sheet); i++) {
        const wf_metric_check_t *c = wf_sheet_check_at(sheet, i);

        text = apr_psprintf(pool, "%s%s%s: %s %g/%g", text, i ? ", " : "",
                            c->step ? c->step : "-", c->name, c->passes, c->fails);
    }
    if (wf_sheet_checks_rest(sheet, &passes, &fails)) {
        text = apr_psprintf(pool, "%s, rest %g/%g", text, passes, fails);
    }
    return text;
}

static wf_sheet_t *some(void)
{
    wf_sheet_t *sheet = wf_sheet_create(table, pool);

    wf_sheet_check(sheet, "a", "one", 1, 0);
    wf_sheet_check(sheet, "a", "two", 0, 1);
    wf_sheet_check(sheet, "a.b", "one", 5, 0);
    wf_sheet_check(sheet, NULL, "one", 0, 7);
    wf_sheet_check(sheet, "a", "one", 2, 1);
    return sheet;
}

static const char some_text[] = "a: one 3/1, a: two 0/1, a.b: one 5/0, -: one 0/7";

static void counting(void)
{
    wf_sheet_t *sheet = some(), *other = wf_sheet_create(table, pool);
    char long_name[3 * WF_CHECK_NAME];

    is_str(listed(sheet), some_text, "equal ones share an entry");
    is_str(listed(other), "", "an empty sheet has none");
    wf_sheet_check(other, "a", "two", 9, 0);
    wf_sheet_check(other, "new", "one", 1, 1);
    wf_sheet_merge(other, sheet);
    is_str(listed(other),
           "a: two 9/1, new: one 1/1, a: one 3/1, a.b: one 5/0, -: one 0/7",
           "sheets are added");
    wf_sheet_clear(other);
    is_str(listed(other), "", "a sheet that is cleared has none");
    wf_sheet_check(other, "a", "two", 1, 0);
    is_str(listed(other), "a: two 1/0", "and begins anew");

    wf_sheet_clear(other);
    wf_sheet_check(other, "a", "b\xff\n", 1, 0);
    wf_sheet_check(other, "a", "b\xff\n", 1, 0);
    is_str(listed(other), "a: b?\n 2/0", "names that are no UTF-8 are written as ASCII");
    memset(long_name, 'x', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    wf_sheet_clear(other);
    wf_sheet_check(other, long_name, long_name, 1, 0);
    wf_sheet_check(other, long_name, long_name, 1, 0);
    is_int(wf_sheet_checks(other), 1, "long ones are cut, and stay equal");
    is_int((int)strlen(wf_sheet_check_at(other, 0)->name), WF_CHECK_NAME,
           "to their size");
}

static void bounded(void)
{
    wf_sheet_t *sheet = wf_sheet_create(table, pool);
    double passes, fails;
    int i;

    for (i = 0; i < WF_CHECKS_NAMES + 10; i++) {
        wf_sheet_check(sheet, "a", apr_psprintf(pool, "check %d", i), 1, 2);
    }
    is_int(wf_sheet_checks(sheet), WF_CHECKS_NAMES, "so many names at most");
    wf_sheet_checks_rest(sheet, &passes, &fails);
    ok(passes == 10 && fails == 20, "the others are counted together");
    wf_sheet_merge(sheet, some());
    wf_sheet_checks_rest(sheet, &passes, &fails);
    ok(passes == 18 && fails == 29, "those of another sheet, too");
    wf_sheet_check(sheet, "a", "check 0", 1, 0);
    is_int((int)wf_sheet_check_at(sheet, 0)->passes, 2, "those that are known go on");
}

/* ---- as text ----------------------------------------------------------------------- */

static const struct {
    const char *text;
    int good;
} texts[] = {
    /* clang-format off */
    { "{\"rest\":[0,0],\"list\":[]}",                                            1 },
    { "{\"rest\":[1,2],\"list\":[{\"name\":\"x\",\"counts\":[1,0]}]}",           1 },
    { "{\"list\":[]}",                                                           0 },
    { "{\"rest\":[0,0]}",                                                        0 },
    { "{\"rest\":[0],\"list\":[]}",                                              0 },
    { "{\"rest\":[-1,0],\"list\":[]}",                                           0 },
    { "{\"rest\":[0,0],\"list\":[{\"counts\":[1,0]}]}",                          0 },
    { "{\"rest\":[0,0],\"list\":[{\"name\":\"x\"}]}",                            0 },
    { "{\"rest\":[0,0],\"list\":[{\"name\":\"x\",\"counts\":[1,-1]}]}",          0 },
    { "{\"rest\":[0,0],\"list\":[{\"name\":\"x\",\"counts\":[1,\"1\"]}]}",       0 },
    { "{\"rest\":[0,0],\"list\":[7]}",                                           0 },
    { "7",                                                                       0 },
    /* clang-format on */
};

static void written(void)
{
    wf_sheet_t *sheet = some(), *back = wf_sheet_create(table, pool);
    wf_sheet_t *full = wf_sheet_create(table, pool);
    const char *text = wf_sheet_encode(sheet, pool);
    wf_error_t err;
    size_t i;

    wf_error_init(&err, pool);
    ok(wf_sheet_decode(back, text, strlen(text), &err) == APR_SUCCESS, "read back");
    is_str(listed(back), some_text, "as they were");
    wf_sheet_decode(back, text, strlen(text), &err);
    is_str(listed(back), "a: one 6/2, a: two 0/2, a.b: one 10/0, -: one 0/14",
           "reading adds");
    for (i = 0; i < WF_CHECKS_NAMES + 10; i++) {
        wf_sheet_check(full, "a", apr_psprintf(pool, "\"%d\"\n", (int)i), 1, 2);
    }
    text = wf_sheet_encode(full, pool);
    wf_sheet_clear(back);
    ok(wf_sheet_decode(back, text, strlen(text), &err) == APR_SUCCESS, "a full one");
    is_str(listed(back), listed(full), "with the rest");
    text = wf_sheet_encode(wf_sheet_create(table, pool), pool);
    ok(strstr(text, "checks") == NULL, "none are not written");
    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        text = apr_psprintf(pool,
                            "{\"version\":1,\"metrics\":[],\"errors\":{\"total\":0,"
                            "\"list\":[]},\"checks\":%s}",
                            texts[i].text);
        wf_sheet_clear(back);
        wf_error_init(&err, pool);
        is_int(wf_sheet_decode(back, text, strlen(text), &err) == APR_SUCCESS,
               texts[i].good, "%s", texts[i].text);
        ok(texts[i].good || wf_sheet_checks(back) == 0, "and then nothing is added");
    }
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    table = sample_table();
    counting();
    bounded();
    written();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
