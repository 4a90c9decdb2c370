/* workflow-engine key add, key list, key revoke: API keys of a running server. */
#include "cli/internal.h"

#include <apr_strings.h>
#include <stddef.h>
#include <string.h>

#define STATE_OPTION "state-dir"

typedef struct key_options_t {
    const char *state;
    const char *owner, *rights, *expires; /* of add */
    int json;                             /* of list */
    int help;
} key_options_t;

/* clang-format off */
#define STATE                                                                                      \
    { STATE_OPTION, "state", WF_OPTION_TEXT, offsetof(key_options_t, state), "DIR",                \
      "WorkflowStateDir of the server; default " WF_DEFAULT_STATE_DIR }
#define HELP                                                                                       \
    { "help", "h", WF_OPTION_FLAG, offsetof(key_options_t, help), NULL, "print this text" },       \
    WF_OPTIONS_END

const wf_option_t wf_cli_key_add_options[] = {
    { "owner",   NULL, WF_OPTION_TEXT, offsetof(key_options_t, owner),   "USER",
      "in whose name its calls are made; the key's name unless given" },
    { "rights",  NULL, WF_OPTION_TEXT, offsetof(key_options_t, rights),  "RIGHTS",
      "read, operate or admin; read unless given" },
    { "expires", NULL, WF_OPTION_TEXT, offsetof(key_options_t, expires), "WHEN",
      "90d, 12h or a time such as 2027-01-31T12:00:00Z; never unless given" },
    STATE,
    HELP
};

const wf_option_t wf_cli_key_list_options[] = {
    { "json",    NULL, WF_OPTION_FLAG, offsetof(key_options_t, json),    NULL,
      "print a JSON array" },
    STATE,
    HELP
};

const wf_option_t wf_cli_key_revoke_options[] = {
    STATE,
    HELP
};
/* clang-format on */

/* ---- words --------------------------------------------------------------------------- */

typedef struct command_t {
    const char *usage, *what;
    const wf_option_t *options;
    int named; /* it wants the name of a key */
    int (*run)(const char *name, const key_options_t *o, apr_pool_t *p);
} command_t;

static int usage(FILE *out, const command_t *command)
{
    fprintf(out, "Usage: workflow-engine key %s\n\n", command->usage);
    if (out == stdout) {
        printf("%s\n\n", command->what);
        wf_options_print(command->options);
    }
    return out == stdout ? WF_EXIT_OK : WF_EXIT_FAILED;
}

/* Options stand before the name, or behind it. */
static int begin(const command_t *command, int argc, const char *const *argv)
{
    key_options_t o = { .state = WF_DEFAULT_STATE_DIR };
    const char *name = NULL;
    int rest, code = wf_options_read(command->options, &o, argc, argv, &rest);
    apr_pool_t *p;

    if (code == WF_EXIT_OK && command->named && rest < argc) {
        name = argv[rest];
        argc -= rest;
        argv += rest;
        code = wf_options_read(command->options, &o, argc, argv, &rest);
    }
    if (code != WF_EXIT_OK) {
        return code;
    }
    if (o.help || rest != argc || command->named != (name != NULL)) {
        return usage(o.help ? stdout : stderr, command);
    }
    apr_pool_create(&p, NULL);
    code = command->run(name, &o, p);
    apr_pool_destroy(p);
    return code;
}

/* ---- add ----------------------------------------------------------------------------- */

/* The key itself stays here. */
static apr_status_t make_args(json_object *args, const char *key, const char *name,
                              const key_options_t *o, wf_error_t *err)
{
    char hash[WF_API_KEY_HASH_SIZE];
    apr_status_t rv;

    wf_api_key_hash(hash, key);
    wf_json_add_string(args, "hash", hash);
    if ((rv = wf_cli_add_text(args, "name", name, err)) != APR_SUCCESS
        || (rv = wf_cli_add_text(args, "owner", o->owner, err)) != APR_SUCCESS
        || (rv = wf_cli_add_text(args, "rights", o->rights, err)) != APR_SUCCESS) {
        return rv;
    }
    return wf_cli_add_text(args, "expires", o->expires, err);
}

/* What is wrong with an option is told as such. */
static int refused(const wf_error_t *err, const key_options_t *o)
{
    int is_option = err->kind == WF_ERR_INVALID && err->field != NULL
                    && strcmp(err->field, "name") != 0;
    int code = wf_cli_fail_asking(err, STATE_OPTION, o->state);

    return is_option ? WF_EXIT_OPTION : code;
}

static const char *time_of(json_object *key, const char *name, apr_pool_t *p)
{
    apr_int64_t ms = wf_json_int(key, name, 0);

    return ms != 0 ? wf_time_iso(ms, p) : "never";
}

/* The key alone goes to standard output, so that it can be written to a file. */
static int add(const char *name, const key_options_t *o, apr_pool_t *p)
{
    json_object *args = wf_json_own(json_object_new_object(), p), *key;
    char text[WF_API_KEY_SIZE];
    const char *socket;
    wf_error_t err;

    wf_error_init(&err, p);
    if (wf_api_key_make(text, &err) != APR_SUCCESS
        || make_args(args, text, name, o, &err) != APR_SUCCESS
        || wf_cli_find_engine(&socket, o->state, p, &err) != APR_SUCCESS
        || wf_cli_ask(&key, socket, WF_CMD_KEY_CREATE, args, p, &err) != APR_SUCCESS) {
        return refused(&err, o);
    }
    fprintf(stderr,
            "API key '%s' of '%s', rights %s, expires %s. It is shown only now:\n", name,
            wf_json_string(key, "owner", ""), wf_json_string(key, "rights", ""),
            time_of(key, "expires", p));
    printf("%s\n", text);
    return WF_EXIT_OK;
}

