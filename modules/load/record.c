/* Records: what a run goes on from after a restart. The state is a small JSON text;
 * sheet, judge and points are texts of the room metrics. A record is made about once a
 * second, so its size is bounded by the plan, not by what the run has done.
 *
 *   {"version":1, "phase":"main", "start":ms, "at":ms, "elapsed":us, "main":us,
 *    "scenarios":{"":{"done":120,"vus":7,"counts":"3*18,2*20"}}, "variables":{…}}
 *
 * That of a task also has what only its master can use: "users":[active, done] and how
 * its loops fare, "strain"; that of a spread run "members" (members.c). */
#include "load/internal.h"

#include <string.h>

#define VERSION 1
#define MOST ((apr_int64_t)1 << 50) /* of what is counted; microseconds of 35 years */

static const char *const phases[WF_RUN_PHASES] = {
    [WF_RUN_SETUP] = "setup", [WF_RUN_MAIN] = "main", [WF_RUN_TEARDOWN] = "teardown"
};

static const char *const outcomes[WF_EVS] = {
    [WF_EV_FINISH] = "finish", [WF_EV_FAIL] = "fail", [WF_EV_STOP] = "stop"
};

/* ---- counts of users: "3*18,20": three with 18, one with 20 ---------------------------- */

static const char *encode_counts(const apr_int64_t *counts, int n, apr_pool_t *p)
{
    apr_array_header_t *pieces = apr_array_make(p, 16, sizeof(const char *));
    int i, same;

    for (i = 0; i < n; i += same) {
        for (same = 1; i + same < n && counts[i + same] == counts[i]; same++) {
        }
        APR_ARRAY_PUSH(pieces, const char *) =
            same == 1 ? apr_psprintf(p, "%" APR_INT64_T_FMT, counts[i])
                      : apr_psprintf(p, "%d*%" APR_INT64_T_FMT, same, counts[i]);
    }
    return apr_array_pstrcat(p, pieces, ',');
}

/* A number without a sign: what is behind it, or NULL. */
static const char *decode_count(const char *text, apr_int64_t *value)
{
    const char *c;

    *value = 0;
    for (c = text; *c >= '0' && *c <= '9' && *value <= MOST; c++) {
        *value = *value * 10 + (*c - '0');
    }
    return c > text && *value <= MOST ? c : NULL;
}

/* How many there are, or -1 for what is no such text. */
static int decode_counts(apr_int64_t *counts, int most, const char *text)
{
    int n = 0;

    if (*text == '\0') {
        return 0;
    }
    for (;; text++) {
        apr_int64_t value, same = 1;

        text = decode_count(text, &value);
        if (text != NULL && *text == '*') {
            same = value;
            text = decode_count(text + 1, &value);
        }
        if (text == NULL || (*text != ',' && *text != '\0') || same < 1
            || same > most - n) {
            return -1;
        }
        while (same-- > 0) {
            counts[n++] = value;
        }
        if (*text == '\0') {
            return n;
        }
    }
}

/* ---- writing ------------------------------------------------------------------------- */

static json_object *scenarios_json(const wf_run_t *run, const wf_view_t *view,
                                   apr_pool_t *p)
{
    json_object *all = json_object_new_object();
    int i;

    for (i = 0; i < run->plan->nscenarios; i++) {
        json_object *o = json_object_new_object();

        wf_json_add_int(o, "done", view->done[i]);
        if (view->then.scaled[i] >= 0) {
            wf_json_add_int(o, "vus", view->then.scaled[i]);
        }
        wf_json_add_string(o, "counts",
                           encode_counts(view->then.counts[i], run->ncounts[i], p));
        json_object_object_add(all, run->plan->scenarios[i].name, o);
    }
    return all;
}

static void add_number(json_object *list, double number)
{
    json_object_array_add(list, json_object_new_double(number));
}

static void add_task(json_object *o, const wf_view_t *view)
{
    const wf_strain_t *strain = &view->strain;
    json_object *users = json_object_new_array(), *list = json_object_new_array();

    json_object_array_add(users, json_object_new_int64(view->vus_active));
    json_object_array_add(users, json_object_new_int64(view->vus_done));
    json_object_object_add(o, "users", users);
    add_number(list, strain->seconds);
    add_number(list, strain->late_seconds);
    add_number(list, strain->busy_seconds);
    add_number(list, strain->full_seconds);
    add_number(list, strain->busy);
    add_number(list, (double)strain->max_lag_us);
    json_object_object_add(o, "strain", list);
}

