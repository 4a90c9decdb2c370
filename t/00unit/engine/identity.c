/* Commands on users, groups and memberships: what they refuse, and what they leave in the
 * store. A command runs as on an executor thread and is committed. */
#include "../store/store_test.h"
#include "engine/internal.h"

typedef struct command_t {
    const char *name;
    wf_work_fn *run;
} command_t;

static const command_t CREATE = { "user.create", wf_command_user_create };
static const command_t CHANGE = { "user.change", wf_command_user_change };
static const command_t DELETE = { "user.delete", wf_command_user_delete };
static const command_t PICTURE = { "user.picture", wf_command_user_picture };
static const command_t PASSWORD = { "user.password", wf_command_user_password };
static const command_t NEW_GROUP = { "group.create", wf_command_group_create };
static const command_t NO_GROUP = { "group.delete", wf_command_group_delete };
static const command_t JOIN = { "membership.create", wf_command_join };
static const command_t LEAVE = { "membership.delete", wf_command_leave };

#define HASH "$2y$10$abcdefghijklmnopqrstuu4T826PRnz0Hu6YlprUuxkZxOOj5Fw5S"
#define OTHER_HASH "$2y$10$abcdefghijklmnopqrstuu4T826PRnz0Hu6YlprUuxkZxOOj5Fw5T"

static wf_engine_t engine;
static wf_work_t work; /* the last command */
static wf_error_t *outcome;

/* 1 if it worked; outcome says why not. %L in the arguments is a text of 256 bytes. */
static int run_with(const command_t *command, const char *args, const char *blob)
{
    wf_ipc_request_t *request = apr_pcalloc(pool, sizeof(*request));
    const char *at = strstr(args, "%L");
    char long_text[257];
    apr_status_t rv;

    memset(long_text, 'x', 256);
    long_text[256] = '\0';
    if (at) {
        args = apr_pstrcat(pool, apr_pstrmemdup(pool, args, at - args), long_text, at + 2,
                           NULL);
    }
    outcome = new_error();
    work = (wf_work_t){ .engine = &engine, .pool = pool, .request = request };
    request->blob = blob;
    request->blob_length = blob ? strlen(blob) : 0;
    work.reader = reader;
    MUST(wf_json_parse(&work.args, args, strlen(args), pool, outcome), outcome);
    work.uow = new_unit();
    rv = command->run(&work, outcome);
    if (rv == APR_SUCCESS) {
        wf_error_t committed, *err = new_error();

        MUST(wf_store_commit(writer, ids, &work.uow, 1, &committed, err), err);
        wf_error_copy(outcome, &committed);
    }
    return outcome->kind == WF_ERR_NONE;
}

static int run(const command_t *command, const char *args)
{
    return run_with(command, args, NULL);
}

static void works(const command_t *command, const char *args, const char *blob,
                  const char *what)
{
    int fine = run_with(command, args, blob);

    ok(fine, "%s: %s", what, fine ? "fine" : outcome->message);
}

static void refused(const command_t *command, const char *args, wf_err_kind_e kind,
                    const char *what)
{
    int fine = run(command, args);

    ok(!fine && outcome->kind == kind, "%s: %s", what,
       fine ? "accepted" : outcome->message);
}

static wf_user_t *user_of(const char *id)
{
    wf_error_t *err = new_error();
    wf_user_t *user;

    MUST(wf_store_get_by_key(reader, WF_TABLE_USER, id, &user, pool, err), err);
    return user;
}

static int is_member(const char *user, const char *group)
{
    wf_error_t *err = new_error();
    wf_membership_t *row;

    MUST(wf_uow_get_membership(new_unit(), user, group, &row, err), err);
    return row != NULL;
}

static apr_int64_t count(const char *table)
{
    wf_error_t *err = new_error();
    apr_int64_t total;

    MUST(wf_store_view_total(reader, table, &total, err), err);
    return total;
}

static void test_users(void)
{
    wf_user_t *user;

    works(&CREATE, "{\"id\":\"ann\",\"firstName\":\"Ann\",\"passwordHash\":\"" HASH "\"}",
          NULL, "a user");
    user = user_of("ann");
    is_str(user->first_name, "Ann", "first name");
    is_str(user->last_name, NULL, "no last name");
    is_str(user->password_hash, HASH, "password");
    works(&CHANGE, "{\"id\":\"ann\",\"firstName\":null,\"lastName\":\"Z\"}", NULL,
          "changed");
    user = user_of("ann");
    is_str(user->first_name, NULL, "null takes away");
    is_str(user->last_name, "Z", "what is there is set");
    is_str(user->password_hash, HASH, "what is absent stays");
    works(&CREATE, "{\"id\":\"bob\"}", NULL, "a user without anything");
    is_str(user_of("bob")->password_hash, NULL, "not even a password");
}

