/* cli: the workflow-engine program: a table of commands, each with a table of options.
 * The engine process that httpd starts is one of the commands. */
#ifndef WF_CLI_H
#define WF_CLI_H

#include "core/core.h"

/* Exit codes. */
#define WF_EXIT_OK 0
#define WF_EXIT_FAILED 1 /* usage, unusable input, failed run, violated threshold */
#define WF_EXIT_OPTION 2 /* unknown option or bad value of one */
#define WF_EXIT_INTERRUPTED 130

/* ---- options ----------------------------------------------------------------------- */

typedef enum {
    WF_OPTION_FLAG,   /* int: 1 if given; -x=false takes it back */
    WF_OPTION_NUMBER, /* apr_int64_t, not negative */
    WF_OPTION_TEXT,   /* const char * */
    WF_OPTION_TEXTS   /* wf_option_texts_t: may be given several times */
} wf_option_type_e;

#define WF_OPTION_TEXTS_MAX 10

typedef struct wf_option_texts_t {
    int count;
    const char *texts[WF_OPTION_TEXTS_MAX];
} wf_option_texts_t;

typedef struct wf_option_t {
    const char *name;  /* without dashes: -name and --name are the same */
    const char *brief; /* a second name, or NULL */
    wf_option_type_e type;
    apr_size_t offset; /* into the struct that is filled */
    const char
        *value; /* what the usage text calls the value; FILE and DIR are completed */
    const char *help;
} wf_option_t;

/** The last row of a table. */
#define WF_OPTIONS_END                                                                   \
    {                                                                                    \
        NULL, NULL, 0, 0, NULL, NULL                                                     \
    }

/** Read options into target; *rest is the index of the first argument that is none ("--"
 *  ends them). Values stand behind a blank or '='. Returns an exit code: OPTION after
 *  having told what is wrong on stderr. The table is closed by a row without name. */
int wf_options_read(const wf_option_t *options, void *target, int argc,
                    const char *const *argv, int *rest);

/** Print the options, one a line. */
void wf_options_print(const wf_option_t *options);

/* ---- commands ---------------------------------------------------------------------- */

typedef struct wf_cli_command_t {
    const char *name;
    /** Gets its own name as argv[0] and returns the exit code. */
    int (*run)(int argc, const char *const *argv);
    const char *help;           /* one line; NULL: started by httpd, not shown */
    const wf_option_t *options; /* or NULL */
    const char *arguments;      /* behind them: words, or FILE, or NULL */
    const struct wf_cli_command_t *below; /* or NULL: the next word is one of these, and
                                             run is NULL; closed by a row without name */
} wf_cli_command_t;

/** All of them, closed by a row without name. */
extern const wf_cli_command_t wf_cli_commands[];

int wf_cli_run(int argc, const char *const *argv);    /* a workflow file, here and now */
int wf_cli_passwd(int argc, const char *const *argv); /* a user's password */
int wf_cli_check(int argc, const char *const *argv);  /* is a store sound */
int wf_cli_backup(int argc, const char *const *argv); /* a copy of one */
int wf_cli_completion(int argc, const char *const *argv); /* a script for a shell */
int wf_cli_master_start(int argc, const char *const *argv);  /* a server, here and now */
int wf_cli_master_status(int argc, const char *const *argv); /* how one is */
int wf_cli_slave_start(int argc, const char *const *argv);
int wf_cli_slave_status(int argc, const char *const *argv);
int wf_cli_key_add(int argc, const char *const *argv); /* API keys of a server */
int wf_cli_key_list(int argc, const char *const *argv);
int wf_cli_key_revoke(int argc, const char *const *argv);
int wf_cli_version(int argc, const char *const *argv);
int wf_cli_help(int argc, const char *const *argv);

extern const wf_option_t wf_cli_run_options[], wf_cli_passwd_options[],
    wf_cli_check_options[], wf_cli_backup_options[], wf_cli_master_start_options[],
    wf_cli_master_status_options[], wf_cli_slave_start_options[],
    wf_cli_slave_status_options[], wf_cli_key_add_options[], wf_cli_key_list_options[],
    wf_cli_key_revoke_options[];

#endif
