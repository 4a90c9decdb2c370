/* Commands on API keys: what they refuse, what they leave in the store and in the log. A
 * command runs as on an executor thread and is committed. */
#include "../store/store_test.h"
#include "engine/internal.h"

#define HOUR APR_INT64_C(3600000)
#define DAY (24 * HOUR)

static wf_engine_t engine;
static wf_work_t work; /* the last command */
static wf_error_t *outcome;
static const char *caller = "kermit";
static const char *last_line = ""; /* of the log */

static void keep_line(void *baton, wf_log_level_e level, const char *text)
{
    (void)baton;
    (void)level;
    last_line = apr_pstrdup(pool, text);
}

static int run(wf_work_fn *command, void (*after)(wf_work_t *), const char *args)
{
    apr_status_t rv;

    outcome = new_error();
    work = (wf_work_t){ .engine = &engine, .pool = pool, .user = caller };
    work.reader = reader;
    MUST(wf_json_parse(&work.args, args, strlen(args), pool, outcome), outcome);
    work.uow = new_unit();
    rv = command(&work, outcome);
    if (rv == APR_SUCCESS) {
        wf_error_t committed, *err = new_error();

        MUST(wf_store_commit(writer, ids, &work.uow, 1, &committed, err), err);
        wf_error_copy(outcome, &committed);
        last_line = "";
        after(&work);
    }
    return outcome->kind == WF_ERR_NONE;
}

static char hash[WF_API_KEY_HASH_SIZE]; /* of the key that was made last */

/* args begin with {. */
static int create(const char *args)
{
    char text[WF_API_KEY_SIZE];
    wf_error_t *err = new_error();

    MUST(wf_api_key_make(text, err), err);
    wf_api_key_hash(hash, text);
    return run(wf_command_key_create, wf_after_key_create,
               apr_pstrcat(pool, "{\"hash\":\"", hash, "\"", args[1] == '}' ? "" : ",",
                           args + 1, NULL));
}

static int take_back(const char *args)
{
    return run(wf_command_key_revoke, wf_after_key_revoke, args);
}

static const char *text(const char *name)
{
    return apr_pstrdup(pool, wf_json_string(work.reply, name, NULL));
}

static apr_int64_t number(const char *name)
{
    return wf_json_int(work.reply, name, -1);
}

static wf_api_key_t *key_named(const char *name)
{
    wf_error_t *err = new_error();
    wf_api_key_t *key;

    MUST(wf_store_api_key_named(reader, name, &key, pool, err), err);
    return key;
}

static void test_create(void)
{
    wf_api_key_t *row;

    ok(create("{\"name\":\"ci\",\"owner\":\"fozzie\",\"rights\":\"admin\"}"), "a key");
    row = key_named("ci");
    is_str(row->hash, hash, "… its hash is in the store");
    is_str(text("hash"), hash, "… and in the reply");
    is_int(number("id"), row->id, "id");
    is_str(row->owner, "fozzie", "owner");
    is_str(row->rights, "admin", "rights");
    is_str(row->creator, "kermit", "who made it");
    is_int(row->expires, 0, "it never expires");
    ok(row->created > wf_time_ms() - HOUR && row->created <= wf_time_ms(), "made now");
    is_str(text("state"), "active", "state");
    ok(strstr(last_line, "'ci'") && strstr(last_line, "admin")
           && strstr(last_line, "kermit"),
       "the log says who may come in: %s", last_line);
    ok(!strstr(last_line, hash), "… and not how");

    ok(create("{\"name\":\"plain\"}"), "a key of which only the name is said");
    is_str(key_named("plain")->owner, "kermit", "… is the caller's");
    is_str(key_named("plain")->rights, "read", "… and only reads");
    caller = NULL;
    ok(create("{\"name\":\"by hand\",\"owner\":null,\"rights\":null,\"expires\":null}"),
       "one that nobody made");
    is_str(key_named("by hand")->owner, "by hand", "… is its own");
    is_str(key_named("by hand")->creator, NULL, "… and nobody has made it");
    caller = "kermit";
}

