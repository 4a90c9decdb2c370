/* Escaping, the Accept header, attachment names. */
#include "http/internal.h"
#include "tap.h"

static apr_pool_t *pool;

static void test_escaping(void)
{
    static const struct {
        const char *text, *html, *js;
    } cases[] = {
        /* clang-format off */
        { "plain text 1", "plain text 1", "plain text 1" },
        { "",             "",             "" },
        { "<b>&\"'",      "&lt;b&gt;&amp;&quot;'",
                          "\\u003cb\\u003e\\u0026\\u0022\\u0027" },
        { "a\\b\nc\r\t",  "a\\b\nc\r\t",  "a\\u005cb\\u000ac\\u000d\\u0009" },
        { "</script>",    "&lt;/script&gt;", "\\u003c/script\\u003e" },
        { "\xe2\x80\xa8\xe2\x80\xa9", "\xe2\x80\xa8\xe2\x80\xa9", "\\u2028\\u2029" },
        { "\xc3\xa4 \xe2\x82\xac \xe2", "\xc3\xa4 \xe2\x82\xac \xe2",
                          "\xc3\xa4 \xe2\x82\xac \xe2" },
        /* clang-format on */
    };

    for (apr_size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        is_str(wf_escape_html(cases[i].text, pool), cases[i].html, "HTML of case %d",
               (int)i);
        is_str(wf_escape_js(cases[i].text, pool), cases[i].js, "JavaScript of case %d",
               (int)i);
    }
}

static void test_accept(void)
{
    static const struct {
        const char *accept;
        int html;
    } cases[] = {
        /* clang-format off */
        { NULL,                                                          0 },
        { "",                                                            0 },
        { "*/*",                                                         0 },
        { "text/html",                                                   1 },
        { "text/*",                                                      1 },
        { "TEXT/HTML",                                                   1 },
        { "application/json",                                            0 },
        { "application/json, text/html",                                 0 },
        { "application/json;q=0.5, text/html",                           1 },
        { "text/html;q=0.4, application/json;q=0.5",                     0 },
        { "text/html;q=0.25,application/json;q=0.2",                     1 },
        { "text/html;level=1;q=0, */*",                                  0 },
        { "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", 1 },
        { "text/html; q=0.9 , application/json ; q=1",                   0 },
        { "text/html;q=,*/*;q=0",                                        0 },
        { ";;,,;q",                                                      0 },
        /* clang-format on */
    };

    for (apr_size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        is_int(wf_accept_prefers_html(cases[i].accept), cases[i].html, "Accept: %s",
               cases[i].accept ? cases[i].accept : "(none)");
    }
}

static void test_attachments(void)
{
    static const struct {
        const char *name, *want;
    } cases[] = {
        /* clang-format off */
        { "a.xml",          "attachment; filename=\"a.xml\"" },
        { "org/x/a b.xml",  "attachment; filename=\"a b.xml\"" },
        { "a\"b\\.xml",     "attachment; filename=\"a\\\"b\\\\.xml\"" },
        { "a\r\nX: y",      "attachment; filename=\"a__X: y\"; "
                            "filename*=UTF-8''a%0D%0AX%3A%20y" },
        { "\xc3\xa4.png",   "attachment; filename=\"__.png\"; "
                            "filename*=UTF-8''%C3%A4.png" },
        /* clang-format on */
    };

    for (apr_size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        is_str(wf_attachment_text(cases[i].name, pool), cases[i].want, "name %d", (int)i);
    }
}

static void test_origins(void)
{
    static const struct {
        const char *site, *origin, *host, *forwarded;
        int own;
    } cases[] = {
        /* clang-format off */
        { NULL,          NULL,                NULL,          NULL,               1 },
        { NULL,          NULL,                "here",        NULL,               1 },
        { "same-origin", "http://elsewhere",  "here",        NULL,               1 },
        { "none",        NULL,                "here",        NULL,               1 },
        { "NONE",        NULL,                "here",        NULL,               1 },
        { "cross-site",  "http://here",       "here",        NULL,               0 },
        { "same-site",   NULL,                "here",        NULL,               0 },
        { "",            NULL,                "here",        NULL,               0 },
        { NULL,          "http://here",       "here",        NULL,               1 },
        { NULL,          "https://HERE:8443", "here:8443",   NULL,               1 },
        { NULL,          "http://here",       "here:8080",   NULL,               0 },
        { NULL,          "http://here.evil",  "here",        NULL,               0 },
        { NULL,          "http://her",        "here",        NULL,               0 },
        { NULL,          "null",              "here",        NULL,               0 },
        { NULL,          "http://",           "here",        "",                 0 },
        { NULL,          "http://here",       NULL,          NULL,               0 },
        { NULL,          "http://front",      "here",        "front",            1 },
        { NULL,          "http://front",      "here",        "first, front",     1 },
        { NULL,          "http://front",      "here",        "frontier, infront", 0 },
        /* clang-format on */
    };

    for (apr_size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        is_int(wf_origin_is_own(cases[i].site, cases[i].origin, cases[i].host,
                                cases[i].forwarded),
               cases[i].own, "origin %d", (int)i);
    }
}

static void test_html(void)
{
    wf_html_t *html = wf_html_create(pool);
    apr_size_t length;

    wf_html_add(html, "<p class=\"%s\">%s", "a\"b", "<b>&");
    wf_html_add(html, " %d of %d%%</p>", -1, 100);
    wf_html_add(html, "%s", "");
    is_str(wf_html_text(html, &length),
           "<p class=\"a&quot;b\">&lt;b&gt;&amp; -1 of 100%</p>", "markup and texts");
    is_int((long long)length, (long long)strlen(wf_html_text(html, &length)),
           "its length");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_escaping();
    test_accept();
    test_attachments();
    test_origins();
    test_html();
    is_str(wf_status_name(500), "Internal Error", "500 has Activiti's name");
    is_str(wf_status_name(404), "Not Found", "404");
    is_str(wf_status_name(418), "Request Failed", "a status without a name of its own");
    apr_pool_destroy(pool);
    return done_testing();
}
