/* workflow-engine <command> [options] */
#include "cli/cli.h"
#include "engine/engine.h"

#include <apr_general.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

const wf_cli_command_t wf_cli_commands[] = {
    /* clang-format off */
    { "run",        wf_cli_run,        "run a workflow file and print its result",
      wf_cli_run_options, "FILE" },
    { "passwd",     wf_cli_passwd,     "set a user's password, make the first administrator",
      wf_cli_passwd_options, NULL },
    { "completion", wf_cli_completion, "print a script that completes commands in a shell",
      NULL, "bash" },
    { "version",    wf_cli_version,    "print the version", NULL, NULL },
    { "help",       wf_cli_help,       "print this text", NULL, NULL },
    { "engine",     wf_engine_main,    NULL, NULL, NULL },
    { NULL, NULL, NULL, NULL, NULL }
    /* clang-format on */
};

/* Spellings of help that are no commands. */
static const char *const help_words[] = { "-h", "-help", "--help" };

static void usage(FILE *out)
{
    const wf_cli_command_t *c;

    fputs("Usage: workflow-engine <command> [options]\n\nCommands:\n", out);
    for (c = wf_cli_commands; c->name != NULL; c++) {
        if (c->help != NULL) {
            fprintf(out, "  %-10s %s\n", c->name, c->help);
        }
    }
    fputs("\nworkflow-engine <command> -help lists the options of a command.\n", out);
}

int wf_cli_help(int argc, const char *const *argv)
{
    (void)argc;
    (void)argv;
    usage(stdout);
    return WF_EXIT_OK;
}

int wf_cli_version(int argc, const char *const *argv)
{
    (void)argc;
    (void)argv;
    printf("workflow-engine version %s\n", WF_VERSION);
    return WF_EXIT_OK;
}

static const wf_cli_command_t *find(const char *name)
{
    const wf_cli_command_t *c;
    size_t i;

    for (i = 0; i < sizeof(help_words) / sizeof(help_words[0]); i++) {
        if (strcmp(name, help_words[i]) == 0) {
            name = "help";
        }
    }
    for (c = wf_cli_commands; c->name != NULL; c++) {
        if (strcmp(name, c->name) == 0) {
            return c;
        }
    }
    return NULL;
}

int main(int argc, const char *const *argv, const char *const *env)
{
    const wf_cli_command_t *command;

    apr_app_initialize(&argc, &argv, &env);
    atexit(apr_terminate);
    if (argc < 2) {
        usage(stderr);
        return WF_EXIT_FAILED;
    }
    command = find(argv[1]);
    if (command == NULL) {
        fprintf(stderr, "workflow-engine: unknown command %s\n\n", argv[1]);
        usage(stderr);
        return WF_EXIT_FAILED;
    }
    return command->run(argc - 1, argv + 1);
}
