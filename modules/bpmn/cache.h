/* A bounded cache of immutable things by a key, shared by all threads. A thing in use
 * stays valid until it is released, also if it was forgotten meanwhile. Private to this
 * room. */
#ifndef WF_BPMN_CACHE_H
#define WF_BPMN_CACHE_H

#include "core/core.h"

typedef struct wf_cache_t wf_cache_t;

/** Make what is missing: in p, which lives as long as it does; scratch goes afterwards.
 */
typedef apr_status_t wf_cache_make_fn(void *baton, void **thing, apr_pool_t *p,
                                      apr_pool_t *scratch, wf_error_t *err);

/** At most capacity things; the least recently used one goes first. */
wf_cache_t *wf_cache_create(int capacity, apr_pool_t *p);

/** The thing, released when p is cleared; find gives NULL if it is not there. */
void *wf_cache_find(wf_cache_t *cache, const char *key, apr_pool_t *p);
apr_status_t wf_cache_get(wf_cache_t *cache, const char *key, wf_cache_make_fn *make,
                          void *baton, void **thing, apr_pool_t *p, wf_error_t *err);

void wf_cache_forget(wf_cache_t *cache, const char *key);

#endif