/* *initial is never written once it is there. */
static json_object *state_json(const wf_run_t *run, const wf_view_t *view,
                               const wf_map_t **initial, apr_pool_t *p)
{
    json_object *o = json_object_new_object();

    wf_json_add_int(o, "version", VERSION);
    wf_json_add_string(o, "phase", phases[view->then.phase]);
    wf_json_add_int(o, "start", run->start_ms);
    wf_json_add_int(o, "at", wf_time_ms());
    wf_json_add_int(o, "elapsed", view->elapsed_us);
    if (view->then.main_us >= 0) {
        /* A setup that is repeated takes no time from the main phase. */
        apr_int64_t again = view->then.phase == WF_RUN_SETUP
                                ? view->elapsed_us - run->resume->elapsed_us
                                : 0;

        wf_json_add_int(o, "main", view->then.main_us + again);
    }
    if (view->then.stopping) {
        wf_json_add_string(o, "stopping", outcomes[view->then.outcome]);
        wf_json_add_bool(o, "flushing", view->flushing);
    }
    if (view->then.held && view->busy == 0) {
        wf_json_add_bool(o, "whole", 1);
    }
    wf_json_add_int(o, "warm",
                    view->iterations
                        - (apr_int64_t)wf_sheet_counter(view->sheet, WF_M_ITERATIONS));
    json_object_object_add(o, "scenarios", scenarios_json(run, view, p));
    json_object_object_add(o, "rows",
                           wf_data_positions(&run->plan->data, view->then.rows_taken));
    if (wf_run_is_task(run)) {
        add_task(o, view);
    }
    *initial = run->first == WF_RUN_SETUP && view->then.phase != WF_RUN_SETUP
                   ? view->then.initial
                   : NULL;
    return o;
}

/* Without them setup is repeated, so too many may be left out. */
static void add_variables(json_object *o, const wf_map_t *initial, apr_pool_t *p)
{
    wf_value_t value = wf_map((wf_map_t *)initial);
    json_object *variables = wf_value_to_json(&value);
    apr_size_t length;

    wf_json_text(variables, &length, p);
    if (length > WF_RECORD_VARIABLES) {
        json_object_put(variables);
        return;
    }
    json_object_object_add(o, "variables", variables);
}

/* With the judge's lock: what the owner does not have yet. */
static void add_points(wf_run_record_t *record, const wf_run_t *run, apr_pool_t *p)
{
    int n = wf_series_count(run->series), i;
    apr_array_header_t *points = apr_array_make(p, 4, sizeof(wf_run_change_t));

    record->generation = wf_series_generation(run->series);
    record->all_points = record->generation != run->known_generation;
    record->last_point = n ? wf_series_at(run->series, n - 1)->number : -1;
    for (i = n - 1; i >= 0; i--) {
        const wf_point_t *point = wf_series_at(run->series, i);

        if (!record->all_points && point->number < run->known_point) {
            break;
        }
        APR_ARRAY_PUSH(points, wf_run_change_t) =
            (wf_run_change_t){ point->number, wf_point_encode(point, p) };
    }
    record->points = points;
}

/* 0: they are in the next phase already. */
static int add_members(json_object *state, const wf_run_t *run, const wf_view_t *view,
                       apr_pool_t *p)
{
    json_object *members = wf_members_json(run, view->then.phase, p);

    if (members == NULL) {
        return 0;
    }
    json_object_object_add(state, "members", members);
    return 1;
}

