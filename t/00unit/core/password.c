/* Passwords and their hashes; texts cut at a character; the trace of an error. */
#include <apr_general.h>
#include <apr_strings.h>

#include "core/core.h"
#include "tap.h"

static apr_pool_t *pool;

static const char *repeated(const char *part, int times)
{
    const char *text = "";

    while (times-- > 0) {
        text = apr_pstrcat(pool, text, part, NULL);
    }
    return text;
}

static void test_lengths(void)
{
    static const struct {
        const char *part;
        int times, fine;
    } cases[] = {
        /* clang-format off */
        { "x",            0, 0 },
        { "x",            1, 1 },
        { "x",           72, 1 },
        { "x",           73, 0 },
        { "\xc3\xa9",    36, 1 }, /* bytes count, not characters */
        { "\xc3\xa9",    37, 0 },
        { "a:b c\t\"\\", 1, 1 },
        /* clang-format on */
    };

    for (apr_size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *password = repeated(cases[i].part, cases[i].times), *hash = NULL;
        wf_error_t err;

        wf_error_init(&err, pool);
        is_int(wf_password_hash(&hash, password, pool, &err) == APR_SUCCESS,
               cases[i].fine, "%d times '%s'", cases[i].times, cases[i].part);
        if (!cases[i].fine) {
            is_int(err.kind, WF_ERR_INVALID, "its kind");
            is_str(err.field, "password", "its field: %s", err.message);
            ok(!cases[i].times || !strstr(err.message, password),
               "which is not repeated");
            continue;
        }
        ok(wf_password_is_hash(hash), "%s is a hash", hash);
        ok(wf_password_right(password, hash), "of that password");
        ok(!wf_password_right(repeated(cases[i].part, cases[i].times - 1), hash),
           "and not of a shorter one");
        ok(!wf_password_right(repeated(cases[i].part, cases[i].times + 1), hash),
           "nor of a longer one");
    }
}

static void test_salt(void)
{
    const char *a = NULL, *b = NULL;
    wf_error_t err;

    wf_error_init(&err, pool);
    wf_password_hash(&a, "kermit", pool, &err);
    wf_password_hash(&b, "kermit", pool, &err);
    ok(a && b && strcmp(a, b) != 0, "two hashes of one password differ");
}

static void test_forms(void)
{
    static const struct {
        const char *text;
        int fine;
    } cases[] = {
        /* clang-format off */
        { "$2y$10$abcdefghijklmnopqrstuu4T826PRnz0Hu6YlprUuxkZxOOj5Fw5S",  1 },
        { "$2b$12$abcdefghijklmnopqrstuu4T826PRnz0Hu6YlprUuxkZxOOj5Fw5S",  1 },
        { "$2y$10$abcdefghijklmnopqrstuu4T826PRnz0Hu6YlprUuxkZxOOj5Fw5",   0 },
        { "$2y$10$abcdefghijklmnopqrstuu4T826PRnz0Hu6YlprUuxkZxOOj5Fw5SS", 0 },
        { "$2y$1x$abcdefghijklmnopqrstuu4T826PRnz0Hu6YlprUuxkZxOOj5Fw5S",  0 },
        { "$2y$10$abcdefghijklmnopqrstuu4T826PRnz0Hu6YlprUuxkZxOOj5Fw5:",  0 },
        { "$1y$10$abcdefghijklmnopqrstuu4T826PRnz0Hu6YlprUuxkZxOOj5Fw5S",  0 },
        { "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",                            0 },
        { "kermit",                                                       0 },
        { "",                                                             0 },
        /* clang-format on */
    };

    for (apr_size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        is_int(wf_password_is_hash(cases[i].text), cases[i].fine, "form of '%s'",
               cases[i].text);
    }
    ok(!wf_password_right("kermit", "kermit"), "a clear text is no hash");
    ok(!wf_password_right("", ""), "nor is nothing");
    wf_password_pretend("kermit"); /* is of no effect */
}

static void test_cut(void)
{
    static const struct {
        const char *text;
        int n;
        const char *want;
    } cases[] = {
        /* clang-format off */
        { "",                              3, "" },
        { "abc",                           0, "" },
        { "abc",                           2, "ab" },
        { "abc",                           3, "abc" },
        { "abc",                           4, "abc" },
        { "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xb8!", 1, "\xc3\xa9" },
        { "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xb8!", 2, "\xc3\xa9\xe2\x82\xac" },
        { "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xb8!", 3, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xb8" },
        { "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xb8!", 4, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xb8!" },
        /* clang-format on */
    };

    for (apr_size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        is_str(wf_utf8_cut(cases[i].text, cases[i].n, pool), cases[i].want,
               "%d characters of '%s'", cases[i].n, cases[i].text);
    }
}

static void test_trace(void)
{
    wf_error_t err, copy;

    wf_error_init(&err, pool);
    wf_error_init(&copy, pool);
    wf_error_set(&err, WF_ERR_EXECUTION, "cannot resolve 'approver'");
    ok(!err.trace, "without notes there is no trace");
    wf_error_note(&err, WF_EFAILED, "expression \"%s\"", "${approver}");
    wf_error_note(&err, WF_EFAILED, "activity \"remind\"");
    wf_error_copy(&copy, &err);
    is_str(copy.message,
           "activity \"remind\": expression \"${approver}\": cannot resolve "
           "'approver'",
           "the message");
    is_str(copy.trace,
           "cannot resolve 'approver'\n  at expression \"${approver}\"\n"
           "  at activity \"remind\"",
           "the trace, innermost first");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_lengths();
    test_salt();
    test_forms();
    test_cut();
    test_trace();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
