/* workflow-engine completion: a script for bash, made of the tables of commands and
 * options, so that it knows what this program knows. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

static void put_commands(const wf_cli_command_t *commands)
{
    const wf_cli_command_t *c;

    for (c = commands; c->name != NULL; c++) {
        if (c->help != NULL) {
            printf("%s%s", c == commands ? "" : " ", c->name);
        }
    }
}

/* Once for each command; to the script, one below another has both names: master-start. */
static void for_commands(const char *above, const wf_cli_command_t *c,
                         void (*put)(const char *name, const wf_cli_command_t *c))
{
    char name[64];

    for (; c->name != NULL; c++) {
        snprintf(name, sizeof(name), "%s%s", above, c->name);
        put(name, c);
        if (c->below != NULL) {
            snprintf(name, sizeof(name), "%s%s-", above, c->name);
            for_commands(name, c->below, put);
        }
    }
}

static int is_path(const char *value)
{
    return value != NULL && (strcmp(value, "FILE") == 0 || strcmp(value, "DIR") == 0);
}

/* After an option with a value: files where it wants some, else what is typed. */
static void put_values(const char *name, const wf_cli_command_t *c)
{
    const wf_option_t *o;

    for (o = c->options; o != NULL && o->name != NULL; o++) {
        if (o->value != NULL) {
            printf("        %s:-%s|%s:--%s", name, o->name, name, o->name);
            if (o->brief != NULL) {
                printf("|%s:-%s|%s:--%s", name, o->brief, name, o->brief);
            }
            printf(") %s; return ;;\n",
                   is_path(o->value) ? "COMPREPLY=($(compgen -f -- \"$word\"))" : ":");
        }
    }
}

static void put_words(const char *name, const wf_cli_command_t *c)
{
    const wf_option_t *o;
    const char *files = c->arguments && is_path(c->arguments) ? "-f" : "";
    const char *words = c->arguments && !is_path(c->arguments) ? c->arguments : "";

    if (c->help == NULL) {
        return;
    }
    if (c->below != NULL) {
        printf("        %s:*) words='", name);
        put_commands(c->below);
        printf("' ;;\n");
        return;
    }
    printf("        %s:-*) words='", name);
    for (o = c->options; o != NULL && o->name != NULL; o++) {
        printf("%s-%s", o == c->options ? "" : " ", o->name);
    }
    printf("' ;;\n        %s:*) words='%s' files='%s' ;;\n", name, words, files);
}

/* After the word of a command that has others below it, the next word tells which. */
static void put_steps_down(void)
{
    const wf_cli_command_t *c;

    for (c = wf_cli_commands; c->name != NULL; c++) {
        if (c->below != NULL) {
            printf("    [ \"$command\" = %s ] && [ \"$COMP_CWORD\" -gt 2 ] && "
                   "command=%s-${COMP_WORDS[2]}\n",
                   c->name, c->name);
        }
    }
}

static void put_bash(void)
{
    printf("# bash completion for workflow-engine: source <(workflow-engine completion "
           "bash)\n"
           "_workflow_engine() {\n"
           "    local word=$2 before=$3 command=${COMP_WORDS[1]} words= files=\n"
           "    COMPREPLY=()\n"
           "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
           "        COMPREPLY=($(compgen -W '");
    put_commands(wf_cli_commands);
    printf("' -- \"$word\"))\n"
           "        return\n"
           "    fi\n");
    put_steps_down();
    printf("    case $command:$before in\n");
    for_commands("", wf_cli_commands, put_values);
    printf("    esac\n"
           "    case $command:$word in\n");
    for_commands("", wf_cli_commands, put_words);
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
