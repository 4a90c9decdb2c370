/* The terms of a blocking call: how long it may take, and whether the engine still wants
 * it. */
#include "client/internal.h"

long wf_terms_left_ms(const wf_client_terms_t *terms, apr_int64_t limit_ms)
{
    apr_int64_t left;

    if (terms == NULL || terms->deadline == 0) {
        return (long)limit_ms;
    }
    left = (terms->deadline - wf_mono_us()) / 1000;
    if (left <= 0) {
        return -1;
    }
    return (long)(limit_ms > 0 && limit_ms < left ? limit_ms : left);
}

/* libcurl calls this about once a second, and whenever something moves. */
static int on_progress(void *baton, curl_off_t download, curl_off_t downloaded,
                       curl_off_t upload, curl_off_t uploaded)
{
    const wf_client_terms_t *terms = baton;

    (void)download;
    (void)downloaded;
    (void)upload;
    (void)uploaded;
    return __atomic_load_n(terms->stop, __ATOMIC_ACQUIRE) != 0;
}

void wf_terms_watch(CURL *handle, const wf_client_terms_t *terms)
{
    int watch = terms != NULL && terms->stop != NULL;

    curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, watch ? on_progress : NULL);
    curl_easy_setopt(handle, CURLOPT_XFERINFODATA, terms);
    curl_easy_setopt(handle, CURLOPT_NOPROGRESS, watch ? 0L : 1L);
}