wf_run_record_t *wf_record_make(wf_run_t *run, const wf_view_t *view,
                                const wf_run_snapshot_t *snapshot, apr_pool_t *p)
{
    wf_run_record_t *record = apr_pcalloc(p, sizeof(*record));
    int own = run->members != NULL && !wf_run_status_final(view->status);
    const wf_map_t *initial;
    json_object *state;

    record->sequence = view->sequence;
    state = state_json(run, view, &initial, p);
    if (run->members != NULL && !add_members(state, run, view, p)) {
        json_object_put(state);
        return NULL;
    }
    if (initial != NULL) {
        add_variables(state, initial, p);
    }
    record->state = wf_json_text(wf_json_own(state, p), NULL, p);
    if (run->last == WF_RUN_SETUP && view->status == WF_RUN_COMPLETED) {
        wf_value_t left = wf_map((wf_map_t *)view->then.initial);

        record->variables =
            wf_json_text(wf_json_own(wf_value_to_json(&left), p), NULL, p);
    }
    record->sheet = wf_sheet_encode(own ? view->own : view->sheet, p);
    pthread_mutex_lock(&run->judging);
    record->judge = wf_judge_encode(run->judge, p);
    add_points(record, run, p);
    pthread_mutex_unlock(&run->judging);
    record->report = wf_json_own(wf_summary_report(snapshot, view, p), p);
    return record;
}

/* ---- reading ------------------------------------------------------------------------- */

