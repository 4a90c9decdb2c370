/* What a user's transfers share: a jar of cookies, and a number that keeps his
 * connections apart (see set_scope in options.c). Everything belongs to the multi's
 * thread, so libcurl's share object needs no locks. */
#include "client/internal.h"

static apr_status_t free_cookies(void *data)
{
    wf_client_user_t *user = data;

    curl_share_cleanup(user->cookies);
    return APR_SUCCESS;
}

void wf_client_user_create(wf_client_user_t **out, wf_client_multi_t *multi,
                           int own_connections, apr_pool_t *p)
{
    wf_client_user_t *user = apr_pcalloc(p, sizeof(*user));

    user->multi = multi;
    user->scope = own_connections ? ++multi->users : 0;
    apr_pool_cleanup_register(p, user, free_cookies, apr_pool_cleanup_null);
    *out = user;
}

void wf_client_transfer_join(wf_client_transfer_t *transfer, wf_client_user_t *user)
{
    wf_exchange_t *exchange = &transfer->exchange;

    exchange->user = user;
    exchange->settings = NULL;
    exchange->applied = 0;
}

void wf_client_forget_cookies(wf_client_user_t *user)
{
    user->forget = user->cookies != NULL;
}

void wf_user_begin(wf_exchange_t *exchange)
{
    wf_client_user_t *user = exchange->user;

    if (user->forget) {
        curl_easy_setopt(exchange->handle, CURLOPT_COOKIELIST, "ALL");
        user->forget = 0;
    }
}

/* 0 without memory: then this user has no cookies. */
static int make_jar(wf_client_user_t *user)
{
    if (user->cookies == NULL) {
        user->cookies = curl_share_init();
        if (user->cookies != NULL) {
            curl_share_setopt(user->cookies, CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE);
        }
    }
    return user->cookies != NULL;
}

void wf_user_cookies(wf_exchange_t *exchange, int wanted)
{
    CURL *h = exchange->handle;

    if (wanted && make_jar(exchange->user)) {
        curl_easy_setopt(h, CURLOPT_SHARE, exchange->user->cookies);
        curl_easy_setopt(h, CURLOPT_COOKIEFILE, NULL);
        curl_easy_setopt(h, CURLOPT_COOKIEFILE, ""); /* the engine, without a file */
        exchange->attached = 1;
    }
    else if (exchange->attached) {
        curl_easy_setopt(h, CURLOPT_COOKIEFILE, NULL);
        curl_easy_setopt(h, CURLOPT_SHARE, NULL);
        exchange->attached = 0;
    }
}
