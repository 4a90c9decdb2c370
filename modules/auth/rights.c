/* Rights: a level is reached by membership of groups of the configured type. */
#include "auth/auth.h"

#include <string.h>

/* Groups of the role type that are looked at; only three of them carry rights. */
#define GROUPS_MAX 1000

static int carries(const wf_group_t *group, const wf_roles_t *roles, wf_level_e level)
{
    if (strcmp(group->id, roles->admin) == 0) {
        return 1;
    }
    return level == WF_LEVEL_USER
           && (strcmp(group->id, roles->user) == 0
               || strcmp(group->id, roles->manager) == 0);
}

apr_status_t wf_auth_check_level(wf_store_t *store, const wf_roles_t *roles,
                                 const char *user, wf_level_e level, apr_pool_t *p,
                                 wf_error_t *err)
{
    const char *args[] = { user, roles->role_type };
    wf_page_t page = { .size = GROUPS_MAX };
    wf_rows_t groups;
    apr_status_t rv;

    if (level == WF_LEVEL_NONE) {
        return APR_SUCCESS;
    }
    rv = wf_store_list(store, WF_LIST_GROUPS_OF_USER, args, &page, &groups, p, err);
    if (rv != APR_SUCCESS) {
        return wf_error_note(err, rv, "rights of the user");
    }
    for (int i = 0; i < groups.rows->nelts; i++) {
        if (carries(APR_ARRAY_IDX(groups.rows, i, const wf_group_t *), roles, level)) {
            return APR_SUCCESS;
        }
    }
    return wf_error_set(err, WF_ERR_FORBIDDEN, "this call needs the rights of %s",
                        level == WF_LEVEL_ADMIN ? "an administrator" : "a user");
}
