/* The services of one httpd child: the ipc client, the cache of verified passwords and a
 * store connection for every thread that asks for one.
 *
 * A store connection belongs to its thread: it lives in a pool of its own that the
 * thread's end destroys through the destructor of a thread key. The thread that runs
 * child_init may serve requests too (prefork) and ends by exit(), which runs no such
 * destructors; its connection is closed with the child's pool. */
#include "http/internal.h"

#include <apr_thread_proc.h>

typedef struct threads_t {
    apr_threadkey_t *key; /* of connection_t * */
} threads_t;

typedef struct connection_t {
    apr_pool_t *pool;  /* of the thread; the connection's memory */
    wf_store_t *store; /* NULL after a failed open */
} connection_t;

static wf_child_t *current; /* set once in child_init, before threads start */

static void close_connection(void *data)
{
    connection_t *connection = data;

    if (connection) {
        apr_pool_destroy(connection->pool); /* closes the store */
    }
}

static apr_status_t end_child(void *data)
{
    threads_t *threads = data;
    void *own = NULL;

    current = NULL;
    apr_threadkey_private_get(&own, threads->key);
    apr_threadkey_private_set(NULL, threads->key);
    close_connection(own);
    return APR_SUCCESS;
}

static wf_store_t *store_of_thread(void *child, wf_error_t *err)
{
    return wf_child_store(child, err);
}

apr_status_t wf_child_create(const wf_server_config_t *config, apr_pool_t *pchild,
                             wf_error_t *err)
{
    wf_child_t *child = apr_pcalloc(pchild, sizeof *child);
    threads_t *threads = apr_pcalloc(pchild, sizeof *threads);
    wf_auth_source_t source = { store_of_thread, child, NULL };
    apr_status_t rv =
        apr_threadkey_private_create(&threads->key, close_connection, pchild);

    if (rv != APR_SUCCESS) {
        return wf_error_apr(err, WF_ERR_INTERNAL, rv, "no thread key for the store");
    }
    child->config = config;
    child->threads = threads;
    /* A reply is never larger than what a client may have uploaded. */
    child->ipc = wf_ipc_client_create(
        config->socket, (apr_size_t)(config->upload_limit + config->body_limit), pchild);
    child->auth_cache = wf_auth_cache_create(WF_AUTH_CACHE_TTL, pchild);
    source.cache = child->auth_cache;
    wf_auth_provider_use(&source);
    apr_pool_pre_cleanup_register(pchild, threads, end_child);
    current = child;
    return APR_SUCCESS;
}

wf_child_t *wf_child_current(void)
{
    return current;
}

/* The calling thread's connection record, made on the first call. Its pool hangs on none
 * of the child's: those may be destroyed while the thread still runs. */
static connection_t *connection_of_thread(threads_t *threads)
{
    void *found = NULL;
    connection_t *connection;
    apr_pool_t *pool;

    apr_threadkey_private_get(&found, threads->key);
    if (found) {
        return found;
    }
    if (apr_pool_create_unmanaged_ex(&pool, NULL, NULL) != APR_SUCCESS) {
        return NULL;
    }
    apr_pool_tag(pool, "wf_child_store");
    connection = apr_pcalloc(pool, sizeof *connection);
    connection->pool = pool;
    if (apr_threadkey_private_set(connection, threads->key) != APR_SUCCESS) {
        apr_pool_destroy(pool);
        return NULL;
    }
    return connection;
}

/* A failed attempt may not leave anything in the thread's pool: it is repeated with every
 * request until the store can be read. Clients are not told where the store lies. */
static void open_store(wf_child_t *child, connection_t *connection, wf_error_t *err)
{
    static apr_uint32_t last;
    apr_pool_t *attempt;
    wf_error_t failure;

    apr_pool_create(&attempt, connection->pool);
    wf_error_init(&failure, attempt);
    if (wf_store_open(&connection->store, child->config->store, WF_STORE_READ, attempt,
                      &failure)
        == APR_SUCCESS) {
        return;
    }
    connection->store = NULL;
    if (wf_once_a_second(&last)) {
        wf_log(WF_LOG_WARN, "WF0103: %s", failure.message);
    }
    /* Damaged, away or not made yet: to a client the service is not available. */
    wf_error_set(err, WF_ERR_UNAVAILABLE, "the store cannot be read now");
    apr_pool_destroy(attempt);
}

wf_store_t *wf_child_store(wf_child_t *child, wf_error_t *err)
{
    connection_t *connection = connection_of_thread(child->threads);

    if (!connection) {
        wf_error_set(err, WF_ERR_INTERNAL, "out of memory for a store connection");
        return NULL;
    }
    if (!connection->store) {
        open_store(child, connection, err);
    }
    return connection->store;
}
