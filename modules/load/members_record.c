/* What is known of the members of a spread run, for those who look and for its record. */
#include "load/members.h"

#include <string.h>

/* ---- what a task has told -------------------------------------------------------------- */

apr_status_t wf_member_take_state(const wf_run_t *run, wf_spread_member_t *member,
                                  const char *text, wf_error_t *err)
{
    apr_pool_t *p = wf_pool_create("wf_member_state", 0);
    wf_resume_t *state = NULL;
    apr_status_t rv = wf_record_read(&state, run->plan, text, p, err);

    if (rv != APR_SUCCESS) {
        apr_pool_destroy(p);
        return rv;
    }
    if (state->phase != WF_RUN_MAIN) {
        apr_pool_destroy(p); /* begins anew if it is lost */
        return APR_SUCCESS;
    }
    if (member->state_pool != NULL) {
        apr_pool_destroy(member->state_pool);
    }
    member->state_pool = p;
    member->state = state;
    member->state_text = apr_pstrdup(p, text);
    return APR_SUCCESS;
}

apr_int64_t wf_member_done(const wf_spread_member_t *member, int nscenarios)
{
    apr_int64_t all = 0;
    int i;

    for (i = 0; member->state != NULL && i < nscenarios; i++) {
        all += member->state->scenarios[i].done;
    }
    return all;
}

apr_int64_t wf_members_missing(const wf_members_t *members)
{
    apr_int64_t all = 0;
    int i;

    for (i = 0; i < members->n; i++) {
        all += members->all[i].missing;
    }
    return all;
}

wf_gone_t wf_member_done_by(const wf_run_t *run, const wf_spread_member_t *member)
{
    wf_gone_t done = { .name = member->name, .part = (int)(member - run->members->all) };

    if (member->state != NULL) {
        done.iterations =
            wf_member_done(member, run->plan->nscenarios) - member->others_done;
        done.vus = member->state->vus_done - member->others_vus;
    }
    return done;
}

/* ---- what is shown of them --------------------------------------------------------------- */

static void add_int(json_object *o, const char *name, apr_int64_t more)
{
    wf_json_add_int(o, name, wf_json_int(o, name, 0) + more);
}

/* Where part i begins. */
static double begins(const wf_members_t *members, int i)
{
    apr_int64_t before = 0;
    int k;

    for (k = 0; k < i; k++) {
        before += members->weights[k];
    }
    return (double)before / (double)members->weight;
}

/* Of several parts those that adjoin are shown as one. */
static void add_share(json_object *o, const wf_members_t *members, int i)
{
    double from = begins(members, i);
    json_object *end = wf_json_get(o, "segment_end");

    if (end == NULL) {
        wf_json_add_double(o, "segment_start", from);
    }
    if (end == NULL || json_object_get_double(end) == from) {
        wf_json_add_double(o, "segment_end", begins(members, i + 1));
    }
}

static json_object *state_of(json_object *states, const char *name)
{
    json_object *o = wf_json_get(states, name);

    if (o == NULL) {
        o = json_object_new_object();
        wf_json_add_string(o, "slave_id", name);
        json_object_object_add(states, name, o);
    }
    return o;
}

/* Of several parts: what is not over, else what went wrong. */
static void add_status(json_object *o, wf_run_status_e status)
{
    static const int weight[WF_RUN_STATES] = {
        [WF_RUN_COMPLETED] = 1, [WF_RUN_ABORTED] = 2, [WF_RUN_FAILED] = 3,
        [WF_RUN_PENDING] = 4,   [WF_RUN_PAUSED] = 4,  [WF_RUN_RUNNING] = 4,
    };
    const char *said = wf_json_string(o, "status", "");
    int i;

    for (i = 0; i < WF_RUN_STATES; i++) {
        if (strcmp(said, wf_run_status_name(i)) == 0 && weight[i] >= weight[status]) {
            return;
        }
    }
    wf_json_add_string(o, "status", wf_run_status_name(status));
}

static void add_milliseconds(json_object *o, const char *name, apr_int64_t us)
{
    wf_json_add_double(o, name, (double)us / 1000);
}

static void add_clock(json_object *o, const wf_member_clock_t *clock)
{
    add_milliseconds(o, "clock_offset_ms", clock->offset_us);
    add_milliseconds(o, "clock_error_ms", clock->error_us);
    add_milliseconds(o, "start_skew_ms", clock->skew_us);
}

static void add_done(json_object *o, const wf_gone_t *done)
{
    add_int(o, "completed_vus", done->vus);
    add_int(o, "completed_iters", done->iterations);
}

