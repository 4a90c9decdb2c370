/* What a plan and a run give to their outputs. A run that has some is over when they have
 * been written: its figures and its clock stand still meanwhile. */
#include "load/internal.h"

#include <string.h>

#define FLUSH_US 10000000    /* for what is still on its way when a run ends */
#define FLUSH_CUT_US 1000000 /* and when it is cut, as the server stops */

/* ---- plans ------------------------------------------------------------------------- */

static const char *find_name(void *baton, const char *name)
{
    const wf_surroundings_t *around = ((wf_plan_t *)baton)->around;

    if (strncmp(name, "env:", 4) == 0 && around->env != NULL) {
        return around->env(around->baton, name + 4);
    }
    if (strncmp(name, "secret:", 7) == 0 && around->secret != NULL) {
        return around->secret(around->baton, name + 7);
    }
    return NULL;
}

void wf_plan_outputs(const wf_node_t *list, const wf_where_t *path, wf_compile_t *c)
{
    wf_plan_t *plan = wf_plan_of(c);

    plan->output_names = (wf_output_names_t){
        .find = find_name, .baton = plan, .directory = plan->around->output_directory
    };
    plan->outputs_node = list;
    wf_outputs_compile(&plan->outputs, list, &plan->output_names, path, c);
}

/* Options of a type that does not write files have no such member. */
static json_object *entry_of(const char *type, const char *url)
{
    json_object *entry = json_object_new_object(), *options = json_object_new_object();

    wf_json_add_string(entry, "type", type);
    if (url != NULL && *url != '\0') {
        wf_json_add_string(entry, "url", url);
    }
    if (wf_output_writes_file(type)) {
        wf_json_add_bool(options, "overwrite", 1);
    }
    json_object_object_add(entry, "options", options);
    return entry;
}

apr_status_t wf_plan_add_output(wf_plan_t *plan, const char *type, const char *url,
                                wf_error_t *err)
{
    wf_problems_t *problems = wf_problems_create(NULL, plan->pool);
    wf_compile_t c = { .made = plan, .problems = problems, .p = plan->pool };
    wf_where_t options = { .key = "options" };
    wf_where_t path = { .up = &options, .key = "outputs" };
    json_object *entry = wf_json_own(entry_of(type, url), plan->pool);
    const wf_node_t *node = wf_node_from_json(entry, problems, plan->pool);

    if (node != NULL) {
        wf_plan_outputs(wf_node_append(plan->outputs_node, node, plan->pool), &path, &c);
    }
    return wf_problems_check(problems, err);
}

/* ---- runs -------------------------------------------------------------------------- */

static void flushed(void *baton)
{
    wf_run_t *run = baton;

    pthread_mutex_lock(&run->load->lock);
    wf_run_over(run);
    pthread_mutex_unlock(&run->load->lock);
}

static wf_output_step_t *steps_of(const wf_plan_t *plan, int *n)
{
    wf_output_step_t *steps =
        apr_pcalloc(plan->pool, (plan->nsteps + 1) * sizeof(*steps));
    int i;

    for (i = *n = 0; i < plan->nsteps; i++) {
        const wf_step_t *step = plan->steps[i];

        if (step->metric >= 0) {
            steps[(*n)++] = (wf_output_step_t){ .id = step->id,
                                                .name = step->name,
                                                .count = step->metric + WF_SM_COUNT,
                                                .success = step->metric + WF_SM_SUCCESS,
                                                .failure = step->metric + WF_SM_FAILURE,
                                                .duration = step->metric + WF_SM_DURATION,
                                                .status = step->metric + WF_SM_STATUS };
        }
    }
    return steps;
}

/* What the run had counted when it began: one that goes on has told that already. */
static const wf_sheet_t *told_before(const wf_run_t *run)
{
    wf_sheet_t *before = wf_sheet_create(run->plan->metrics, run->pool);
    int i, sampled = 0;

    wf_sheet_merge(before, run->sheet);
    if (run->members != NULL) {
        wf_members_merge(run, before);
    }
    for (i = 0; i < wf_metric_count(run->plan->metrics); i++) {
        sampled |= wf_sheet_sampled(before, i);
    }
    if (!sampled) {
        return NULL;
    }
    return before;
}

void wf_run_open_outputs(wf_run_t *run)
{
    const wf_plan_t *plan = run->plan;
    wf_output_run_t *about;

    if (wf_outputs_count(plan->outputs) == 0) {
        return;
    }
    about = apr_pcalloc(run->pool, sizeof(*about));
    about->execution_id = run->id;
    about->workflow_id = plan->id;
    about->start_ms = run->start_ms;
    about->table = plan->metrics;
    about->steps = steps_of(plan, &about->nsteps);
    about->tags = plan->tags;
    about->before = told_before(run);
    about->before_us = about->before != NULL ? wf_mono_us() - run->start_us : 0;
    about->permitted = run->load->options.permitted;
    about->permit_baton = run->load->options.permit_baton;
    about->flushed = flushed;
    about->baton = run;
    run->feed = wf_feed_open(plan->outputs, about, run->pool);
}

int wf_run_flush(wf_run_t *run, wf_run_event_e outcome)
{
    if (run->feed == NULL) {
        return 0;
    }
    run->flushing = run->stopping = 1;
    run->outcome = outcome;
    run->end_ms = wf_time_ms();
    run->end_us = wf_mono_us();
    pthread_cond_broadcast(&run->load->changed);
    return 1;
}

void wf_run_feed(wf_run_t *run, const wf_view_t *view)
{
    apr_int64_t deadline_us;

    if (run->feed == NULL || wf_run_status_final(view->status)) {
        return;
    }
    if (!run->fed_last) {
        wf_feed_see(run->feed, view->sheet, wf_time_ms(), view->elapsed_us);
    }
    if (view->flushing) {
        run->fed_last = 1;
        deadline_us = run->end_us + (view->cutting ? FLUSH_CUT_US : FLUSH_US);
        wf_feed_end(run->feed, deadline_us);
    }
}

void wf_view_output_failures(wf_view_t *view, apr_pool_t *p)
{
    wf_feed_t *feed = view->run->feed;
    int i, more = feed != NULL;

    for (i = 0; more; i++) {
        const char *text = wf_feed_failure(feed, i, &more, p);

        if (text != NULL) {
            wf_sheet_error(view->sheet, NULL, "EXECUTION_ERROR", text, wf_time_ms());
        }
    }
}
