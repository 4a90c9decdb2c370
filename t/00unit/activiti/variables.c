/* Process variables of a body: names, descriptors, conversions, required fields. */
#include "activiti/internal.h"
#include "tap.h"

#include <apr_strings.h>

static apr_pool_t *pool;

typedef struct case_t {
    const char *body;
    const char *want; /* the variables with their types; after '!' a part of the error */
} case_t;

#define ONE(type, value) "{\"x\":{\"type\":\"" type "\",\"value\":" value "}}"

/* clang-format off */
static const case_t cases[] = {
    /* names */
    { "{}",                                        "{}" },
    { "{\"own\":\"p:1\"}",                         "{}" },
    { "{\"x\":\"1\"}",                             ONE("string", "\"1\"") },
    { "{\"x_boolean\":\"true\"}",                  "{}" },
    { "{\"a_b_c\":1,\"_x\":2,\"x_\":3,\"_\":4}",   "{}" },
    { "{\"_type\":\"Nonsense\",\"a_b_type\":\"Nonsense\"}", "{}" },
    { "{\"\":1}",                                  "!1 to 255 bytes" },
    { "{\"ä\":1}",                  "{\"ä\":{\"type\":\"integer\",\"value\":1}}" },
    /* no descriptor: the JSON type decides */
    { "{\"x\":123}",                               ONE("integer", "123") },
    { "{\"x\":2147483648}",                        ONE("long", "2147483648") },
    { "{\"x\":1.5}",                               ONE("double", "1.5") },
    { "{\"x\":true}",                              ONE("boolean", "true") },
    { "{\"x\":\"\"}",                              ONE("string", "\"\"") },
    { "{\"x\":null}",                              ONE("null", "null") },
    { "{\"x\":[1,\"a\"]}",                         ONE("list", "[1,\"a\"]") },
    { "{\"x\":{\"a\":[]}}",                        ONE("map", "{\"a\":[]}") },
    { "{\"x\":-9223372036854775808}",              ONE("long", "-9223372036854775808") },
    { "{\"x\":1e999}",                             "!'x'" },
    { "{\"x\":\"a\\u0000b\"}",                     "!'x'" },
    /* Integer */
    { "{\"x\":\"250\",\"x_type\":\"Integer\"}",    ONE("integer", "250") },
    { "{\"x_type\":\"Integer\",\"x\":\"250\"}",    ONE("integer", "250") },
    { "{\"x\":\"-5\",\"x_type\":\"Integer\"}",     ONE("integer", "-5") },
    { "{\"x\":5,\"x_type\":\"Integer\"}",          ONE("integer", "5") },
    { "{\"x\":5.9,\"x_type\":\"Integer\"}",        ONE("integer", "5") },
    { "{\"x\":-5.9,\"x_type\":\"Integer\"}",       ONE("integer", "-5") },
    { "{\"x\":2147483647.9,\"x_type\":\"Integer\"}", ONE("integer", "2147483647") },
    { "{\"x\":2147483648,\"x_type\":\"Integer\"}", "!Integer" },
    { "{\"x\":3e9,\"x_type\":\"Integer\"}",        "!Integer" },
    { "{\"x\":\"2147483648\",\"x_type\":\"Integer\"}", "!Integer" },
    { "{\"x\":\"5.0\",\"x_type\":\"Integer\"}",    "!Integer" },
    { "{\"x\":\"\",\"x_type\":\"Integer\"}",       "!Integer" },
    { "{\"x\":true,\"x_type\":\"Integer\"}",       "!Integer" },
    { "{\"x\":null,\"x_type\":\"Integer\"}",       "!Integer" },
    { "{\"x\":[],\"x_type\":\"Integer\"}",         "!Integer" },
    /* Boolean */
    { "{\"x\":\"true\",\"x_type\":\"Boolean\"}",   ONE("boolean", "true") },
    { "{\"x\":\"FALSE\",\"x_type\":\"Boolean\"}",  ONE("boolean", "false") },
    { "{\"x\":false,\"x_type\":\"Boolean\"}",      ONE("boolean", "false") },
    { "{\"x\":\"yes\",\"x_type\":\"Boolean\"}",    "!Boolean" },
    { "{\"x\":1,\"x_type\":\"Boolean\"}",          "!Boolean" },
    { "{\"x\":null,\"x_type\":\"Boolean\"}",       "!Boolean" },
    /* String, Date, User */
    { "{\"x\":5,\"x_type\":\"String\"}",           ONE("string", "\"5\"") },
    { "{\"x\":1.50,\"x_type\":\"String\"}",        ONE("string", "\"1.50\"") },
    { "{\"x\":true,\"x_type\":\"String\"}",        ONE("string", "\"true\"") },
    { "{\"x\":\"t\",\"x_type\":\"String\"}",       ONE("string", "\"t\"") },
    { "{\"x\":null,\"x_type\":\"String\"}",        ONE("null", "null") },
    { "{\"x\":\"1 May\",\"x_type\":\"Date\"}",     ONE("string", "\"1 May\"") },
    { "{\"x\":\"kermit\",\"x_type\":\"User\"}",    ONE("string", "\"kermit\"") },
    { "{\"x\":[1],\"x_type\":\"String\"}",         "!String" },
    /* other descriptors */
    { "{\"x\":1,\"x_type\":\"integer\"}",          "!'integer'" },
    { "{\"x\":1,\"x_type\":\"\"}",                 "!descriptor" },
    { "{\"x\":1,\"x_type\":null}",                 "!'null'" },
    { "{\"x\":1,\"x_type\":7}",                    "!'7'" },
    { "{\"x_type\":\"Nonsense\"}",                 "{}" },
    { "{\"own\":1,\"own_type\":\"Nonsense\"}",     "{}" },
    /* required */
    { "{\"x_required\":\"true\"}",                 "!variable 'x' is required" },
    { "{\"x_required\":true}",                     "!variable 'x' is required" },
    { "{\"x\":null,\"x_required\":true}",          "!variable 'x' is required" },
    { "{\"x\":\"\",\"x_required\":true}",          ONE("string", "\"\"") },
    { "{\"x_required\":\"false\"}",                "{}" },
    { "{\"x_required\":false}",                    "{}" },
    { "{\"x_required\":\"TRUE\"}",                 "{}" },
    { "{\"x_required\":1}",                        "{}" },
    { "{\"_required\":true,\"a_b_required\":true}", "{}" },
    { "{\"own\":1,\"own_required\":true}",         "{}" },
};
/* clang-format on */