/* How long keys live: what is given, and what comes of it in ms, give or take an hour. */
static void test_spans(void)
{
    static const struct {
        const char *text;
        apr_int64_t ms;
    } cases[] = {
        { "90d", 90 * DAY },  { "1d", DAY },           { "36500d", 36500 * DAY },
        { "12h", 12 * HOUR }, { "36h30m", 36 * HOUR }, { "5s", 0 },
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *name = apr_psprintf(pool, "span %s", cases[i].text);
        apr_int64_t left = 0;

        if (ok(create(apr_psprintf(pool, "{\"name\":\"%s\",\"expires\":\"%s\"}", name,
                                   cases[i].text)),
               "%s", name)) {
            left = number("expires") - number("created") - cases[i].ms;
            is_int(key_named(name)->expires, number("expires"), "… as the reply says");
        }
        ok(left > 0 ? left < HOUR : left == 0, "… so long");
    }
    ok(create("{\"name\":\"dated\",\"expires\":\"2999-01-31T12:00:00+01:00\"}"),
       "a time");
    ok(key_named("dated")->expires == APR_INT64_C(32474775600000), "… and that it is");
}

static void test_refusals(void)
{
    static const struct {
        const char *args, *field, *says;
        wf_err_kind_e kind;
    } cases[] = {
        { "{}", "name", "needs a 'name'", WF_ERR_INVALID },
        { "{\"name\":\"\"}", "name", "needs a 'name'", WF_ERR_INVALID },
        { "{\"name\":5}", "name", "must be a text", WF_ERR_INVALID },
        { "{\"name\":\"a\\nb\"}", "name", "control characters", WF_ERR_INVALID },
        { "{\"name\":\" a\"}", "name", "blanks", WF_ERR_INVALID },
        { "{\"name\":\"a \"}", "name", "blanks", WF_ERR_INVALID },
        { "{\"name\":\"%L\"}", "name", "64 characters", WF_ERR_INVALID },
        { "{\"name\":\"ci\"}", "name", "'ci' already; it is active", WF_ERR_CONFLICT },
        { "{\"name\":\"n\",\"owner\":\"\"}", "owner", "id of a user", WF_ERR_INVALID },
        { "{\"name\":\"n\",\"owner\":\"a\\tb\"}", "owner", "control", WF_ERR_INVALID },
        { "{\"name\":\"n\",\"owner\":{}}", "owner", "must be a text", WF_ERR_INVALID },
        { "{\"name\":\"n\",\"rights\":\"write\"}", "rights", "read, operate or admin",
          WF_ERR_INVALID },
        { "{\"name\":\"n\",\"rights\":\"Admin\"}", "rights", "read, operate or admin",
          WF_ERR_INVALID },
        { "{\"name\":\"n\",\"expires\":\"soon\"}", "expires", "90d", WF_ERR_INVALID },
        { "{\"name\":\"n\",\"expires\":\"0d\"}", "expires", "90d", WF_ERR_INVALID },
        { "{\"name\":\"n\",\"expires\":\"-1d\"}", "expires", "90d", WF_ERR_INVALID },
        { "{\"name\":\"n\",\"expires\":\"-3h\"}", "expires", "90d", WF_ERR_INVALID },
        { "{\"name\":\"n\",\"expires\":\"0\"}", "expires", "90d", WF_ERR_INVALID },
        { "{\"name\":\"n\",\"expires\":\"36501d\"}", "expires", "36500d",
          WF_ERR_INVALID },
        { "{\"name\":\"n\",\"expires\":\"9999999999999999999d\"}", "expires", "36500d",
          WF_ERR_INVALID },
        { "{\"name\":\"n\",\"expires\":\"d\"}", "expires", "90d", WF_ERR_INVALID },
        { "{\"name\":\"n\",\"expires\":\"\"}", "expires", "90d", WF_ERR_INVALID },
        { "{\"name\":\"n\",\"expires\":\"2999-01-31\"}", "expires", "zone",
          WF_ERR_INVALID },
        { "{\"name\":\"n\",\"expires\":\"2999-01-31T12:00:00\"}", "expires", "zone",
          WF_ERR_INVALID },
        { "{\"name\":\"n\",\"expires\":\"2001-01-31T12:00:00Z\"}", "expires", "future",
          WF_ERR_INVALID },
        { "{\"name\":\"n\",\"expires\":90}", "expires", "must be a text",
          WF_ERR_INVALID },
    };
    char long_name[66];

    memset(long_name, 'x', 65);
    long_name[65] = '\0';
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *at = strstr(cases[i].args, "%L"), *args = cases[i].args;
        int refused;

        args = at ? apr_pstrcat(pool, "{\"name\":\"", long_name, at + 2, NULL) : args;
        refused = !create(args);
        ok(refused && outcome->kind == cases[i].kind && outcome->field
               && !strcmp(outcome->field, cases[i].field)
               && strstr(outcome->message, cases[i].says),
           "%s: %s", cases[i].args, outcome->message ? outcome->message : "taken");
    }
    for (int i = 0; i < 4; i++) {
        static const char *const hashes[] = { "", "abc", "wfk_AAAA", "\xc3\xa4" };
        char long_hash[WF_API_KEY_HASH_SIZE + 1];
        int taken;

        memset(long_hash, 'a', sizeof(long_hash));
        long_hash[WF_API_KEY_HASH_SIZE] = '\0';
        taken = run(wf_command_key_create, wf_after_key_create,
                    apr_psprintf(pool, "{\"name\":\"n\",\"hash\":\"%s\"}",
                                 i ? hashes[i] : long_hash));
        ok(!taken && outcome->kind == WF_ERR_INVALID && !strcmp(outcome->field, "hash"),
           "no hash: %s", i ? hashes[i] : long_hash);
    }
    ok(!key_named("n"), "no such key is made");
    long_name[64] = '\0';
    ok(create(apr_psprintf(pool, "{\"name\":\"%s\"}", long_name)), "64 characters");
}

