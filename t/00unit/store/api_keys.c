/* API keys in the store: found by hash and name, counted, listed, and those that may go.
 */
#include "store_test.h"

#define NOW APR_INT64_C(1800000000000)
#define DAY APR_INT64_C(86400000)

/* What there is: when they expire and were revoked, relative to NOW; 0 = not. */
static const struct {
    const char *name, *owner;
    apr_int64_t expires, revoked;
    wf_key_state_e state;
} keys[] = {
    { "eternal", "ann", 0, 0, WF_KEY_ACTIVE },
    { "later", "bob", 1, 0, WF_KEY_ACTIVE },
    { "just now", "ann", -1, 0, WF_KEY_EXPIRED },
    { "long ago", "ann", -100 * DAY, 0, WF_KEY_EXPIRED },
    { "taken away", "bob", 0, -1, WF_KEY_REVOKED },
    { "taken away long ago", "bob", DAY, -91 * DAY, WF_KEY_REVOKED },
    { "expired, then taken away", "cid", -200 * DAY, -2 * DAY, WF_KEY_REVOKED },
};

#define COUNT (int)(sizeof(keys) / sizeof(keys[0]))

static const char *hash_of(const char *name)
{
    char hash[WF_API_KEY_HASH_SIZE];

    wf_api_key_hash(hash, name);
    return apr_pstrdup(pool, hash);
}

static wf_api_key_t *add_key(wf_uow_t *uow, const char *name, const char *hash)
{
    wf_api_key_t *key = wf_uow_insert(uow, WF_TABLE_API_KEY);

    key->name = name;
    key->owner = "ann";
    key->rights = "read";
    key->hash = hash;
    key->created = NOW - 300 * DAY;
    return key;
}

static void fill(void)
{
    wf_uow_t *uow = new_unit();

    for (int i = 0; i < COUNT; i++) {
        wf_api_key_t *key = add_key(uow, keys[i].name, hash_of(keys[i].name));

        key->owner = keys[i].owner;
        key->expires = keys[i].expires ? NOW + keys[i].expires : 0;
        key->revoked = keys[i].revoked ? NOW + keys[i].revoked : 0;
        key->creator = i ? "kermit" : NULL;
    }
    must_commit(uow, "keys");
}

static wf_api_key_t *by_hash(const char *hash)
{
    wf_error_t *err = new_error();
    wf_api_key_t *key;

    MUST(wf_store_api_key(reader, hash, &key, pool, err), err);
    return key;
}

static wf_api_key_t *by_name(const char *name)
{
    wf_error_t *err = new_error();
    wf_api_key_t *key;

    MUST(wf_store_api_key_named(reader, name, &key, pool, err), err);
    return key;
}

static void test_lookups(void)
{
    wf_api_key_t *key;

    for (int i = 0; i < COUNT; i++) {
        key = by_hash(hash_of(keys[i].name));
        is_str(key ? key->name : NULL, keys[i].name, "%s: by its hash", keys[i].name);
        is_int(key ? (int)wf_api_key_state(key, NOW) : -1, (int)keys[i].state,
               "… its state");
        key = by_name(keys[i].name);
        is_str(key ? key->hash : NULL, hash_of(keys[i].name), "… and by its name");
    }
    ok(!by_hash(keys[0].name) && !by_hash("") && !by_hash(hash_of("nobody's")),
       "no other hash finds any");
    ok(!by_name("Eternal") && !by_name(""), "nor does another name");
    key = by_name("later");
    is_str(key->rights, "read", "rights");
    is_str(key->creator, "kermit", "who made it");
    is_int(key->expires, NOW + 1, "when it expires");
    is_int(wf_api_key_state(key, NOW + 1), WF_KEY_EXPIRED, "… and is expired then");
    is_str(by_name("eternal")->creator, NULL, "nobody made it");
}

static void test_count(void)
{
    wf_error_t *err = new_error();
    apr_int64_t count;

    MUST(wf_store_active_keys(reader, NOW, &count, err), err);
    is_int(count, 2, "two are active");
    MUST(wf_store_active_keys(reader, NOW + 1, &count, err), err);
    is_int(count, 1, "… until one of them expires");
}