static void check(const case_t *c)
{
    static const char *const own[] = { "other", "own", NULL };
    json_object *body;
    wf_map_t *vars;
    wf_error_t err;
    apr_status_t rv;

    wf_error_init(&err, pool);
    if (wf_json_parse(&body, c->body, strlen(c->body), pool, &err) != APR_SUCCESS) {
        ok(0, "%s: %s", c->body, err.message);
        return;
    }
    rv = wf_variables_read(&vars, body, own, pool, &err);
    if (*c->want == '!') {
        ok(rv != APR_SUCCESS && err.kind == WF_ERR_INVALID
               && strstr(err.message, c->want + 1),
           "%s: %s", c->body, err.message ? err.message : "taken");
        return;
    }
    is_str(rv == APR_SUCCESS
               ? wf_json_text(wf_json_own(wf_vars_to_json(vars), pool), NULL, pool)
               : err.message,
           c->want, "%s", c->body);
}

static void test_long_name(void)
{
    char name[WF_VARIABLE_NAME_MAX + 2];
    case_t c = { NULL, "!1 to 255 bytes" };

    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    c.body = apr_psprintf(pool, "{\"%s\":1}", name);
    check(&c);
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    for (apr_size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check(&cases[i]);
    }
    test_long_name();
    apr_pool_destroy(pool);
    return done_testing();
}
