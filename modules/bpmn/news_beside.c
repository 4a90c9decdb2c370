/* News of what happens to instances and definitions beside the agenda: jobs that fail,
 * change or are deleted, attachments, suspension. Whoever does it goes on if there is
 * nobody to tell, or if that cannot be found out; what a listener fails with counts. */
#include "bpmn/tell.h"

/* Who hears of it. */
typedef struct hearer_t {
    wf_turn_t *turn;
    const wf_model_t *model;
    const char *definition_id;
    wf_exec_t *exec; /* NULL: none, so the definition hears of it */
} hearer_t;

/* 0 if nobody hears any of what; a model that cannot be read has no listeners. */
static int find_model(hearer_t *h, const char *definition_id, wf_news_mask_t what)
{
    wf_error_t unreadable;

    wf_error_init(&unreadable, h->turn->p);
    h->definition_id = definition_id;
    return definition_id && !h->turn->call->silent
           && wf_models_of(h->turn->call, definition_id, &h->model, h->turn->p,
                           &unreadable)
                  == APR_SUCCESS
           && (h->model->heard & what);
}

/* The same for what belongs to an execution: it is gone if its instance has ended. A
 * suspended one hears, too. */
static int find_exec(hearer_t *h, wf_id_t id, wf_news_mask_t what)
{
    wf_turn_t *turn = h->turn;
    int looked = turn->looks;
    wf_execution_t *row;
    wf_error_t gone;

    wf_error_init(&gone, turn->p);
    if (wf_uow_get(turn->call->uow, WF_TABLE_EXECUTION, id, &row, &gone) != APR_SUCCESS
        || !row || !find_model(h, row->proc_def_id, what)) {
        return 0;
    }
    turn->looks = 1;
    wf_exec_load(&h->exec, turn, id, &gone);
    turn->looks = looked;
    return h->exec != NULL;
}

static apr_status_t tell(const hearer_t *h, wf_news_e what, wf_about_t about,
                         wf_error_t *err)
{
    return h->exec
               ? wf_tell(h->exec, what, about, err)
               : wf_tell_nowhere(wf_news_definition(h->turn, h->model, h->definition_id),
                                 what, about, err);
}

/* What they throw comes now. */
static apr_status_t finish(wf_turn_t *turn, apr_status_t rv, wf_error_t *err)
{
    return rv == APR_SUCCESS ? wf_agenda_run(turn, err) : rv;
}

/* ---- jobs -------------------------------------------------------------------------------- */

static int find_of_job(hearer_t *h, const wf_job_t *job, wf_news_mask_t what)
{
    return job->execution_id ? find_exec(h, job->execution_id, what)
                             : find_model(h, job->proc_def_id, what);
}

apr_status_t wf_job_tell(wf_turn_t *turn, const wf_job_t *job, wf_news_e what,
                         const char *text, wf_error_t *err)
{
    hearer_t h = { .turn = turn };
    wf_about_t about = { WF_ENTITY_JOB, job, NULL, text };

    return find_of_job(&h, job, WF_NEWS_BIT(what)) ? tell(&h, what, about, err)
                                                   : APR_SUCCESS;
}

apr_status_t wf_bpmn_delete_job(const wf_bpmn_call_t *call, wf_job_t *job,
                                wf_error_t *err)
{
    wf_turn_t turn;
    apr_status_t rv;

    wf_turn_init(&turn, call);
    rv = wf_job_delete(call->uow, job, err);
    if (rv == APR_SUCCESS) {
        rv = wf_job_tell(&turn, job, WF_NEWS_JOB_CANCELED, NULL, err);
    }
    if (rv == APR_SUCCESS && job->execution_id) {
        rv = wf_job_tell(&turn, job, WF_NEWS_ENTITY_DELETED, NULL, err);
    }
    return finish(&turn, rv, err);
}

apr_status_t wf_bpmn_job_failed(const wf_bpmn_call_t *call, const wf_job_t *job,
                                const char *message, wf_error_t *err)
{
    wf_turn_t turn;
    apr_status_t rv;

    wf_turn_init(&turn, call);
    rv = wf_job_tell(&turn, job, WF_NEWS_JOB_EXECUTION_FAILURE, message, err);
    if (rv == APR_SUCCESS) {
        rv = wf_job_tell(&turn, job, WF_NEWS_JOB_RETRIES_DECREMENTED, NULL, err);
    }
    return finish(&turn, rv, err);
}

