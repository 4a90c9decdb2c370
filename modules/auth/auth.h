/* auth: who is calling and what may they do. Checks passwords against the users of the
 * store (bcrypt), remembers verified ones for a minute, and judges the rights of a user
 * by membership of groups; looks up API keys and verifies JSON Web Tokens. Also the httpd
 * authn provider "workflow".
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

/* ---- JSON Web Tokens (jwt_keys.c, jwt.c) ------------------------------------------- */

#define WF_JWT_MAX_TOKEN 16384 /* bytes */
#define WF_JWT_MAX_KEYS 64     /* each may cost a verification */
#define WF_JWT_LEEWAY 30       /* seconds by which clocks may differ; a default */
#define WF_JWT_USER_CLAIM "sub"

/** Keys that sign tokens. They live in the pool of a configuration and are never changed
 *  once requests come, so all threads and children may share them; the pool's end frees
 *  what OpenSSL holds, and overwrites secrets. */
typedef struct wf_jwt_keys_t wf_jwt_keys_t;

wf_jwt_keys_t *wf_jwt_keys_create(apr_pool_t *p);

/** Read a key for one algorithm; the file is not needed afterwards.
 *  HS256, HS384, HS512: the file is the secret, a text without its last line end, at least
 *  as long as the hash (32, 48, 64 bytes; RFC 7518, 3.2); only its owner and group may
 *  have rights on it.
 *  RS256 (2048 to 8192 bits), ES256 (P-256): one public key or certificate in PEM, which
 *  others may not change; dates and issuer of a certificate do not matter.
 *  kid: the id that tokens use for the key, or NULL; several keys may have the same.
 *  WF_ERR_INVALID naming the file and what is wrong with it, without quoting it;
 *  WF_ERR_TOO_LARGE beyond WF_JWT_MAX_KEYS. err->field: algorithm, file or kid. */
apr_status_t wf_jwt_keys_add(wf_jwt_keys_t *keys, const char *algorithm, const char *file,
                             const char *kid, wf_error_t *err);

/** How many; 0 for NULL. */
int wf_jwt_keys_count(const wf_jwt_keys_t *keys);

/** What is asked of claims besides a time that is right. */
typedef struct wf_jwt_policy_t {
    const char *issuer;     /* what iss has to be; NULL: anything */
    const char *audience;   /* what aud has to be or to contain; NULL: it has to be absent */
    const char *user_claim; /* the claim that is the user; NULL: WF_JWT_USER_CLAIM */
    int leeway;             /* seconds; WF_JWT_LEEWAY is usual */
} wf_jwt_policy_t;

typedef struct wf_jwt_claims_t {
    const char *user; /* 1 to 255 bytes, no control characters */
    json_object *all; /* both are borrowed from p */
} wf_jwt_claims_t;

/** Check a token (what stands behind "Bearer "). Keys with its kid and keys without any
 *  are tried in turn, all keys if it has none; a key is used for its own algorithm alone.
 *  It has to have exp; nbf and iat are obeyed if they are there.
 *  WF_ERR_FORBIDDEN with the reason, as a clause about the token: for the log, and not for
 *  whoever sent it. It may quote names that the token gives (kid, issuer, audience), cut
 *  and without control characters. keys may be NULL: then nothing is genuine. now_ms is
 *  wf_time_ms(). Safe in every thread. */
apr_status_t wf_jwt_check(const wf_jwt_keys_t *keys, const wf_jwt_policy_t *policy,
                          const char *token, apr_int64_t now_ms, wf_jwt_claims_t *claims,
                          apr_pool_t *p, wf_error_t *err);

/* ---- API keys ---------------------------------------------------------------------- */

/** A key that is good. Texts live in the pool of the check. */
typedef struct wf_auth_key_t {
    wf_id_t id;
    const char *name;
    const char *owner; /* in whose name its calls are made */
    wf_key_rights_e rights;
    apr_int64_t expires; /* ms since 1970; 0 = never */
} wf_auth_key_t;

/** Look up the key whose text a caller has sent; now is wf_time_ms(). WF_ERR_FORBIDDEN if
 *  it is unknown, expired or revoked: the message says which one, for the log, and never
 *  quotes what was sent; callers are told nothing of it. Other kinds when the store
 *  cannot be read. */
apr_status_t wf_auth_check_api_key(wf_store_t *store, const char *text, apr_int64_t now,
                                   wf_auth_key_t *key, apr_pool_t *p, wf_error_t *err);

/** The hash of a key that an administrator has in a file: one line of at least 16 visible
 *  characters, which nobody else may read. WF_ERR_INVALID names the file. */
apr_status_t wf_api_key_read(char hash[WF_API_KEY_HASH_SIZE], const char *path,
                             apr_pool_t *p, wf_error_t *err);

/** 1 if this text is the key of that hash; takes as long if it is not. */
int wf_api_key_matches(const char *hash, const char *text);

/* ---- repeated failures (throttle.c) -------------------------------------------------- */

/** Who has failed to say who they are, as all children know it: by address (of IPv6 its
 *  network of 64 bits) and user, and by address alone. Of fixed size, about 200 KB; forgets
 *  after ten minutes without a failure. */
typedef struct wf_throttle_t wf_throttle_t;

/** In the parent, before children start; lives in p. */
apr_status_t wf_throttle_create(wf_throttle_t **throttle, apr_pool_t *p, wf_error_t *err);

/** The one that p has already, or a new one: whoever guesses gains nothing by a graceful
 *  restart, if p is the pool of httpd's process. */
apr_status_t wf_throttle_keep(wf_throttle_t **throttle, apr_pool_t *p, wf_error_t *err);

/** Microseconds until the next attempt of this user (never NULL; "" for keys and tokens) from
 *  this address may be looked at: 1, 2, 4 … 60 seconds after the last failure once there were
 *  limit of them, or ten times as many from the address. 0: now. now_us is wf_mono_us(). */
apr_int64_t wf_throttle_wait(wf_throttle_t *throttle, int limit, const char *address,
                             const char *user, apr_int64_t now_us);
void wf_throttle_failed(wf_throttle_t *throttle, const char *address, const char *user,
                        apr_int64_t now_us);
void wf_throttle_succeeded(wf_throttle_t *throttle, const char *address,
                           const char *user);

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