/* ["id","id",…] */
static const char *ids_of(const char *id, int times)
{
    const char *text = "[";

    for (int i = 0; i < times; i++) {
        text = apr_pstrcat(pool, text, i ? ",\"" : "\"", id, "\"", NULL);
    }
    return apr_pstrcat(pool, text, "]", NULL);
}

static void test_many_memberships(void)
{
    refused(&JOIN,
            apr_psprintf(pool, "{\"users\":%s,\"groups\":%s}", ids_of("ann", 40),
                         ids_of("g", 26)),
            WF_ERR_TOO_LARGE, "40 users join 26 groups");
    works(&JOIN,
          apr_psprintf(pool, "{\"users\":%s,\"groups\":%s}", ids_of("ann", 40),
                       ids_of("g", 25)),
          NULL, "1000 memberships");
}

static void test_memberships(void)
{
    works(&NEW_GROUP, "{\"id\":\"g\",\"name\":\"G\",\"type\":\"assignment\"}", NULL,
          "a group");
    works(&NEW_GROUP, "{\"id\":\"h\"}", NULL, "and another");
    works(&JOIN, "{\"users\":[\"ann\",\"bob\"],\"groups\":[\"g\",\"h\",\"g\"]}", NULL,
          "each joins each");
    is_int(count("ACT_ID_MEMBERSHIP"), 4, "once");
    works(&JOIN, "{\"users\":[\"ann\"],\"groups\":[\"g\"]}", NULL, "again");
    is_int(count("ACT_ID_MEMBERSHIP"), 4, "stays one");
    refused(&JOIN, "{\"users\":[\"ann\",\"nobody\"],\"groups\":[\"g\"]}",
            WF_ERR_NOT_FOUND, "half of it fails");
    works(&LEAVE, "{\"user\":\"ann\",\"group\":\"g\"}", NULL, "one leaves");
    ok(!is_member("ann", "g") && is_member("ann", "h") && is_member("bob", "g"),
       "that one and no other");
    test_many_memberships();
    works(&LEAVE, "{\"user\":\"ann\",\"group\":\"g\"}", NULL, "and leaves again");
    works(&NO_GROUP, "{\"id\":\"h\"}", NULL, "a group goes");
    is_int(count("ACT_ID_MEMBERSHIP"), 1, "with its memberships");
}

static void test_pictures(void)
{
    wf_error_t *err = new_error();
    wf_bytearray_t *bytes;

    works(&PICTURE, "{\"id\":\"ann\",\"type\":\"image/png\"}", "PNG", "a picture");
    MUST(wf_store_get(reader, WF_TABLE_BYTEARRAY, user_of("ann")->picture_id, &bytes,
                      pool, err),
         err);
    is_str(bytes->name, "image/png", "its type");
    is_int(bytes->length, 3, "its bytes");
    works(&PICTURE, "{\"id\":\"ann\",\"type\":\"image/gif\"}", "GIFS", "another");
    is_int(count("ACT_GE_BYTEARRAY"), 1, "takes its place");
    works(&PICTURE, "{\"id\":\"ann\"}", NULL, "none any more");
    is_int(user_of("ann")->picture_id, 0, "the user has none");
    is_int(count("ACT_GE_BYTEARRAY"), 0, "nor has the store");
    refused(&PICTURE, "{\"id\":\"ann\"}", WF_ERR_NOT_FOUND, "once");
    works(&PICTURE, "{\"id\":\"ann\",\"type\":\"image/png\"}", "PNG", "one that stays");
    works(&DELETE, "{\"id\":\"ann\"}", NULL, "until its user goes");
    is_int(count("ACT_GE_BYTEARRAY"), 0, "and it with the user");
    ok(!user_of("ann"), "who is gone");
}

static void test_administrators(void)
{
    wf_error_t *err = new_error();
    wf_group_t *group;

    engine.admin_group = "chiefs";
    engine.role_type = "role";
    works(&PASSWORD,
          "{\"id\":\"root\",\"passwordHash\":\"" HASH "\",\"admin\":true,"
          "\"email\":\"r@x\"}",
          NULL, "the first administrator");
    ok(wf_json_bool(work.reply, "created", 0), "is made");
    is_str(wf_json_string(work.reply, "group", NULL), "chiefs",
           "in the configured group");
    ok(is_member("root", "chiefs"), "a member");
    MUST(wf_store_get_by_key(reader, WF_TABLE_GROUP, "chiefs", &group, pool, err), err);
    is_str(group->type, "role", "of the configured type");
    is_str(user_of("root")->email, "r@x", "with an address");
    works(&PASSWORD, "{\"id\":\"root\",\"passwordHash\":\"" OTHER_HASH "\"}", NULL,
          "again");
    ok(!wf_json_bool(work.reply, "created", 1), "is changed");
    is_str(wf_json_string(work.reply, "group", NULL), NULL, "and joins nothing");
    is_str(user_of("root")->password_hash, OTHER_HASH, "the password");
    is_str(user_of("root")->email, "r@x", "the rest stays");
    engine.admin_group = "g";
    refused(&PASSWORD, "{\"id\":\"eve\",\"passwordHash\":\"" HASH "\",\"admin\":true}",
            WF_ERR_CONFLICT, "a group without rights");
    ok(!user_of("eve"), "nothing by half");
}

