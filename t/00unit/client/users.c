/* What users have for themselves, and what all share: cookies, connections, limits. */
#include "loop.h"
#include "../load/target.h"

static target_t target;

/* /set?a=b sets a cookie, /over/PORT sets one and redirects to another host, /slow waits;
 * the answer repeats the Cookie header. */
static int answer(int fd, const char *request)
{
    const char *path = strchr(request, '/'), *at = strcasestr(request, "\r\nCookie: ");
    char text[1024], set[300] = "", cookies[300] = "", pair[200];
    int port, n;

    if (at != NULL) {
        sscanf(at + 10, "%299[^\r]", cookies);
        if (strcasestr(at + 10, "\r\nCookie: ") != NULL) {
            strcpy(cookies, "two Cookie headers");
        }
    }
    if (sscanf(path, "/set?%199[^ ]", pair) == 1) {
        snprintf(set, sizeof(set), "Set-Cookie: %s\r\n", pair);
    }
    if (strncmp(path, "/slow", 5) == 0) {
        usleep(30000);
    }
    if (sscanf(path, "/over/%d", &port) == 1) {
        n = snprintf(text, sizeof(text),
                     "HTTP/1.1 302 Found\r\nSet-Cookie: way=1; path=/\r\n"
                     "Location: http://localhost:%d/there\r\nContent-Length: 0\r\n\r\n",
                     port);
    }
    else {
        n = snprintf(text, sizeof(text),
                     "HTTP/1.1 200 OK\r\n%sContent-Length: %zu\r\n\r\n%s", set,
                     strlen(cookies), cookies);
    }
    return target_send(fd, text, (size_t)n);
}

static const char *url_of(const char *path)
{
    return apr_psprintf(pool, "http://127.0.0.1:%d%s", target.port, path);
}

static wf_client_user_t *new_user(fixture_t *f, int own_connections)
{
    wf_client_user_t *user;

    wf_client_user_create(&user, f->loop.multi, own_connections, f->pool);
    return user;
}

/* What the target saw as cookies. */
static const char *ask(fixture_t *f, const char *path, const char *header,
                       const wf_client_settings_t *settings)
{
    wf_client_request_t request = new_request("GET", url_of(path), settings);

    if (header != NULL) {
        add_header(&request, "cookie", header);
    }
    return exchange(f, prepare_request(&request)) ? f->workers[0].r.body : "nothing";
}

static void cookies(fixture_t *f)
{
    wf_client_settings_t *settings = new_settings(), *without = new_settings();
    wf_client_user_t *anna = new_user(f, 0), *bert = new_user(f, 0);
    worker_t *first = worker(f, 0), *second = worker(f, 1);

    without->no_cookies = 1;
    is_str(ask(f, "/set?lost=1", NULL, settings), "", "without a user");
    is_str(ask(f, "/", NULL, settings), "", "there are no cookies");
    wf_client_transfer_join(first->transfer, anna);
    ask(f, "/set?a=1", NULL, settings);
    is_str(ask(f, "/", NULL, settings), "a=1", "a user keeps them");
    is_str(ask(f, "/", NULL, without), "", "unless the settings say no");
    is_str(ask(f, "/", NULL, settings), "a=1", "and they are still there");
    is_str(ask(f, "/", "b=2; c=3", settings), "a=1; b=2; c=3", "joined with a header's");
    is_str(ask(f, "/", "b=2", without), "b=2", "which needs no jar");
    ask(f, "/set?p=1;path=/sub", NULL, settings);
    is_str(ask(f, "/", NULL, settings), "a=1", "not for another path");
    is_str(ask(f, "/sub/x", NULL, settings), "p=1; a=1", "but for its own");
    ask(f, "/set?s=1;secure;domain=example.com", NULL, settings);
    is_str(ask(f, "/", NULL, settings), "a=1", "nor one for another domain");
    wf_client_transfer_join(first->transfer, bert);
    is_str(ask(f, "/", NULL, settings), "", "another user has none");
    wf_client_transfer_join(second->transfer, anna);
    begin(f, 1, prepare_url("GET", url_of("/"), settings));
    finish(f, 2);
    is_str(second->r.body, "a=1", "all transfers of one have them");
    wf_client_forget_cookies(anna);
    begin(f, 1, prepare_url("GET", url_of("/"), settings));
    finish(f, 2);
    is_str(second->r.body, "", "until they are forgotten");
    wf_client_transfer_join(second->transfer, NULL);
    wf_client_transfer_join(first->transfer, NULL);
}

