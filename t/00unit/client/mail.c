/* Mail as a server gets it: envelope, header fields, parts, charsets, attachments; what
 * is refused before and by the server. */
#include "../tap.h"
#include "client/client.h"
#include "smtp_sink.h"

#include <apr_base64.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <fcntl.h>
#include <sys/stat.h>

static apr_pool_t *pool;
static smtp_sink_t sink;
static wf_error_t err;

static wf_mail_server_t *server_at(int port, const char *options)
{
    wf_mail_server_t *server = NULL;

    wf_error_init(&err, pool);
    if (wf_mail_server_parse(&server,
                             apr_psprintf(pool, "smtp://127.0.0.1:%d %s", port, options),
                             pool, &err)
        != APR_SUCCESS) {
        printf("Bail out! %s\n", err.message);
        exit(1);
    }
    server->from = "Default <default@example.org>";
    return server;
}

static int sends(const wf_mail_t *mail, const wf_mail_server_t *server)
{
    wf_error_init(&err, pool);
    return wf_mail_send(mail, server, NULL, pool, &err) == APR_SUCCESS;
}

/* ---- what arrives ---------------------------------------------------------------------- */

static int told(const char *what)
{
    return strstr(sink.dialogue, what) != NULL;
}

static int arrived(const char *what)
{
    int found = strstr(sink.message, what) != NULL;

    if (!found) {
        diag("the message is\n%s", sink.message);
    }
    return found;
}

static void plain_text(void)
{
    wf_mail_t mail = { .from = "kermit@example.org",
                       .to = "fozzie@example.org, \"Frog, Robin\" <robin@example.org>",
                       .cc = "gonzo@example.org",
                       .bcc = "spy@example.org",
                       .subject = "Order 17\n",
                       .text = "Hello\n.dot\r\nEnd" };

    sink_reset(&sink);
    ok(sends(&mail, server_at(sink.port, "")), "a plain mail");
    ok(told("MAIL FROM:<kermit@example.org>"), "the envelope's sender");
    ok(told("RCPT TO:<fozzie@example.org>") && told("RCPT TO:<robin@example.org>")
           && told("RCPT TO:<gonzo@example.org>") && told("RCPT TO:<spy@example.org>"),
       "its recipients");
    ok(arrived("From: kermit@example.org\r\n"), "From");
    ok(arrived("To: fozzie@example.org,\r\n \"Frog, Robin\" <robin@example.org>\r\n"),
       "To");
    ok(arrived("Cc: gonzo@example.org\r\n"), "Cc");
    ok(strstr(sink.message, "spy") == NULL, "no trace of bcc");
    ok(arrived("Subject: Order 17\r\n"), "Subject, without the line end of its file");
    ok(arrived(" +0000\r\n") && arrived("Date: "), "Date");
    ok(arrived("Message-ID: <") && arrived("@example.org>\r\n"), "Message-ID");
    ok(arrived("Content-Type: text/plain; charset=UTF-8\r\n"), "type");
    ok(arrived("\r\n\r\nHello\r\n.dot\r\nEnd\r\n"), "the text, line by line");
    ok(strstr(sink.message, "text/html") == NULL, "no html");
}

static void defaults(void)
{
    wf_mail_t mail = { .to = "fozzie@example.org", .html = "<b>Hi</b>" };
    wf_mail_server_t *server = server_at(sink.port, "");

    sink_reset(&sink);
    ok(sends(&mail, server), "the server's sender");
    ok(told("MAIL FROM:<default@example.org>"), "in the envelope");
    ok(arrived("From: \"Default\" <default@example.org>\r\n"), "and in the header");
    ok(strstr(sink.message, "Subject:") == NULL, "no subject");
    ok(arrived("Content-Type: text/html; charset=UTF-8\r\n") && arrived("<b>Hi</b>"),
       "html alone");
    server->from = NULL;
    ok(!sends(&mail, server), "without any sender");
    is_str(err.message,
           "from: neither the mail nor the server's configuration names a sender",
           "it says so");
}

static const char *message_id(const char *key)
{
    wf_mail_t mail = { .to = "a@example.org", .text = "x", .key = key };
    const char *at, *end;

    sink_reset(&sink);
    ok(sends(&mail, server_at(sink.port, "")), "sent with key %s", key ? key : "(none)");
    at = strstr(sink.message, "Message-ID: ");
    end = at ? strchr(at, '\r') : NULL;
    return end ? apr_pstrmemdup(pool, at, end - at) : "";
}

