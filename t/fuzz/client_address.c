/* Fuzz target of what people write about other servers. The first byte chooses: 't' a
 * list of targets, 's' a mail server, else a list of mail addresses. Whatever it is: a
 * result that keeps what it promises, or an error that says why not. */
#include "client/client.h"
#include "fuzz.h"

static void fuzz_error(const wf_error_t *err)
{
    fuzz_check((err->kind == WF_ERR_INVALID || err->kind == WF_ERR_TOO_LARGE)
               && err->message != NULL);
}

/* Whatever a list permits, an exclusion of everything takes back. */
static void fuzz_targets(const char *text, apr_pool_t *p)
{
    static const char *const addresses[] = { "127.0.0.1", "169.254.169.254", "::1",
                                             "fe80::1", "64:ff9b::1.2.3.4" };
    wf_targets_t *targets, *none;
    wf_error_t err;
    size_t i;

    wf_error_init(&err, p);
    if (wf_targets_parse(&targets, text, p, &err) != APR_SUCCESS) {
        fuzz_error(&err);
        return;
    }
    if (wf_targets_parse(&none, apr_pstrcat(p, text, " !0.0.0.0/0 !::/0", NULL), p, &err)
        != APR_SUCCESS) {
        fuzz_check(strlen(text) + 20 > WF_TARGETS_MAX_TEXT);
        return;
    }
    for (i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        wf_targets_permit(targets, "a.example.org", 80, addresses[i]);
        fuzz_check(!wf_targets_permit(none, "a.example.org", 80, addresses[i]));
    }
}

static void fuzz_server(const char *text, apr_pool_t *p)
{
    wf_mail_server_t *server;
    wf_error_t err;

    wf_error_init(&err, p);
    if (wf_mail_server_parse(&server, text, p, &err) != APR_SUCCESS) {
        fuzz_error(&err);
        return;
    }
    fuzz_check(server->port > 0 && server->timeout_ms > 0 && *server->host != '\0'
               && strpbrk(server->host, "/@ \r\n") == NULL);
}

/* What was read is an address by itself, and can begin no line and no other command. */
static void fuzz_addresses(const char *text, apr_pool_t *p)
{
    apr_array_header_t *list, *again;
    wf_error_t err;
    int i;

    wf_error_init(&err, p);
    if (wf_mail_addresses_parse(&list, "to", text, p, &err) != APR_SUCCESS) {
        fuzz_error(&err);
        return;
    }
    for (i = 0; i < list->nelts; i++) {
        const char *address = APR_ARRAY_IDX(list, i, wf_mail_address_t).address;

        fuzz_check(strpbrk(address, "\r\n") == NULL);
        fuzz_check(
            wf_mail_addresses_parse(&again, "to", apr_pstrcat(p, "<", address, ">", NULL),
                                    p, &err)
                == APR_SUCCESS
            && again->nelts == 1
            && strcmp(APR_ARRAY_IDX(again, 0, wf_mail_address_t).address, address) == 0);
    }
}

static void fuzz_input(const uint8_t *data, size_t size, apr_pool_t *p)
{
    const char *text;

    if (size == 0) {
        return;
    }
    text = apr_pstrmemdup(p, (const char *)data + 1, size - 1);
    if (data[0] == 't') {
        fuzz_targets(text, p);
    }
    else if (data[0] == 's') {
        fuzz_server(text, p);
    }
    else {
        fuzz_addresses(text, p);
    }
}
