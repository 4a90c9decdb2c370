/* Delegates: the classes and beans that a file names, done by whoever the registry says.
 * A deployment's own registry comes before the server's; in each, the exact name before
 * the longest prefix. Handlers are rows of a table. */
#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "bpmn/delegate_calls.h"

/* ---- registries ------------------------------------------------------------------------ */

static const wf_delegates_t none; /* of a deployment without a registry */

static apr_status_t read_registry(const wf_delegates_t **delegates, wf_turn_t *turn,
                                  wf_id_t deployment, wf_error_t *err)
{
    wf_delegates_t *read;
    wf_bytearray_t *resource;
    apr_status_t rv = wf_store_resource(turn->call->reader, deployment,
                                        WF_DELEGATES_RESOURCE, &resource, turn->p, err);

    *delegates = &none;
    if (rv != APR_SUCCESS || !resource) {
        return rv;
    }
    rv = wf_delegates_parse(&read, resource->bytes, resource->length, deployment, turn->p,
                            err);
    *delegates = rv == APR_SUCCESS ? read : &none;
    return rv == APR_SUCCESS ? rv : wf_error_note(err, rv, WF_DELEGATES_RESOURCE);
}

/* The registry of the deployment to which the definition belongs, read once a turn. */
static apr_status_t registry_of(const wf_delegates_t **delegates, const wf_host_t *seen,
                                wf_error_t *err)
{
    wf_turn_t *turn = wf_host_instance(seen)->turn;
    const char *id = wf_host_instance(seen)->definition_id;
    wf_definition_t *definition;
    apr_status_t rv;

    *delegates = apr_hash_get(turn->delegates, id, APR_HASH_KEY_STRING);
    if (*delegates) {
        return APR_SUCCESS;
    }
    rv = wf_uow_get_by_key(turn->call->uow, WF_TABLE_DEFINITION, id, &definition, err);
    if (rv == APR_SUCCESS && !definition) {
        rv = wf_error_set(err, WF_ERR_CONFLICT,
                          "process definition %s was deleted meanwhile", id);
    }
    if (rv == APR_SUCCESS) {
        rv = read_registry(delegates, turn, definition->deployment_id, err);
    }
    if (rv == APR_SUCCESS) {
        apr_hash_set(turn->delegates, id, APR_HASH_KEY_STRING, *delegates);
    }
    return rv;
}

/* Classes of Activiti itself. */
static const wf_delegate_t *own_class(const char *name)
{
    static const wf_delegate_t script = { .kind = WF_DELEGATE_BUILTIN,
                                          .value = "script" };
    static const char *const names[] = {
        "org.activiti.engine.impl.bpmn.listener.ScriptExecutionListener",
        "org.activiti.engine.impl.bpmn.listener.ScriptTaskListener",
    };

    return strcmp(name, names[0]) == 0 || strcmp(name, names[1]) == 0 ? &script : NULL;
}

/* *found is NULL if nobody does it but, perhaps, the default. */
static apr_status_t find_registered(const wf_delegate_t **found, const wf_host_t *seen,
                                    const char *name, wf_error_t *err)
{
    const wf_delegates_t *server = seen->call->services.delegates;
    const wf_delegates_t *own;
    apr_status_t rv = registry_of(&own, seen, err);

    *found = NULL;
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (own != &none) {
        *found = wf_delegates_exact(own, name);
        *found = *found ? *found : wf_delegates_prefix(own, name);
    }
    *found = *found ? *found : wf_delegates_exact(server, name);
    *found = *found ? *found : own_class(name);
    *found = *found ? *found : wf_delegates_prefix(server, name);
    return APR_SUCCESS;
}

static apr_status_t find_default(const wf_delegate_t **found, const wf_host_t *seen,
                                 wf_error_t *err)
{
    const wf_delegates_t *server = seen->call->services.delegates;
    const wf_delegates_t *own;
    apr_status_t rv = registry_of(&own, seen, err);

    *found = rv != APR_SUCCESS ? NULL
             : own->fallback   ? own->fallback
             : server          ? server->fallback
                               : NULL;
    return rv;
}

/* ---- beans ------------------------------------------------------------------------------- */

typedef struct bean_t {
    wf_object_t object; /* first */
    const char *name;
    wf_host_t seen;
} bean_t;