static void repeated_mails(void)
{
    const char *first = message_id("4711:1");

    is_str(message_id("4711:1"), first, "a repeated mail has the same id");
    ok(strcmp(message_id("4711:2"), first) != 0, "another one has another");
    ok(strcmp(message_id(NULL), message_id(NULL)) != 0, "without a key each has its own");
    ok(strstr(message_id("a b\r\n<c>"), "\n") == NULL, "whatever the key contains");
}

/* The base64 of a text as it stands in a message. */
static const char *base64(const char *text)
{
    char *out = apr_palloc(pool, apr_base64_encode_len((int)strlen(text)));

    apr_base64_encode(out, text, (int)strlen(text));
    return out;
}

static void beyond_ascii(void)
{
    wf_mail_t mail = { .to = "\"J\303\266rg\" <j@example.org>",
                       .subject = "Pr\303\274fung =?x",
                       .text =
                           "Gr\303\274\303\237e aus K\303\266ln, und noch mehr Text" };
    const char *line, *at;
    int lines = 0;

    sink_reset(&sink);
    ok(sends(&mail, server_at(sink.port, "")), "umlauts");
    ok(arrived(apr_pstrcat(pool, "Subject: =?UTF-8?B?", base64(mail.subject), "?=\r\n",
                           NULL)),
       "in the subject");
    ok(arrived(apr_pstrcat(pool, "To: =?UTF-8?B?", base64("J\303\266rg"),
                           "?= <j@example.org>\r\n", NULL)),
       "in a name");
    ok(arrived("Gr=C3=BC=C3=9Fe aus K=C3=B6ln"), "in the text");

    mail.subject = apr_psprintf(pool, "%0300d\303\266\303\266\303\266\303\266", 7);
    mail.text = "\320\237\321\200\320\270\320\262\320\265\321\202";
    sink_reset(&sink);
    ok(sends(&mail, server_at(sink.port, "")), "a long subject");
    at = strstr(sink.message, "Subject: ");
    for (line = at; line && (line == at || *line == ' '); line = strchr(line, '\n') + 1) {
        lines++;
        ok(strcspn(line, "\r") <= 76, "line %d is short enough", lines);
    }
    ok(lines > 4, "and there are some");
    ok(arrived(base64(mail.text)), "a text in another script is in base64");
}

static void charsets(void)
{
    wf_mail_t mail = { .to = "a@example.org",
                       .text = "Gr\303\274n",
                       .charset = "ISO-8859-1" };

    sink_reset(&sink);
    ok(sends(&mail, server_at(sink.port, "")), "another charset");
    ok(arrived("charset=ISO-8859-1\r\n") && arrived("Gr=FCn"), "is that of the text");
    mail.text = "Gr\303\274n, for 5 \342\202\254 apiece";
    sink_reset(&sink);
    ok(sends(&mail, server_at(sink.port, "")), "that lacks a character");
    ok(arrived("charset=UTF-8\r\n") && arrived("Gr=C3=BCn, for 5 =E2=82=AC apiece"), "nothing is lost");
    mail.charset = "nonsense";
    ok(!sends(&mail, server_at(sink.port, "")), "an unknown charset");
    is_str(err.message, "charset: 'nonsense' is not known here", "is refused");
    is_str(err.field, "charset", "by its field");
    mail.charset = "UTF-16";
    ok(!sends(&mail, server_at(sink.port, "")), "one that mail cannot be written in");
    is_str(err.message, "charset: mail cannot be written in 'UTF-16'", "is refused");
    mail.charset = "UTF-8\r\nX: y";
    ok(!sends(&mail, server_at(sink.port, "")), "one with a line break");
}