static void test_refusals(void)
{
    /* clang-format off */
    static const struct {
        const command_t *command;
        const char *args;
        wf_err_kind_e kind;
        const char *field;
    } cases[] = {
        { &CREATE,    "{}",                                    WF_ERR_INVALID,   "id" },
        { &CREATE,    "{\"id\":5}",                            WF_ERR_INVALID,   "id" },
        { &CREATE,    "{\"id\":\"%L\"}",                       WF_ERR_INVALID,   "id" },
        { &CREATE,    "{\"id\":\"a:b\"}",                      WF_ERR_INVALID,   "id" },
        { &CREATE,    "{\"id\":\"a\\nb\"}",                    WF_ERR_INVALID,   "id" },
        { &CREATE,    "{\"id\":\"a\\u007fb\"}",                WF_ERR_INVALID,   "id" },
        { &CREATE,    "{\"id\":\"a\\u0080b\"}",                WF_ERR_INVALID,   "id" },
        { &CREATE,    "{\"id\":\"a\\u009fb\"}",                WF_ERR_INVALID,   "id" },
        { &CREATE,    "{\"id\":\"bob\"}",                      WF_ERR_CONFLICT,  "id" },
        { &CREATE,    "{\"id\":\"c\",\"firstName\":\"%L\"}",   WF_ERR_INVALID,   "firstName" },
        { &CREATE,    "{\"id\":\"c\",\"email\":7}",            WF_ERR_INVALID,   "email" },
        { &CREATE,    "{\"id\":\"c\",\"passwordHash\":\"clear\"}", WF_ERR_INVALID, "passwordHash" },
        { &CHANGE,    "{\"id\":\"bob\",\"passwordHash\":\"\"}", WF_ERR_INVALID,  "passwordHash" },
        { &CHANGE,    "{\"id\":\"nobody\"}",                   WF_ERR_NOT_FOUND, NULL },
        { &CHANGE,    "{}",                                    WF_ERR_NOT_FOUND, NULL },
        { &DELETE,    "{\"id\":\"nobody\"}",                   WF_ERR_NOT_FOUND, NULL },
        { &PICTURE,   "{\"id\":\"nobody\"}",                   WF_ERR_NOT_FOUND, NULL },
        { &PASSWORD,  "{\"id\":\"\"}",                         WF_ERR_INVALID,   "id" },
        { &PASSWORD,  "{\"id\":\"a:b\",\"passwordHash\":\"" HASH "\"}", WF_ERR_INVALID, "id" },
        { &NEW_GROUP, "{\"id\":\"\"}",                         WF_ERR_INVALID,   "id" },
        { &NEW_GROUP, "{\"id\":\"g\"}",                        WF_ERR_CONFLICT,  "id" },
        { &NEW_GROUP, "{\"id\":\"i\",\"type\":\"%L\"}",        WF_ERR_INVALID,   "type" },
        { &NO_GROUP,  "{\"id\":\"nothing\"}",                  WF_ERR_NOT_FOUND, NULL },
        { &JOIN,      "{\"users\":[\"bob\"]}",                 WF_ERR_INVALID,   "groups" },
        { &JOIN,      "{\"users\":\"bob\",\"groups\":[]}",     WF_ERR_INVALID,   "users" },
        { &JOIN,      "{\"users\":[null],\"groups\":[]}",      WF_ERR_NOT_FOUND, NULL },
        { &JOIN,      "{\"users\":[],\"groups\":[\"x\"]}",     WF_ERR_NOT_FOUND, NULL },
        { &LEAVE,     "{\"user\":\"bob\",\"group\":\"x\"}",    WF_ERR_NOT_FOUND, NULL },
        { &LEAVE,     "{}",                                    WF_ERR_NOT_FOUND, NULL },
    };
    /* clang-format on */
    apr_int64_t users = count("ACT_ID_USER"), groups = count("ACT_ID_GROUP");

    for (apr_size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        refused(cases[i].command, cases[i].args, cases[i].kind, cases[i].command->name);
        is_str(outcome->field, cases[i].field, "its field");
    }
    is_int(count("ACT_ID_USER") - users, 0, "no user came of that");
    is_int(count("ACT_ID_GROUP") - groups, 0, "and no group");
}

int main(void)
{
    wf_lane_t lane = { 0 };

    begin_test();
    open_test_store();
    engine.ids = ids;
    test_users();
    test_memberships();
    test_pictures();
    test_administrators();
    test_refusals();
    wf_lane_of_identity(&work, &lane, outcome);
    is_int(lane.kind, WF_LANE_IDENTITY, "all of them on one lane");
    close_test_store();
    return end_test();
}