static int run_bean(bean_t *bean, const char *kind, const char *member,
                    const wf_value_t *args, int nargs, wf_value_t *value, wf_error_t *err)
{
    wf_delegate_call_t call = { .seen = &bean->seen,
                                .kind = kind,
                                .name = bean->name,
                                .member = member,
                                .args = args,
                                .nargs = nargs };
    wf_outcome_t outcome;
    apr_status_t rv;

    outcome = (wf_outcome_t){ .value = wf_null() };
    rv = wf_delegate_run(&call, &outcome, err);
    if (rv == APR_SUCCESS && outcome.topic) {
        rv = wf_error_set(err, WF_ERR_EXECUTION,
                          "bean \"%s\": an expression cannot wait for workers of the "
                          "topic \"%s\"",
                          bean->name, outcome.topic);
    }
    if (rv == APR_SUCCESS && outcome.transition) {
        rv = wf_error_set(err, WF_ERR_EXECUTION,
                          "bean \"%s\": an expression cannot choose a flow, here \"%s\"",
                          bean->name, outcome.transition);
    }
    if (rv != APR_SUCCESS) {
        wf_host_instance(&bean->seen)->turn->failure = outcome.failure;
        return -1;
    }
    *value = outcome.value;
    return 1;
}

static int bean_property(wf_object_t *self, const char *name, wf_value_t *value,
                         apr_pool_t *p, wf_error_t *err)
{
    bean_t *bean = (bean_t *)self;

    (void)p;
    return bean->seen.in_script ? 0
                                : run_bean(bean, "property", name, NULL, 0, value, err);
}

static int bean_call(wf_object_t *self, const char *method, const wf_value_t *args,
                     int nargs, wf_value_t *value, apr_pool_t *p, wf_error_t *err)
{
    (void)p;
    return run_bean((bean_t *)self, "method", method, args, nargs, value, err);
}

/* A registry that cannot be read knows nobody: whoever calls one learns why. */
static int is_bean(const wf_host_t *seen, const char *name)
{
    const wf_delegate_t *found;
    wf_error_t err;

    if (seen->beans == WF_BEANS_ANY) {
        return 1;
    }
    wf_error_init(&err, wf_uow_pool(seen->call->uow));
    if (find_registered(&found, seen, name, &err) == APR_SUCCESS && !found
        && seen->beans == WF_BEANS_DEFAULT) {
        find_default(&found, seen, &err);
    }
    return found != NULL;
}

int wf_bean_get(const wf_host_t *seen, const char *name, wf_value_t *value, apr_pool_t *p)
{
    bean_t *bean;

    (void)p;
    if (!is_bean(seen, name)) {
        return 0;
    }
    bean = apr_pcalloc(wf_uow_pool(seen->call->uow), sizeof(*bean));
    bean->object.class_name = "bean";
    bean->object.property = bean_property;
    bean->object.call = bean_call;
    bean->name = apr_pstrdup(wf_uow_pool(seen->call->uow), name);
    bean->seen = *seen;
    value->type = WF_OBJECT;
    value->as.object = &bean->object;
    return 1;
}

const char *wf_bean_name(const wf_value_t *value)
{
    return value->type == WF_OBJECT && value->as.object->call == bean_call
               ? ((const bean_t *)value->as.object)->name
               : NULL;
}

/* ---- handlers ---------------------------------------------------------------------------- */

static apr_status_t run_fail(const wf_delegate_t *d, const wf_delegate_call_t *call,
                             wf_outcome_t *outcome, wf_error_t *err)
{
    (void)call, (void)outcome;
    return wf_error_set(err, WF_ERR_EXECUTION, "%s", d->value);
}

static apr_status_t run_external(const wf_delegate_t *d, const wf_delegate_call_t *call,
                                 wf_outcome_t *outcome, wf_error_t *err)
{
    (void)call, (void)err;
    outcome->topic = d->value;
    return APR_SUCCESS;
}

static apr_status_t read_file(const char **text, const char *path, apr_pool_t *p,
                              wf_error_t *err)
{
    apr_finfo_t info;
    apr_file_t *file;
    char *bytes;
    apr_status_t rv = apr_file_open(&file, path, APR_READ, 0, p);

    if (rv == APR_SUCCESS) {
        rv = apr_file_info_get(&info, APR_FINFO_SIZE, file);
    }
    if (rv != APR_SUCCESS) {
        return wf_error_apr(err, WF_ERR_EXECUTION, rv, "cannot read %s", path);
    }
    if (info.size > WF_DELEGATE_MAX_SCRIPT) {
        return wf_error_set(err, WF_ERR_EXECUTION, "%s has more than %d bytes", path,
                            WF_DELEGATE_MAX_SCRIPT);
    }
    bytes = apr_pcalloc(p, info.size + 1);
    rv = apr_file_read_full(file, bytes, info.size, NULL);
    apr_file_close(file);
    *text = bytes;
    return rv == APR_SUCCESS
               ? rv
               : wf_error_apr(err, WF_ERR_EXECUTION, rv, "cannot read %s", path);
}