static void attachments(void)
{
    apr_array_header_t *list = apr_array_make(pool, 3, sizeof(wf_mail_attachment_t));
    wf_mail_t mail = { .to = "a@example.org",
                       .text = "see \"below\"",
                       .html = "<p>see below</p>",
                       .attachments = list };
    static const char bytes[] = "\0\1\2\xff";

    APR_ARRAY_PUSH(list, wf_mail_attachment_t) =
        (wf_mail_attachment_t){ "a \"b\".bin", NULL, bytes, 4 };
    APR_ARRAY_PUSH(list, wf_mail_attachment_t) =
        (wf_mail_attachment_t){ "\303\234ber 1.pdf", "application/pdf", "%PDF", 4 };
    APR_ARRAY_PUSH(list, wf_mail_attachment_t) =
        (wf_mail_attachment_t){ NULL, "text/csv", NULL, 0 };
    sink_reset(&sink);
    ok(sends(&mail, server_at(sink.port, "")), "with attachments");
    ok(arrived("Content-Type: multipart/mixed; boundary=")
           && arrived("Content-Type: multipart/alternative; boundary="),
       "two levels");
    ok(strstr(sink.message, "text/plain") < strstr(sink.message, "text/html"),
       "the richer text comes last");
    ok(arrived("Content-Disposition: attachment;\r\n filename=\"a \\\"b\\\".bin\"\r\n"),
       "a name with quotes");
    ok(arrived("Content-Type: application/octet-stream\r\n") && arrived("AAEC/w=="),
       "its bytes");
    ok(arrived("filename*=UTF-8''%C3%9Cber%201.pdf\r\n") && arrived("application/pdf"),
       "a name beyond ASCII");
    ok(arrived("filename=\"attachment\"\r\n") && arrived("text/csv"),
       "an empty one without a name");
}

/* ---- what is refused before it is sent --------------------------------------------------- */

static const struct {
    const char *what;
    wf_mail_t mail;
    wf_err_kind_e kind;
    const char *field, *message;
} refusals[] = {
    /* clang-format off */
    { "nobody", { .text = "x" }, WF_ERR_INVALID, "to", "to: a mail needs a recipient" },
    { "blanks", { .to = " , ,", .text = "x" }, WF_ERR_INVALID, "to", "to: a mail needs a recipient" },
    { "no content", { .to = "a@b" }, WF_ERR_INVALID, "text", "text: a mail needs a text or an html" },
    { "header injection by subject", { .to = "a@b", .subject = "x\r\nBcc: c@d", .text = "x" },
      WF_ERR_INVALID, "subject", "subject: it contains a line break or a control character, or is no UTF-8" },
    { "and by line feed", { .to = "a@b", .subject = "x\nBcc: c@d", .text = "x" },
      WF_ERR_INVALID, "subject", "subject: it contains a line break or a control character, or is no UTF-8" },
    { "by to", { .to = "a@b\r\nBcc: c@d", .text = "x" }, WF_ERR_INVALID, "to", "to: it contains a line break or a control character" },
    { "by cc", { .to = "a@b", .cc = "\"x\ny\" <a@b>", .text = "x" }, WF_ERR_INVALID, "cc", "cc: it contains a line break or a control character" },
    { "by bcc", { .to = "a@b", .bcc = "a@b\r.c", .text = "x" }, WF_ERR_INVALID, "bcc", "bcc: it contains a line break or a control character" },
    { "by from", { .from = "a@b\n c", .to = "a@b", .text = "x" }, WF_ERR_INVALID, "from", "from: it contains a line break or a control character" },
    { "two senders", { .from = "a@b, c@d", .to = "a@b", .text = "x" }, WF_ERR_INVALID, "from", "from: a mail has one sender" },
    { "no UTF-8", { .to = "a@b", .text = "\xff" }, WF_ERR_INVALID, "text", "text: it is no UTF-8" },
    { "no at", { .to = "kermit", .text = "x" }, WF_ERR_INVALID, "to", "to: an address has no @" },
    { "command injection", { .to = "a@b> NOTIFY", .text = "x" }, WF_ERR_INVALID, "to", "to: a comma stands between two addresses" },
    /* clang-format on */
};

static void refused(void)
{
    size_t i;

    sink_reset(&sink);
    for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        ok(!sends(&refusals[i].mail, server_at(sink.port, "")), "%s", refusals[i].what);
        is_int(err.kind, refusals[i].kind, "its kind");
        is_str(err.field, refusals[i].field, "its field");
        is_str(err.message, refusals[i].message, "its message");
    }
    is_int(sink.mails, 0, "nothing was sent");
}