int wf_run_phase_find(const char *name)
{
    int i;

    for (i = 0; i < WF_RUN_PHASES; i++) {
        if (strcmp(phases[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

static int find_outcome(const char *name)
{
    int i;

    for (i = 0; i < WF_EVS; i++) {
        if (outcomes[i] != NULL && strcmp(outcomes[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

/* 0 for what is no whole number from least to MOST. */
static int read_number(json_object *o, const char *name, apr_int64_t least,
                       apr_int64_t *value)
{
    *value = wf_json_int(o, name, least - 1);
    return *value >= least && *value <= MOST;
}

static int read_scenario(wf_resumed_t *scenario, json_object *o, apr_pool_t *p)
{
    const char *counts = wf_json_string(o, "counts", "?");

    scenario->vus = -1;
    scenario->counts = apr_pcalloc(p, WF_RECORD_USERS * sizeof(*scenario->counts));
    scenario->ncounts = decode_counts(scenario->counts, WF_RECORD_USERS, counts);
    return scenario->ncounts >= 0 && read_number(o, "done", 0, &scenario->done)
           && (wf_json_get(o, "vus") == NULL
               || (read_number(o, "vus", 0, &scenario->vus)
                   && scenario->vus <= WF_PLAN_MAX_VUS));
}

static int read_times(wf_resume_t *resume, json_object *o)
{
    resume->main_us = -1;
    return read_number(o, "start", 0, &resume->start_ms)
           && read_number(o, "at", 0, &resume->recorded_ms)
           && read_number(o, "elapsed", 0, &resume->elapsed_us)
           && (wf_json_get(o, "main") == NULL
               || (read_number(o, "main", 0, &resume->main_us)
                   && resume->main_us <= resume->elapsed_us));
}

static int read_end(wf_resume_t *resume, json_object *o)
{
    const char *stopping = wf_json_string(o, "stopping", NULL);
    int outcome = stopping != NULL ? find_outcome(stopping) : WF_EV_STOP;

    resume->whole = wf_json_bool(o, "whole", 0);
    resume->stopping = stopping != NULL;
    resume->outcome = outcome;
    resume->flushing = wf_json_bool(o, "flushing", 0);
    return outcome >= 0 && (stopping != NULL || !wf_json_get(o, "stopping"));
}

static int read_variables(wf_resume_t *resume, json_object *o, apr_pool_t *p)
{
    json_object *variables = wf_json_get(o, "variables");

    if (variables == NULL) {
        return 1;
    }
    if (!json_object_is_type(variables, json_type_object)) {
        return 0;
    }
    resume->variables = wf_value_from_json(variables, p).as.map;
    return 1;
}

/* 0 for what is no list of n numbers that are not negative. */
static int read_numbers(json_object *list, double *numbers, size_t n)
{
    size_t i;

    if (!json_object_is_type(list, json_type_array)
        || json_object_array_length(list) != n) {
        return 0;
    }
    for (i = 0; i < n; i++) {
        json_object *item = json_object_array_get_idx(list, i);

        if (!json_object_is_type(item, json_type_int)
            && !json_object_is_type(item, json_type_double)) {
            return 0;
        }
        numbers[i] = json_object_get_double(item);
        if (!(numbers[i] >= 0 && numbers[i] <= (double)MOST)) {
            return 0;
        }
    }
    return 1;
}

static int read_task(wf_resume_t *resume, json_object *o)
{
    json_object *users = wf_json_get(o, "users"), *strain = wf_json_get(o, "strain");
    double n[6];

    if (users != NULL) {
        if (!read_numbers(users, n, 2)) {
            return 0;
        }
        resume->vus_active = (apr_int64_t)n[0];
        resume->vus_done = (apr_int64_t)n[1];
    }
    if (strain != NULL) {
        if (!read_numbers(strain, n, 6) || n[0] > APR_INT32_MAX || n[1] > n[0]
            || n[2] > n[0] || n[3] > n[0]) {
            return 0;
        }
        resume->strain = (wf_strain_t){ .seconds = (int)n[0],
                                        .late_seconds = (int)n[1],
                                        .busy_seconds = (int)n[2],
                                        .full_seconds = (int)n[3],
                                        .busy = n[4],
                                        .max_lag_us = (apr_int64_t)n[5] };
    }
    resume->members = wf_json_get(o, "members");
    return 1;
}

static int read_state(wf_resume_t *resume, const wf_plan_t *plan, json_object *o,
                      apr_pool_t *p)
{
    json_object *scenarios = wf_json_get(o, "scenarios");
    int phase = wf_run_phase_find(wf_json_string(o, "phase", "")), i;

    if (wf_json_int(o, "version", 0) != VERSION || phase < 0) {
        return 0;
    }
    resume->phase = phase;
    resume->scenarios = apr_pcalloc(p, plan->nscenarios * sizeof(*resume->scenarios));
    for (i = 0; i < plan->nscenarios; i++) {
        if (!read_scenario(&resume->scenarios[i],
                           wf_json_get(scenarios, plan->scenarios[i].name), p)) {
            return 0;
        }
    }
    resume->rows_taken =
        apr_pcalloc(p, (plan->data.count + 1) * sizeof(*resume->rows_taken));
    return read_times(resume, o) && read_end(resume, o) && read_variables(resume, o, p)
           && read_task(resume, o) && read_number(o, "warm", 0, &resume->warm_iterations)
           && wf_data_restore(&plan->data, resume->rows_taken, wf_json_get(o, "rows"));
}

apr_status_t wf_record_read(wf_resume_t **resume, const wf_plan_t *plan,
                            const char *state, apr_pool_t *p, wf_error_t *err)
{
    json_object *o;
    apr_status_t rv = wf_json_read(&o, state, strlen(state), p, err);

    *resume = apr_pcalloc(p, sizeof(**resume));
    if (rv != APR_SUCCESS) {
        return wf_error_note(err, rv, "its record");
    }
    if (!read_state(*resume, plan, o, p)) {
        rv = wf_error_set(err, WF_ERR_INVALID, "no record of an execution");
    }
    return rv;
}

/* Users that the whole of a scenario had when it was recorded: loops ask for it while
 * somebody may scale it. */
static apr_int64_t users_then(const wf_run_t *run, int scenario)
{
    const wf_load_shape_t *shape = &run->plan->scenarios[scenario].shape;
    apr_int64_t scaled = run->resume->scenarios[scenario].vus;

    return scaled >= 0 && !shape->executor->scale_passes
               ? scaled
               : shape->executor->vus_max(shape);
}

apr_int64_t wf_resume_iterations(const wf_run_t *run, int scenario, apr_int64_t place)
{
    const wf_resumed_t *from;
    apr_int64_t left, others;
    int i;

    if (run->resume == NULL || scenario < 0) {
        return 0;
    }
    from = &run->resume->scenarios[scenario];
    if (place <= from->ncounts) {
        return from->counts[place - 1];
    }
    left = from->done;
    for (i = 0; i < from->ncounts; i++) {
        left -= from->counts[i];
    }
    others =
        wf_segment_share(&run->plan->segment, users_then(run, scenario)) - from->ncounts;
    place -= from->ncounts;
    return left <= 0 || place > others ? 0 : left / others + (place <= left % others);
}
