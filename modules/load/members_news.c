/* What comes from the members of a spread run: figures, ends and losses. */
#include "load/members.h"

#include <string.h>

/* ---- what they tell ------------------------------------------------------------------------ */

/* The run of that id with that member, to be let go; NULL with an error. */
static wf_run_t *hold_on(wf_load_t *load, const char *id, int member, wf_error_t *err)
{
    wf_run_t *run = wf_run_hold_on(load, id);

    if (run != NULL && run->members != NULL && member >= 0 && member < run->members->n) {
        return run;
    }
    if (run != NULL) {
        wf_run_let_go(run);
    }
    wf_error_set(err, WF_ERR_NOT_FOUND, "execution %s is not running with a member %d",
                 id, member);
    return NULL;
}

/* scratch becomes a part of what is known, or all of it. */
static void count(wf_members_t *members, wf_spread_member_t *member, int all)
{
    if (all && member->sequence > 0) {
        wf_sheet_clear(member->sheet);
        wf_sheet_merge(member->sheet, members->scratch);
        wf_members_add_up(members);
        return;
    }
    wf_sheet_merge(member->sheet, members->scratch);
    wf_sheet_merge(members->total, members->scratch);
}

static apr_status_t take_news(wf_run_t *run, const wf_member_news_t *news,
                              apr_int64_t *have, wf_error_t *err)
{
    wf_members_t *members = run->members;
    wf_spread_member_t *member = &members->all[news->member];
    apr_status_t rv;

    if (member->over || member->task != news->task) {
        *have = -1;
        return APR_SUCCESS;
    }
    *have = member->sequence;
    if (news->figures == NULL || news->state == NULL) {
        return wf_error_set(err, WF_ERR_INVALID, "figures and state are missing");
    }
    if (news->sequence <= member->sequence
        || (news->base != 0 && news->base != member->sequence)) {
        return APR_SUCCESS;
    }
    wf_sheet_clear(members->scratch);
    rv = wf_sheet_decode(members->scratch, news->figures, strlen(news->figures), err);
    if (rv == APR_SUCCESS) {
        rv = wf_member_take_state(run, member, news->state, err);
    }
    if (rv == APR_SUCCESS) {
        count(members, member, news->base == 0);
        member->heard_us = wf_mono_us();
        *have = member->sequence = news->sequence;
    }
    return rv;
}

/* While this process was away its members went on: the run is as old as they are. */
static void catch_up(wf_run_t *run, const wf_resume_t *state)
{
    apr_int64_t behind;

    pthread_mutex_lock(&run->load->lock);
    behind = state->elapsed_us - (wf_run_elapsed_us(run) - run->main_us);
    if (run->phase == WF_RUN_MAIN && run->paused_us == 0 && run->end_us == 0
        && behind > NS_PER_S / 1000) {
        run->start_us -= behind;
    }
    pthread_mutex_unlock(&run->load->lock);
}

apr_status_t wf_load_member_news(wf_load_t *load, const char *id,
                                 const wf_member_news_t *news, apr_int64_t *have,
                                 wf_error_t *err)
{
    wf_run_t *run = hold_on(load, id, news->member, err);
    wf_resume_t now = { 0 };
    apr_status_t rv;

    if (run == NULL) {
        return WF_EFAILED;
    }
    pthread_mutex_lock(&run->members->lock);
    rv = take_news(run, news, have, err);
    if (rv == APR_SUCCESS && run->members->all[news->member].state != NULL) {
        now.elapsed_us = run->members->all[news->member].state->elapsed_us;
    }
    pthread_mutex_unlock(&run->members->lock);
    if (run->resume != NULL) {
        catch_up(run, &now);
    }
    wf_run_let_go(run);
    return rv;
}

apr_status_t wf_load_member_began(wf_load_t *load, const char *id, int member,
                                  const wf_member_clock_t *clock, wf_error_t *err)
{
    wf_run_t *run = hold_on(load, id, member, err);

    if (run == NULL) {
        return WF_EFAILED;
    }
    pthread_mutex_lock(&run->members->lock);
    run->members->all[member].clock = *clock;
    run->members->all[member].timed = 1;
    pthread_mutex_unlock(&run->members->lock);
    wf_run_let_go(run);
    return APR_SUCCESS;
}

