/* One run of a script: what it sees of its strand, and what it leaves there. */
#include "steps/script_step.h"

#include <stdlib.h>
#include <string.h>

/* ---- names ------------------------------------------------------------------------------- */

/* In the copies that a run apart has: names as the strand would have looked them up, then
 * variables. */
static int find_copy(const wf_script_frame_t *frame, const char *name, wf_value_t *value,
                     apr_pool_t *p)
{
    const wf_value_t *seen = wf_map_get(frame->seen, name);

    seen = seen ? seen : wf_map_get(frame->variables, name);
    if (seen != NULL) {
        *value = *seen;
    }
    else if (strcmp(name, "__timestamp") == 0) {
        *value = wf_integer(wf_time_ms());
    }
    else if (strcmp(name, "__uuid") == 0) {
        *value = wf_string(wf_vu_uuid(p));
    }
    else {
        return 0;
    }
    return 1;
}

static int look_up(const wf_script_frame_t *frame, const char *name, wf_value_t *value,
                   apr_pool_t *p)
{
    wf_value_t found;

    if (frame->strand == NULL) {
        return find_copy(frame, name, value, p);
    }
    if (!wf_strand_lookup(frame->strand, name, &found, p)) {
        return 0;
    }
    *value = found.type == WF_OBJECT ? wf_result_plain(&found, p) : found;
    return 1;
}

static int get(void *baton, const char *name, wf_value_t *value, apr_pool_t *p)
{
    wf_script_frame_t *frame = baton;
    const wf_value_t *own = frame->set ? wf_map_get(frame->set, name) : NULL;

    if (own != NULL) {
        *value = *own;
        return 1;
    }
    if (frame->gone != NULL && wf_map_get(frame->gone, name) != NULL) {
        return 0;
    }
    return look_up(frame, name, value, p);
}

static int behind(void *baton, const char *name, wf_value_t *value, apr_pool_t *p)
{
    const wf_script_frame_t *frame = baton;
    const wf_value_t *copy = frame->behind ? wf_map_get(frame->behind, name) : NULL;
    wf_value_t found;

    if (copy != NULL) {
        *value = *copy;
        return 1;
    }
    if (frame->strand == NULL || !wf_strand_behind(frame->strand, name, &found, p)) {
        return 0;
    }
    *value = wf_result_plain(&found, p);
    return 1;
}

/* Names take memory beside that of the script. */
static wf_map_t *with_room(wf_script_frame_t *frame, wf_map_t **map, const char *name)
{
    if (*map == NULL) {
        *map = wf_map_create(frame->pool);
    }
    if (wf_map_get(*map, name) != NULL) {
        return *map;
    }
    if (frame->names == WF_SCRIPT_NAMES_MAX) {
        return NULL;
    }
    frame->names++;
    return *map;
}

static int set(void *baton, const char *name, const wf_value_t *value)
{
    wf_script_frame_t *frame = baton;
    wf_map_t *map = with_room(frame, &frame->set, name);

    if (map == NULL) {
        return -1;
    }
    if (frame->gone != NULL) {
        wf_map_remove(frame->gone, name);
    }
    wf_map_set(map, name, wf_value_copy(value, frame->pool));
    return 0;
}

static int unset(void *baton, const char *name)
{
    wf_script_frame_t *frame = baton;
    wf_map_t *map = with_room(frame, &frame->gone, name);

    if (map == NULL) {
        return -1;
    }
    if (frame->set != NULL) {
        wf_map_remove(frame->set, name);
    }
    wf_map_set(map, name, wf_boolean(1));
    return 0;
}

/* Variables only: neither results nor built-in names. */
static wf_map_t *all(void *baton, apr_pool_t *p)
{
    wf_script_frame_t *frame = baton;
    const wf_value_t copies = wf_map(frame->variables);
    wf_map_t *map = frame->strand ? wf_strand_variables(frame->strand, p)
                                  : wf_value_copy(&copies, p).as.map;
    int i;

    for (i = 0; frame->gone != NULL && i < wf_map_count(frame->gone); i++) {
        wf_map_remove(map, wf_map_key(frame->gone, i));
    }
    for (i = 0; frame->set != NULL && i < wf_map_count(frame->set); i++) {
        wf_map_set(map, wf_map_key(frame->set, i), *wf_map_at(frame->set, i));
    }
    return map;
}

