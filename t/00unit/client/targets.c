/* Which targets are permitted: the patterns, what they mean, and what none opens by
 * accident. */
#include "../tap.h"
#include "client/client.h"

#include <apr_general.h>
#include <apr_strings.h>

static apr_pool_t *pool;

/* ---- parsing -------------------------------------------------------------------------- */

static const struct {
    const char *text;
    const char *problem; /* NULL: it is fine */
} lists[] = {
    /* clang-format off */
    { NULL,                        NULL },
    { "",                          NULL },
    { " \t\n",                     NULL },
    { "*",                         NULL },
    { "*:443",                     NULL },
    { "example.org",               NULL },
    { "localhost:8080 *.example.org:443 10.0.0.0/8", NULL },
    { "a_b.example 1and1.example 3com.example",      NULL },
    { "::1 [::1] [::1]:80 fd00::/8 [fd00::/8]:8080", NULL },
    { "0.0.0.0/0 ::/0",            NULL },
    { "::ffff:10.0.0.0/104",       NULL },
    { "!127.0.0.0/8 ![::1]:80",    NULL },
    { "ok.example !",              "'!' is no target: neither an address nor a host name" },
    { "!example.org",              "'!example.org' is no target: only an address or a network can be excluded, as more than one name may lead to it" },
    { "!*",                        "'!*' is no target: only an address or a network can be excluded, as more than one name may lead to it" },
    { "*.",                        "'*.' is no target: no domain follows the star" },
    { "*.*.org",                   "'*.*.org' is no target: no domain follows the star" },
    { "a*.org",                    "'a*.org' is no target: neither an address nor a host name" },
    { "http://example.org",        "'http://example.org' is no target: a port is a number from 1 to 65535" },
    { "example.org/x",             "'example.org/x' is no target: neither an address nor a host name" },
    { "example..org",              "'example..org' is no target: neither an address nor a host name" },
    { "b\303\274cher.example",     "'b\303\274cher.example' is no target: neither an address nor a host name" },
    { "example.org:0",             "'example.org:0' is no target: a port is a number from 1 to 65535" },
    { "example.org:65536",         "'example.org:65536' is no target: a port is a number from 1 to 65535" },
    { "example.org:",              "'example.org:' is no target: a port is a number from 1 to 65535" },
    { "10.1.2",                    "'10.1.2' is no target: neither an address nor a host name" },
    { "10.1.2.3.4",                "'10.1.2.3.4' is no target: neither an address nor a host name" },
    { "10.0.0.0/33",               "'10.0.0.0/33' is no target: the number behind the slash is no length of a prefix of this address" },
    { "10.0.0.0/-1",               "'10.0.0.0/-1' is no target: the number behind the slash is no length of a prefix of this address" },
    { "10.0.0.0/",                 "'10.0.0.0/' is no target: the number behind the slash is no length of a prefix of this address" },
    { "::/129",                    "'::/129' is no target: the number behind the slash is no length of a prefix of this address" },
    { "::ffff:10.0.0.0/8",         "'::ffff:10.0.0.0/8' is no target: write a network of IPv4 addresses as a.b.c.d/n" },
    { "[::1",                      "'[::1' is no target: a bracket is not closed, or something other than a port follows it" },
    { "[::1]80",                   "'[::1]80' is no target: a bracket is not closed, or something other than a port follows it" },
    { "[10.0.0.1]:80",             "'[10.0.0.1]:80' is no target: brackets are for IPv6 addresses" },
    { "[]",                        "'[]' is no target: brackets are for IPv6 addresses" },
    { ":80",                       "':80' is no target: neither an address nor a host name" },
    { "1:2:3",                     "'1:2:3' is no target: neither an address nor a host name" },
    /* clang-format on */
};

static void parsing(void)
{
    wf_targets_t *targets;
    wf_error_t err;
    char *large;
    size_t i;

    for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        apr_status_t rv;

        wf_error_init(&err, pool);
        rv = wf_targets_parse(&targets, lists[i].text, pool, &err);
        is_int(rv == APR_SUCCESS, lists[i].problem == NULL, "%s",
               lists[i].text ? lists[i].text : "none");
        is_str(rv == APR_SUCCESS ? NULL : err.message, lists[i].problem, "its message");
        if (rv != APR_SUCCESS) {
            is_str(err.field, "targets", "its field");
        }
    }
    large = apr_palloc(pool, WF_TARGETS_MAX_TEXT + 2);
    memset(large, ' ', WF_TARGETS_MAX_TEXT + 1);
    large[WF_TARGETS_MAX_TEXT + 1] = '\0';
    wf_error_init(&err, pool);
    ok(wf_targets_parse(&targets, large, pool, &err) != APR_SUCCESS, "too long");
    ok(wf_targets_parse(&targets, large + 1, pool, &err) == APR_SUCCESS,
       "as long as may be");
}

/* ---- asking ----------------------------------------------------------------------------- */

#define OWN "10.0.0.0/8 *.example.org:443 api.partner.example [fd12::/16]:80"