static void across_hosts(fixture_t *f)
{
    wf_client_settings_t *settings = new_settings();
    const char *over = apr_psprintf(pool, "/over/%d", target.port);
    wf_client_user_t *anna = new_user(f, 0);

    wf_client_transfer_join(worker(f, 0)->transfer, anna);
    is_str(ask(f, over, "home=1", settings), "", "cookies do not follow to another host");
    is_str(ask(f, "/", NULL, settings), "way=1", "what the first hop set is kept");
    is_str(ask(f, "/", "home=1", settings), "way=1; home=1",
           "and the next call has its own");
    wf_client_transfer_join(worker(f, 0)->transfer, NULL);
    is_str(ask(f, over, "home=1", settings), "", "nor without a jar");
}

/* ---- connections ------------------------------------------------------------------- */

static int opened_by(fixture_t *f, int users, int rounds, int own, int wait,
                     const wf_client_settings_t *settings)
{
    wf_client_call_t *call = prepare_url("GET", url_of(wait ? "/slow" : "/"), settings);
    int before = target_connections(&target), i, round;

    for (i = 0; i < users; i++) {
        wf_client_transfer_join(worker(f, i)->transfer, new_user(f, own));
    }
    for (round = 0; round < rounds; round++) {
        for (i = 0; i < users; i++) {
            begin(f, i, call);
            if (!wait) {
                finish(f, i + 1);
            }
        }
        finish(f, users);
    }
    return target_connections(&target) - before;
}

static void connections(fixture_t *f)
{
    wf_client_settings_t *settings = new_settings(), *closing = new_settings();

    closing->no_keep_alive = 1;
    is_int(opened_by(f, 5, 3, 1, 0, settings), 5,
           "one each for users who want their own");
    ok(opened_by(f, 5, 3, 0, 0, settings) <= 1, "one for all, one after the other");
    is_int(opened_by(f, 4, 2, 0, 0, closing), 8, "one for each exchange");
    ok(target_saw(&target, "\r\nConnection: close\r\n"), "as the request says");
    ok(f->workers[0].r.reused == 0, "and the response");
    opened_by(f, 1, 1, 1, 0, settings);
    is_int(f->workers[0].r.reused, 0, "a new user's first connection is new");
    exchange(f, prepare_url("GET", url_of("/"), settings));
    is_int(f->workers[0].r.reused, 1, "then it is used again");
}

static void limited(fixture_t *f)
{
    wf_client_settings_t *settings = new_settings();
    int i;

    wf_client_multi_limit(f->loop.multi, 2);
    ok(opened_by(f, 8, 1, 0, 1, settings) <= 2, "no more than the limit");
    for (i = 0; i < 8; i++) {
        is_int(f->workers[i].r.outcome, WF_CLIENT_OK, "exchange %d had its turn", i);
    }
    ok(f->workers[7].r.timings.blocked > 50000, "after a while");
    wf_client_multi_limit(f->loop.multi, 0);
}

int main(void)
{
    static fixture_t f;

    begin_tests();
    open_fixture(&f);
    target_start(&target);
    target.answer = answer;
    cookies(&f);
    across_hosts(&f);
    connections(&f);
    limited(&f);
    target_stop(&target);
    return end_tests(&f);
}
