/* Arguments of commands. The faces have checked them; what is still wrong here is refused by
 * name, never guessed at. */
#include "engine/internal.h"

#include <string.h>

apr_status_t wf_args_id(json_object *args, const char *name, wf_id_t *id, wf_error_t *err)
{
    *id = wf_json_int(args, name, 0);
    if (*id <= 0) {
        return wf_error_field(err, WF_ERR_INVALID, name, "'%s' must be an id", name);
    }
    return APR_SUCCESS;
}

apr_status_t wf_args_text(json_object *args, const char *name, apr_size_t limit,
                          const char **text, wf_error_t *err)
{
    json_object *member = wf_json_get(args, name);

    *text = wf_json_string(args, name, NULL);
    if (member && !*text) {
        return wf_error_field(err, WF_ERR_INVALID, name, "'%s' must be a text", name);
    }
    if (*text && strlen(*text) > limit) {
        return wf_error_field(err, WF_ERR_INVALID, name, "'%s' has more than %d bytes", name,
                              (int)limit);
    }
    return APR_SUCCESS;
}

/* C0, DEL and C1 (U+0080 to U+009F). */
int wf_has_control(const char *text)
{
    const unsigned char *c = (const unsigned char *)text;

    for (; *c; c++) {
        if (*c < 0x20 || *c == 0x7f || (*c == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f)) {
            return 1;
        }
    }
    return 0;
}

apr_status_t wf_args_definition(wf_work_t *work, const char *name,
                                wf_definition_t **definition, wf_error_t *err)
{
    const char *id = wf_json_string(work->args, name, "");
    apr_status_t rv =
        wf_uow_get_by_key(work->uow, WF_TABLE_DEFINITION, wf_definition_id(id, work->pool),
                          definition, err);

    if (rv == APR_SUCCESS && !*definition) {
        rv = wf_error_field(err, WF_ERR_NOT_FOUND, name,
                            "no process definition with id '%s'", id);
    }
    return rv;
}

apr_status_t wf_args_vars(wf_work_t *work, wf_map_t **vars, wf_error_t *err)
{
    return wf_vars_from_json(vars, wf_json_get(work->args, "variables"), work->pool, err);
}

void wf_reply_id(wf_work_t *work, wf_id_t id)
{
    work->reply = wf_json_own(json_object_new_object(), work->pool);
    wf_json_add_int(work->reply, "id", id);
}
