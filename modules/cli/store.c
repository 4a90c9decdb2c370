/* workflow-engine check, backup: what can be done with a store without a server. Both
 * read one moment of it, so an engine may go on writing meanwhile. */
#include "cli/internal.h"
#include "engine/engine.h"

#include <apr_file_info.h>
#include <apr_strings.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define USUAL_STORE "/workflow.db"
#define EXIT_UNREADABLE 2 /* nothing is known of the store */

typedef struct store_options_t {
    const char *state;
    int json, help;
} store_options_t;

/* clang-format off */
#define STATE                                                                                      \
    { "state-dir", "state", WF_OPTION_TEXT, offsetof(store_options_t, state), "DIR",               \
      "WorkflowStateDir of the server; default " WF_DEFAULT_STATE_DIR },                              \
    { "json",      NULL,    WF_OPTION_FLAG, offsetof(store_options_t, json),  NULL,                \
      "print the result as one JSON object" },                                                     \
    { "help",      "h",     WF_OPTION_FLAG, offsetof(store_options_t, help),  NULL,                \
      "print this text" },                                                                         \
    WF_OPTIONS_END

const wf_option_t wf_cli_check_options[] = { STATE };
const wf_option_t wf_cli_backup_options[] = { STATE };
/* clang-format on */

/* ---- which store -------------------------------------------------------------------------- */

static const char *absolute(const char *path, apr_pool_t *p)
{
    char *here = NULL;

    if (path[0] != '/') {
        apr_filepath_merge(&here, NULL, path, 0, p);
    }
    return here ? here : path;
}

/* What the server of a state directory has told its engine, else where it usually is. */
static const char *store_of(const char *state, apr_pool_t *p)
{
    const char *directory = absolute(state, p), *text, *store = NULL;
    apr_size_t length;
    json_object *json;
    wf_error_t ignored;

    wf_error_init(&ignored, p);
    if (wf_file_read(&text, &length, wf_engine_snapshot_path(directory, p), p, &ignored)
            == APR_SUCCESS
        && wf_json_parse(&json, text, length, p, &ignored) == APR_SUCCESS) {
        store = wf_json_string(json, "store", NULL);
    }
    return store ? store : apr_pstrcat(p, "sqlite:", directory, USUAL_STORE, NULL);
}

/* A path or a data source. */
static const char *store_named(const char *text, apr_pool_t *p)
{
    return strncmp(text, "sqlite:", 7) == 0
               ? text
               : apr_pstrcat(p, "sqlite:", absolute(text, p), NULL);
}

static int unreadable(const wf_error_t *err)
{
    fprintf(stderr, "workflow-engine: %s\n", err->message);
    return EXIT_UNREADABLE;
}

/* ---- check --------------------------------------------------------------------------------- */

static int count_invariants(void)
{
    const char *const *name = wf_store_invariants();
    int n = 0;

    while (name[n]) {
        n++;
    }
    return n;
}

static const char *ids_text(const wf_breach_t *breach, apr_pool_t *p)
{
    const char *more = breach->count > breach->ids->nelts ? ", ..." : "";
    const char *text = "";

    for (int i = 0; i < breach->ids->nelts; i++) {
        text = apr_pstrcat(p, text, i ? ", " : "",
                           APR_ARRAY_IDX(breach->ids, i, const char *), NULL);
    }
    return apr_pstrcat(p, text, more, NULL);
}

static void list_breaches(FILE *out, const apr_array_header_t *breaches, apr_pool_t *p)
{
    for (int i = 0; i < breaches->nelts; i++) {
        const wf_breach_t *b = APR_ARRAY_IDX(breaches, i, const wf_breach_t *);

        fprintf(out, "%-22s %" APR_INT64_T_FMT "  %s: %s\n", b->name, b->count, b->broken,
                ids_text(b, p));
    }
}

static void show_text(const char *store, const apr_array_header_t *breaches,
                      apr_pool_t *p)
{
    list_breaches(stdout, breaches, p);
    if (breaches->nelts) {
        printf("%s: %d of %d invariants do not hold\n", store, breaches->nelts,
               count_invariants());
    }
    else {
        printf("%s: all %d invariants hold\n", store, count_invariants());
    }
}

static json_object *breach_json(const wf_breach_t *breach)
{
    json_object *o = json_object_new_object(), *ids = json_object_new_array();

    wf_json_add_string(o, "name", breach->name);
    wf_json_add_string(o, "broken", breach->broken);
    wf_json_add_int(o, "count", breach->count);
    for (int i = 0; i < breach->ids->nelts; i++) {
        json_object_array_add(
            ids, json_object_new_string(APR_ARRAY_IDX(breach->ids, i, const char *)));
    }
    json_object_object_add(o, "ids", ids);
    return o;
}

