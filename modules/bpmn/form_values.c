/* Form properties at work: the values a form shows, and what becomes of those that are
 * submitted. The declarations are checked here; starting and completing are then done as
 * for plain variables. */
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "bpmn/forms.h"
#include "bpmn/run.h"

/* One form: of a start event, or of a task. */
typedef struct form_t {
    wf_host_t seen; /* exec and task NULL: a start form, there are no variables yet */
    wf_turn_t turn; /* of the task's execution */
    apr_pool_t *p;
    const wf_model_t *model; /* NULL: the task has no process */
    const apr_array_header_t *fields;
} form_t;

static const wf_form_field_t *field_at(const form_t *form, int i)
{
    return APR_ARRAY_IDX(form->fields, i, const wf_form_field_t *);
}

static void init_form(form_t *form, const wf_bpmn_call_t *call)
{
    memset(form, 0, sizeof(*form));
    form->seen.call = call;
    form->p = wf_uow_pool(call->uow);
    form->fields = apr_array_make(form->p, 1, sizeof(const wf_form_field_t *));
    wf_turn_init(&form->turn, call);
    form->turn.looks = 1; /* completing the task has a turn of its own */
}

static apr_status_t open_start_form(form_t *form, const wf_bpmn_call_t *call,
                                    const wf_definition_t *definition, wf_error_t *err)
{
    apr_status_t rv;

    init_form(form, call);
    rv = wf_models_get(call->models, definition, call->loader_baton, &form->model,
                       form->p, err);
    if (rv == APR_SUCCESS && form->model->start && form->model->start->form) {
        form->fields = form->model->start->form;
    }
    return rv;
}

/* A task without a process has no properties. */
static apr_status_t open_task_form(form_t *form, const wf_bpmn_call_t *call, wf_id_t id,
                                   wf_error_t *err)
{
    wf_task_t *task;
    apr_status_t rv = wf_task_load(&task, call, id, err);

    init_form(form, call);
    if (rv != APR_SUCCESS || !task->proc_inst_id) {
        return rv;
    }
    form->seen.task = task;
    rv = wf_task_waiting(&form->seen.exec, &form->turn, task, err);
    if (rv == APR_SUCCESS) {
        rv = wf_variables_load(wf_host_owner(&form->seen), err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (form->seen.exec->node->form) {
        form->fields = form->seen.exec->node->form;
    }
    form->model = form->seen.exec->instance->model;
    return APR_SUCCESS;
}

static const char *variable_of(const wf_form_field_t *field)
{
    return field->variable ? field->variable : field->id;
}

static apr_status_t evaluate(const form_t *form, const wf_form_field_t *field,
                             const wf_template_t *expression, wf_value_t *value,
                             wf_error_t *err)
{
    apr_status_t rv = wf_host_eval(&form->seen, expression, value, err);

    return rv == APR_SUCCESS ? rv
                             : wf_error_note(err, rv, "form property '%s'", field->id);
}

/* ---- showing ----------------------------------------------------------------------- */

/* The variable or expression, else the default. Nothing runs behind a start form, so
 * there only the default counts. */
static apr_status_t current_value(const form_t *form, const wf_form_field_t *field,
                                  wf_value_t *value, wf_error_t *err)
{
    wf_exec_t *exec = form->seen.exec;
    const wf_value_t *variable;

    *value = wf_null();
    if (exec && field->expression && !field->variable) {
        return evaluate(form, field, field->expression, value, err);
    }
    variable =
        exec ? wf_variable_get(wf_host_owner(&form->seen), variable_of(field)) : NULL;
    if (variable) {
        *value = *variable;
        return APR_SUCCESS;
    }
    return field->fallback ? evaluate(form, field, field->fallback, value, err)
                           : APR_SUCCESS;
}

static apr_status_t show(const form_t *form, apr_array_header_t **properties,
                         wf_error_t *err)
{
    int i;

    *properties =
        apr_array_make(form->p, form->fields->nelts + 1, sizeof(wf_form_property_t));
    for (i = 0; i < form->fields->nelts; i++) {
        const wf_form_field_t *field = field_at(form, i);
        wf_form_property_t *property = apr_array_push(*properties);
        wf_value_t value = wf_null();
        apr_status_t rv =
            field->readable ? current_value(form, field, &value, err) : APR_SUCCESS;

        if (rv != APR_SUCCESS) {
            return rv;
        }
        property->id = field->id;
        property->name = field->name;
        property->type = wf_form_type_name(field->type);
        property->value = wf_form_print(field, &value, form->p);
        property->date_pattern = field->date_pattern;
        property->values = field->values;
        property->required = field->required;
        property->readable = field->readable;
        property->writable = field->writable;
    }
    return APR_SUCCESS;
}

apr_status_t wf_bpmn_start_properties(const wf_bpmn_call_t *call,
                                      const wf_definition_t *definition,
                                      apr_array_header_t **properties, wf_error_t *err)
{
    form_t form;
    apr_status_t rv = open_start_form(&form, call, definition, err);

    return rv == APR_SUCCESS ? show(&form, properties, err) : rv;
}

apr_status_t wf_bpmn_task_properties(const wf_bpmn_call_t *call, wf_id_t task,
                                     apr_array_header_t **properties, wf_error_t *err)
{
    form_t form;
    apr_status_t rv = open_task_form(&form, call, task, err);

    return rv == APR_SUCCESS ? show(&form, properties, err) : rv;
}

/* ---- where a value goes ------------------------------------------------------------ */

static const char *end_of_name(const char *s)
{
    if (!apr_isalpha(*s) && *s != '_' && *s != '$') {
        return s;
    }
    while (apr_isalnum(*s) || *s == '_' || *s == '$') {
        s++;
    }
    return s;
}

/* The names in ${address.street}: a variable, and members of maps. NULL if the expression
 * is anything else, so that nothing can be stored there. */
static apr_array_header_t *path_of(const wf_template_t *expression, apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 2, sizeof(const char *));
    const char *s = wf_template_source(expression), *end;

    if ((*s != '$' && *s != '#') || s[1] != '{') {
        return NULL;
    }
    for (s += 2;; s = end + 1) {
        s += strspn(s, " \t\r\n");
        end = end_of_name(s);
        if (end == s) {
            return NULL;
        }
        APR_ARRAY_PUSH(names, const char *) = apr_pstrmemdup(p, s, end - s);
        end += strspn(end, " \t\r\n");
        if (*end != '.') {
            return strcmp(end, "}") == 0 ? names : NULL;
        }
    }
}

/* The variable as it is going to be: what this form has set already, else a copy of what
 * the process has. NULL if there is none. */
static wf_value_t *variable_to_be(const form_t *form, wf_map_t *variables,
                                  const char *name)
{
    const wf_value_t *present;

    if (!wf_map_get(variables, name) && form->seen.exec) {
        present = wf_variable_get(&form->seen.exec->own, name);
        if (present) {
            wf_map_set(variables, name, wf_value_copy(present, form->p));
        }
    }
    return wf_map_get(variables, name);
}

static apr_status_t store_in_expression(const form_t *form, const wf_form_field_t *field,
                                        wf_value_t value, wf_map_t *variables,
                                        wf_error_t *err)
{
    apr_array_header_t *names = path_of(field->expression, form->p);
    wf_value_t *holder;
    int i;

    if (!names) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "form property '%s': nothing can be stored in %s", field->id,
                            wf_template_source(field->expression));
    }
    if (names->nelts == 1) {
        wf_map_set(variables, APR_ARRAY_IDX(names, 0, const char *), value);
        return APR_SUCCESS;
    }
    holder = variable_to_be(form, variables, APR_ARRAY_IDX(names, 0, const char *));
    for (i = 1; holder && holder->type == WF_MAP && i < names->nelts - 1; i++) {
        holder = wf_map_get(holder->as.map, APR_ARRAY_IDX(names, i, const char *));
    }
    if (!holder || holder->type != WF_MAP) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "form property '%s': '%s' in %s is no map", field->id,
                            APR_ARRAY_IDX(names, i - 1, const char *),
                            wf_template_source(field->expression));
    }
    wf_map_set(holder->as.map, APR_ARRAY_IDX(names, i, const char *), value);
    return APR_SUCCESS;
}