static const char *listed(const char *owner, const char *sort, int descending)
{
    const wf_filter_t filter = { "owner", wf_string(owner) };
    wf_page_t page = { .size = 100, .sort = sort, .descending = descending };
    wf_error_t *err = new_error();
    const char *text = "";
    wf_rows_t rows;

    MUST(wf_store_list(reader, WF_LIST_API_KEYS, &filter, 1, &page, &rows, pool, err),
         err);
    for (int i = 0; i < rows.rows->nelts; i++) {
        text = apr_pstrcat(pool, text, i ? "|" : "",
                           APR_ARRAY_IDX(rows.rows, i, wf_api_key_t *)->name, NULL);
    }
    return text;
}

static void test_lists(void)
{
    is_str(listed("bob", NULL, 0), "later|taken away|taken away long ago", "of an owner");
    is_str(listed("bob", "name", 1), "taken away long ago|taken away|later", "by name");
    is_str(listed("ann", "expires", 0), "eternal|long ago|just now", "by expiry");
    is_str(listed("zed", NULL, 0), "", "of nobody");
}

static const char *old_ones(apr_int64_t until, int limit)
{
    wf_error_t *err = new_error();
    apr_array_header_t *old;
    const char *text = "";

    MUST(wf_store_old_keys(reader, until, limit, &old, pool, err), err);
    for (int i = 0; i < old->nelts; i++) {
        const wf_expired_t *one = &APR_ARRAY_IDX(old, i, wf_expired_t);
        wf_api_key_t *key;

        MUST(wf_store_get(reader, WF_TABLE_API_KEY, one->id, &key, pool, err), err);
        text = apr_psprintf(pool, "%s%s%s %d", text, i ? "|" : "", key->name,
                            (int)((NOW - one->time) / DAY));
    }
    return text;
}

static void test_old_ones(void)
{
    wf_uow_t *uow = new_unit();

    is_str(old_ones(NOW - 90 * DAY, 10), "long ago 100|taken away long ago 91",
           "over for 90 days");
    is_str(old_ones(NOW - 90 * DAY, 1), "long ago 100", "… one of them");
    is_str(old_ones(NOW - 300 * DAY, 10), "", "for 300 days");
    wf_uow_purge(uow, WF_PURGE_API_KEY, by_name("long ago")->id);
    must_commit(uow, "a deletion");
    is_str(old_ones(NOW - 90 * DAY, 10), "taken away long ago 91", "the other is left");
    ok(!by_name("long ago") && by_name("just now"), "it is gone, and no more");
}

/* Names and hashes are each key's own. */
static void test_conflicts(void)
{
    static const char *const what[] = { "a name twice", "a hash twice" };

    for (int i = 0; i < 2; i++) {
        wf_error_t outcome, *err = new_error();
        wf_uow_t *uow = new_unit();

        add_key(uow, i ? "another" : "eternal", hash_of(i ? "eternal" : "another"));
        MUST(wf_store_commit(writer, ids, &uow, 1, &outcome, err), err);
        is_str(wf_err_name(outcome.kind), wf_err_name(WF_ERR_CONFLICT), "%s", what[i]);
        ok(outcome.message && !strstr(outcome.message, hash_of("eternal")),
           "… which is not quoted: %s", outcome.message ? outcome.message : "");
    }
}

/* Administrators who look at tables do not see this one. */
static void test_views(void)
{
    wf_page_t page = { .size = 10 };
    wf_error_t *err = new_error();
    wf_rows_t rows;

    ok(!wf_store_view_columns("WF_API_KEY"), "it is no table that is shown");
    ok(wf_store_view(reader, "WF_API_KEY", &page, &rows, pool, err) != APR_SUCCESS
           && err->kind == WF_ERR_NOT_FOUND,
       "… and cannot be read");
}

int main(void)
{
    begin_test();
    open_test_store();
    fill();
    test_lookups();
    test_count();
    test_lists();
    test_conflicts();
    test_views();
    test_old_ones();
    close_test_store();
    return end_test();
}