static void too_much(void)
{
    apr_array_header_t *list = apr_array_make(pool, 1, sizeof(wf_mail_attachment_t));
    wf_mail_t mail = { .to = "a@b", .text = "x", .attachments = list };
    char *many = apr_pcalloc(pool, (WF_MAIL_MAX_RECIPIENTS + 1) * 4 + 1);
    int i;

    APR_ARRAY_PUSH(list, wf_mail_attachment_t) =
        (wf_mail_attachment_t){ "x", NULL, "", WF_MAIL_MAX_BYTES + 1 };
    ok(!sends(&mail, server_at(sink.port, "")) && err.kind == WF_ERR_TOO_LARGE, "%s",
       err.message);
    APR_ARRAY_IDX(list, 0, wf_mail_attachment_t) =
        (wf_mail_attachment_t){ "x\n", NULL, "", 0 };
    ok(!sends(&mail, server_at(sink.port, "")) && err.kind == WF_ERR_INVALID, "%s",
       err.message);
    APR_ARRAY_IDX(list, 0, wf_mail_attachment_t) =
        (wf_mail_attachment_t){ "x", "pdf", "", 0 };
    ok(!sends(&mail, server_at(sink.port, "")), "a type that is none");
    is_str(err.message, "attachments: 'pdf' is no media type", "is refused");
    for (i = 0; i <= WF_MAIL_MAX_RECIPIENTS; i++) {
        memcpy(many + 4 * i, "a@b,", 4);
    }
    mail = (wf_mail_t){ .to = many, .text = "x" };
    ok(!sends(&mail, server_at(sink.port, "")) && err.kind == WF_ERR_TOO_LARGE, "%s",
       err.message);
    many[1000 * 4] = '\0';
    mail.cc = "c@d";
    ok(!sends(&mail, server_at(sink.port, "")) && err.kind == WF_ERR_TOO_LARGE, "%s",
       err.message);
}

/* ---- what the server refuses ---------------------------------------------------------------- */

static const struct {
    const char *what, *at, *answer;
    int at_end;
    wf_err_kind_e kind;
    const char *message; /* behind "the mail server 127.0.0.1:PORT" */
} answers[] = {
    /* clang-format off */
    { "a recipient", "RCPT TO:<b@", "550 5.1.1 no such user\r\n", 0, WF_ERR_EXECUTION, " answered: 550 5.1.1 no such user" },
    { "for now",     "RCPT",        "451 4.7.1 later\r\n",        0, WF_ERR_UNAVAILABLE, " answered: 451 4.7.1 later" },
    { "the sender",  "MAIL",        "553-not\r\n553 you\x1b\r\n", 0, WF_ERR_EXECUTION, " answered: 553-not you?" },
    { "the message", NULL,          NULL,                         1, WF_ERR_EXECUTION, " answered: 554 5.7.1 spam" },
    { "silence",     "MAIL",        NULL,                         0, WF_ERR_UNAVAILABLE, ": no complete answer in time" },
    /* clang-format on */
};

static void server_answers(void)
{
    wf_mail_t mail = { .to = "a@example.org, b@example.org", .text = "x" };
    size_t i;

    for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        wf_mail_server_t *server = server_at(sink.port, "timeout=1");

        sink_reset(&sink);
        sink.at = answers[i].at;
        sink.answer = answers[i].answer;
        sink.rejects_at_end = answers[i].at_end;
        ok(!sends(&mail, server), "%s", answers[i].what);
        is_int(err.kind, answers[i].kind, "its kind");
        is_str(err.message,
               apr_psprintf(pool, "the mail server 127.0.0.1:%d%s", sink.port,
                            answers[i].message),
               "its message");
        is_int(sink.mails, 0, "nobody got it");
    }
    ok(!sends(&mail, server_at(1, "")), "nobody listens");
    is_int(err.kind, WF_ERR_UNAVAILABLE, "its kind");
    is_str(
        err.message,
        "the mail server 127.0.0.1:1: no connection to 127.0.0.1:1: Connection refused",
        "its message");
    ok(!sends(&mail, NULL) && err.kind == WF_ERR_UNSUPPORTED, "no server at all: %s",
       err.message);
}

