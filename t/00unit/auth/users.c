/* Passwords and rights against users in a store. */
#include "../store/store_test.h"
#include "auth/auth.h"

static const wf_roles_t roles = { WF_DEFAULT_ROLE_USER, WF_DEFAULT_ROLE_MANAGER,
                                  WF_DEFAULT_ROLE_ADMIN, WF_DEFAULT_ROLE_TYPE };

static const char *hash_of(const char *password)
{
    wf_error_t *err = new_error();
    const char *hash;

    MUST(wf_password_hash(&hash, password, pool, err), err);
    return hash;
}

static wf_user_t *add_person(wf_uow_t *uow, const char *id, const char *password)
{
    wf_user_t *row = wf_uow_insert(uow, WF_TABLE_USER);

    row->id = id;
    row->password_hash = password ? hash_of(password) : NULL;
    return row;
}

static void fill(void)
{
    wf_uow_t *uow = new_unit();

    add_group(uow, "user", "User", "security-role");
    add_group(uow, "manager", "Manager", "security-role");
    add_group(uow, "admin", "Administrator", "security-role");
    add_group(uow, "sales", "Sales", "assignment");
    add_person(uow, "kermit", "kermit's");
    add_person(uow, "gonzo", "gonzo's");
    add_person(uow, "fozzie", "fozzie's");
    add_person(uow, "animal", "animal's");
    add_person(uow, "ghost", NULL);
    add_member(uow, "kermit", "admin");
    add_member(uow, "gonzo", "manager");
    add_member(uow, "fozzie", "user");
    add_member(uow, "animal", "sales");
    must_commit(uow, "users and groups");
}

static void test_passwords(wf_auth_cache_t *cache)
{
    static const struct {
        const char *user, *password;
        wf_auth_result_e want;
    } cases[] = {
        /* clang-format off */
        { "kermit", "kermit's",   WF_AUTH_OK },
        { "kermit", "kermit's",   WF_AUTH_OK },
        { "kermit", "Kermit's",   WF_AUTH_WRONG_PASSWORD },
        { "kermit", "kermit's ",  WF_AUTH_WRONG_PASSWORD },
        { "kermit", "",           WF_AUTH_WRONG_PASSWORD },
        { "Kermit", "kermit's",   WF_AUTH_UNKNOWN_USER },
        { "nobody", "x",          WF_AUTH_UNKNOWN_USER },
        { "",       "",           WF_AUTH_UNKNOWN_USER },
        { "ghost",  "",           WF_AUTH_UNKNOWN_USER },
        /* clang-format on */
    };

    for (apr_size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        wf_error_t *err = new_error();

        is_int(wf_auth_check_password(reader, cache, cases[i].user, cases[i].password,
                                      pool, err),
               cases[i].want, "%s cache: '%s' with '%s'", cache ? "with" : "without",
               cases[i].user, cases[i].password);
    }
}

static void test_changed_password(wf_auth_cache_t *cache)
{
    wf_uow_t *uow = new_unit();
    wf_error_t *err = new_error();
    wf_user_t *kermit;

    MUST(wf_uow_get_by_key(uow, WF_TABLE_USER, "kermit", &kermit, err), err);
    kermit->password_hash = hash_of("new");
    wf_uow_update(uow, kermit);
    must_commit(uow, "a new password");
    is_int(wf_auth_check_password(reader, cache, "kermit", "kermit's", pool, err),
           WF_AUTH_WRONG_PASSWORD, "the old password is of no use at once");
    is_int(wf_auth_check_password(reader, cache, "kermit", "new", pool, err), WF_AUTH_OK,
           "the new one is");
}

static void test_levels(void)
{
    static const struct {
        const char *user;
        wf_level_e level;
        int fine;
    } cases[] = {
        /* clang-format off */
        { "kermit", WF_LEVEL_ADMIN, 1 },
        { "kermit", WF_LEVEL_USER,  1 },
        { "gonzo",  WF_LEVEL_USER,  1 },
        { "gonzo",  WF_LEVEL_ADMIN, 0 },
        { "fozzie", WF_LEVEL_USER,  1 },
        { "fozzie", WF_LEVEL_ADMIN, 0 },
        { "animal", WF_LEVEL_USER,  0 },
        { "nobody", WF_LEVEL_USER,  0 },
        { "nobody", WF_LEVEL_NONE,  1 },
        /* clang-format on */
    };

    for (apr_size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        wf_error_t *err = new_error();
        apr_status_t rv =
            wf_auth_check_level(reader, &roles, cases[i].user, cases[i].level, err);

        ok((rv == APR_SUCCESS) == cases[i].fine, "%s %s level %d", cases[i].user,
           cases[i].fine ? "has" : "lacks", cases[i].level);
        is_int(err->kind, cases[i].fine ? WF_ERR_NONE : WF_ERR_FORBIDDEN, "as it should");
    }
}

static void test_other_roles(void)
{
    const wf_roles_t own = { "sales", "sales", "sales", "assignment" };
    wf_error_t *err = new_error();

    ok(wf_auth_check_level(reader, &own, "animal", WF_LEVEL_ADMIN, err)
           == APR_SUCCESS,
       "groups and their type are settings");
    ok(wf_auth_check_level(reader, &own, "kermit", WF_LEVEL_USER, err)
           != APR_SUCCESS,
       "a group of another type gives no rights");
}

int main(void)
{
    wf_auth_cache_t *cache;

    begin_test();
    open_test_store();
    fill();
    cache = wf_auth_cache_create(60, pool);
    test_passwords(NULL);
    test_passwords(cache);
    test_changed_password(cache);
    test_levels();
    test_other_roles();
    close_test_store();
    return end_test();
}