/* ---- the end of tasks ---------------------------------------------------------------------- */

/* What setup has left becomes what all iterations begin with. */
static void take_variables(wf_run_t *run, const char *text)
{
    json_object *o;
    wf_error_t err;

    wf_error_init(&err, run->pool);
    if (wf_json_read(&o, text, strlen(text), run->pool, &err) == APR_SUCCESS
        && json_object_is_type(o, json_type_object)) {
        run->initial = wf_value_from_json(o, run->pool).as.map;
        return;
    }
    run->broken = 1;
    wf_sheet_error(run->sheet, NULL, "EXECUTION_ERROR",
                   "what the setup has left is no object", wf_time_ms());
}

static void note_end(wf_run_t *run, const wf_spread_member_t *member,
                     const char *variables)
{
    if (run->phase == WF_RUN_MAIN && member->status == WF_RUN_ABORTED && !run->stopping) {
        run->broken = 1;
        wf_sheet_error(
            run->sheet, NULL, "EXECUTION_ERROR",
            apr_psprintf(run->pool, "slave %s has stopped by itself", member->name),
            wf_time_ms());
    }
    if (run->phase != WF_RUN_MAIN && member->status != WF_RUN_COMPLETED) {
        run->broken |= !run->stopping || run->phase == WF_RUN_TEARDOWN;
    }
    else if (run->phase == WF_RUN_SETUP && variables != NULL) {
        take_variables(run, variables);
    }
}

/* With the load engine's lock. */
static void end_task(wf_run_t *run, wf_spread_member_t *member, wf_run_status_e status,
                     const char *variables)
{
    pthread_mutex_lock(&run->members->lock);
    member->over = 1;
    member->status = status;
    pthread_mutex_unlock(&run->members->lock);
    note_end(run, member, variables);
    if (wf_members_over(run->members)) {
        wf_run_phase_over(run);
    }
}

apr_status_t wf_load_member_over(wf_load_t *load, const char *id, int i, apr_int64_t task,
                                 wf_run_status_e status, const char *variables,
                                 wf_error_t *err)
{
    wf_run_t *run = hold_on(load, id, i, err);
    wf_spread_member_t *member;

    if (run == NULL) {
        return WF_EFAILED;
    }
    member = &run->members->all[i];
    pthread_mutex_lock(&load->lock);
    if (!member->over && member->task == task) {
        end_task(run, member, status, variables);
    }
    pthread_mutex_unlock(&load->lock);
    wf_run_let_go(run);
    return APR_SUCCESS;
}

/* Is there something for a successor to do? No new iterations begin in a run that stops.
 */
static int wanted(const wf_run_t *run)
{
    return run->phase == WF_RUN_TEARDOWN || !run->stopping;
}

/* What a successor would have to do, if that can be counted. */
static apr_int64_t left_of(const wf_run_t *run, const wf_spread_member_t *member)
{
    apr_int64_t left = member->planned - wf_member_done(member, run->plan->nscenarios);

    return run->phase == WF_RUN_MAIN && wanted(run) && left > 0 ? left : 0;
}

/* Somebody is lost who had a part of the iterations. What he did after his last report,
 * and until he ended or found out that he is alone, nobody knows. Errors keep
 * WF_ERROR_TEXT bytes: what matters most comes first. */
static const char *lost_part(const wf_run_t *run, const wf_spread_member_t *member,
                             const char *successor)
{
    double age = (double)(wf_mono_us() - member->heard_us) / 1e6;
    apr_int64_t left = left_of(run, member);
    apr_pool_t *p = run->pool;
    const char *known =
        apr_psprintf(p, "%" APR_INT64_T_FMT " iterations of part %d of %d are known%s",
                     wf_member_done(member, run->plan->nscenarios),
                     (int)(member - run->members->all) + 1, run->members->n,
                     member->heard_us > 0 ? apr_psprintf(p, " (%.1f s old)", age) : "");

    if (successor != NULL) {
        return apr_psprintf(p, "%s, slave %s goes on; what came later may be done twice",
                            known, successor);
    }
    known = left > 0 ? apr_psprintf(p, "%s, the other %" APR_INT64_T_FMT " are not made",
                                    known, left)
                     : apr_pstrcat(p, known, ", nobody goes on", NULL);
    return apr_pstrcat(p, known, "; what came later is not counted", NULL);
}