static void helo_only(void)
{
    wf_mail_t mail = { .to = "a@example.org", .text = "x" };

    sink_reset(&sink);
    sink.at = "EHLO";
    sink.answer = "500 5.5.1 what?\r\n";
    ok(sends(&mail, server_at(sink.port, "")), "a server that knows HELO only");
    ok(told("HELO "), "is greeted so");
}

static void goodbye(void)
{
    wf_mail_t mail = { .to = "a@example.org", .text = "x" };
    apr_int64_t started = wf_mono_us();

    sink_reset(&sink);
    sink.at = "QUIT";
    sink.answer = NULL;
    ok(sends(&mail, server_at(sink.port, "timeout=60")), "a server that says no goodbye");
    ok(wf_mono_us() - started < 20 * 1000000LL, "is not waited for");
}

static void login(void)
{
    wf_mail_t mail = { .to = "a@example.org", .text = "x" };
    wf_mail_server_t *server = server_at(sink.port, "starttls=off");

    server->user = "kermit";
    server->password = "s3cret";
    sink_reset(&sink);
    sink.extensions = "250-AUTH PLAIN\r\n";
    ok(sends(&mail, server), "with a login");
    ok(told("AUTH PLAIN"), "which was made");
    sink_reset(&sink);
    sink.extensions = "250-AUTH PLAIN\r\n";
    sink.at = "AUTH";
    sink.answer = "535 5.7.8 wrong\r\n";
    ok(!sends(&mail, server), "a wrong one");
    ok(strstr(err.message, "535 5.7.8 wrong") && !strstr(err.message, "s3cret"), "%s",
       err.message);
    server = server_at(sink.port, "");
    server->user = "kermit";
    server->password = "s3cret";
    sink_reset(&sink);
    sink.extensions = "250-AUTH PLAIN\r\n";
    ok(!sends(&mail, server), "but not on a line that others can read");
    is_str(err.message,
           apr_psprintf(
               pool, "the mail server 127.0.0.1:%d offers no STARTTLS, which is required",
               sink.port),
           "it says so");
    ok(!told("AUTH"), "and tells nobody the password");
}

static void terms(void)
{
    static const int stopping = 1;
    wf_mail_t mail = { .to = "a@example.org", .text = "x" };
    wf_client_terms_t late = { .deadline = wf_mono_us() - 1 };
    wf_client_terms_t stopped = { .stop = &stopping };

    sink_reset(&sink);
    wf_error_init(&err, pool);
    ok(wf_mail_send(&mail, server_at(sink.port, ""), &late, pool, &err) != APR_SUCCESS,
       "after the deadline");
    is_str(err.message, "no time was left to send a mail", "nothing begins");
    wf_error_init(&err, pool);
    ok(wf_mail_send(&mail, server_at(sink.port, ""), &stopped, pool, &err) != APR_SUCCESS,
       "while the engine stops");
    ok(strstr(err.message, "broken off: the engine stops") != NULL, "%s", err.message);
    is_int(sink.mails, 0, "nothing was sent");
}

/* ---- lists of addresses --------------------------------------------------------------------- */

