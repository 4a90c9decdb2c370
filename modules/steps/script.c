/* script: JavaScript. A script begins on the loop of its virtual user, where a small one
 * is over in a microsecond. One that makes requests, or takes long, is a chore. */
#include "steps/script_step.h"

#include <apr_lib.h>

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* ---- compiling --------------------------------------------------------------------------- */

#define WORDS_MAX 1000 /* in a script, of different ones */
#define WORD_MAX 100   /* bytes */

static int is_word(char ch)
{
    return apr_isalnum(ch) || ch == '_' || ch == '-' || ch == '.' || (ch & 0x80);
}

/* An object of that name is what scripts find anyway; it would be copied with all that it
 * stands for, so only where a text begins with it. */
static int is_answer(const char *word, apr_size_t n, char before)
{
    return n >= 8 && strncmp(word, "response", 8) == 0 && (n == 8 || word[8] == '.')
           && before != '\'' && before != '"' && before != '`';
}

/* Whatever in the text may name something: all words, without those that come again. */
static apr_array_header_t *words_of(const char *text, apr_pool_t *p)
{
    const char *begin = text;
    apr_array_header_t *words = apr_array_make(p, 32, sizeof(const char *));
    apr_hash_t *known = apr_hash_make(p);

    while (*text != '\0' && words->nelts < WORDS_MAX) {
        apr_size_t n = 0;

        while (is_word(text[n])) {
            n++;
        }
        if (n > 0 && n <= WORD_MAX
            && !is_answer(text, n, text > begin ? text[-1] : ' ')
            && !apr_hash_get(known, text, (apr_ssize_t)n)) {
            const char *word = apr_pstrmemdup(p, text, n);

            apr_hash_set(known, word, (apr_ssize_t)n, word);
            APR_ARRAY_PUSH(words, const char *) = word;
        }
        text += n > 0 ? n : 1;
    }
    return words;
}

/* Bodies and headers of answers are kept if a script may look at them. */
static void note_reads(wf_plan_t *plan, const char *text)
{
    int whole = strstr(text, "response") != NULL || strstr(text, "output") != NULL;

    wf_plan_read_requests(plan, text);
    wf_plan_read_answers(plan, whole || strstr(text, "body") != NULL,
                         whole || strstr(text, "headers") != NULL);
}

/* In a block scalar the line of the script is one of the document. */
static void tell_syntax(const char *message, int line, const wf_node_t *node,
                        const wf_where_t *path, wf_compile_t *c)
{
    wf_node_t at = *node;

    if (node->literal && line > 0) {
        at.line += line;
        at.column = 1;
    }
    wf_compile_problem(c, "script", &at, path, "%s", message);
}

wf_script_step_t *wf_script_compile(const char *text, const wf_node_t *node,
                                    const wf_where_t *path, wf_compile_t *c)
{
    wf_script_step_t *own = apr_pcalloc(c->p, sizeof(*own));
    wf_js_script_t *script;
    wf_error_t err;
    int line;

    own->shared = apr_pcalloc(c->p, sizeof(*own->shared));
    own->timeout_ns = WF_SCRIPT_TIMEOUT_NS;
    wf_error_init(&err, c->p);
    if (text[strspn(text, " \t\r\n")] == '\0') {
        wf_compile_problem(c, "required", node, path, "must not be empty");
        return own;
    }
    if (wf_js_compile(&script, "script", text, strlen(text), &line, c->p, &err)
        != APR_SUCCESS) {
        tell_syntax(err.message, line, node, path, c);
        return own;
    }
    own->script = script;
    own->waits = wf_script_waits(text);
    own->words = words_of(text, c->p);
    own->http = own->waits ? wf_http_compile_section(c) : NULL;
    note_reads(wf_plan_of(c), text);
    return own;
}

typedef struct draft_t {
    const char *script, *in_line, *language;
    const wf_node_t *timeout, *file;
} draft_t;

/* clang-format off */
static const wf_field_t fields[] = {
    WF_FIELD("script", STRING, draft_t, script),
    WF_FIELD("inline", STRING, draft_t, in_line),
    WF_FIELD("language", STRING, draft_t, language),
    WF_FIELD("timeout", NODE, draft_t, timeout),
    WF_FIELD("file", NODE, draft_t, file),
    WF_FIELDS_END
};
/* clang-format on */

static void check_language(const draft_t *draft, const wf_node_t *config,
                           const wf_where_t *path, wf_compile_t *c)
{
    wf_where_t at = { .up = path, .key = "language" };

    if (draft->language != NULL && strcasecmp(draft->language, "javascript") != 0
        && strcasecmp(draft->language, "js") != 0) {
        wf_compile_problem(c, "value", wf_node_get(config, "language"), &at,
                           "\"%.60s\": scripts are written in javascript",
                           draft->language);
    }
}