/* ---- list ---------------------------------------------------------------------------- */

enum { NAME, OWNER, RIGHTS, STATES, CREATED, EXPIRES, COLUMNS };

/* Characters, so that columns stand below each other. */
static int width(const char *text)
{
    int n = 0;

    for (; *text; text++) {
        n += (*text & 0xc0) != 0x80;
    }
    return n;
}

static void put_row(const char *const cells[COLUMNS], const int widths[COLUMNS])
{
    for (int i = 0; i < COLUMNS; i++) {
        int pad = i + 1 < COLUMNS ? widths[i] - width(cells[i]) + 2 : 0;

        printf("%s%*s", cells[i], pad, "");
    }
    putchar('\n');
}

static void show_table(json_object *keys, apr_pool_t *p)
{
    static const char *const titles[COLUMNS] = { "NAME",  "OWNER",   "RIGHTS",
                                                 "STATE", "CREATED", "EXPIRES" };
    size_t count = json_object_array_length(keys);
    const char *(*rows)[COLUMNS] = apr_palloc(p, (count + 1) * sizeof(*rows));
    int widths[COLUMNS] = { 0 };

    memcpy(rows[0], titles, sizeof(titles));
    for (size_t i = 0; i < count; i++) {
        json_object *key = json_object_array_get_idx(keys, i);
        const char **row = rows[i + 1];

        row[NAME] = wf_json_string(key, "name", "");
        row[OWNER] = wf_json_string(key, "owner", "");
        row[RIGHTS] = wf_json_string(key, "rights", "");
        row[STATES] = wf_json_string(key, "state", "");
        row[CREATED] = time_of(key, "created", p);
        row[EXPIRES] = time_of(key, "expires", p);
    }
    for (size_t i = 0; i <= count; i++) {
        for (int c = 0; c < COLUMNS; c++) {
            int n = width(rows[i][c]);

            widths[c] = n > widths[c] ? n : widths[c];
        }
    }
    for (size_t i = 0; i <= count; i++) {
        put_row(rows[i], widths);
    }
}

/* All of them: the engine gives a part at once. */
static apr_status_t read_keys(json_object *keys, const char *socket, apr_pool_t *p,
                              wf_error_t *err)
{
    size_t got;

    do {
        json_object *args = wf_json_own(json_object_new_object(), p), *reply, *some;
        apr_status_t rv;

        wf_json_add_int(args, "start", json_object_array_length(keys));
        rv = wf_cli_ask(&reply, socket, WF_CMD_KEY_LIST, args, p, err);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        some = wf_json_get(reply, "keys");
        got = some ? json_object_array_length(some) : 0;
        for (size_t i = 0; i < got; i++) {
            json_object_array_add(keys,
                                  json_object_get(json_object_array_get_idx(some, i)));
        }
    } while (got > 0);
    return APR_SUCCESS;
}

static int list(const char *name, const key_options_t *o, apr_pool_t *p)
{
    json_object *keys = wf_json_own(json_object_new_array(), p);
    const char *socket;
    wf_error_t err;

    (void)name;
    wf_error_init(&err, p);
    if (wf_cli_find_engine(&socket, o->state, p, &err) != APR_SUCCESS
        || read_keys(keys, socket, p, &err) != APR_SUCCESS) {
        return wf_cli_fail_asking(&err, STATE_OPTION, o->state);
    }
    if (o->json) {
        puts(wf_json_text(keys, NULL, p));
    }
    else {
        show_table(keys, p);
    }
    return WF_EXIT_OK;
}

/* ---- revoke -------------------------------------------------------------------------- */

static int revoke_key(const char *name, const key_options_t *o, apr_pool_t *p)
{
    json_object *args = wf_json_own(json_object_new_object(), p), *key;
    const char *socket;
    wf_error_t err;

    wf_error_init(&err, p);
    if (wf_cli_add_text(args, "name", name, &err) != APR_SUCCESS
        || wf_cli_find_engine(&socket, o->state, p, &err) != APR_SUCCESS
        || wf_cli_ask(&key, socket, WF_CMD_KEY_REVOKE, args, p, &err) != APR_SUCCESS) {
        return wf_cli_fail_asking(&err, STATE_OPTION, o->state);
    }
    printf("API key '%s' is revoked since %s\n", name, time_of(key, "revoked", p));
    return WF_EXIT_OK;
}

/* ---- commands ------------------------------------------------------------------------ */

int wf_cli_key_add(int argc, const char *const *argv)
{
    static const command_t command = {
        "add [options] <name>",
        "Makes an API key. What is printed is the key, which is shown only this once.",
        wf_cli_key_add_options, 1, add
    };

    return begin(&command, argc, argv);
}

int wf_cli_key_list(int argc, const char *const *argv)
{
    static const command_t command = {
        "list [options]",
        "Lists the API keys, those that are over for up to 90 days more.",
        wf_cli_key_list_options, 0, list
    };

    return begin(&command, argc, argv);
}

int wf_cli_key_revoke(int argc, const char *const *argv)
{
    static const command_t command = {
        "revoke [options] <name>",
        "Revokes an API key: it is good for nothing from now on.",
        wf_cli_key_revoke_options, 1, revoke_key
    };

    return begin(&command, argc, argv);
}