/* ---- the latest answer ------------------------------------------------------------------- */

static int strand_answer(wf_strand_t *strand, wf_script_answer_t *answer)
{
    const wf_result_t *result = wf_strand_response(strand, 1);
    const wf_answer_t *http = result ? result->http : NULL;

    if (http == NULL) {
        return 0;
    }
    *answer = (wf_script_answer_t){
        .status = http->status,
        .body = http->body,
        .headers = http->headers,
        .body_length = http->body_length,
        .headers_length = http->headers_length,
        .duration_ms = (double)result->duration_us / 1000.0,
        .size = http->size,
    };
    return 1;
}

static int answer(void *baton, wf_script_answer_t *answer)
{
    wf_script_frame_t *frame = baton;

    if (frame->strand != NULL) {
        return strand_answer(frame->strand, answer);
    }
    *answer = frame->latest;
    return frame->has_latest;
}

/* ---- figures ----------------------------------------------------------------------------- */

static int metric(void *baton, const char *name, double value)
{
    wf_script_frame_t *frame = baton;
    const wf_value_t *index = wf_map_get(frame->metrics, name);
    wf_script_add_t *add;

    if (index == NULL) {
        return 0;
    }
    if (frame->adds == NULL) {
        frame->adds = apr_array_make(frame->pool, 4, sizeof(wf_script_add_t));
    }
    if (frame->adds->nelts == WF_SCRIPT_ADDS_MAX) {
        return -1;
    }
    add = apr_array_push(frame->adds);
    *add = (wf_script_add_t){ (int)index->as.integer, value };
    return 1;
}

static wf_script_check_t *find_check(wf_script_frame_t *frame, const char *name)
{
    int i;

    for (i = 0; i < frame->checks->nelts; i++) {
        wf_script_check_t *check = &APR_ARRAY_IDX(frame->checks, i, wf_script_check_t);

        if (strcmp(check->name, name) == 0) {
            return check;
        }
    }
    return NULL;
}

static wf_script_check_t *add_check(wf_script_frame_t *frame, const char *name)
{
    wf_script_check_t *check = apr_array_push(frame->checks);

    *check = (wf_script_check_t){ .name = apr_pstrdup(frame->pool, name) };
    return check;
}

static void check(void *baton, const char *name, int passed)
{
    wf_script_frame_t *frame = baton;
    wf_script_check_t *check;

    if (frame->checks == NULL) {
        frame->checks = apr_array_make(frame->pool, 4, sizeof(wf_script_check_t));
    }
    check = find_check(frame, name);
    if (check == NULL && frame->checks->nelts >= WF_CHECKS_NAMES) {
        name = "other checks"; /* of one run no more names are known than of all */
        check = find_check(frame, name);
    }
    check = check ? check : add_check(frame, name);
    check->passed += passed;
    check->failed += !passed;
}

static void exchanged(void *baton, const wf_client_response_t *response)
{
    wf_script_frame_t *frame = baton;
    int failed = response->outcome != WF_CLIENT_OK || response->status >= 400;

    if (frame->exchanges == NULL) {
        frame->exchanges = apr_array_make(frame->pool, 4, sizeof(wf_http_sample_t));
    }
    APR_ARRAY_PUSH(frame->exchanges, wf_http_sample_t) = wf_http_sample(response, failed);
}

/* ---- making one -------------------------------------------------------------------------- */