/* Seconds; a duration, as at steps, is understood, too. */
static void read_timeout(wf_script_step_t *own, const wf_node_t *node,
                         const wf_where_t *path, wf_compile_t *c)
{
    wf_where_t at = { .up = path, .key = "timeout" };
    apr_int64_t ns = -1;

    if (node->type == WF_NODE_INTEGER
        && node->integer <= WF_SCRIPT_TIMEOUT_MAX_NS / NS_PER_S) {
        ns = node->integer * NS_PER_S;
    }
    else if (node->type == WF_NODE_NUMBER
             && node->number <= (double)WF_SCRIPT_TIMEOUT_MAX_NS / NS_PER_S) {
        ns = (apr_int64_t)(node->number * NS_PER_S);
    }
    else if (node->type == WF_NODE_STRING
             && wf_duration_parse(&ns, node->text) != APR_SUCCESS) {
        ns = -1;
    }
    if (ns <= 0 || ns > WF_SCRIPT_TIMEOUT_MAX_NS) {
        wf_compile_problem(c, "value", node, &at, "must be seconds, at most a day");
        return;
    }
    own->timeout_ns = ns;
}

static void refuse_file(const wf_node_t *node, const wf_where_t *path, wf_compile_t *c)
{
    wf_where_t at = { .up = path, .key = "file" };

    wf_compile_problem(c, "unsupported", node, &at,
                       "the text of a script is part of the workflow: use script");
}

static void compile(wf_step_t *step, const wf_node_t *config, const wf_where_t *path,
                    wf_compile_t *c)
{
    draft_t draft = { NULL };
    wf_where_t at = { .up = path, .key = "script" };
    wf_script_step_t *own;
    const char *text;

    if (config != NULL) {
        c->open = 1;
        wf_schema_bind(fields, config, &draft, path, c);
        c->open = 0;
        check_language(&draft, config, path, c);
    }
    if (draft.file != NULL) {
        refuse_file(draft.file, path, c);
    }
    text = draft.script ? draft.script : draft.in_line;
    at.key = draft.script || !draft.in_line ? "script" : "inline";
    if (text == NULL) {
        if (draft.file == NULL) {
            wf_compile_problem(c, "required", config ? config : step->node, &at,
                               "is required");
        }
        return;
    }
    if (draft.script != NULL && draft.in_line != NULL) {
        wf_where_t also = { .up = path, .key = "inline" };

        wf_compile_problem(c, "value", wf_node_get(config, "inline"), &also,
                           "script and inline are the same: give one of them");
    }
    step->config = own = wf_script_compile(text, wf_node_get(config, at.key), &at, c);
    if (draft.timeout != NULL) {
        read_timeout(own, draft.timeout, path, c);
    }
}

static wf_map_t *declared_metrics(const wf_metric_table_t *table, apr_pool_t *p)
{
    wf_map_t *names = wf_map_create(p);
    int i;

    for (i = 0; i < wf_metric_count(table); i++) {
        const wf_metric_t *metric = wf_metric_at(table, i);

        if (metric->custom) {
            wf_map_set(names, metric->name, wf_integer(i));
        }
    }
    return names;
}

/* A script that names an http step may look at its whole answer. */
static void link_names(wf_step_t *step, wf_compile_t *c)
{
    wf_script_step_t *own = step->config;
    wf_plan_t *plan = wf_plan_of(c);
    int i;

    own->metrics = declared_metrics(wf_plan_metrics(plan), c->p);
    for (i = 0; i < own->words->nelts; i++) {
        const char *word = APR_ARRAY_IDX(own->words, i, const char *);
        const wf_step_t *other =
            wf_plan_step(plan, apr_pstrmemdup(c->p, word, strcspn(word, ".")));

        if (other != NULL && other->type == &wf_step_http) {
            wf_plan_read_answers(plan, 1, 1);
        }
    }
}

/* ---- running ----------------------------------------------------------------------------- */

apr_int64_t wf_script_timeout_ms(const wf_step_t *step)
{
    const wf_script_step_t *own = step->config;
    apr_int64_t ns = step->timeout_ns > 0 ? step->timeout_ns : own->timeout_ns;

    return ns < NS_PER_MS ? 1 : ns / NS_PER_MS;
}

/* ---- as a chore ---------------------------------------------------------------------------- */

typedef struct work_t {
    wf_script_frame_t *frame;
    apr_int64_t due_us; /* the step's time is over, waiting for a worker included */
    apr_int64_t took_us;
    int stop;
} work_t;

static void run_chore(wf_chore_t *chore)
{
    work_t *work = chore->baton;
    apr_int64_t began = wf_mono_us();
    apr_int64_t left_ms = (work->due_us - began) / 1000;

    if (left_ms <= 0) {
        work->frame->result.late = 1;
        return;
    }
    wf_script_frame_run(work->frame, left_ms, &work->stop);
    work->took_us = wf_mono_us() - began;
}

