/* Where mail is handed in, as directives and configuration write it. Without libcurl:
 * httpd checks its directives with this. */
#include "client/internal.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLANKS " \t\r\n"
#define MAX_CREDENTIALS 1024 /* bytes of the file that holds them */

/* ---- the server's address ------------------------------------------------------------------ */

static apr_status_t bad(wf_error_t *err, const char *why)
{
    return wf_error_field(err, WF_ERR_INVALID, "mailServer", "%s", why);
}

static int is_address(const char *host, apr_size_t length, apr_pool_t *p)
{
    unsigned char bytes[16];

    if (length > 2 && host[0] == '[' && host[length - 1] == ']') {
        return inet_pton(AF_INET6, apr_pstrmemdup(p, host + 1, length - 2), bytes) == 1;
    }
    return inet_pton(AF_INET, apr_pstrmemdup(p, host, length), bytes) == 1;
}

static apr_status_t parse_url(wf_mail_server_t *server, const char *url, apr_pool_t *p,
                              wf_error_t *err)
{
    int tls = strncasecmp(url, "smtps://", 8) == 0;
    apr_int64_t port = tls ? 465 : 25;
    const char *host, *colon;
    apr_size_t length;

    if (!tls && strncasecmp(url, "smtp://", 7) != 0) {
        return bad(err, "it begins with smtp:// or smtps://");
    }
    host = url + (tls ? 8 : 7);
    length = strlen(host);
    length -= length > 0 && host[length - 1] == '/';
    colon = memrchr(host, ':', length);
    if (colon != NULL && memchr(colon, ']', host + length - colon) == NULL) {
        if (!wf_parse_int64(apr_pstrmemdup(p, colon + 1, host + length - colon - 1),
                            &port)
            || port < 1 || port > 65535) {
            return bad(err, "the port is a number from 1 to 65535");
        }
        length = colon - host;
    }
    if (!wf_host_name_valid(host, length) && !is_address(host, length, p)) {
        return bad(err, "a host name or an address follows the scheme, without user, "
                        "password or path");
    }
    server->host = apr_pstrmemdup(p, host, length);
    server->port = (int)port;
    server->tls = tls ? WF_MAIL_TLS : WF_MAIL_TRY;
    return APR_SUCCESS;
}

/* ---- its options ---------------------------------------------------------------------------- */

static const char *set_starttls(wf_mail_server_t *server, const char *value)
{
    static const struct {
        const char *word;
        wf_mail_tls_e tls;
    } words[] = {
        { "off", WF_MAIL_PLAIN },
        { "try", WF_MAIL_TRY },
        { "require", WF_MAIL_STARTTLS },
    };
    apr_size_t i;

    if (server->tls == WF_MAIL_TLS) {
        return "smtps:// is encrypted from its first byte and takes no starttls";
    }
    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcasecmp(value, words[i].word) == 0) {
            server->tls = words[i].tls;
            return NULL;
        }
    }
    return "starttls is off, try or require";
}

static const char *set_ca(wf_mail_server_t *server, const char *value)
{
    if (*value != '/') {
        return "ca is the absolute path of a PEM file";
    }
    server->ca = value;
    return NULL;
}

static const char *set_timeout(wf_mail_server_t *server, const char *value)
{
    apr_int64_t seconds;

    if (!wf_parse_int64(value, &seconds) || seconds < 1
        || seconds > WF_MAIL_MAX_TIMEOUT_S) {
        return "timeout is a number of seconds from 1 to " APR_STRINGIFY(
            WF_MAIL_MAX_TIMEOUT_S);
    }
    server->timeout_ms = seconds * 1000;
    return NULL;
}

static const struct {
    const char *name;
    const char *(*set)(wf_mail_server_t *server, const char *value);
} options[] = {
    { "starttls=", set_starttls },
    { "ca=", set_ca },
    { "timeout=", set_timeout },
};

static apr_status_t set_option(wf_mail_server_t *server, const char *word,
                               wf_error_t *err)
{
    apr_size_t i;

    for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        apr_size_t n = strlen(options[i].name);

        if (strncasecmp(word, options[i].name, n) == 0) {
            const char *problem = options[i].set(server, word + n);

            return problem ? bad(err, problem) : APR_SUCCESS;
        }
    }
    return bad(err, "the options behind it are starttls=, ca= and timeout=");
}

apr_status_t wf_mail_server_parse(wf_mail_server_t **out, const char *text, apr_pool_t *p,
                                  wf_error_t *err)
{
    wf_mail_server_t *server = apr_pcalloc(p, sizeof(*server));
    char *rest = NULL;
    char *word = apr_strtok(apr_pstrdup(p, text), BLANKS, &rest);
    apr_status_t rv;

    server->timeout_ms = WF_MAIL_TIMEOUT_S * 1000;
    rv = parse_url(server, word ? word : "", p, err);
    while (rv == APR_SUCCESS && (word = apr_strtok(NULL, BLANKS, &rest)) != NULL) {
        rv = set_option(server, word, err);
    }
    if (rv == APR_SUCCESS) {
        *out = server;
    }
    return rv;
}

/* ---- credentials ------------------------------------------------------------------------------ */

static const char *unsafe(const struct stat *st)
{
    if (!S_ISREG(st->st_mode)) {
        return "it is no regular file";
    }
    return st->st_mode & S_IRWXO
               ? "everybody has access to it; take that away with chmod o="
               : NULL;
}

int wf_mail_credentials_safe(const char *path, const char **problem)
{
    struct stat st;

    *problem = stat(path, &st) != 0 ? "it does not exist" : unsafe(&st);
    return *problem == NULL;
}

static const char *parse_credentials(wf_mail_server_t *server, char *text)
{
    char *colon = strchr(text, ':');

    text[strcspn(text, "\r\n")] = '\0';
    if (colon == NULL || colon == text || strchr(text, ':') == NULL) {
        return "its first line is not user:password";
    }
    if (!wf_mail_line_valid(text)) {
        return "it contains a control character";
    }
    *colon = '\0';
    server->user = text;
    server->password = colon + 1;
    return NULL;
}

apr_status_t wf_mail_credentials_read(wf_mail_server_t *server, const char *path,
                                      apr_pool_t *p, wf_error_t *err)
{
    char *text = apr_pcalloc(p, MAX_CREDENTIALS + 1);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    const char *problem;
    struct stat st;
    ssize_t n;

    if (fd < 0 || fstat(fd, &st) != 0) {
        apr_status_t rv = errno;

        if (fd >= 0) {
            close(fd);
        }
        return wf_error_apr(err, WF_ERR_INVALID, rv, "cannot read %s", path);
    }
    problem = unsafe(&st);
    n = problem ? 0 : read(fd, text, MAX_CREDENTIALS + 1);
    close(fd);
    if (problem == NULL && (n < 0 || n > MAX_CREDENTIALS)) {
        problem = "it cannot be read, or is longer than a user and a password";
    }
    if (problem == NULL) {
        problem = parse_credentials(server, text);
    }
    return problem ? wf_error_set(err, WF_ERR_INVALID, "%s: %s", path, problem)
                   : APR_SUCCESS;
}