apr_status_t wf_job_tell_changed(const wf_bpmn_call_t *call, const wf_job_t *job,
                                 wf_error_t *err)
{
    wf_turn_t turn;

    if (!job->execution_id) {
        return APR_SUCCESS;
    }
    wf_turn_init(&turn, call);
    return finish(&turn, wf_job_tell(&turn, job, WF_NEWS_ENTITY_UPDATED, NULL, err), err);
}

/* ---- attachments ------------------------------------------------------------------------- */

/* The execution of its task, or the instance, if the task is done. */
static int find_of_attachment(hearer_t *h, const wf_attachment_t *attachment,
                              wf_news_mask_t what)
{
    wf_task_t *task;
    wf_error_t gone;

    wf_error_init(&gone, h->turn->p);
    if (!attachment->proc_inst_id
        || wf_uow_get(h->turn->call->uow, WF_TABLE_TASK, attachment->task_id, &task,
                      &gone)
               != APR_SUCCESS) {
        return 0;
    }
    return find_exec(h, task ? task->execution_id : attachment->proc_inst_id, what);
}

apr_status_t wf_bpmn_attached(const wf_bpmn_call_t *call,
                              const wf_attachment_t *attachment, int is_there,
                              wf_error_t *err)
{
    static const wf_news_e news[2][2] = {
        { WF_NEWS_ENTITY_DELETED, WF_NEWS_ENTITY_DELETED },
        { WF_NEWS_ENTITY_CREATED, WF_NEWS_ENTITY_INITIALIZED },
    };
    const wf_news_e *what = news[is_there];
    wf_turn_t turn;
    hearer_t h = { .turn = &turn };
    apr_status_t rv;

    wf_turn_init(&turn, call);
    if (!find_of_attachment(&h, attachment,
                            WF_NEWS_BIT(what[0]) | WF_NEWS_BIT(what[1]))) {
        return APR_SUCCESS;
    }
    rv = tell(&h, what[0], WF_ABOUT(ATTACHMENT, attachment), err);
    if (rv == APR_SUCCESS && what[1] != what[0]) {
        rv = tell(&h, what[1], WF_ABOUT(ATTACHMENT, attachment), err);
    }
    return finish(&turn, rv, err);
}

/* ---- suspension -------------------------------------------------------------------------- */

static wf_news_e of_state(int state)
{
    return state == WF_SUSPENDED ? WF_NEWS_ENTITY_SUSPENDED : WF_NEWS_ENTITY_ACTIVATED;
}

static apr_status_t tell_tasks(const hearer_t *h, wf_news_e what, wf_error_t *err)
{
    apr_array_header_t *tasks;
    apr_status_t rv = wf_uow_select(h->turn->call->uow, WF_BY_TASKS_OF_INSTANCE,
                                    h->exec->row->id, &tasks, err);
    int i;

    for (i = 0; rv == APR_SUCCESS && i < tasks->nelts; i++) {
        rv = tell(h, what, WF_ABOUT(TASK, APR_ARRAY_IDX(tasks, i, wf_task_t *)), err);
    }
    return rv;
}

apr_status_t wf_instance_tell_state(const wf_bpmn_call_t *call, wf_id_t instance,
                                    int state, wf_error_t *err)
{
    wf_turn_t turn;
    hearer_t h = { .turn = &turn };
    apr_status_t rv;

    wf_turn_init(&turn, call);
    if (!find_exec(&h, instance, WF_NEWS_BIT(of_state(state)))) {
        return APR_SUCCESS;
    }
    h.exec->instance->still = 1; /* until that is written */
    rv = tell(&h, of_state(state), WF_ABOUT(INSTANCE, h.exec->row), err);
    if (rv == APR_SUCCESS) {
        rv = tell_tasks(&h, of_state(state), err);
    }
    return finish(&turn, rv, err);
}

apr_status_t wf_definition_tell_state(wf_turn_t *turn, const wf_definition_t *definition,
                                      int state, wf_error_t *err)
{
    hearer_t h = { .turn = turn };

    return find_model(&h, definition->id, WF_NEWS_BIT(of_state(state)))
               ? tell(&h, of_state(state), WF_ABOUT(DEFINITION, definition), err)
               : APR_SUCCESS;
}

apr_status_t wf_definition_tell_made(wf_turn_t *turn, const wf_definition_t *definition,
                                     const wf_model_t *model, wf_error_t *err)
{
    const hearer_t h = { turn, model, definition->id, NULL };
    apr_status_t rv =
        tell(&h, WF_NEWS_ENTITY_CREATED, WF_ABOUT(DEFINITION, definition), err);

    return rv == APR_SUCCESS ? tell(&h, WF_NEWS_ENTITY_INITIALIZED,
                                    WF_ABOUT(DEFINITION, definition), err)
                             : rv;
}