static apr_status_t read_resource(const char **text, const wf_delegate_t *d,
                                  const wf_delegate_call_t *call, apr_pool_t *p,
                                  wf_error_t *err)
{
    wf_bytearray_t *resource;
    apr_status_t rv =
        wf_store_resource(call->seen->call->reader, d->home, d->value, &resource, p, err);

    if (rv == APR_SUCCESS && !resource) {
        rv = wf_error_set(err, WF_ERR_EXECUTION, "the deployment has no resource '%s'",
                          d->value);
    }
    if (rv == APR_SUCCESS) {
        *text = apr_pstrmemdup(p, resource->bytes, resource->length);
    }
    return rv;
}

/* What the script of a delegate sees as `delegate`: how it is called, and a way to choose
 * the flow. */
typedef struct script_call_t {
    wf_object_t object; /* first */
    const wf_delegate_call_t *call;
    wf_outcome_t *outcome;
} script_call_t;

static int script_property(wf_object_t *self, const char *name, wf_value_t *value,
                           apr_pool_t *p, wf_error_t *err)
{
    const wf_delegate_call_t *call = ((const script_call_t *)self)->call;
    int is_kind = strcmp(name, "kind") == 0;

    (void)p, (void)err;
    if (!is_kind && strcmp(name, "class") != 0) {
        return 0;
    }
    *value = wf_string(is_kind ? call->kind : call->name);
    return 1;
}

/* Whoever called the script knows whether there is such a flow, or any to choose. */
static int script_method(wf_object_t *self, const char *method, const wf_value_t *args,
                         int nargs, wf_value_t *value, apr_pool_t *p, wf_error_t *err)
{
    script_call_t *script = (script_call_t *)self;

    (void)p;
    if (strcmp(method, "setTransition") != 0 || nargs != 1) {
        return 0;
    }
    if (args[0].type != WF_STRING) {
        wf_error_set(err, WF_ERR_EXECUTION, "setTransition: %s where a text is expected",
                     wf_type_name(args[0].type));
        return -1;
    }
    script->outcome->transition =
        apr_pstrmemdup(wf_uow_pool(script->call->seen->call->uow), args[0].as.text.data,
                       args[0].as.text.length);
    *value = wf_null();
    return 1;
}

/* The script's value is what the delegate gives. */
static apr_status_t run_script(const wf_delegate_t *d, const wf_delegate_call_t *call,
                               wf_outcome_t *outcome, wf_error_t *err)
{
    apr_pool_t *p = wf_uow_pool(call->seen->call->uow);
    wf_script_t script = { .name = d->value, .language = "javascript", .wants_value = 1 };
    wf_host_t seen = *call->seen;
    script_call_t self = { .object = { .class_name = "delegate",
                                       .property = script_property,
                                       .call = script_method },
                           .call = call,
                           .outcome = outcome };
    apr_status_t rv = d->home ? read_resource(&script.text, d, call, p, err)
                              : read_file(&script.text, d->value, p, err);
    int i;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    seen.fields = call->fields;
    seen.method = call->member;
    seen.delegate = &self.object;
    seen.arguments = wf_list_create(p);
    for (i = 0; i < call->nargs; i++) {
        wf_list_push(seen.arguments, call->args[i]);
    }
    return wf_script_run(&seen, &script, &outcome->value, err);
}

typedef apr_status_t handler_fn(const wf_delegate_t *d, const wf_delegate_call_t *call,
                                wf_outcome_t *outcome, wf_error_t *err);

static handler_fn *const handlers[WF_DELEGATE_KINDS] = {
    [WF_DELEGATE_HTTP] = wf_delegate_http, [WF_DELEGATE_SCRIPT] = run_script,
    [WF_DELEGATE_EXTERNAL] = run_external, [WF_DELEGATE_BUILTIN] = wf_delegate_builtin,
    [WF_DELEGATE_FAIL] = run_fail,
};

apr_status_t wf_delegate_run(const wf_delegate_call_t *call, wf_outcome_t *outcome,
                             wf_error_t *err)
{
    wf_delegate_call_t with_fields = *call;
    const wf_delegate_t *found;
    apr_status_t rv = find_registered(&found, call->seen, call->name, err);

    if (rv == APR_SUCCESS && !found) {
        rv = find_default(&found, call->seen, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!found && call->seen->news) {
        wf_log(WF_LOG_DEBUG, "%s: nobody is registered for the class or bean \"%s\"",
               call->seen->event, call->name);
        return APR_SUCCESS;
    }
    if (!found) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "no delegate is registered for the class or bean \"%s\"",
                            call->name);
    }
    if (!call->fields) { /* a bean is called without */
        with_fields.fields = wf_map_create(wf_uow_pool(call->seen->call->uow));
        call = &with_fields;
    }
    rv = handlers[found->kind](found, call, outcome, err);
    return rv == APR_SUCCESS ? rv : wf_error_note(err, rv, "delegate \"%s\"", call->name);
}
