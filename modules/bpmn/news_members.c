/* News as delegates see them: a map, by what they are about. */
#include "bpmn/host.h"
#include "bpmn/tell.h"

typedef struct members_t {
    wf_map_t *map;
    apr_pool_t *p;
} members_t;

static void add_text(members_t *m, const char *name, const char *text)
{
    if (text) {
        wf_map_set(m->map, name, wf_string(text));
    }
}

static void add_id(members_t *m, const char *name, wf_id_t id)
{
    if (id) {
        wf_map_set(m->map, name, wf_host_id(id, m->p));
    }
}

static void describe_execution(members_t *m, const void *row)
{
    const wf_execution_t *execution = row;

    add_id(m, "entityId", execution->id);
    add_text(m, "businessKey", execution->business_key);
}

static void describe_task(members_t *m, const void *row)
{
    const wf_task_t *task = row;

    add_id(m, "entityId", task->id);
    add_text(m, "taskDefinitionKey", task->task_def_key);
    add_text(m, "name", task->name);
    add_text(m, "assignee", task->assignee);
}

static void describe_job(members_t *m, const void *row)
{
    const wf_job_t *job = row;

    add_id(m, "entityId", job->id);
    add_text(m, "jobType", job->type);
    add_text(m, "jobHandlerType", job->handler_type);
    add_id(m, "processInstanceId", job->proc_inst_id);
    wf_map_set(m->map, "retries", wf_integer(job->retries));
    if (job->due_date) {
        wf_map_set(m->map, "dueDate", wf_date(job->due_date));
    }
}

static void describe_definition(members_t *m, const void *row)
{
    const wf_definition_t *definition = row;

    add_text(m, "entityId", definition->id);
}

static void describe_link(members_t *m, const void *row)
{
    const wf_identitylink_t *link = row;

    add_id(m, "entityId", link->id);
    add_text(m, "linkType", link->type);
    add_text(m, "userId", link->user_id);
    add_text(m, "groupId", link->group_id);
    add_id(m, "taskId", link->task_id);
}

static void describe_attachment(members_t *m, const void *row)
{
    const wf_attachment_t *attachment = row;

    add_id(m, "entityId", attachment->id);
    add_text(m, "name", attachment->name);
    add_text(m, "url", attachment->url);
    add_id(m, "taskId", attachment->task_id);
}

static void describe_variable(members_t *m, const void *row)
{
    const wf_variable_t *variable = row;

    add_text(m, "variableName", variable->name);
    add_text(m, "variableType", wf_type_name(variable->value.type));
    wf_map_set(m->map, "variableValue", variable->value);
    add_id(m, "taskId", variable->task_id);
}

static void describe_flow(members_t *m, const void *row)
{
    const wf_flow_t *flow = row;

    add_text(m, "sequenceFlowId", flow->id);
    add_text(m, "sourceActivityId", flow->source->id);
    add_text(m, "targetActivityId", flow->target->id);
}

static void (*const describe[WF_ENTITY_KINDS])(members_t *m, const void *row) = {
    [WF_ENTITY_INSTANCE] = describe_execution,
    [WF_ENTITY_EXECUTION] = describe_execution,
    [WF_ENTITY_TASK] = describe_task,
    [WF_ENTITY_JOB] = describe_job,
    [WF_ENTITY_DEFINITION] = describe_definition,
    [WF_ENTITY_LINK] = describe_link,
    [WF_ENTITY_ATTACHMENT] = describe_attachment,
    [WF_ENTITY_VARIABLE] = describe_variable,
    [WF_ENTITY_FLOW] = describe_flow,
};

wf_map_t *wf_news_members(const wf_news_t *news, apr_pool_t *p)
{
    members_t m = { wf_map_create(p), p };
    const wf_about_t *about = &news->about;

    add_text(&m, "eventName", wf_news_rows[news->what].name);
    add_text(&m, "activityId", about->activity);
    if (news->exec) {
        add_id(&m, "executionId", news->exec->row->id);
    }
    add_text(&m, "entityType", wf_entity_name(about->entity));
    if (describe[about->entity]) {
        describe[about->entity](&m, about->row);
    }
    if (wf_news_rows[news->what].detail) {
        add_text(&m, wf_news_rows[news->what].detail, about->text);
    }
    return m.map;
}
