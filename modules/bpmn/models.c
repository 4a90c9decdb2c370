/* The cache of models. Reading a file happens outside the lock: two threads that miss at
 * the same time both parse, and the second one's work is thrown away. An entry lives in
 * an unmanaged pool of its own, because the thread that drops the last use frees it. */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <apr_thread_mutex.h>

#include "bpmn/run.h"

typedef struct entry_t {
    wf_models_t *models;
    apr_pool_t *pool;
    const char *id;
    const wf_model_t *model;
    int users; /* with models->lock held, as all below; being listed counts as one */
    struct entry_t *newer, *older; /* by last use */
} entry_t;

struct wf_models_t {
    apr_thread_mutex_t *lock; /* taken alone; nothing is called while it is held */
    apr_hash_t *entries;      /* id -> entry_t */
    entry_t *newest, *oldest;
    int capacity;
    unsigned forgotten; /* how often something was: ids are given again */
    wf_model_loader_fn *loader;
    void *baton;
};

/* ---- entries, under the lock ------------------------------------------------------- */

static void unlink_entry(wf_models_t *models, entry_t *entry)
{
    *(entry->newer ? &entry->newer->older : &models->newest) = entry->older;
    *(entry->older ? &entry->older->newer : &models->oldest) = entry->newer;
    entry->newer = entry->older = NULL;
}

static void link_newest(wf_models_t *models, entry_t *entry)
{
    entry->older = models->newest;
    if (models->newest) {
        models->newest->newer = entry;
    }
    models->newest = entry;
    if (!models->oldest) {
        models->oldest = entry;
    }
}

/* Give up one use. Returns the entry if it was the last one: to be freed outside the
 * lock. */
static entry_t *give_up(entry_t *entry)
{
    return --entry->users == 0 ? entry : NULL;
}

static entry_t *unlist(wf_models_t *models, entry_t *entry)
{
    apr_hash_set(models->entries, entry->id, APR_HASH_KEY_STRING, NULL);
    unlink_entry(models, entry);
    return give_up(entry);
}

static void free_entry(entry_t *entry)
{
    if (entry) {
        apr_pool_destroy(entry->pool);
    }
}

/* ---- uses -------------------------------------------------------------------------- */

static apr_status_t release(void *baton)
{
    entry_t *entry = baton, *unused;
    wf_models_t *models = entry->models;

    apr_thread_mutex_lock(models->lock);
    unused = give_up(entry);
    apr_thread_mutex_unlock(models->lock);
    free_entry(unused);
    return APR_SUCCESS;
}

static const wf_model_t *use(entry_t *entry, apr_pool_t *p)
{
    apr_pool_cleanup_register(p, entry, release, apr_pool_cleanup_null);
    return entry->model;
}

/* NULL if it must be loaded; *forgotten is for add_entry, or NULL. */
static const wf_model_t *find_model(wf_models_t *models, const char *id,
                                    unsigned *forgotten, apr_pool_t *p)
{
    entry_t *entry;

    apr_thread_mutex_lock(models->lock);
    if (forgotten) {
        *forgotten = models->forgotten;
    }
    entry = apr_hash_get(models->entries, id, APR_HASH_KEY_STRING);
    if (entry) {
        entry->users++;
        unlink_entry(models, entry);
        link_newest(models, entry);
    }
    apr_thread_mutex_unlock(models->lock);
    return entry ? use(entry, p) : NULL;
}

/* The entry itself, or the one another thread put there first. If a definition was
 * forgotten since the file was read (at which time `forgotten` was the count), it may be
 * this one, and its id another file's by now: then the entry is the caller's alone. */
static const wf_model_t *add_entry(wf_models_t *models, entry_t *entry,
                                   unsigned forgotten, apr_pool_t *p)
{
    entry_t *first, *unused = NULL;

    apr_thread_mutex_lock(models->lock);
    first = apr_hash_get(models->entries, entry->id, APR_HASH_KEY_STRING);
    if (models->forgotten != forgotten) {
        entry->users = 1;
    }
    else if (first) {
        unused = entry;
        entry = first;
        entry->users++;
    }
    else {
        if ((int)apr_hash_count(models->entries) >= models->capacity && models->oldest) {
            unused = unlist(models, models->oldest);
        }
        entry->users = 2; /* the cache and the caller */
        apr_hash_set(models->entries, entry->id, APR_HASH_KEY_STRING, entry);
        link_newest(models, entry);
    }
    apr_thread_mutex_unlock(models->lock);
    free_entry(unused);
    return use(entry, p);
}

/* ---- loading ----------------------------------------------------------------------- */

static const wf_model_t *with_key(const apr_array_header_t *models, const char *key)
{
    int i;

    for (i = 0; i < models->nelts; i++) {
        const wf_model_t *model = APR_ARRAY_IDX(models, i, const wf_model_t *);

        if (key && model->key && strcmp(model->key, key) == 0) {
            return model;
        }
    }
    return NULL;
}

/* The file was valid when it was deployed; that it is not now is not the caller's fault.
 */
