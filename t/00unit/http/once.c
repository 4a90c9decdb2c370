/* Idempotency keys: which texts can be one, whose they are, what tells requests apart. */
#include "http/internal.h"
#include "tap.h"

#include <apr_strings.h>
#include <string.h>

static apr_pool_t *pool;

static void test_valid(void)
{
    char longest[257];
    static const struct {
        const char *key;
        int valid;
    } cases[] = {
        /* clang-format off */
        { "k", 1 },    { "!~", 1 },     { "\"quoted\"", 1 },
        { "", 0 },     { " ", 0 },      { "a b", 0 },
        { "a\t", 0 },  { "a\x7f", 0 },  { "\xc3\xa4", 0 },
        /* clang-format on */
    };

    for (apr_size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        is_int(wf_once_key_valid(cases[i].key), cases[i].valid, "key %d", (int)i);
    }
    memset(longest, 'x', sizeof longest);
    longest[255] = '\0';
    is_int(wf_once_key_valid(longest), 1, "255 characters");
    longest[255] = 'x';
    longest[256] = '\0';
    is_int(wf_once_key_valid(longest), 0, "256 characters");
}

static const char *key(const char *user, const char *method, const char *path,
                       const char *text)
{
    const char *hex = NULL;
    wf_error_t err;

    wf_error_init(&err, pool);
    wf_once_key(&hex, user, method, path, text, pool, &err);
    return hex;
}

static void test_scope(void)
{
    const char *one = key("kermit", "POST", "/a", "k");

    is_int(strlen(one), 64, "SHA-256 in hex");
    is_str(key("kermit", "POST", "/a", "k"), one, "the same is the same");
    ok(strcmp(key("gonzo", "POST", "/a", "k"), one) != 0, "another user");
    ok(strcmp(key("kermit", "PUT", "/a", "k"), one) != 0, "another method");
    ok(strcmp(key("kermit", "POST", "/b", "k"), one) != 0, "another path");
    ok(strcmp(key("kermit", "POST", "/a", "l"), one) != 0, "another key");
    ok(strcmp(key("kermit", "POST", "/", "ak"), one) != 0, "the same letters elsewhere");
    ok(strcmp(key(NULL, "POST", "/a", "k"), key("", "POST", "/a", "k")) != 0,
       "nobody is no user without a name");
}

static const char *print(const char *query, const char *type, const char *body)
{
    const char *hex = "none";
    wf_error_t err;

    wf_error_init(&err, pool);
    return wf_once_fingerprint(&hex, query, type, body, strlen(body), pool, &err)
                   == APR_SUCCESS
               ? hex
               : wf_err_name(err.kind);
}

/* A form of one part with the boundary. */
static const char *form(const char *boundary, const char *name, const char *file,
                        const char *data)
{
    return apr_psprintf(pool,
                        "--%s\r\nContent-Disposition: form-data; name=\"%s\"; "
                        "filename=\"%s\"\r\n\r\n%s\r\n--%s--\r\n",
                        boundary, name, file, data, boundary);
}

static const char *parts(const char *boundary, const char *body)
{
    return print(
        NULL, apr_pstrcat(pool, "multipart/form-data; boundary=", boundary, NULL), body);
}

static void test_content(void)
{
    static const char json[] = "application/json";
    const char *one = print("a=1", json, "{}"), *file;

    is_str(print("a=1", json, "{}"), one, "the same is the same");
    is_str(print("a=1", "application/json; charset=utf-8", "{}"), one,
           "a parameter more");
    ok(strcmp(print("a=2", json, "{}"), one) != 0, "another query");
    ok(strcmp(print(NULL, json, "{}"), one) != 0, "no query");
    ok(strcmp(print("a=1", json, "{ }"), one) != 0, "another body");
    ok(strcmp(print("a=1", "text/plain", "{}"), one) != 0, "another type");
    ok(strcmp(print("", json, "{}"), print(NULL, json, "{}")) != 0, "an empty query");

    file = parts("x", form("x", "f", "a.txt", "data"));
    is_int(strlen(file), 64, "a form");
    is_str(parts("other", form("other", "f", "a.txt", "data")), file, "another boundary");
    ok(strcmp(parts("x", form("x", "g", "a.txt", "data")), file) != 0, "another field");
    ok(strcmp(parts("x", form("x", "f", "b.txt", "data")), file) != 0,
       "another file name");
    ok(strcmp(parts("x", form("x", "f", "a.txt", "date")), file) != 0, "another content");
    is_str(parts("x", "--x\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\nda"),
           "invalid", "a form that is cut within a part");
    is_str(parts("x", "no form"), "invalid", "no form at all");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_valid();
    test_scope();
    test_content();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
