/* The objects `execution` and `task` that expressions and scripts see, as tables of
 * properties and methods. getX() is property x everywhere. Private to this room. */
#ifndef WF_BPMN_HOST_H
#define WF_BPMN_HOST_H

#include <stddef.h>

#include "bpmn/run.h"

typedef struct wf_objects_t wf_objects_t;

typedef struct wf_property_row_t {
    const char *name; /* NULL closes a table */
    wf_value_t (*get)(wf_objects_t *of, apr_size_t at, apr_pool_t *p);
    apr_size_t at; /* of the member, for getters that serve several */
} wf_property_row_t;

typedef struct wf_method_row_t {
    const char *name; /* NULL closes a table */
    int nargs;
    /* *result is null at the beginning */
    apr_status_t (*call)(wf_owner_t *own, const wf_value_t *args, wf_value_t *result,
                         apr_pool_t *p, wf_error_t *err);
} wf_method_row_t;

/** One of the objects. */
typedef struct wf_subject_t {
    wf_object_t object; /* first: what the evaluator sees */
    const wf_property_row_t *properties;
    /* Its own methods with one argument, beside those on variables; NULL: none. *known is
     * 0 if there is none of that name. */
    apr_status_t (*change)(const wf_host_t *seen, const char *method,
                           const wf_value_t *value, int *known, wf_error_t *err);
    wf_objects_t *of;
    wf_owner_t *own; /* whose variables are its own */
} wf_subject_t;

struct wf_objects_t {
    wf_host_t seen;
    wf_owner_t *own; /* the innermost whose variables are seen, or NULL */
    wf_subject_t execution, task;
};

/* host_execution.c; the last ones are those of both objects */
extern const wf_property_row_t wf_execution_properties[];
extern const wf_method_row_t wf_variable_methods[];
wf_value_t wf_host_id(wf_id_t id, apr_pool_t *p);
wf_value_t wf_host_event(wf_objects_t *of, apr_size_t at, apr_pool_t *p);
wf_value_t wf_host_tenant(wf_objects_t *of, apr_size_t at, apr_pool_t *p);

/* Here `at` is that of the object, execution or task, in wf_objects_t. */
wf_value_t wf_host_variables(wf_objects_t *of, apr_size_t at, apr_pool_t *p);
wf_value_t wf_host_variable_names(wf_objects_t *of, apr_size_t at, apr_pool_t *p);
wf_value_t wf_host_local_variables(wf_objects_t *of, apr_size_t at, apr_pool_t *p);
wf_value_t wf_host_local_names(wf_objects_t *of, apr_size_t at, apr_pool_t *p);

/** The value as text, in p; NULL for null. */
const char *wf_host_text(const wf_value_t *value, apr_pool_t *p);

/* host_task.c */
extern const wf_property_row_t wf_task_properties[];

/** task.setName(x), task.addCandidateUser(x) and the like. */
apr_status_t wf_host_task_change(const wf_host_t *seen, const char *method,
                                 const wf_value_t *value, int *known, wf_error_t *err);

/** The same by the name of a property, name … *known is 0 if it cannot be set. A new
 *  assignee is told to the task's listeners. */
apr_status_t wf_host_task_set(const wf_host_t *seen, const char *member,
                              const wf_value_t *value, int *known, wf_error_t *err);

#endif
