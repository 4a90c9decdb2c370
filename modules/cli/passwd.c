/* workflow-engine passwd: set a user's password through the running engine, also that of
 * the first administrator of a new server. The password is read without echo, or as a
 * line from a pipe, never from the command line; what leaves this process is its hash. */
#include "cli/internal.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TYPED_MAX                                                                        \
    256 /* bytes that are read of a typed password; more is too long anyway */

typedef struct passwd_options_t {
    const char *state, *first, *last, *email;
    int admin, help;
} passwd_options_t;

const wf_option_t wf_cli_passwd_options[] = {
    /* clang-format off */
    { "state", NULL, WF_OPTION_TEXT, offsetof(passwd_options_t, state), "DIR",
      "WorkflowStateDir of the server; default " WF_DEFAULT_STATE_DIR },
    { "admin", NULL, WF_OPTION_FLAG, offsetof(passwd_options_t, admin), NULL,
      "make the user an administrator" },
    { "first", NULL, WF_OPTION_TEXT, offsetof(passwd_options_t, first), "NAME",
      "first name" },
    { "last",  NULL, WF_OPTION_TEXT, offsetof(passwd_options_t, last),  "NAME",
      "last name" },
    { "email", NULL, WF_OPTION_TEXT, offsetof(passwd_options_t, email), "ADDRESS",
      "e-mail address" },
    { "help",  "h",  WF_OPTION_FLAG, offsetof(passwd_options_t, help),  NULL,
      "print this text" },
    WF_OPTIONS_END
    /* clang-format on */
};

static int usage(FILE *out)
{
    fputs("Usage: workflow-engine passwd [options] <user>\n\n", out);
    if (out == stdout) {
        fputs(
            "Sets the password of a user, who is made if there is none. The password is "
            "asked for,\nor read as a line from standard input.\n\n",
            out);
        wf_options_print(wf_cli_passwd_options);
    }
    return out == stdout ? WF_EXIT_OK : WF_EXIT_FAILED;
}

/* ---- the password ------------------------------------------------------------------ */

static apr_status_t type_password(const char *prompt, char typed[TYPED_MAX],
                                  wf_error_t *err)
{
    apr_size_t size = TYPED_MAX;
    apr_status_t rv = apr_password_get(prompt, typed, &size);

    if (rv == APR_ENAMETOOLONG) {
        return wf_error_set(err, WF_ERR_INVALID, "the password is longer than %d bytes",
                            WF_PASSWORD_MAX);
    }
    return rv == APR_SUCCESS
               ? rv
               : wf_error_apr(err, WF_ERR_INVALID, rv, "cannot read a password");
}

static apr_status_t hash_typed(const char **hash, apr_pool_t *p, wf_error_t *err)
{
    char typed[TYPED_MAX], again[TYPED_MAX];
    apr_status_t rv = type_password("New password: ", typed, err);

    if (rv == APR_SUCCESS) {
        rv = type_password("The same again: ", again, err);
    }
    if (rv == APR_SUCCESS && strcmp(typed, again) != 0) {
        rv = wf_error_set(err, WF_ERR_INVALID, "the two passwords are not the same");
    }
    if (rv == APR_SUCCESS) {
        rv = wf_password_hash(hash, typed, p, err);
    }
    explicit_bzero(typed, sizeof(typed));
    explicit_bzero(again, sizeof(again));
    return rv;
}

static apr_status_t hash_line(const char **hash, apr_pool_t *p, wf_error_t *err)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t length = getline(&line, &size, stdin);
    apr_status_t rv;

    if (length > 0 && line[length - 1] == '\n') {
        line[--length] = '\0';
    }
    if (length < 0) {
        rv = wf_error_set(err, WF_ERR_INVALID, "there is no password on standard input");
    }
    else if (strlen(line) != (size_t)length) {
        rv = wf_error_set(err, WF_ERR_INVALID, "the password contains a NUL character");
    }
    else {
        rv = wf_password_hash(hash, line, p, err);
    }
    if (line != NULL) {
        explicit_bzero(line, size);
    }
    free(line);
    return rv;
}

/* ---- the command ------------------------------------------------------------------- */

static apr_status_t make_args(json_object *args, const char *user,
                              const passwd_options_t *o, wf_error_t *err)
{
    apr_status_t rv;

    wf_json_add_bool(args, "admin", o->admin);
    if ((rv = wf_cli_add_text(args, "id", user, err)) != APR_SUCCESS
        || (rv = wf_cli_add_text(args, "firstName", o->first, err)) != APR_SUCCESS
        || (rv = wf_cli_add_text(args, "lastName", o->last, err)) != APR_SUCCESS) {
        return rv;
    }
    return wf_cli_add_text(args, "email", o->email, err);
}

static void show_result(const char *user, json_object *reply)
{
    const char *group = wf_json_string(reply, "group", NULL);

    printf(wf_json_bool(reply, "created", 0) ? "user '%s' was made"
                                             : "the password of user '%s' was changed",
           user);
    if (group != NULL) {
        printf("; member of group '%s'", group);
    }
    putchar('\n');
}

static apr_status_t set_password(const char *user, const passwd_options_t *o,
                                 apr_pool_t *p, wf_error_t *err)
{
    json_object *args = wf_json_own(json_object_new_object(), p), *reply;
    const char *socket, *hash;
    apr_status_t rv;

    if ((rv = make_args(args, user, o, err)) != APR_SUCCESS
        || (rv = wf_cli_find_engine(&socket, o->state, p, err)) != APR_SUCCESS) {
        return rv;
    }
    rv = isatty(STDIN_FILENO) ? hash_typed(&hash, p, err) : hash_line(&hash, p, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    wf_json_add_string(args, "passwordHash", hash);
    rv = wf_cli_ask(&reply, socket, WF_CMD_USER_PASSWORD, args, p, err);
    if (rv == APR_SUCCESS) {
        show_result(user, reply);
    }
    return rv;
}

int wf_cli_passwd(int argc, const char *const *argv)
{
    passwd_options_t o = { .state = WF_DEFAULT_STATE_DIR };
    apr_pool_t *p;
    wf_error_t err;
    int rest = 1, code;

    code = wf_options_read(wf_cli_passwd_options, &o, argc, argv, &rest);
    if (code != WF_EXIT_OK) {
        return code;
    }
    if (o.help) {
        return usage(stdout);
    }
    if (argc - rest != 1) {
        return usage(stderr);
    }
    apr_pool_create(&p, NULL);
    wf_error_init(&err, p);
    if (set_password(argv[rest], &o, p, &err) != APR_SUCCESS) {
        code = wf_cli_fail_asking(&err, "state", o.state);
    }
    apr_pool_destroy(p);
    return code;
}
