/* Options by table: -name value, --name value, -name=value. */
#include "cli/internal.h"

#include <stdio.h>
#include <string.h>

static int same(const char *name, const char *text, size_t n)
{
    return name != NULL && strlen(name) == n && strncmp(name, text, n) == 0;
}

static const wf_option_t *find(const wf_option_t *options, const char *text, size_t n)
{
    for (; options->name != NULL; options++) {
        if (same(options->name, text, n) || same(options->brief, text, n)) {
            return options;
        }
    }
    return NULL;
}

static int complain(const char *argument, const char *what)
{
    fprintf(stderr, "workflow-engine: %s: %s\n", argument, what);
    return WF_EXIT_OPTION;
}

static int store_flag(void *slot, const char *argument, const char *value)
{
    if (value != NULL && strcmp(value, "true") != 0 && strcmp(value, "false") != 0) {
        return complain(argument, "is a flag, true or false");
    }
    *(int *)slot = value == NULL || strcmp(value, "true") == 0;
    return WF_EXIT_OK;
}

static int store_one_more(wf_option_texts_t *slot, const char *argument,
                          const char *value)
{
    if (slot->count == WF_OPTION_TEXTS_MAX) {
        return complain(argument, "is given too often");
    }
    slot->texts[slot->count++] = value;
    return WF_EXIT_OK;
}

static int store(const wf_option_t *option, void *target, const char *argument,
                 const char *value)
{
    void *slot = (char *)target + option->offset;
    apr_int64_t number;

    if (option->type == WF_OPTION_FLAG) {
        return store_flag(slot, argument, value);
    }
    if (value == NULL) {
        return complain(argument, "needs a value");
    }
    if (option->type == WF_OPTION_TEXT) {
        *(const char **)slot = value;
        return WF_EXIT_OK;
    }
    if (option->type == WF_OPTION_TEXTS) {
        return store_one_more(slot, argument, value);
    }
    if (!wf_parse_int64(value, &number) || number < 0) {
        return complain(argument, "needs a number that is not negative");
    }
    *(apr_int64_t *)slot = number;
    return WF_EXIT_OK;
}

int wf_options_read(const wf_option_t *options, void *target, int argc,
                    const char *const *argv, int *rest)
{
    int i;

    for (i = 1; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
        const char *argument = argv[i];
        const char *name = argument + 1 + (argument[1] == '-');
        const char *value = strchr(name, '=');
        const wf_option_t *option = find(options, name, strcspn(name, "="));
        int code;

        if (strcmp(argument, "--") == 0) {
            i++;
            break;
        }
        if (option == NULL) {
            return complain(argument, "unknown option");
        }
        if (value != NULL) {
            value++;
        }
        else if (option->type != WF_OPTION_FLAG && i + 1 < argc) {
            value = argv[++i];
        }
        code = store(option, target, argument, value);
        if (code != WF_EXIT_OK) {
            return code;
        }
    }
    *rest = i;
    return WF_EXIT_OK;
}

void wf_options_print(const wf_option_t *options)
{
    for (; options->name != NULL; options++) {
        char left[64];

        snprintf(left, sizeof(left), "-%s%s%s%s%s", options->name,
                 options->brief ? ", -" : "", options->brief ? options->brief : "",
                 options->value ? " " : "", options->value ? options->value : "");
        printf("  %-28s %s\n", left, options->help);
    }
}

/* ---- complaints ---------------------------------------------------------------------- */

static int usage(FILE *out, const char *command, const char *what,
                 const wf_option_t *options)
{
    fprintf(out, "Usage: workflow-engine %s [options]\n\n", command);
    if (out == stdout) {
        printf("%s\n\n", what);
        wf_options_print(options);
    }
    return out == stdout ? WF_EXIT_OK : WF_EXIT_FAILED;
}

int wf_cli_read(const wf_option_t *options, void *target, const int *help,
                const char *command, const char *what, int argc, const char *const *argv)
{
    int rest = 1, code = wf_options_read(options, target, argc, argv, &rest);

    if (code != WF_EXIT_OK) {
        return code;
    }
    return *help || rest != argc ? usage(*help ? stdout : stderr, command, what, options)
                                 : -1;
}

int wf_cli_fail(const wf_error_t *err)
{
    fprintf(stderr, "workflow-engine: %s\n", err->message);
    return WF_EXIT_FAILED;
}

int wf_cli_refuse(const char *option, const char *text, const char *fault)
{
    fprintf(stderr, "workflow-engine: -%s %s: %s\n", option, text, fault);
    return WF_EXIT_OPTION;
}