static apr_status_t parse_entry(entry_t *entry, const wf_definition_t *definition,
                                const char *xml, apr_size_t length, apr_pool_t *scratch,
                                wf_error_t *err)
{
    wf_problems_t *problems = wf_problems_create(definition->resource_name, scratch);
    apr_array_header_t *models;

    wf_model_parse(&models, xml, length, problems, entry->pool);
    if (problems->errors) {
        return wf_error_set(err, WF_ERR_INTERNAL,
                            "definition %s cannot be read any more: %s", definition->id,
                            wf_problems_text(problems, scratch));
    }
    entry->model = with_key(models, definition->key);
    if (!entry->model) {
        return wf_error_set(err, WF_ERR_INTERNAL,
                            "definition %s: no process \"%s\" in %s", definition->id,
                            definition->key ? definition->key : "",
                            definition->resource_name ? definition->resource_name : "");
    }
    entry->id = apr_pstrdup(entry->pool, definition->id);
    return APR_SUCCESS;
}

static apr_status_t load_entry(entry_t **loaded, wf_models_t *models, void *baton,
                               const wf_definition_t *definition, apr_pool_t *scratch,
                               wf_error_t *err)
{
    const char *xml;
    apr_size_t length;
    apr_pool_t *pool;
    apr_status_t rv = models->loader(baton ? baton : models->baton, definition, &xml,
                                     &length, scratch, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = apr_pool_create_unmanaged_ex(&pool, NULL, NULL);
    if (rv != APR_SUCCESS) {
        return wf_error_apr(err, WF_ERR_INTERNAL, rv, "no memory for a model");
    }
    apr_pool_tag(pool, "wf_bpmn_model");
    *loaded = apr_pcalloc(pool, sizeof(**loaded));
    (*loaded)->models = models;
    (*loaded)->pool = pool;
    rv = parse_entry(*loaded, definition, xml, length, scratch, err);
    if (rv != APR_SUCCESS) {
        apr_pool_destroy(pool);
    }
    return rv;
}

apr_status_t wf_models_get(wf_models_t *models, const wf_definition_t *definition,
                           void *baton, const wf_model_t **model, apr_pool_t *p,
                           wf_error_t *err)
{
    apr_pool_t *scratch;
    entry_t *entry = NULL;
    unsigned forgotten;
    apr_status_t rv;

    *model = find_model(models, definition->id, &forgotten, p);
    if (*model) {
        return APR_SUCCESS;
    }
    apr_pool_create(&scratch, p);
    apr_pool_tag(scratch, "wf_models_get");
    rv = load_entry(&entry, models, baton, definition, scratch, err);
    apr_pool_destroy(scratch);
    if (rv == APR_SUCCESS) {
        *model = add_entry(models, entry, forgotten, p);
    }
    return rv;
}

apr_status_t wf_models_of(const wf_bpmn_call_t *call, const char *definition_id,
                          const wf_model_t **model, apr_pool_t *p, wf_error_t *err)
{
    wf_definition_t *definition;
    apr_status_t rv;

    *model = find_model(call->models, definition_id, NULL, p);
    if (*model) {
        return APR_SUCCESS;
    }
    rv = wf_uow_get_by_key(call->uow, WF_TABLE_DEFINITION, definition_id, &definition,
                           err);
    if (rv == APR_SUCCESS && !definition) {
        /* Only a cascading deletion takes a definition from under its instances. */
        rv = wf_error_set(err, WF_ERR_CONFLICT,
                          "process definition %s was deleted meanwhile", definition_id);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    return wf_models_get(call->models, definition, call->loader_baton, model, p, err);
}

apr_status_t wf_definition_model(wf_turn_t *turn, const wf_definition_t *definition,
                                 const wf_model_t **model, wf_error_t *err)
{
    apr_status_t rv = wf_permit_definition(definition, err);

    return rv == APR_SUCCESS
               ? wf_models_get(turn->call->models, definition, turn->call->loader_baton,
                               model, turn->p, err)
               : rv;
}

/* ---- the cache --------------------------------------------------------------------- */

/* Models still in use are freed by their last user, but nobody may use them after that.
 */
static apr_status_t empty_cache(void *baton)
{
    wf_models_t *models = baton;

    while (models->oldest) {
        free_entry(unlist(models, models->oldest));
    }
    return APR_SUCCESS;
}

wf_models_t *wf_models_create(int capacity, wf_model_loader_fn *loader, void *baton,
                              apr_pool_t *p)
{
    wf_models_t *models = apr_pcalloc(p, sizeof(*models));

    models->entries = apr_hash_make(p);
    models->capacity = capacity > 0 ? capacity : 1;
    models->loader = loader;
    models->baton = baton;
    if (apr_thread_mutex_create(&models->lock, APR_THREAD_MUTEX_DEFAULT, p)
        != APR_SUCCESS) {
        abort(); /* the system has no mutex to give: nothing would run */
    }
    apr_pool_pre_cleanup_register(p, models, empty_cache);
    return models;
}

void wf_models_forget(wf_models_t *models, const char *definition_id)
{
    entry_t *entry, *unused = NULL;

    apr_thread_mutex_lock(models->lock);
    models->forgotten++;
    entry = apr_hash_get(models->entries, definition_id, APR_HASH_KEY_STRING);
    if (entry) {
        unused = unlist(models, entry);
    }
    apr_thread_mutex_unlock(models->lock);
    free_entry(unused);
}