/* Prints o, which is the caller's no more. */
static void print_json(json_object *o)
{
    printf("%s\n", json_object_to_json_string_ext(
                       o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(o);
}

static json_object *breaches_json(const apr_array_header_t *breaches)
{
    json_object *list = json_object_new_array();

    for (int i = 0; i < breaches->nelts; i++) {
        json_object_array_add(
            list, breach_json(APR_ARRAY_IDX(breaches, i, const wf_breach_t *)));
    }
    return list;
}

static void show_json(const char *store, const apr_array_header_t *breaches,
                      apr_int64_t us)
{
    json_object *o = json_object_new_object(), *names = json_object_new_array();
    const char *const *name;

    for (name = wf_store_invariants(); *name; name++) {
        json_object_array_add(names, json_object_new_string(*name));
    }
    wf_json_add_string(o, "store", store);
    wf_json_add_bool(o, "sound", !breaches->nelts);
    json_object_object_add(o, "invariants", names);
    wf_json_add_double(o, "seconds", (double)us / 1000000);
    json_object_object_add(o, "breaches", breaches_json(breaches));
    print_json(o);
}

static int check(const char *source, int json, apr_pool_t *p)
{
    apr_int64_t began = wf_mono_us();
    apr_array_header_t *breaches;
    wf_store_t *store;
    wf_error_t err;

    wf_error_init(&err, p);
    if (wf_store_open(&store, source, WF_STORE_READ, p, &err) != APR_SUCCESS) {
        return unreadable(&err);
    }
    if (wf_engine_verify(store, NULL, NULL, &breaches, p, &err) != APR_SUCCESS) {
        return unreadable(&err);
    }
    if (json) {
        show_json(source, breaches, wf_mono_us() - began);
    }
    else {
        show_text(source, breaches, p);
    }
    return breaches->nelts ? WF_EXIT_FAILED : WF_EXIT_OK;
}

/* ---- backup -------------------------------------------------------------------------------- */

static void show_backup(const wf_backup_t *done, apr_pool_t *p)
{
    printf("%s: %" APR_INT64_T_FMT " bytes\n", done->file, done->bytes);
    if (done->breaches->nelts) {
        fprintf(stderr, "workflow-engine: the copy is what the store is, and that is not "
                        "sound:\n");
        list_breaches(stderr, done->breaches, p);
    }
}

static void show_backup_json(const wf_backup_t *done)
{
    json_object *o = json_object_new_object();

    wf_json_add_string(o, "file", done->file);
    wf_json_add_int(o, "bytes", done->bytes);
    wf_json_add_double(o, "seconds", (double)done->us / 1000000);
    json_object_object_add(o, "breaches", breaches_json(done->breaches));
    print_json(o);
}

static int backup(const char *source, const char *target, int json, apr_pool_t *p)
{
    wf_backup_t done;
    wf_error_t err;

    wf_error_init(&err, p);
    if (wf_backup_take(&done, source, absolute(target, p), NULL, NULL, p, &err)
        != APR_SUCCESS) {
        return wf_cli_fail(&err);
    }
    if (json) {
        show_backup_json(&done);
    }
    else {
        show_backup(&done, p);
    }
    return WF_EXIT_OK;
}

/* ---- the commands -------------------------------------------------------------------------- */

static int usage(FILE *out, const char *arguments, const char *what,
                 const wf_option_t *options)
{
    fprintf(out, "Usage: workflow-engine %s\n\n", arguments);
    if (out == stdout) {
        printf("%s\n\n", what);
        wf_options_print(options);
    }
    return out == stdout ? WF_EXIT_OK : WF_EXIT_FAILED;
}

int wf_cli_check(int argc, const char *const *argv)
{
    store_options_t o = { .state = NULL };
    apr_pool_t *p;
    int rest = 1, code = wf_options_read(wf_cli_check_options, &o, argc, argv, &rest);

    if (code != WF_EXIT_OK) {
        return code;
    }
    if (o.help || argc - rest > 1 || (argc - rest == 1 && o.state)) {
        return usage(
            o.help ? stdout : stderr, "check [options] [<store>]",
            "Verifies that a store is sound: that its rows belong together and that "
            "whatever waits\nwaits for something that can come. The store is a file, "
            "or that of a server. A server\nmay go on meanwhile.",
            wf_cli_check_options);
    }
    apr_pool_create(&p, NULL);
    code = check(argc > rest ? store_named(argv[rest], p)
                             : store_of(o.state ? o.state : WF_DEFAULT_STATE_DIR, p),
                 o.json, p);
    apr_pool_destroy(p);
    return code;
}

int wf_cli_backup(int argc, const char *const *argv)
{
    store_options_t o = { .state = WF_DEFAULT_STATE_DIR };
    apr_pool_t *p;
    int rest = 1, code = wf_options_read(wf_cli_backup_options, &o, argc, argv, &rest);

    if (code != WF_EXIT_OK) {
        return code;
    }
    if (o.help || argc - rest != 1) {
        return usage(
            o.help ? stdout : stderr, "backup [options] <file>",
            "Copies the store of a server to a new file, as it is at this moment, and "
            "verifies the\ncopy. The server may go on meanwhile, and need not run.",
            wf_cli_backup_options);
    }
    apr_pool_create(&p, NULL);
    code = backup(store_of(o.state, p), argv[rest], o.json, p);
    apr_pool_destroy(p);
    return code;
}
