/* Which addresses the process engine may connect to: a list of patterns, and addresses
 * that no pattern opens by accident. Without libcurl: httpd checks its directive with
 * this. */
#include "client/internal.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r\n"

typedef struct address_t {
    int bits; /* 32 or 128 */
    unsigned char bytes[16];
} address_t;

typedef struct network_t {
    address_t base;
    int prefix; /* bits that count */
} network_t;

typedef enum { EVERYTHING, HOST, DOMAIN, NETWORK } kind_e;

typedef struct pattern_t {
    kind_e kind;
    int excludes;
    int port;         /* 0 = any */
    const char *name; /* HOST; DOMAIN: with its leading dot */
    network_t network;
} pattern_t;

struct wf_targets_t {
    apr_array_header_t *patterns; /* of pattern_t */
    int permits;                  /* patterns that exclude nothing */
};

/* Nobody means these by "everything". They lead to this machine's or the cloud's own
 * services, which trust whoever can reach them, or nowhere. */
static const struct {
    const char *text;
    int bits, prefix;
    unsigned char bytes[16];
} guarded[] = {
    /* clang-format off */
    { "0.0.0.0/8: this network",        32,   8, { 0 } },
    { "100.100.100.200: Alibaba Cloud", 32,  32, { 100, 100, 100, 200 } },
    { "168.63.129.16: Azure",           32,  32, { 168, 63, 129, 16 } },
    { "169.254.0.0/16: link-local",     32,  16, { 169, 254 } },
    { "192.0.0.192: Oracle Cloud",      32,  32, { 192, 0, 0, 192 } },
    { "224.0.0.0/4: multicast",         32,   4, { 224 } },
    { "240.0.0.0/4: reserved",          32,   4, { 240 } },
    { "::: unspecified",               128, 128, { 0 } },
    { "::a9fe:0/112: link-local",      128, 112, { [12] = 0xa9, 0xfe } },
    { "64:ff9b:1::a9fe:0/112: link-local behind NAT64 (RFC 8215)",
                                       128, 112, { 0, 0x64, 0xff, 0x9b, 0, 1, [12] = 0xa9, 0xfe } },
    { "2002:a9fe::/32: link-local behind 6to4", 128, 32, { 0x20, 2, 0xa9, 0xfe } },
    { "fd00:ec2::254: AWS",            128, 128, { 0xfd, 0, 0x0e, 0xc2, [14] = 2, [15] = 0x54 } },
    { "fd20:ce::254: Google Cloud",    128, 128, { 0xfd, 0x20, 0, 0xce, [14] = 2, [15] = 0x54 } },
    { "fe80::/10: link-local",         128,  10, { 0xfe, 0x80 } },
    { "ff00::/8: multicast",           128,   8, { 0xff } },
    /* clang-format on */
};

/* ---- addresses ------------------------------------------------------------------------- */

/* IPv4 in its two disguises: ::ffff:a.b.c.d (RFC 4291), and 64:ff9b::a.b.c.d, which a
 * gateway takes to a.b.c.d (RFC 6052). */
static void unmask_ipv4(address_t *a)
{
    static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
    static const unsigned char nat64[12] = { 0, 0x64, 0xff, 0x9b };

    if (memcmp(a->bytes, mapped, 12) == 0 || memcmp(a->bytes, nat64, 12) == 0) {
        memmove(a->bytes, a->bytes + 12, 4);
        memset(a->bytes + 4, 0, 12);
        a->bits = 32;
    }
}

static int parse_address(address_t *a, const char *text)
{
    memset(a, 0, sizeof(*a));
    if (inet_pton(AF_INET, text, a->bytes) == 1) {
        a->bits = 32;
        return 1;
    }
    a->bits = 128;
    if (inet_pton(AF_INET6, text, a->bytes) != 1) {
        return 0;
    }
    unmask_ipv4(a);
    return 1;
}

static int same_prefix(const address_t *a, const unsigned char *bytes, int bits,
                       int prefix)
{
    int whole = prefix / 8;
    int rest = prefix % 8;

    return a->bits == bits && memcmp(a->bytes, bytes, whole) == 0
           && (rest == 0 || ((a->bytes[whole] ^ bytes[whole]) >> (8 - rest)) == 0);
}

/* The row of guarded that an address lies in, or -1. */
static int guard_of(const address_t *a)
{
    int i;

    for (i = 0; i < (int)(sizeof(guarded) / sizeof(guarded[0])); i++) {
        if (same_prefix(a, guarded[i].bytes, guarded[i].bits, guarded[i].prefix)) {
            return i;
        }
    }
    return -1;
}

/* ---- parsing ----------------------------------------------------------------------------- */

static apr_status_t refuse(wf_error_t *err, const char *token, const char *why)
{
    return wf_error_field(err, WF_ERR_INVALID, "targets", "'%.300s' is no target: %s",
                          token, why);
}

static int parse_port(int *port, const char *text)
{
    apr_int64_t value;

    if (!wf_parse_int64(text, &value) || value < 1 || value > 65535) {
        return 0;
    }
    *port = (int)value;
    return 1;
}

/* Divide "what:port", "[what]:port" and "[what]"; an IPv6 address without brackets has
 * colons of its own and no port. */
static const char *split_port(pattern_t *pattern, char **what)
{
    char *end;

    if (**what == '[') {
        end = strchr(*what, ']');
        if (end == NULL || (end[1] != '\0' && end[1] != ':')) {
            return "a bracket is not closed, or something other than a port follows it";
        }
        *end++ = '\0';
        ++*what;
        if (strchr(*what, ':') == NULL) {
            return "brackets are for IPv6 addresses";
        }
    }
    else {
        end = strchr(*what, ':');
        if (end == NULL || strchr(end + 1, ':') != NULL) {
            return NULL;
        }
    }
    if (*end == '\0') {
        return NULL;
    }
    *end++ = '\0';
    return parse_port(&pattern->port, end) ? NULL : "a port is a number from 1 to 65535";
}

