/* TLS: whom we trust, who we are, which name we ask for. */
#include "secure.h"

/* ---- who is who -------------------------------------------------------------------- */

enum { GOOD, OTHER, EXPIRED, SELF, WANTS_13, WANTS_12, SERVERS };

static server_t servers[SERVERS];

#define NEEDED "the server requires a client certificate"
#define UNUSABLE "the client certificate, its key or password cannot be used"

static const struct {
    const char *what;
    int server;
    const char *host, *ca, *certificate, *key, *password, *name;
    int insecure;
    wf_client_outcome_e outcome;
    const char *error;
} cases[] = {
    /* clang-format off */
    { "a certificate we trust", GOOD, "localhost", "ca.pem", NULL, NULL, NULL, NULL, 0, WF_CLIENT_OK, NULL },
    { "for an address",         GOOD, "127.0.0.1", "ca.pem", NULL, NULL, NULL, NULL, 0, WF_CLIENT_OK, NULL },
    { "without its issuer",     GOOD, "localhost", NULL,     NULL, NULL, NULL, NULL, 0, WF_CLIENT_TLS, "the certificate's issuer is not trusted" },
    { "no file of issuers",     GOOD, "localhost", "none",   NULL, NULL, NULL, NULL, 0, WF_CLIENT_TLS, "the file of trusted issuers cannot be read" },
    { "for another host",       OTHER, "localhost", "ca.pem", NULL, NULL, NULL, NULL, 0, WF_CLIENT_TLS, "the certificate is not for this host" },
    { "for the name we ask for", OTHER, "localhost", "ca.pem", NULL, NULL, NULL, "other.example", 0, WF_CLIENT_OK, NULL },
    { "not for the name we ask for", GOOD, "localhost", "ca.pem", NULL, NULL, NULL, "other.example", 0, WF_CLIENT_TLS, "the certificate is not for this host" },
    { "for the name, by address", GOOD, "127.0.0.1", "ca.pem", NULL, NULL, NULL, "shop.example", 0, WF_CLIENT_OK, NULL },
    { "an expired one",         EXPIRED, "localhost", "ca.pem", NULL, NULL, NULL, NULL, 0, WF_CLIENT_TLS, "the certificate has expired" },
    { "a self-signed one",      SELF, "localhost", "ca.pem", NULL, NULL, NULL, NULL, 0, WF_CLIENT_TLS, "the certificate is self-signed" },
    { "trusted by itself",      SELF, "localhost", "self.pem", NULL, NULL, NULL, NULL, 0, WF_CLIENT_OK, NULL },
    { "nobody looks",           EXPIRED, "localhost", NULL, NULL, NULL, NULL, NULL, 1, WF_CLIENT_OK, NULL },
    { "a client without one",   WANTS_13, "localhost", "ca.pem", NULL, NULL, NULL, NULL, 0, WF_CLIENT_TLS, NEEDED },
    { "the same with TLS 1.2",  WANTS_12, "localhost", "ca.pem", NULL, NULL, NULL, NULL, 0, WF_CLIENT_TLS, "the TLS handshake failed" },
    { "a client's certificate", WANTS_13, "localhost", "ca.pem", "client.pem", "client.key", NULL, NULL, 0, WF_CLIENT_OK, NULL },
    { "the same with TLS 1.2",  WANTS_12, "localhost", "ca.pem", "client.pem", "client.key", NULL, NULL, 0, WF_CLIENT_OK, NULL },
    { "a key with a password",  WANTS_13, "localhost", "ca.pem", "client.pem", "client-locked.key", "secret", NULL, 0, WF_CLIENT_OK, NULL },
    { "a wrong password",       WANTS_13, "localhost", "ca.pem", "client.pem", "client-locked.key", "wrong", NULL, 0, WF_CLIENT_TLS, UNUSABLE },
    { "another key",            WANTS_13, "localhost", "ca.pem", "client.pem", "good.key", NULL, NULL, 0, WF_CLIENT_TLS, UNUSABLE },
    { "no such file",           WANTS_13, "localhost", "ca.pem", "none.pem", NULL, NULL, NULL, 0, WF_CLIENT_TLS, UNUSABLE },
    /* clang-format on */
};

static wf_client_settings_t *settings_of(size_t i)
{
    wf_client_settings_t *s = new_settings();

    s->ca = cases[i].ca ? file(cases[i].ca) : NULL;
    s->certificate = cases[i].certificate ? file(cases[i].certificate) : NULL;
    s->key = cases[i].key ? file(cases[i].key) : NULL;
    s->key_password = cases[i].password;
    s->server_name = cases[i].name;
    s->insecure = cases[i].insecure;
    s->timeout_ms = 5000;
    return s;
}

static const char *url_of(const char *host, int server)
{
    return apr_psprintf(pool, "https://%s:%d/", host, servers[server].port);
}

static void who_is_who(fixture_t *f)
{
    wf_client_response_t *r = &f->workers[0].r;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        wf_client_request_t request =
            new_request("GET", url_of(cases[i].host, cases[i].server), settings_of(i));

        request.max_body = 0;
        ok(exchange(f, prepare_request(&request)), "%s", cases[i].what);
        is_int(r->outcome, cases[i].outcome, "%s: outcome", cases[i].what);
        is_str(r->error, cases[i].error, "%s: text", cases[i].what);
    }
}

static void details(fixture_t *f)
{
    wf_client_settings_t *settings = settings_of(0), *named = settings_of(0);
    wf_client_response_t *r = &f->workers[0].r;
    wf_client_request_t request = new_request("GET", url_of("127.0.0.1", GOOD), settings);
    wf_client_call_t *call;
    wf_error_t err;

    request.keep_body = 0;
    exchange(f, prepare_request(&request));
    ok(r->timings.tls > 0 && r->timings.tls < r->duration_us, "a handshake takes time");
    named->server_name = "shop.example";
    named->no_keep_alive = 1; /* only new connections are asked for */
    request.settings = named;
    ok(exchange(f, prepare_request(&request)), "a name for TLS");
    is_str(f->asked, apr_psprintf(pool, "127.0.0.1 %d 127.0.0.1", servers[GOOD].port),
           "the name for TLS does not count for permission");
    named = settings_of(0);
    named->server_name = "no name";
    request.settings = named;
    wf_error_init(&err, pool);
    wf_client_prepare(&call, &request, pool, &err);
    is_str(err.field, "server_name", "what is no name is refused");
}

int main(void)
{
    static const char *const names[SERVERS] = { "good", "other", "expired",
                                                "self", "good",  "good" };
    static fixture_t f;
    int i;

    begin_tests();
    if (!make_certificates()) {
        ok(0, "the openssl program makes certificates");
        return done_testing();
    }
    for (i = 0; i < SERVERS; i++) {
        start_server(&servers[i], "-www", names[i], i >= WANTS_13,
                     i == WANTS_12 ? "-tls1_2" : "-tls1_3");
    }
    open_fixture(&f);
    who_is_who(&f);
    details(&f);
    for (i = 0; i < SERVERS; i++) {
        stop_server(&servers[i]);
    }
    remove_certificates();
    return end_tests(&f);
}
