/* workflow-engine completion: a script for bash, made of the tables of commands and
 * options, so that it knows what this program knows. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

static void put_commands(void)
{
    const wf_cli_command_t *c;

    for (c = wf_cli_commands; c->name != NULL; c++) {
        if (c->help != NULL) {
            printf("%s%s", c == wf_cli_commands ? "" : " ", c->name);
        }
    }
}

static int is_path(const char *value)
{
    return value != NULL && (strcmp(value, "FILE") == 0 || strcmp(value, "DIR") == 0);
}

/* After an option with a value: files where it wants some, else what is typed. */
static void put_values(const wf_cli_command_t *c)
{
    const wf_option_t *o;

    for (o = c->options; o != NULL && o->name != NULL; o++) {
        if (o->value != NULL) {
            printf("        %s:-%s|%s:--%s", c->name, o->name, c->name, o->name);
            if (o->brief != NULL) {
                printf("|%s:-%s|%s:--%s", c->name, o->brief, c->name, o->brief);
            }
            printf(") %s; return ;;\n",
                   is_path(o->value) ? "COMPREPLY=($(compgen -f -- \"$word\"))" : ":");
        }
    }
}

static void put_words(const wf_cli_command_t *c)
{
    const wf_option_t *o;
    const char *files = c->arguments && is_path(c->arguments) ? "-f" : "";
    const char *words = c->arguments && !is_path(c->arguments) ? c->arguments : "";

    if (c->help == NULL) {
        return;
    }
    printf("        %s:-*) words='", c->name);
    for (o = c->options; o != NULL && o->name != NULL; o++) {
        printf("%s-%s", o == c->options ? "" : " ", o->name);
    }
    printf("' ;;\n        %s:*) words='%s' files='%s' ;;\n", c->name, words, files);
}

static void put_bash(void)
{
    const wf_cli_command_t *c;

    printf("# bash completion for workflow-engine: source <(workflow-engine completion "
           "bash)\n"
           "_workflow_engine() {\n"
           "    local word=$2 before=$3 command=${COMP_WORDS[1]} words= files=\n"
           "    COMPREPLY=()\n"
           "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
           "        COMPREPLY=($(compgen -W '");
    put_commands();
    printf("' -- \"$word\"))\n"
           "        return\n"
           "    fi\n"
           "    case $command:$before in\n");
    for (c = wf_cli_commands; c->name != NULL; c++) {
        put_values(c);
    }
    printf("    esac\n"
           "    case $command:$word in\n");
    for (c = wf_cli_commands; c->name != NULL; c++) {
        put_words(c);
    }
    printf("    esac\n"
           "    COMPREPLY=($(compgen $files -W \"$words\" -- \"$word\"))\n"
           "}\n"
           "complete -o filenames -F _workflow_engine workflow-engine\n");
}

int wf_cli_completion(int argc, const char *const *argv)
{
    if (argc != 2 || strcmp(argv[1], "bash") != 0) {
        fputs("Usage: workflow-engine completion bash\n", stderr);
        return WF_EXIT_FAILED;
    }
    put_bash();
    return WF_EXIT_OK;
}