static int has_part(const wf_members_t *members, const char *name)
{
    int i;

    for (i = 0; i < members->n; i++) {
        if (!members->all[i].given_up && strcmp(members->all[i].name, name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* What they did of parts that others have now, or nobody. Who has come back is shown as
 * what he is now, and who only gave parts away did all of his. */
static void add_gone(json_object *states, const wf_members_t *members)
{
    int i;

    for (i = 0; i < members->gone->nelts; i++) {
        const wf_gone_t *gone = &APR_ARRAY_IDX(members->gone, i, wf_gone_t);
        json_object *o = state_of(states, gone->name);
        int is_member = has_part(members, gone->name);

        if (!is_member) {
            add_status(o, gone->moved ? WF_RUN_COMPLETED : WF_RUN_FAILED);
        }
        if (!is_member || !gone->moved) {
            add_share(o, members, gone->part);
        }
        add_done(o, gone);
    }
}

json_object *wf_members_states(const wf_view_t *view)
{
    wf_members_t *members = view->run->members;
    json_object *states = json_object_new_object(), *o;
    int i;

    pthread_mutex_lock(&members->lock);
    for (i = 0; i < members->n; i++) {
        const wf_spread_member_t *member = &members->all[i];
        wf_gone_t done = wf_member_done_by(view->run, member);

        if (!member->given_up) { /* else among those who are gone */
            o = state_of(states, member->name);
            add_status(o,
                       member->over && member->task > 0 ? member->status : view->status);
            add_share(o, members, i);
            add_done(o, &done);
            if (member->timed) {
                add_clock(o, &member->clock);
            }
        }
    }
    add_gone(states, members);
    pthread_mutex_unlock(&members->lock);
    return states;
}

/* ---- records ------------------------------------------------------------------------------ */

static json_object *member_json(const wf_spread_member_t *member, apr_int64_t weight,
                                apr_pool_t *p)
{
    json_object *o = json_object_new_object();

    wf_json_add_string(o, "name", member->name);
    wf_json_add_int(o, "weight", weight);
    wf_json_add_int(o, "task", member->task);
    wf_json_add_bool(o, "over", member->over);
    wf_json_add_bool(o, "given_up", member->given_up);
    wf_json_add_int(o, "missing", member->missing);
    wf_json_add_int(o, "status", member->status);
    wf_json_add_int(o, "sequence", member->sequence);
    wf_json_add_int(o, "others_done", member->others_done);
    wf_json_add_int(o, "others_vus", member->others_vus);
    wf_json_add_string(o, "sheet", wf_sheet_encode(member->sheet, p));
    if (member->timed) {
        wf_json_add_int(o, "offset", member->clock.offset_us);
        wf_json_add_int(o, "error", member->clock.error_us);
        wf_json_add_int(o, "skew", member->clock.skew_us);
    }
    if (member->state_text != NULL) {
        wf_json_add_string(o, "state", member->state_text);
    }
    return o;
}

static json_object *gone_json(const wf_members_t *members)
{
    json_object *gone = json_object_new_array();
    int i;

    for (i = 0; i < members->gone->nelts; i++) {
        const wf_gone_t *lost = &APR_ARRAY_IDX(members->gone, i, wf_gone_t);
        json_object *item = json_object_new_object();

        wf_json_add_string(item, "name", lost->name);
        wf_json_add_int(item, "part", lost->part);
        wf_json_add_bool(item, "moved", lost->moved);
        wf_json_add_int(item, "iterations", lost->iterations);
        wf_json_add_int(item, "vus", lost->vus);
        json_object_array_add(gone, item);
    }
    return gone;
}

json_object *wf_members_json(const wf_run_t *run, wf_run_phase_e phase, apr_pool_t *p)
{
    wf_members_t *members = run->members;
    json_object *o, *list;
    int i;

    pthread_mutex_lock(&members->lock);
    if (members->begun && members->phase != phase) {
        pthread_mutex_unlock(&members->lock);
        return NULL;
    }
    o = json_object_new_object();
    list = json_object_new_array();
    wf_json_add_string(o, "past", wf_sheet_encode(members->past, p));
    for (i = 0; i < members->n; i++) {
        json_object_array_add(list,
                              member_json(&members->all[i], members->weights[i], p));
    }
    json_object_object_add(o, "list", list);
    json_object_object_add(o, "gone", gone_json(members));
    pthread_mutex_unlock(&members->lock);
    return o;
}

/* 0 for what is none. */
static int read_members(wf_spread_t *spread, json_object *list, apr_pool_t *p)
{
    size_t n =
        json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
    const char **names = apr_pcalloc(p, (n + 1) * sizeof(*names));
    apr_int64_t *weights = apr_pcalloc(p, (n + 1) * sizeof(*weights));
    size_t i;

    for (i = 0; i < n; i++) {
        json_object *o = json_object_array_get_idx(list, i);

        names[i] = apr_pstrdup(p, wf_json_string(o, "name", ""));
        weights[i] = wf_json_int(o, "weight", 0);
        if (*names[i] == '\0' || weights[i] <= 0) {
            return 0;
        }
    }
    spread->n = (int)n;
    spread->names = names;
    spread->weights = weights;
    return n > 0 && n <= APR_INT32_MAX;
}

apr_status_t wf_load_members_of(const wf_run_from_t *from, wf_spread_t *spread,
                                apr_pool_t *p, wf_error_t *err)
{
    json_object *o, *members;
    apr_status_t rv = wf_json_read(&o, from->state, strlen(from->state), p, err);

    spread->n = 0;
    if (rv != APR_SUCCESS) {
        return wf_error_note(err, rv, "its record");
    }
    members = wf_json_get(o, "members");
    if (members == NULL || read_members(spread, wf_json_get(members, "list"), p)) {
        return APR_SUCCESS;
    }
    return wf_error_set(err, WF_ERR_INVALID,
                        "its record does not say who its members are");
}

static apr_status_t restore_sheet(wf_sheet_t *sheet, json_object *o, const char *name,
                                  wf_error_t *err)
{
    const char *text = wf_json_string(o, name, "");

    return wf_sheet_decode(sheet, text, strlen(text), err);
}

static apr_status_t restore_member(wf_run_t *run, wf_spread_member_t *member,
                                   json_object *o, wf_error_t *err)
{
    const char *state = wf_json_string(o, "state", NULL);
    apr_int64_t status = wf_json_int(o, "status", -1);

    member->name = apr_pstrdup(run->pool, wf_json_string(o, "name", ""));
    member->task = wf_json_int(o, "task", 0);
    member->over = wf_json_bool(o, "over", 1);
    member->given_up = wf_json_bool(o, "given_up", 0);
    member->missing = wf_json_int(o, "missing", 0);
    member->sequence = wf_json_int(o, "sequence", 0);
    member->others_done = wf_json_int(o, "others_done", 0);
    member->others_vus = wf_json_int(o, "others_vus", 0);
    member->timed = wf_json_get(o, "skew") != NULL;
    member->clock = (wf_member_clock_t){ .offset_us = wf_json_int(o, "offset", 0),
                                         .error_us = wf_json_int(o, "error", 0),
                                         .skew_us = wf_json_int(o, "skew", 0) };
    if (status < 0 || status >= WF_RUN_STATES || member->sequence < 0
        || member->task < 0) {
        return wf_error_set(err, WF_ERR_INVALID, "no record of a member");
    }
    member->status = (wf_run_status_e)status;
    if (state != NULL && wf_member_take_state(run, member, state, err) != APR_SUCCESS) {
        return WF_EFAILED;
    }
    return restore_sheet(member->sheet, o, "sheet", err);
}

static apr_status_t restore_gone(wf_run_t *run, json_object *o, wf_error_t *err)
{
    wf_members_t *members = run->members;
    apr_int64_t part = wf_json_int(o, "part", -1);

    if (part < 0 || part >= members->n) {
        return wf_error_set(err, WF_ERR_INVALID, "no record of somebody who is lost");
    }
    APR_ARRAY_PUSH(members->gone, wf_gone_t) =
        (wf_gone_t){ .name = apr_pstrdup(run->pool, wf_json_string(o, "name", "")),
                     .part = (int)part,
                     .moved = wf_json_bool(o, "moved", 0),
                     .iterations = wf_json_int(o, "iterations", 0),
                     .vus = wf_json_int(o, "vus", 0) };
    return APR_SUCCESS;
}

apr_status_t wf_members_restore(wf_run_t *run, json_object *json, wf_error_t *err)
{
    wf_members_t *members = run->members;
    json_object *list = wf_json_get(json, "list"), *gone = wf_json_get(json, "gone");
    apr_status_t rv = restore_sheet(members->past, json, "past", err);
    size_t i;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!json_object_is_type(list, json_type_array)
        || json_object_array_length(list) != (size_t)members->n
        || !json_object_is_type(gone, json_type_array)) {
        return wf_error_set(err, WF_ERR_INVALID, "its record is not of %d members",
                            members->n);
    }
    for (i = 0; rv == APR_SUCCESS && i < json_object_array_length(list); i++) {
        rv = restore_member(run, &members->all[i], json_object_array_get_idx(list, i),
                            err);
    }
    for (i = 0; rv == APR_SUCCESS && i < json_object_array_length(gone); i++) {
        rv = restore_gone(run, json_object_array_get_idx(gone, i), err);
    }
    wf_members_add_up(members);
    return rv;
}
