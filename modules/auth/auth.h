/* auth: who is calling and what may they do. Checks passwords against the users of the
 * store (bcrypt), remembers verified ones for a minute, and judges the rights of a user
 * by membership of groups. Also the httpd authn provider "workflow".
 *
 * Runs in httpd's children, in any thread. Knows nothing of faces and routes. */
#ifndef WF_AUTH_H
#define WF_AUTH_H

#include "core/core.h"
#include "store/store.h"

/* ---- rights ------------------------------------------------------------------------ */

/** What an endpoint asks of its caller. Each level includes the ones before it. */
typedef enum {
    WF_LEVEL_NONE,  /* anybody, without credentials */
    WF_LEVEL_USER,  /* member of one of the three groups below */
    WF_LEVEL_ADMIN, /* member of the admin group */
    WF_LEVELS
} wf_level_e;

/** The groups that carry rights. Only groups of type role_type count, so that a group
 *  for assigning tasks that happens to be called "admin" gives no rights. */
typedef struct wf_roles_t {
    const char *user, *manager, *admin; /* group ids; defaults below */
    const char *role_type;              /* default "security-role" */
} wf_roles_t;

#define WF_DEFAULT_ROLE_USER "user"
#define WF_DEFAULT_ROLE_MANAGER "manager"
#define WF_DEFAULT_ROLE_ADMIN "admin"
#define WF_DEFAULT_ROLE_TYPE "security-role"

/** APR_SUCCESS if user reaches level, else WF_ERR_FORBIDDEN naming the level; other kinds
 *  when the store cannot be read. WF_LEVEL_NONE passes everybody. */
apr_status_t wf_auth_check_level(wf_store_t *store, const wf_roles_t *roles,
                                 const char *user, wf_level_e level, wf_error_t *err);

/** WF_ERR_FORBIDDEN: the caller does not reach level. */
apr_status_t wf_auth_refuse(wf_level_e level, wf_error_t *err);

/* ---- rights by httpd's own authorization ------------------------------------------- */

/* httpd's own types, declared so that this header needs no httpd header. */
struct request_rec;
struct cmd_parms_struct;

/** Lines of WorkflowRequire that hold in one place; NULL = none: groups of the store
 *  decide. */
typedef struct wf_require_t wf_require_t;

/** Add a line to a list: a level, the name of an authorization provider of httpd, and
 *  what it is asked. NULL, or what is wrong, for the directive's error. */
const char *wf_require_add(wf_require_t **list, struct cmd_parms_struct *cmd,
                           const char *args);

/** APR_SUCCESS if a line of this level or a higher one grants it to r's user, else
 *  WF_ERR_FORBIDDEN naming the level, or WF_ERR_INTERNAL if a provider could not tell. */
apr_status_t wf_require_check(const wf_require_t *list, struct request_rec *r,
                              wf_level_e level, wf_error_t *err);

/* ---- passwords --------------------------------------------------------------------- */

/** Passwords verified a short while ago, so that a client's calls pay for bcrypt once a
 *  minute and not every time. Keeps keyed digests under a random key of this process, no
 *  passwords. An entry counts only for the very hash it was verified against, so a
 *  changed password is effective at once. Thread-safe. */
typedef struct wf_auth_cache_t wf_auth_cache_t;

#define WF_AUTH_CACHE_TTL 60     /* seconds */
#define WF_AUTH_CACHE_ENTRIES 256 /* fixed memory, about 12 KiB */

/** Lives in p. NULL if the system gives no randomness or no mutex: then there is no cache
 *  and every check pays for bcrypt. */
wf_auth_cache_t *wf_auth_cache_create(int ttl_seconds, apr_pool_t *p);

/** 1 if password is right for user and hash: verified within the time to live, or right
 *  now by verify (1 = right), which is then remembered. Of threads that ask for the same
 *  three texts at once, one verifies and the others wait for its result: else the first
 *  second of a new child would go to the same bcrypt over and over. now_us is
 *  wf_mono_us(). */
typedef int wf_auth_verify_fn(const char *password, const char *hash);
int wf_auth_cache_check(wf_auth_cache_t *cache, const char *user, const char *hash,
                        const char *password, apr_int64_t now_us,
                        wf_auth_verify_fn *verify);

/** What became of a check. */
typedef enum {
    WF_AUTH_OK,
    WF_AUTH_UNKNOWN_USER, /* or one without password; took as long as a wrong one */
    WF_AUTH_WRONG_PASSWORD,
    WF_AUTH_FAILED        /* the store could not be read: see err */
} wf_auth_result_e;

/** Check a pair against the users of the store. cache may be NULL. */
wf_auth_result_e wf_auth_check_password(wf_store_t *store, wf_auth_cache_t *cache,
                                        const char *user, const char *password,
                                        apr_pool_t *p, wf_error_t *err);

/* ---- the authn provider ------------------------------------------------------------ */

/** Set in r->notes when a password could not be checked because the store cannot be read
 *  now. httpd makes that a 500; whoever renders the answer may say 503. */
#define WF_AUTH_UNAVAILABLE_NOTE "workflow-auth-unavailable"

/** How the provider reaches the calling thread's store connection and the cache. */
typedef struct wf_auth_source_t {
    wf_store_t *(*store)(void *baton, wf_error_t *err); /* NULL with err set on failure */
    void *baton;
    wf_auth_cache_t *cache;
} wf_auth_source_t;

/** Register "workflow" for AuthBasicProvider. From the register_hooks function; p is its
 *  pool. */
void wf_auth_register_provider(apr_pool_t *p);

/** From child_init, before threads start: where the provider reads from. Copied. Until
 *  then the provider answers AUTH_GENERAL_ERROR. */
void wf_auth_provider_use(const wf_auth_source_t *source);

#endif
