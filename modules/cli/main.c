/* workflow-engine <command> [options] */
#include "cli/cli.h"
#include "engine/engine.h"

#include <apr_general.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

static const wf_cli_command_t master_commands[] = {
    /* clang-format off */
    { "start",  wf_cli_master_start,  "start a server of the load engine, in the foreground",
      wf_cli_master_start_options, NULL, NULL },
    { "status", wf_cli_master_status, "ask a server how it is",
      wf_cli_master_status_options, NULL, NULL },
    { NULL, NULL, NULL, NULL, NULL, NULL }
    /* clang-format on */
};

static const wf_cli_command_t slave_commands[] = {
    /* clang-format off */
    { "start",  wf_cli_slave_start,  "start a server that does parts of a master's executions",
      wf_cli_slave_start_options, NULL, NULL },
    { "status", wf_cli_slave_status, "ask a slave how it is",
      wf_cli_slave_status_options, NULL, NULL },
    { NULL, NULL, NULL, NULL, NULL, NULL }
    /* clang-format on */
};

static const wf_cli_command_t key_commands[] = {
    /* clang-format off */
    { "add",    wf_cli_key_add,    "make an API key and print it",
      wf_cli_key_add_options, NULL, NULL },
    { "list",   wf_cli_key_list,   "list the API keys",
      wf_cli_key_list_options, NULL, NULL },
    { "revoke", wf_cli_key_revoke, "revoke an API key",
      wf_cli_key_revoke_options, NULL, NULL },
    { NULL, NULL, NULL, NULL, NULL, NULL }
    /* clang-format on */
};

const wf_cli_command_t wf_cli_commands[] = {
    /* clang-format off */
    { "run",        wf_cli_run,        "run a workflow file and print its result",
      wf_cli_run_options, "FILE", NULL },
    { "master",     NULL,              "start a server of the load engine, or ask how it is",
      NULL, NULL, master_commands },
    { "slave",      NULL,              "start a slave of such a server, or ask how it is",
      NULL, NULL, slave_commands },
    { "passwd",     wf_cli_passwd,     "set a user's password, make the first administrator",
      wf_cli_passwd_options, NULL, NULL },
    { "check",      wf_cli_check,      "verify that a store is sound",
      wf_cli_check_options, "FILE", NULL },
    { "backup",     wf_cli_backup,     "copy the store of a server, also while it runs",
      wf_cli_backup_options, "FILE", NULL },
    { "key",        NULL,              "make, list and revoke API keys of a server",
      NULL, NULL, key_commands },
    { "completion", wf_cli_completion, "print a script that completes commands in a shell",
      NULL, "bash", NULL },
    { "version",    wf_cli_version,    "print the version", NULL, NULL, NULL },
    { "help",       wf_cli_help,       "print this text", NULL, NULL, NULL },
    { "engine",     wf_engine_main,    NULL, NULL, NULL, NULL },
    { NULL, NULL, NULL, NULL, NULL, NULL }
    /* clang-format on */
};

/* Spellings of help that are no commands. */
static const char *const help_words[] = { "-h", "-help", "--help" };

/* above: the word before these commands, with a blank behind it, or "". */
static void usage(FILE *out, const char *above, const wf_cli_command_t *c)
{
    fprintf(out, "Usage: workflow-engine %s<command> [options]\n\nCommands:\n", above);
    for (; c->name != NULL; c++) {
        if (c->help != NULL) {
            fprintf(out, "  %-10s %s\n", c->name, c->help);
        }
    }
    fprintf(out, "\nworkflow-engine %s<command> -help lists the options of a command.\n",
            above);
}

int wf_cli_help(int argc, const char *const *argv)
{
    (void)argc;
    (void)argv;
    usage(stdout, "", wf_cli_commands);
    return WF_EXIT_OK;
}

int wf_cli_version(int argc, const char *const *argv)
{
    (void)argc;
    (void)argv;
    printf("workflow-engine version %s\n", WF_VERSION);
    return WF_EXIT_OK;
}

static int is_help(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof(help_words) / sizeof(help_words[0]); i++) {
        if (strcmp(name, help_words[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

/* argv[1] is the command; above it stands what usage says of it. */
static int dispatch(const char *above, const wf_cli_command_t *commands, int argc,
                    const char *const *argv)
{
    const wf_cli_command_t *c = commands;

    if (argc < 2) {
        usage(stderr, above, commands);
        return WF_EXIT_FAILED;
    }
    if (is_help(argv[1])) {
        usage(stdout, above, commands);
        return WF_EXIT_OK;
    }
    while (c->name != NULL && strcmp(argv[1], c->name) != 0) {
        c++;
    }
    if (c->name == NULL) {
        fprintf(stderr, "workflow-engine: unknown command %s%s\n\n", above, argv[1]);
        usage(stderr, above, commands);
        return WF_EXIT_FAILED;
    }
    if (c->below != NULL) {
        char words[64];

        snprintf(words, sizeof(words), "%s%s ", above, c->name);
        return dispatch(words, c->below, argc - 1, argv + 1);
    }
    return c->run(argc - 1, argv + 1);
}

int main(int argc, const char *const *argv, const char *const *env)
{
    apr_app_initialize(&argc, &argv, &env);
    atexit(apr_terminate);
    return dispatch("", wf_cli_commands, argc, argv);
}