static const char *loss_of(const wf_run_t *run, const wf_spread_member_t *member,
                           const char *reason, const char *successor)
{
    static const char *const names[WF_RUN_PHASES] = {
        [WF_RUN_SETUP] = "setup", [WF_RUN_TEARDOWN] = "teardown"
    };
    apr_pool_t *p = run->pool;
    const char *what =
        run->phase == WF_RUN_MAIN ? lost_part(run, member, successor)
        : successor != NULL
            ? apr_psprintf(p, "slave %s does the %s again", successor, names[run->phase])
            : apr_psprintf(p, "nobody does the %s", names[run->phase]);

    return apr_psprintf(p, "slave %s is lost (%s): %s", member->name, reason, what);
}

/* Setup and teardown are done again, and so is a part of which nothing is known: the next
 * task counts from nothing, and what the lost one did was done. */
static void begin_anew(wf_members_t *members, wf_spread_member_t *member)
{
    wf_sheet_merge(members->past, member->sheet);
    wf_sheet_clear(member->sheet);
    member->sequence = 0;
}

static int goes_on(const wf_run_t *run, const wf_spread_member_t *member)
{
    return run->phase == WF_RUN_MAIN && member->state_text != NULL
           && member->sequence > 0;
}

/* With both locks, as the next. */
static void hand_over(wf_run_t *run, wf_spread_member_t *member, const char *successor,
                      const wf_gone_t *done)
{
    member->name = apr_pstrdup(run->pool, successor);
    member->heard_us = 0;
    member->timed = 0;
    member->task++;
    member->others_done += done->iterations;
    member->others_vus += done->vus;
    if (!goes_on(run, member)) {
        begin_anew(run->members, member);
    }
}

static void lose(wf_run_t *run, wf_spread_member_t *member, const char *successor)
{
    wf_members_t *members = run->members;
    wf_gone_t done = wf_member_done_by(run, member);

    APR_ARRAY_PUSH(members->gone, wf_gone_t) = done;
    if (successor == NULL) {
        member->over = member->given_up = 1;
        member->missing = left_of(run, member);
        member->status = WF_RUN_FAILED;
        return;
    }
    hand_over(run, member, successor, &done);
}

static int nobody_left(const wf_run_t *run)
{
    const wf_members_t *members = run->members;
    int i;

    for (i = 0; i < members->n; i++) {
        if (!members->all[i].given_up && wf_member_has_work(run, &members->all[i])) {
            return 0;
        }
    }
    return 1;
}

/* A part of a run that goes on short is missing; a phase that only one does is not done
 * at all. */
static int breaks(const wf_run_t *run)
{
    return wanted(run) && (run->phase != WF_RUN_MAIN || nobody_left(run));
}

/* With the load engine's lock. */
static void note_loss(wf_run_t *run, wf_spread_member_t *member, const char *reason,
                      const char *successor)
{
    pthread_mutex_lock(&run->members->lock);
    wf_sheet_error(run->sheet, NULL, "CONNECTION_ERROR",
                   loss_of(run, member, reason, successor), wf_time_ms());
    lose(run, member, successor);
    pthread_mutex_unlock(&run->members->lock);
    run->record_us = 0; /* as above */
    run->broken |= member->given_up && breaks(run);
    if (wf_members_over(run->members)) {
        wf_run_phase_over(run);
    }
}