static const struct {
    const char *text;
    const char *mailboxes; /* "name=address;…", or the message */
    int bad;
} address_lists[] = {
    /* clang-format off */
    { "a@b",                              "=a@b;", 0 },
    { " a@b , c@d ,",                     "=a@b;=c@d;", 0 },
    { "Kermit <k@example.org>",           "Kermit=k@example.org;", 0 },
    { "Kermit T. Frog <k@example.org>,x@y", "Kermit T. Frog=k@example.org;=x@y;", 0 },
    { "\"N, M\" <c@d>",                   "N, M=c@d;", 0 },
    { "\"a \\\"b\\\" <c>\" < c@d >",      "a \"b\" <c>=c@d;", 0 },
    { "<a@b>",                            "=a@b;", 0 },
    { "J\303\266rg <a@b>",                "J\303\266rg=a@b;", 0 },
    { "\"a b\"@example.org",              "=\"a b\"@example.org;", 0 },
    { "a+b.c_d@mail-1.example.org",       "=a+b.c_d@mail-1.example.org;", 0 },
    { "a@[127.0.0.1],a@[IPv6:::1]",       "=a@[127.0.0.1];=a@[IPv6:::1];", 0 },
    { NULL,                               "", 0 },
    { "a",                                "x: an address has no @", 1 },
    { "@b",                               "x: what stands before an @ is no mailbox name", 1 },
    { "a..b@c",                           "x: what stands before an @ is no mailbox name", 1 },
    { "a.@c",                             "x: what stands before an @ is no mailbox name", 1 },
    { "a@",                               "x: what stands behind an @ is no domain", 1 },
    { "a@b c@d",                          "x: a comma stands between two addresses", 1 },
    { "a@b;c@d",                          "x: what stands before an @ is no mailbox name", 1 },
    { "a@b..c",                           "x: what stands behind an @ is no domain", 1 },
    { "a@[x]",                            "x: what stands behind an @ is no domain", 1 },
    { "j\303\266rg@example.org",          "x: an address has a character beyond ASCII; domains are written in their xn-- form", 1 },
    { "N, M <c@d>",                       "x: an address has no @", 1 },
    { "a: b <c@d>",                       "x: a name with signs in it has to stand in quotation marks, and <\342\200\246> has to follow it", 1 },
    { "N <c@d",                           "x: a < is not closed", 1 },
    { "\"N <c@d>",                        "x: what stands before an @ is no mailbox name", 1 },
    { "(comment) a@b",                    "x: an address has no @", 1 },
    { "a@b <c@d>",                        "x: a name with signs in it has to stand in quotation marks, and <\342\200\246> has to follow it", 1 },
    { "a\001@b",                          "x: it contains a line break or a control character", 1 },
    { "a234567890123456789012345678901234567890123456789012345678901234x@b", "x: an address is longer than mail permits", 1 },
    /* clang-format on */
};

static void addresses(void)
{
    size_t i;

    for (i = 0; i < sizeof(address_lists) / sizeof(address_lists[0]); i++) {
        apr_array_header_t *list;
        const char *got = "";
        apr_status_t rv;
        int k;

        wf_error_init(&err, pool);
        rv = wf_mail_addresses_parse(&list, "x", address_lists[i].text, pool, &err);
        for (k = 0; rv == APR_SUCCESS && k < list->nelts; k++) {
            const wf_mail_address_t *a = &APR_ARRAY_IDX(list, k, wf_mail_address_t);

            got = apr_pstrcat(pool, got, a->name ? a->name : "", "=", a->address, ";",
                              NULL);
        }
        is_int(rv != APR_SUCCESS, address_lists[i].bad, "%s",
               address_lists[i].text ? address_lists[i].text : "none");
        is_str(rv == APR_SUCCESS ? got : err.message, address_lists[i].mailboxes,
               "what it says");
    }
}

/* ---- servers ----------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    const char *host;
    int port;
    wf_mail_tls_e tls;
    int seconds;
    const char *problem;
} servers[] = {
    /* clang-format off */
    { "smtp://mail.example.org",               "mail.example.org", 25,  WF_MAIL_TRY, 30, NULL },
    { "SMTP://localhost:2525/",                "localhost",        2525, WF_MAIL_TRY, 30, NULL },
    { "smtps://mail.example.org ca=/a/b.pem",  "mail.example.org", 465, WF_MAIL_TLS, 30, NULL },
    { "smtp://[::1]:587 starttls=require timeout=5", "[::1]",      587, WF_MAIL_STARTTLS, 5, NULL },
    { "smtp://[::1]",                          "[::1]",            25,  WF_MAIL_TRY, 30, NULL },
    { "smtp://10.0.0.1 starttls=off",          "10.0.0.1",         25,  WF_MAIL_PLAIN, 30, NULL },
    { "mail.example.org",                      NULL, 0, 0, 0, "it begins with smtp:// or smtps://" },
    { "",                                      NULL, 0, 0, 0, "it begins with smtp:// or smtps://" },
    { "smtp://",                               NULL, 0, 0, 0, "a host name or an address follows the scheme, without user, password or path" },
    { "smtp://u:p@host",                       NULL, 0, 0, 0, "the port is a number from 1 to 65535" },
    { "smtp://u@host",                         NULL, 0, 0, 0, "a host name or an address follows the scheme, without user, password or path" },
    { "smtp://host/x",                         NULL, 0, 0, 0, "a host name or an address follows the scheme, without user, password or path" },
    { "smtp://host:0",                         NULL, 0, 0, 0, "the port is a number from 1 to 65535" },
    { "smtp://10.0.1",                         NULL, 0, 0, 0, "a host name or an address follows the scheme, without user, password or path" },
    { "smtp://h starttls=yes",                 NULL, 0, 0, 0, "starttls is off, try or require" },
    { "smtps://h starttls=try",                NULL, 0, 0, 0, "smtps:// is encrypted from its first byte and takes no starttls" },
    { "smtp://h ca=x",                         NULL, 0, 0, 0, "ca is the absolute path of a PEM file" },
    { "smtp://h timeout=0",                    NULL, 0, 0, 0, "timeout is a number of seconds from 1 to 3600" },
    { "smtp://h tls",                          NULL, 0, 0, 0, "the options behind it are starttls=, ca= and timeout=" },
    /* clang-format on */
};