static void init(wf_script_frame_t *frame, const wf_step_t *step, apr_pool_t *p)
{
    const wf_script_step_t *own = step->config;

    frame->pool = p;
    frame->script = own->script;
    frame->metrics = own->metrics;
    frame->host = (wf_script_host_t){
        .baton = frame,
        .get = get,
        .behind = behind,
        .set = set,
        .unset = unset,
        .all = all,
        .answer = answer,
        .metric = metric,
        .check = check,
        .exchanged = exchanged,
        .pool = p,
    };
    wf_error_init(&frame->err, p);
}

wf_script_frame_t *wf_script_frame_create(wf_strand_t *strand, const wf_step_t *step)
{
    apr_pool_t *p = wf_strand_pool(strand);
    wf_script_frame_t *frame = apr_pcalloc(p, sizeof(*frame));

    init(frame, step, p);
    wf_strand_spend(strand, sizeof(*frame));
    frame->strand = strand;
    return frame;
}

void wf_script_frame_run(wf_script_frame_t *frame, apr_int64_t deadline_ms,
                         const int *stop)
{
    wf_js_call_t call = { .name = "script",
                          .script = frame->script,
                          .world = &wf_script_world,
                          .baton = &frame->host,
                          .deadline_ms = deadline_ms,
                          .stop = stop,
                          .wants_value = 1 };

    frame->host.deadline = wf_mono_us() + 1000 * deadline_ms;
    frame->host.stop = stop;
    frame->rv = wf_js_run(&call, &frame->result, frame->pool, &frame->err);
}

/* ---- apart from the strand --------------------------------------------------------------- */

static void see(wf_script_frame_t *frame, wf_strand_t *strand, const char *name)
{
    wf_value_t value;

    if (wf_map_get(frame->seen, name) != NULL
        || !wf_strand_lookup(strand, name, &value, frame->pool)) {
        return;
    }
    wf_map_set(frame->seen, name, wf_result_plain(&value, frame->pool));
    if (wf_map_get(frame->variables, name) != NULL
        && wf_strand_behind(strand, name, &value, frame->pool)) {
        wf_map_set(frame->behind, name, wf_result_plain(&value, frame->pool));
    }
}

/* Results that the script does not name: it may make a name up, but large ones would be
 * copied for nothing. */
static void see_results(wf_script_frame_t *frame, wf_strand_t *strand)
{
    const wf_plan_t *plan = wf_strand_plan(strand);
    const wf_step_t *step;
    int i;

    for (i = 0; (step = wf_plan_step_at(plan, i)) != NULL; i++) {
        const wf_result_t *result = wf_strand_result(strand, i);

        if (step->id != NULL && result != NULL
            && wf_result_weight(result) < WF_SCRIPT_RESULT_MAX) {
            see(frame, strand, step->id);
        }
    }
}

/* What the script may ask for beside variables: built-in names, what the loops around it
 * offer, results, what it names itself. */
static void see_names(wf_script_frame_t *frame, const wf_script_step_t *own,
                      wf_strand_t *strand)
{
    static const char *const names[] = { "__VU",        "__ITER",     "__scenario",
                                         "__execution", "loop.index", "loop.iteration",
                                         "loop.count",  "loop.item" };
    const apr_array_header_t *words = own->words;
    int i;

    for (i = 0; i < (int)(sizeof(names) / sizeof(names[0])); i++) {
        see(frame, strand, names[i]);
    }
    for (i = 0; i < words->nelts; i++) {
        const char *word = APR_ARRAY_IDX(words, i, const char *);

        see(frame, strand, word);
        see(frame, strand, apr_pstrmemdup(frame->pool, word, strcspn(word, ".")));
        see(frame, strand, apr_pstrcat(frame->pool, "env:", word, NULL));
    }
    see_results(frame, strand);
}

static void copy_answer(wf_script_frame_t *frame, wf_strand_t *strand)
{
    wf_script_answer_t *latest = &frame->latest;

    frame->has_latest = strand_answer(strand, latest);
    if (!frame->has_latest) {
        return;
    }
    if (latest->body != NULL) {
        latest->body = apr_pstrmemdup(frame->pool, latest->body, latest->body_length);
    }
    if (latest->headers != NULL) {
        latest->headers =
            apr_pstrmemdup(frame->pool, latest->headers, latest->headers_length);
    }
}