apr_status_t wf_load_member_lost(wf_load_t *load, const char *id, int i,
                                 const char *reason, const char *successor,
                                 apr_int64_t *task, wf_error_t *err)
{
    wf_run_t *run = hold_on(load, id, i, err);
    apr_status_t rv = APR_SUCCESS;
    wf_spread_member_t *member;

    if (run == NULL) {
        return WF_EFAILED;
    }
    member = &run->members->all[i];
    pthread_mutex_lock(&load->lock);
    if (member->over) {
        rv = wf_error_set(err, WF_ERR_CONFLICT, "the task of slave %s is over",
                          member->name);
    }
    else {
        successor = wanted(run) ? successor : NULL;
        *task = successor != NULL ? member->task + 1 : 0;
        note_loss(run, member, reason, successor);
    }
    pthread_mutex_unlock(&load->lock);
    wf_run_let_go(run);
    return rv;
}

/* With the load engine's lock. */
static void move(wf_run_t *run, wf_spread_member_t *member, const char *successor)
{
    wf_members_t *members = run->members;
    wf_gone_t done;

    pthread_mutex_lock(&members->lock);
    done = wf_member_done_by(run, member);
    done.moved = 1;
    APR_ARRAY_PUSH(members->gone, wf_gone_t) = done;
    hand_over(run, member, successor, &done);
    run->record_us = 0; /* a master that is killed should know who has what */
    pthread_mutex_unlock(&members->lock);
}

apr_status_t wf_load_member_moved(wf_load_t *load, const char *id, int i,
                                  apr_int64_t task, const char *successor,
                                  apr_int64_t *next, wf_error_t *err)
{
    wf_run_t *run = hold_on(load, id, i, err);
    apr_status_t rv = APR_SUCCESS;
    wf_spread_member_t *member;

    *next = 0;
    if (run == NULL) {
        return WF_EFAILED;
    }
    member = &run->members->all[i];
    pthread_mutex_lock(&load->lock);
    if (member->over || member->task != task) {
        rv = wf_error_set(err, WF_ERR_CONFLICT, "the task of slave %s is over",
                          member->name);
    }
    else if (wanted(run)) {
        move(run, member, successor);
        *next = member->task;
    }
    else {
        end_task(run, member, WF_RUN_ABORTED, NULL);
    }
    pthread_mutex_unlock(&load->lock);
    wf_run_let_go(run);
    return rv;
}

/* Its record, with what has been ordered since: of a task that was cut, too. */
static const char *state_now(const wf_run_t *run, const wf_spread_member_t *member,
                             apr_pool_t *p)
{
    wf_error_t err;
    json_object *o, *scenarios;
    int i;

    wf_error_init(&err, p);
    if (wf_json_read(&o, member->state_text, strlen(member->state_text), p, &err)
        != APR_SUCCESS) {
        return apr_pstrdup(p, member->state_text); /* never: it was read before */
    }
    if (!run->stopping) {
        json_object_object_del(o, "stopping");
        json_object_object_del(o, "flushing");
    }
    scenarios = wf_json_get(o, "scenarios");
    for (i = 0; i < run->plan->nscenarios; i++) {
        if (run->scaled[i] >= 0) {
            wf_json_add_int(wf_json_get(scenarios, run->plan->scenarios[i].name), "vus",
                            run->scaled[i]);
        }
    }
    return wf_json_text(o, NULL, p);
}

apr_status_t wf_load_member_record(wf_load_t *load, const char *id, int i,
                                   wf_run_from_t *from, apr_pool_t *p, wf_error_t *err)
{
    wf_run_t *run = hold_on(load, id, i, err);
    const wf_spread_member_t *member;

    memset(from, 0, sizeof(*from));
    if (run == NULL) {
        return WF_EFAILED;
    }
    member = &run->members->all[i];
    pthread_mutex_lock(&load->lock);
    pthread_mutex_lock(&run->members->lock);
    if (goes_on(run, member)) {
        from->sequence = member->sequence;
        from->state = state_now(run, member, p);
        from->sheet = wf_sheet_encode(member->sheet, p);
    }
    from->paused = run->status == WF_RUN_PAUSED;
    pthread_mutex_unlock(&run->members->lock);
    pthread_mutex_unlock(&load->lock);
    wf_run_let_go(run);
    return APR_SUCCESS;
}