static const char *parse_network(pattern_t *pattern, char *what)
{
    network_t *network = &pattern->network;
    char *slash = strchr(what, '/');
    int disguised = strchr(what, ':') != NULL;
    apr_int64_t prefix;

    pattern->kind = NETWORK;
    if (slash != NULL) {
        *slash = '\0';
    }
    if (!parse_address(&network->base, what)) {
        return "neither an address nor a host name";
    }
    network->prefix = network->base.bits;
    if (slash == NULL) {
        return NULL;
    }
    disguised = disguised && network->base.bits == 32;
    if (!wf_parse_int64(slash + 1, &prefix) || prefix < 0
        || prefix > network->base.bits + (disguised ? 96 : 0)) {
        return "the number behind the slash is no length of a prefix of this address";
    }
    if (disguised && prefix < 96) {
        return "write a network of IPv4 addresses as a.b.c.d/n";
    }
    network->prefix = (int)prefix - (disguised ? 96 : 0);
    return NULL;
}

static const char *parse_what(pattern_t *pattern, char *what, apr_pool_t *p)
{
    apr_size_t length = strlen(what);

    if (strcmp(what, "*") == 0) {
        pattern->kind = EVERYTHING;
        return NULL;
    }
    if (strncmp(what, "*.", 2) == 0) {
        pattern->kind = DOMAIN;
        pattern->name = apr_pstrdup(p, what + 1);
        return wf_host_name_valid(what + 2, length - 2) ? NULL
                                                        : "no domain follows the star";
    }
    if (wf_host_name_valid(what, length)) {
        pattern->kind = HOST;
        pattern->name = apr_pstrdup(p, what);
        return NULL;
    }
    return parse_network(pattern, what);
}

static apr_status_t add_pattern(wf_targets_t *targets, const char *token, apr_pool_t *p,
                                wf_error_t *err)
{
    pattern_t pattern = { .excludes = *token == '!' };
    char *what = apr_pstrdup(p, token + pattern.excludes);
    const char *problem = split_port(&pattern, &what);

    if (problem == NULL) {
        problem = parse_what(&pattern, what, p);
    }
    if (problem == NULL && pattern.excludes && pattern.kind != NETWORK) {
        problem = "only an address or a network can be excluded, as more than one name "
                  "may lead to it";
    }
    if (problem != NULL) {
        return refuse(err, token, problem);
    }
    targets->permits += !pattern.excludes;
    APR_ARRAY_PUSH(targets->patterns, pattern_t) = pattern;
    return APR_SUCCESS;
}

apr_status_t wf_targets_parse(wf_targets_t **out, const char *text, apr_pool_t *p,
                              wf_error_t *err)
{
    wf_targets_t *targets = apr_pcalloc(p, sizeof(*targets));
    char *rest = NULL;
    char *token;

    targets->patterns = apr_array_make(p, 4, sizeof(pattern_t));
    if (text != NULL && strlen(text) > WF_TARGETS_MAX_TEXT) {
        return wf_error_field(err, WF_ERR_INVALID, "targets",
                              "a list of targets has at most %d bytes",
                              WF_TARGETS_MAX_TEXT);
    }
    token = text ? apr_strtok(apr_pstrdup(p, text), BLANKS, &rest) : NULL;
    for (; token != NULL; token = apr_strtok(NULL, BLANKS, &rest)) {
        if (add_pattern(targets, token, p, err) != APR_SUCCESS) {
            return WF_EFAILED;
        }
    }
    *out = targets;
    return APR_SUCCESS;
}

/* ---- asking -------------------------------------------------------------------------------- */

static int in_domain(const char *host, apr_size_t length, const char *domain)
{
    apr_size_t n = strlen(domain);

    return length > n && strncasecmp(host + length - n, domain, n) == 0;
}

static int matches(const pattern_t *pattern, const char *host, apr_size_t length,
                   const address_t *address)
{
    switch (pattern->kind) {
    case EVERYTHING:
        return 1;
    case HOST:
        return strlen(pattern->name) == length
               && strncasecmp(pattern->name, host, length) == 0;
    case DOMAIN:
        return in_domain(host, length, pattern->name);
    case NETWORK:
        break;
    }
    return same_prefix(address, pattern->network.base.bytes, pattern->network.base.bits,
                       pattern->network.prefix);
}

/* A guarded range is opened by nothing wider than itself. */
static int opens(const pattern_t *pattern, int guard)
{
    return guard < 0
           || (pattern->kind == NETWORK
               && pattern->network.prefix >= guarded[guard].prefix);
}

int wf_targets_permit(void *baton, const char *host, int port, const char *address)
{
    const wf_targets_t *targets = baton;
    apr_size_t length = strlen(host);
    address_t a;
    int guard, i, permitted;

    if (!parse_address(&a, address)) {
        return 0;
    }
    guard = guard_of(&a);
    permitted = targets->permits == 0 && guard < 0;
    length -= length > 0 && host[length - 1] == '.'; /* the same name, fully qualified */
    for (i = 0; i < targets->patterns->nelts; i++) {
        const pattern_t *pattern = &APR_ARRAY_IDX(targets->patterns, i, pattern_t);

        if ((pattern->port != 0 && pattern->port != port)
            || !matches(pattern, host, length, &a)) {
            continue;
        }
        if (pattern->excludes) {
            return 0;
        }
        permitted |= opens(pattern, guard);
    }
    return permitted;
}