static const char *copy(const char *text, apr_pool_t *p)
{
    return text ? apr_pstrdup(p, text) : NULL;
}

/* The http section as this strand sees it now. */
static apr_status_t copy_section(wf_script_frame_t *frame, const wf_http_step_t *section,
                                 wf_strand_t *strand)
{
    apr_array_header_t *headers = apr_array_make(frame->pool, section->headers->nelts + 1,
                                                 sizeof(wf_client_header_t));
    wf_script_http_t *http = apr_pcalloc(frame->pool, sizeof(*http));
    apr_status_t rv;
    int i;

    http->headers = headers;
    http->settings = section->settings;
    http->settings.ca = copy(section->settings.ca, frame->pool);
    http->settings.certificate = copy(section->settings.certificate, frame->pool);
    http->settings.key = copy(section->settings.key, frame->pool);
    http->permitted = wf_strand_permitted(strand, &http->permit_baton);
    http->pace = wf_pace_hold(wf_strand_pace(strand), frame->pool);
    rv = wf_text_eval(&section->base, strand, &http->base, frame->pool, &frame->err);
    for (i = 0; rv == APR_SUCCESS && i < section->headers->nelts; i++) {
        const wf_pair_t *pair = &APR_ARRAY_IDX(section->headers, i, wf_pair_t);
        wf_client_header_t *header = apr_array_push(headers);

        header->name = copy(pair->name, frame->pool);
        rv = wf_text_eval(&pair->value, strand, &header->value, frame->pool, &frame->err);
        header->value = copy(header->value, frame->pool);
    }
    http->base = http->base ? copy(http->base, frame->pool) : "";
    frame->host.http = http;
    return rv;
}

wf_script_frame_t *wf_script_frame_detach(wf_strand_t *strand, const wf_step_t *step,
                                          apr_pool_t *p)
{
    const wf_script_step_t *own = step->config;
    const wf_value_t metrics = wf_map(own->metrics);
    wf_script_frame_t *frame = apr_pcalloc(p, sizeof(*frame));

    init(frame, step, p);
    frame->script = wf_js_script_copy(own->script, p);
    frame->metrics = wf_value_copy(&metrics, p).as.map;
    frame->seen = wf_map_create(p);
    frame->behind = wf_map_create(p);
    frame->variables = wf_strand_variables(strand, p);
    see_names(frame, own, strand);
    copy_answer(frame, strand);
    if (own->http != NULL) {
        frame->rv = copy_section(frame, own->http, strand);
    }
    return frame;
}

/* ---- afterwards -------------------------------------------------------------------------- */

static void settle_names(const wf_script_frame_t *frame, wf_strand_t *strand)
{
    int i;

    for (i = 0; frame->set != NULL && i < wf_map_count(frame->set); i++) {
        wf_strand_set(strand, wf_map_key(frame->set, i), wf_map_at(frame->set, i));
    }
    for (i = 0; frame->gone != NULL && i < wf_map_count(frame->gone); i++) {
        wf_strand_unset(strand, wf_map_key(frame->gone, i));
    }
}

static void settle_exchanges(const wf_script_frame_t *frame, wf_sheet_t *sheet,
                             wf_result_t *result)
{
    int i;

    for (i = 0; frame->exchanges != NULL && i < frame->exchanges->nelts; i++) {
        const wf_http_sample_t *e = &APR_ARRAY_IDX(frame->exchanges, i, wf_http_sample_t);

        wf_http_count(sheet, e);
        result->sent += e->sent;
        result->received += e->received;
    }
    if (frame->host.held > 0) {
        wf_sheet_count(sheet, WF_M_HELD, frame->host.held);
    }
}