static void server_texts(void)
{
    size_t i;

    for (i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
        wf_mail_server_t *server = NULL;
        apr_status_t rv;

        wf_error_init(&err, pool);
        rv = wf_mail_server_parse(&server, servers[i].text, pool, &err);
        is_str(rv == APR_SUCCESS ? NULL : err.message, servers[i].problem, "[%s]",
               servers[i].text);
        if (rv == APR_SUCCESS && servers[i].problem == NULL) {
            is_str(server->host, servers[i].host, "host");
            is_int(server->port, servers[i].port, "port");
            is_int(server->tls, servers[i].tls, "encryption");
            is_int(server->timeout_ms, servers[i].seconds * 1000, "timeout");
        }
    }
}

static const struct {
    const char *content;
    int mode;
    const char *user, *password, *problem; /* behind "PATH: " */
} files[] = {
    /* clang-format off */
    { "kermit:s3:cret\n",   0600, "kermit", "s3:cret", NULL },
    { "kermit:s3cret",      0640, "kermit", "s3cret",  NULL },
    { "k@x:\r\nmore: x\n",  0600, "k@x",    "",        NULL },
    { "kermit\nx:y\n",      0600, NULL, NULL, "its first line is not user:password" },
    { ":x\n",               0600, NULL, NULL, "its first line is not user:password" },
    { "",                   0600, NULL, NULL, "its first line is not user:password" },
    { "a:b\001\n",          0600, NULL, NULL, "it contains a control character" },
    { "kermit:s3cret\n",    0604, NULL, NULL, "everybody has access to it; take that away with chmod o=" },
    /* clang-format on */
};

static void is_unsafe(const char *path, const char *what)
{
    const char *problem = NULL;
    int safe = wf_mail_credentials_safe(path, &problem);

    ok(!safe && problem, "%s: %s", what, problem ? problem : "no problem");
}

static void credentials(void)
{
    char path[] = "/tmp/wf-mail-XXXXXX";
    int fd = mkstemp(path);
    const char *problem;
    size_t i;

    for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        wf_mail_server_t server = { 0 };
        size_t n = strlen(files[i].content);

        ok(ftruncate(fd, 0) == 0 && pwrite(fd, files[i].content, n, 0) == (ssize_t)n
               && fchmod(fd, (mode_t)files[i].mode) == 0,
           "a file");
        wf_error_init(&err, pool);
        is_int(wf_mail_credentials_read(&server, path, pool, &err) == APR_SUCCESS,
               files[i].problem == NULL, "read");
        is_str(err.message,
               files[i].problem ? apr_pstrcat(pool, path, ": ", files[i].problem, NULL)
                                : NULL,
               "what it says");
        is_str(server.user, files[i].user, "user");
        is_str(server.password, files[i].password, "password");
    }
    is_unsafe(path, "for all to see");
    fchmod(fd, 0600);
    ok(wf_mail_credentials_safe(path, &problem), "for its owner only");
    is_unsafe("/tmp", "a directory");
    unlink(path);
    is_unsafe(path, "gone");
    close(fd);
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    wf_error_init(&err, pool);
    ok(wf_client_global_init(&err) == APR_SUCCESS, "libcurl starts");
    sink_start(&sink);
    plain_text();
    defaults();
    repeated_mails();
    beyond_ascii();
    charsets();
    attachments();
    refused();
    too_much();
    server_answers();
    helo_only();
    goodbye();
    login();
    terms();
    sink_stop(&sink);
    addresses();
    server_texts();
    credentials();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