static void test_revoke(void)
{
    wf_api_key_t *key = key_named("ci");
    apr_int64_t when;

    ok(take_back("{\"name\":\"ci\"}"), "revoked by its name");
    is_str(text("state"), "revoked", "… and so it is");
    ok(strstr(last_line, "'ci'") && strstr(last_line, "revoked by kermit"),
       "… as the log says: %s", last_line);
    when = key_named("ci")->revoked;
    ok(when >= key->created && when <= wf_time_ms(), "… and since when");
    ok(take_back(apr_psprintf(pool, "{\"id\":%" APR_INT64_T_FMT "}", key->id)),
       "again, by its id");
    is_int(key_named("ci")->revoked, when, "… changes nothing");
    is_str(last_line, "", "… and is no news");
    ok(!create("{\"name\":\"ci\"}") && strstr(outcome->message, "it is revoked"),
       "its name is not free");
    ok(!take_back("{\"name\":\"nobody\"}") && outcome->kind == WF_ERR_NOT_FOUND,
       "a key that there is not");
    ok(!take_back("{\"id\":999999}") && outcome->kind == WF_ERR_NOT_FOUND, "… by id");
    ok(!take_back("{}") && outcome->kind == WF_ERR_NOT_FOUND, "… and none at all");
}

static const char *listed(apr_int64_t start)
{
    json_object *keys;
    const char *names = "";

    outcome = new_error();
    work = (wf_work_t){ .engine = &engine, .pool = pool, .reader = reader };
    work.args = wf_json_own(json_object_new_object(), pool);
    wf_json_add_int(work.args, "start", start);
    MUST(wf_command_key_list(&work, outcome), outcome);
    keys = wf_json_get(work.reply, "keys");
    for (size_t i = 0; i < json_object_array_length(keys); i++) {
        json_object *key = json_object_array_get_idx(keys, i);

        names = apr_pstrcat(pool, names, i ? "|" : "", wf_json_string(key, "name", "?"),
                            NULL);
    }
    return names;
}

static void test_list(void)
{
    const char *all = listed(0), *rest = listed(2), *json;

    json = wf_json_text(work.reply, NULL, pool);
    ok(!strncmp(all, "by hand|ci|dated|plain|", 23), "by name: %s", all);
    ok(!strncmp(rest, "dated|plain|", 12), "from the third on");
    ok(number("total") > 4, "how many there are");
    ok(!strstr(json, "hash") && !strstr(json, key_named("dated")->hash)
           && !strstr(json, "wfk_"),
       "no list has a key or its hash");
}

/* Active ones count: those that are revoked or expired are in nobody's way. */
static void test_limit(void)
{
    wf_error_t *err = new_error();
    apr_int64_t active;

    MUST(wf_store_active_keys(reader, wf_time_ms(), &active, err), err);
    engine.max_api_keys = (int)active;
    ok(!create("{\"name\":\"one more\"}") && outcome->kind == WF_ERR_CONFLICT
           && strstr(outcome->message, "WorkflowMaxApiKeys"),
       "no more than the limit");
    ok(take_back("{\"name\":\"plain\"}") && create("{\"name\":\"one more\"}"),
       "… until one is revoked");
    engine.max_api_keys = 0;
    ok(!create("{\"name\":\"none\"}"), "none at all");
}

int main(void)
{
    begin_test();
    open_test_store();
    wf_log_to(keep_line, NULL);
    wf_log_set_level(WF_LOG_NOTICE);
    engine.max_api_keys = 1000;
    test_create();
    test_spans();
    test_refusals();
    test_revoke();
    test_list();
    test_limit();
    close_test_store();
    return end_test();
}