static const struct {
    const char *list, *host;
    int port;
    const char *address;
    int permitted;
} questions[] = {
    /* clang-format off */
    /* without a list: the world, this machine and private networks */
    { "", "example.org",     80,  "93.184.216.34",   1 },
    { "", "localhost",       80,  "127.0.0.1",       1 },
    { "", "[::1]",           80,  "::1",             1 },
    { "", "db",              80,  "10.1.2.3",        1 },
    { "", "db",              80,  "192.168.7.9",     1 },
    { "", "[2001:db8::1]",   80,  "2001:db8::1",     1 },
    { "", "[fd00::1]",       80,  "fd00::1",         1 },
    /* but nothing that "everything" cannot mean */
    { "", "metadata",        80,  "169.254.169.254", 0 },
    { "", "x",               80,  "169.254.1.1",     0 },
    { "", "x",               80,  "0.0.0.0",         0 },
    { "", "x",               80,  "0.1.2.3",         0 },
    { "", "x",               80,  "224.0.0.1",       0 },
    { "", "x",               80,  "239.255.255.255", 0 },
    { "", "x",               80,  "255.255.255.255", 0 },
    { "", "x",               80,  "100.100.100.200", 0 },
    { "", "x",               80,  "100.100.100.201", 1 },
    { "", "x",               80,  "168.63.129.16",   0 },
    { "", "x",               80,  "192.0.0.192",     0 },
    { "", "x",               80,  "::",              0 },
    { "", "x",               80,  "fe80::1",         0 },
    { "", "x",               80,  "febf::1",         0 },
    { "", "x",               80,  "fec0::1",         1 },
    { "", "x",               80,  "ff02::1",         0 },
    { "", "x",               80,  "fd00:ec2::254",   0 },
    { "", "x",               80,  "fd20:ce::254",    0 },
    { "", "x",               80,  "::ffff:169.254.169.254", 0 },
    { "", "x",               80,  "64:ff9b::169.254.169.254", 0 },
    { "", "x",               80,  "64:ff9b::8.8.8.8", 1 },
    { "", "x",               80,  "64:ff9b:1::169.254.169.254", 0 },
    { "", "x",               80,  "::169.254.169.254", 0 },
    { "", "x",               80,  "2002:a9fe:a9fe::1", 0 },
    { "", "x",               80,  "2002:808:808::1", 1 },
    { "", "x",               80,  "not an address",  0 },
    /* nor does any pattern that is wider */
    { "*",                   "x", 80, "169.254.169.254", 0 },
    { "0.0.0.0/0",           "x", 80, "169.254.169.254", 0 },
    { "metadata.google.internal", "metadata.google.internal", 80, "169.254.169.254", 0 },
    { "169.254.169.254",     "x", 80, "169.254.169.254", 1 },
    { "169.254.0.0/16",      "x", 80, "169.254.169.254", 1 },
    { "169.254.0.0/15",      "x", 80, "169.254.169.254", 0 },
    { "169.254.169.254:80",  "x", 81, "169.254.169.254", 0 },
    { "* 169.254.169.254",   "x", 80, "169.254.169.254", 1 },
    { "* 169.254.169.254",   "x", 80, "169.254.169.253", 0 },
    { "fe80::/10",           "x", 80, "fe80::1",     1 },
    { "::/0",                "x", 80, "fe80::1",     0 },
    /* a list permits what is in it */
    { OWN, "db",                  5432, "10.9.8.7",       1 },
    { OWN, "db",                  5432, "11.0.0.1",       0 },
    { OWN, "www.example.org",     443,  "93.184.216.34",  1 },
    { OWN, "WWW.Example.ORG.",    443,  "93.184.216.34",  1 },
    { OWN, "a.b.example.org",     443,  "93.184.216.34",  1 },
    { OWN, "example.org",         443,  "93.184.216.34",  0 },
    { OWN, "www.example.org",     80,   "93.184.216.34",  0 },
    { OWN, "badexample.org",      443,  "93.184.216.34",  0 },
    { OWN, "www.example.org.evil.example", 443, "93.184.216.34", 0 },
    { OWN, "api.partner.example", 8443, "203.0.113.1",    1 },
    { OWN, "x.api.partner.example", 8443, "203.0.113.1",  0 },
    { OWN, "[fd12::9]",           80,   "fd12::9",        1 },
    { OWN, "[fd12::9]",           81,   "fd12::9",        0 },
    { OWN, "10.0.0.1",            80,   "::ffff:10.0.0.1", 1 },
    { "10.1.2.3/9",               "x", 80, "10.127.0.1",  1 },
    { "10.1.2.3/9",               "x", 80, "10.128.0.1",  0 },
    { "0.0.0.0/0",                "x", 80, "2001:db8::1", 0 },
    { "::/0",                     "x", 80, "8.8.8.8",     0 },
    { "::ffff:10.0.0.0/104",      "x", 80, "10.2.3.4",    1 },
    { "localhost",                "localhost", 80, "::1", 1 },
    { "localhost",                "127.0.0.1", 80, "127.0.0.1", 0 },
    /* what is excluded is, wherever it stands */
    { "* !127.0.0.0/8 !::1",      "x", 80, "127.0.0.1",   0 },
    { "!127.0.0.0/8 *",           "x", 80, "127.0.0.1",   0 },
    { "!127.0.0.0/8",             "x", 80, "127.0.0.1",   0 },
    { "!127.0.0.0/8",             "x", 80, "8.8.8.8",     1 },
    { "!127.0.0.0/8",             "x", 80, "169.254.1.1", 0 },
    { "!127.0.0.0/8",             "x", 80, "::ffff:127.0.0.1", 0 },
    { "!127.0.0.1:22",            "x", 80, "127.0.0.1",   1 },
    { "!127.0.0.1:22",            "x", 22, "127.0.0.1",   0 },
    { "localhost !::1",           "localhost", 80, "::1", 0 },
    /* clang-format on */
};

static void asking(void)
{
    size_t i;

    for (i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        wf_targets_t *targets = NULL;
        wf_error_t err;

        wf_error_init(&err, pool);
        if (wf_targets_parse(&targets, questions[i].list, pool, &err) != APR_SUCCESS) {
            ok(0, "%s", err.message);
            continue;
        }
        is_int(wf_targets_permit(targets, questions[i].host, questions[i].port,
                                 questions[i].address),
               questions[i].permitted, "[%s] %s:%d at %s", questions[i].list,
               questions[i].host, questions[i].port, questions[i].address);
    }
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    parsing();
    asking();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