/* A script that has become quick goes back to the loop. */
static wf_step_progress_e chore_done(wf_strand_t *strand, wf_act_t *act,
                                     wf_chore_t *chore)
{
    const wf_script_step_t *own = act->step->config;
    const work_t *work = chore->baton;
    int slow = work->took_us > WF_SCRIPT_SLOW_MS * 1000 || work->frame->result.late;

    __atomic_store_n(&own->shared->slow, slow, __ATOMIC_RELAXED);
    wf_script_frame_settle(work->frame, strand, act->result);
    return WF_STEP_DONE;
}

static void hurry(wf_chore_t *chore)
{
    work_t *work = chore->baton;

    __atomic_store_n(&work->stop, 1, __ATOMIC_RELAXED);
}

static wf_step_progress_e begin_chore(wf_strand_t *strand, wf_act_t *act)
{
    wf_chore_t *chore = wf_chore_create(act);
    work_t *work = apr_pcalloc(chore->pool, sizeof(*work));

    chore->baton = work;
    chore->run = run_chore;
    chore->done = chore_done;
    chore->hurry = hurry;
    work->due_us = act->began_us + 1000 * wf_script_timeout_ms(act->step);
    work->frame = wf_script_frame_detach(strand, act->step, chore->pool);
    if (work->frame->rv != APR_SUCCESS) {
        wf_script_frame_settle(work->frame, strand, act->result);
        wf_chore_drop(chore);
        return WF_STEP_DONE;
    }
    act->state = chore;
    return wf_chore_begin(chore);
}

static void cancel(wf_strand_t *strand, wf_act_t *act)
{
    (void)strand;
    wf_chore_drop(act->state);
}

/* ---- starting ------------------------------------------------------------------------------ */

static wf_step_progress_e start(wf_strand_t *strand, wf_act_t *act)
{
    const wf_script_step_t *own = act->step->config;
    apr_int64_t timeout_ms = wf_script_timeout_ms(act->step);
    wf_script_frame_t *frame;

    if (own->waits || __atomic_load_n(&own->shared->slow, __ATOMIC_RELAXED)) {
        return begin_chore(strand, act);
    }
    frame = wf_script_frame_create(strand, act->step);
    wf_script_frame_run(
        frame, timeout_ms < WF_SCRIPT_LOOP_MS ? timeout_ms : WF_SCRIPT_LOOP_MS, NULL);
    if (frame->result.late && timeout_ms > WF_SCRIPT_LOOP_MS) {
        return begin_chore(strand, act);
    }
    wf_script_frame_settle(frame, strand, act->result);
    return WF_STEP_DONE;
}

/* ---- output ------------------------------------------------------------------------------ */

/* Other tools' names. */
static const char *own_name(const char *name)
{
    return strcmp(name, "consoleLogs") == 0  ? "console_logs"
           : strcmp(name, "durationMs") == 0 ? "duration_ms"
                                             : name;
}

static const char *const members[] = { "result", "console_logs", "duration_ms",
                                       "error",  "variables",    "checks",
                                       NULL };

static int output(wf_result_t *result, const char *name, wf_value_t *value, apr_pool_t *p)
{
    const wf_value_t *kept;
    int i;

    name = own_name(name);
    for (i = 0; members[i] != NULL && strcmp(members[i], name) != 0; i++) {
    }
    if (members[i] == NULL) {
        return 0;
    }
    kept = result->values ? wf_map_get(result->values, name) : NULL;
    *value = kept ? *kept
             : strcmp(name, "duration_ms") == 0
                 ? wf_double((double)result->duration_us / 1000.0)
             : strcmp(name, "error") == 0     ? wf_string(result->error)
             : strcmp(name, "variables") == 0 ? wf_map(wf_map_create(p))
             : strcmp(name, "result") == 0    ? wf_null()
                                              : wf_list(wf_list_create(p));
    return 1;
}

static int map(wf_result_t *result, const char *name, wf_value_t *value, apr_pool_t *p)
{
    wf_map_t *all;
    int i;

    if (strcmp(name, "output") != 0) {
        return 0;
    }
    all = wf_map_create(p);
    for (i = 0; members[i] != NULL; i++) {
        wf_value_t member;

        output(result, members[i], &member, p);
        wf_map_set(all, members[i], member);
    }
    *value = wf_map(all);
    return 1;
}

const wf_step_type_t wf_step_script = {
    .name = "script",
    .capability = "script_executor",
    .compile = compile,
    .link = link_names,
    .start = start,
    .cancel = cancel,
    .output = output,
    .map = map,
    .flags = WF_TYPE_OWN_TIMEOUT | WF_TYPE_HOOK,
};