/* ---- submitting -------------------------------------------------------------------- */

static apr_status_t text_of(const char *id, const wf_value_t *given, const char **text,
                            wf_error_t *err)
{
    *text = given->type == WF_STRING ? given->as.text.data : NULL;
    if (given->type != WF_STRING && given->type != WF_NULL) {
        return wf_error_field(err, WF_ERR_INVALID, id,
                              "form property '%s': a text is expected, not %s", id,
                              wf_type_name(given->type));
    }
    return APR_SUCCESS;
}

/* A default is the file's own text: if it does not fit the type, the process is at fault
 * and not who submits the form. */
static apr_status_t read_default(const form_t *form, const wf_form_field_t *field,
                                 wf_value_t *value, wf_error_t *err)
{
    wf_value_t found;
    wf_error_t fault;
    apr_status_t rv = evaluate(form, field, field->fallback, &found, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    wf_error_init(&fault, form->p);
    if (wf_form_read(field, wf_form_print(field, &found, form->p), value, &fault)
        != APR_SUCCESS) {
        return wf_error_set(err, WF_ERR_EXECUTION, "the default: %s", fault.message);
    }
    return APR_SUCCESS;
}

static apr_status_t read_given(const wf_form_field_t *field, const wf_value_t *given,
                               wf_value_t *value, wf_error_t *err)
{
    const char *text;
    apr_status_t rv;

    if (!field->writable) {
        return wf_error_field(err, WF_ERR_INVALID, field->id,
                              "form property '%s' is not writable", field->id);
    }
    rv = text_of(field->id, given, &text, err);
    return rv == APR_SUCCESS ? wf_form_read(field, text, value, err) : rv;
}

/* As Activiti has it, a default is stored where nothing is submitted. */
static apr_status_t submit_field(const form_t *form, const wf_form_field_t *field,
                                 const wf_value_t *given, wf_map_t *variables,
                                 wf_error_t *err)
{
    wf_value_t value = wf_null();
    int present = given && given->type != WF_NULL;
    apr_status_t rv = APR_SUCCESS;

    if (given) {
        rv = read_given(field, given, &value, err);
    }
    else if (field->fallback) {
        rv = read_default(form, field, &value, err);
        present = value.type != WF_NULL;
    }
    if (rv == APR_SUCCESS && field->required && !present) {
        rv = wf_error_field(err, WF_ERR_INVALID, field->id,
                            "form property '%s' is required", field->id);
    }
    if (rv != APR_SUCCESS || (!given && !field->fallback)) {
        return rv;
    }
    value = wf_value_copy(&value, form->p);
    if (field->expression && !field->variable) {
        return store_in_expression(form, field, value, variables, err);
    }
    wf_map_set(variables, variable_of(field), value);
    return APR_SUCCESS;
}

/* The variables that a submitted form sets. */
static apr_status_t submit(const form_t *form, const wf_map_t *values,
                           wf_map_t **variables, wf_error_t *err)
{
    apr_hash_t *declared = apr_hash_make(form->p);
    apr_status_t rv = APR_SUCCESS;
    int i;

    *variables = wf_map_create(form->p);
    for (i = 0; rv == APR_SUCCESS && i < form->fields->nelts; i++) {
        const wf_form_field_t *field = field_at(form, i);

        apr_hash_set(declared, field->id, APR_HASH_KEY_STRING, field);
        rv = submit_field(form, field, wf_map_get(values, field->id), *variables, err);
    }
    for (i = 0; rv == APR_SUCCESS && i < wf_map_count(values); i++) {
        const char *id = wf_map_key(values, i), *text;

        if (!apr_hash_get(declared, id, APR_HASH_KEY_STRING)) {
            rv = text_of(id, wf_map_at(values, i), &text, err);
            wf_map_set(*variables, id, wf_string(apr_pstrdup(form->p, text)));
        }
    }
    return rv;
}

/* ---- history ----------------------------------------------------------------------- */

/* The visit of the start event; 0 if that is to be entered later, by its job. */
static apr_status_t first_visit(const wf_bpmn_call_t *call, wf_id_t instance,
                                wf_id_t *visit, wf_error_t *err)
{
    apr_array_header_t *rows;
    apr_status_t rv =
        wf_uow_select(call->uow, WF_BY_HI_ACTIVITIES_OF_INSTANCE, instance, &rows, err);

    *visit = rv == APR_SUCCESS && rows->nelts
                 ? APR_ARRAY_IDX(rows, 0, wf_hi_actinst_t *)->id
                 : 0;
    return rv;
}

/* ---- entries ----------------------------------------------------------------------- */

apr_status_t wf_bpmn_submit_start(const wf_bpmn_call_t *call,
                                  const wf_definition_t *definition,
                                  const wf_map_t *values, const char *business_key,
                                  wf_started_t *started, wf_error_t *err)
{
    form_t form;
    wf_map_t *variables;
    wf_hi_detail_t where = { .task_id = 0 };
    apr_status_t rv = open_start_form(&form, call, definition, err);

    if (rv == APR_SUCCESS) {
        rv = submit(&form, values, &variables, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_bpmn_start(call, definition, variables, business_key, started, err);
    }
    if (rv == APR_SUCCESS) {
        rv = first_visit(call, started->id, &where.act_inst_id, err);
    }
    if (rv == APR_SUCCESS) {
        where.proc_inst_id = where.execution_id = started->id;
        wf_history_submitted(call, form.model, values, &where);
    }
    return rv;
}

apr_status_t wf_bpmn_submit_task(const wf_bpmn_call_t *call, wf_id_t task,
                                 const wf_map_t *values, wf_error_t *err)
{
    form_t form;
    wf_map_t *variables;
    apr_status_t rv = open_task_form(&form, call, task, err);

    if (rv == APR_SUCCESS && !form.seen.exec && wf_map_count(values)) {
        rv = wf_error_set(err, WF_ERR_CONFLICT,
                          "task '%" APR_INT64_T_FMT
                          "' belongs to no process, so nobody can keep what is submitted",
                          task);
    }
    if (rv == APR_SUCCESS) {
        rv = submit(&form, values, &variables, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (form.seen.exec) {
        const wf_execution_t *row = form.seen.exec->row;
        wf_hi_detail_t where = { .proc_inst_id = row->proc_inst_id,
                                 .execution_id = row->id,
                                 .act_inst_id = row->act_inst_id,
                                 .task_id = task };

        wf_history_submitted(call, form.model, values, &where);
        /* What defaults have changed in place. */
        rv = wf_agenda_run(&form.turn, err);
    }
    return rv == APR_SUCCESS ? wf_bpmn_complete(call, task, variables, err) : rv;
}
