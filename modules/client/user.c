/* What a user's transfers share: a jar of cookies, and a number that keeps his
 * connections apart (see set_scope in options.c). Everything belongs to the multi's
 * thread, so libcurl's share object needs no locks. */
#include "client/internal.h"

/* ---- who belongs to whom ------------------------------------------------------------- */

void wf_user_join(wf_exchange_t *exchange, wf_client_user_t *user)
{
    wf_exchange_t **at;

    if (exchange->user != NULL) {
        wf_user_cookies(exchange, 0);
        for (at = &exchange->user->exchanges; *at != exchange;
             at = &(*at)->next_of_user) {
        }
        *at = exchange->next_of_user;
    }
    exchange->user = user;
    exchange->settings = NULL;
    exchange->applied = 0;
    if (user != NULL) {
        exchange->next_of_user = user->exchanges;
        user->exchanges = exchange;
    }
}

void wf_client_transfer_join(wf_client_transfer_t *transfer, wf_client_user_t *user)
{
    wf_user_join(&transfer->exchange, user);
}

/* libcurl frees no share object that a handle still has, and which of the two goes first
 * depends on their pools. */
static apr_status_t free_user(void *data)
{
    wf_client_user_t *user = data;

    while (user->exchanges != NULL) {
        wf_user_join(user->exchanges, NULL);
    }
    curl_share_cleanup(user->cookies);
    return APR_SUCCESS;
}

void wf_client_user_create(wf_client_user_t **out, wf_client_multi_t *multi,
                           int own_connections, apr_pool_t *p)
{
    wf_client_user_t *user = apr_pcalloc(p, sizeof(*user));

    user->scope = own_connections ? ++multi->users : 0;
    apr_pool_cleanup_register(p, user, free_user, apr_pool_cleanup_null);
    *out = user;
}

/* ---- cookies -------------------------------------------------------------------------- */

void wf_client_forget_cookies(wf_client_user_t *user)
{
    user->forget = user->dirty;
}

void wf_user_begin(wf_exchange_t *exchange)
{
    wf_client_user_t *user = exchange->user;

    if (user->forget) {
        curl_easy_setopt(exchange->handle, CURLOPT_COOKIELIST, "ALL");
        user->forget = user->dirty = 0;
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

/* Of the two options, the one that names no file comes first and goes last: taken back,
 * it drops whatever cookies the handle has, also shared ones. */
void wf_user_cookies(wf_exchange_t *exchange, int wanted)
{
    CURL *h = exchange->handle;

    if (wanted == exchange->has_cookies) {
        return;
    }
    if (wanted && make_jar(exchange->user)) {
        curl_easy_setopt(h, CURLOPT_COOKIEFILE,
                         ""); /* libcurl's engine, without a file */
        curl_easy_setopt(h, CURLOPT_SHARE, exchange->user->cookies);
        exchange->has_cookies = 1;
    }
    else if (!wanted) {
        curl_easy_setopt(h, CURLOPT_SHARE, NULL);
        curl_easy_setopt(h, CURLOPT_COOKIEFILE, NULL);
        exchange->has_cookies = 0;
    }
}