static void settle_figures(const wf_script_frame_t *frame, wf_strand_t *strand,
                           wf_sheet_t *sheet)
{
    int i;

    for (i = 0; frame->checks != NULL && i < frame->checks->nelts; i++) {
        const wf_script_check_t *c = &APR_ARRAY_IDX(frame->checks, i, wf_script_check_t);

        wf_strand_check(strand, c->name, c->passed, c->failed);
    }
    for (i = 0; frame->adds != NULL && i < frame->adds->nelts; i++) {
        const wf_script_add_t *add = &APR_ARRAY_IDX(frame->adds, i, wf_script_add_t);

        wf_sheet_add(sheet, add->metric, add->value, wf_steady_ms());
    }
}

/* Before the names take effect, as they are copied there. */
static void settle_output(const wf_script_frame_t *frame, wf_result_t *result)
{
    if (frame->result.value.type != WF_NULL) {
        wf_result_put(result, "result", frame->result.value);
    }
    if (frame->set != NULL) {
        wf_result_put(result, "variables", wf_map(frame->set));
    }
    if (frame->host.lines != NULL) {
        wf_result_put(result, "console_logs", wf_list(frame->host.lines));
    }
    if (frame->host.checks != NULL) {
        wf_result_put(result, "checks", wf_list(frame->host.checks));
    }
}

/* One line is one line, whatever the script puts in. */
static void log_line(const char *id, int level, const char *line)
{
    char clean[WF_SCRIPT_LINE_MAX + 1], *c = clean;

    for (; *line != '\0' && c < clean + WF_SCRIPT_LINE_MAX; line++) {
        *c++ = (unsigned char)*line < ' ' || *line == 0x7f ? ' ' : *line;
    }
    *c = '\0';
    wf_log((wf_log_level_e)level, "step %s: %s", id, clean);
}

static void settle_log(const wf_script_frame_t *frame, const wf_step_t *step)
{
    const wf_script_step_t *own = step->config;
    const wf_list_t *lines = frame->host.lines;
    const char *id = step->id ? step->id : step->name;
    int i, before;

    for (i = 0; lines != NULL && i < wf_list_count(lines); i++) {
        if (!wf_log_enabled((wf_log_level_e)frame->host.levels[i])) {
            continue;
        }
        before = __atomic_fetch_add(&own->shared->logged, 1, __ATOMIC_RELAXED);
        if (before < WF_SCRIPT_LOGGED) {
            log_line(id, frame->host.levels[i], wf_list_at(lines, i)->as.text.data);
        }
        else if (before == WF_SCRIPT_LOGGED) {
            wf_log(WF_LOG_INFO, "step %s: has written %d lines, the rest is not logged",
                   id, WF_SCRIPT_LOGGED);
        }
    }
}

static void judge(const wf_script_frame_t *frame, wf_strand_t *strand,
                  wf_result_t *result)
{
    const wf_script_host_t *host = &frame->host;

    if (frame->result.late) {
        wf_result_fail(result, WF_STEP_TIMEOUT, "TIMEOUT_ERROR", "timed out after %s",
                       wf_duration_text(wf_script_timeout_ms(result->step) * NS_PER_MS,
                                        wf_strand_pool(strand)));
    }
    else if (frame->rv != APR_SUCCESS) {
        wf_result_fail(result, WF_STEP_FAILED, "EXECUTION_ERROR", "%s",
                       frame->err.message);
    }
    else if (host->tests_failed > 0) {
        wf_result_fail(result, WF_STEP_FAILED, "EXECUTION_ERROR",
                       host->tests_failed > 1 ? "%s, and %d more tests failed" : "%s",
                       host->first_failed, host->tests_failed - 1);
    }
}

void wf_script_frame_settle(wf_script_frame_t *frame, wf_strand_t *strand,
                            wf_result_t *result)
{
    wf_sheet_t *sheet = wf_strand_sheet(strand);

    settle_output(frame, result);
    settle_names(frame, strand);
    settle_exchanges(frame, sheet, result);
    settle_figures(frame, strand, sheet);
    settle_log(frame, result->step);
    judge(frame, strand, result);
}
