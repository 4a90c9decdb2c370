/* Rights: a level is reached by membership of groups of the configured type. */
#include "auth/auth.h"

apr_status_t wf_auth_refuse(wf_level_e level, wf_error_t *err)
{
    return wf_error_set(err, WF_ERR_FORBIDDEN, "this call needs the rights of %s",
                        level == WF_LEVEL_ADMIN ? "an administrator" : "a user");
}

apr_status_t wf_auth_check_level(wf_store_t *store, const wf_roles_t *roles,
                                 const char *user, wf_level_e level, wf_error_t *err)
{
    int admin = level == WF_LEVEL_ADMIN, member;
    const char *groups[3] = { roles->admin, admin ? NULL : roles->manager,
                              admin ? NULL : roles->user };
    apr_status_t rv;

    if (level == WF_LEVEL_NONE) {
        return APR_SUCCESS;
    }
    rv = wf_store_is_member(store, user, roles->role_type, groups, &member, err);
    if (rv != APR_SUCCESS) {
        return wf_error_note(err, rv, "rights of the user");
    }
    return member ? APR_SUCCESS : wf_auth_refuse(level, err);
}
