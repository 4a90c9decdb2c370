/* Lists of mail addresses: RFC 5322 section 3.4 without what nobody types into a process
 * (groups, comments, folding), RFC 5321's lengths. Without libcurl. */
#include "client/internal.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#define LOCAL_MAX 64 /* bytes; RFC 5321 section 4.5.3.1 */
#define ADDRESS_MAX 254

/* What is read, and where the address at hand began. */
typedef struct reader_t {
    const char *at;
    const char *field;
    apr_pool_t *p;
    wf_error_t *err;
} reader_t;

static apr_status_t refuse(const reader_t *r, const char *why)
{
    return wf_error_field(r->err, WF_ERR_INVALID, r->field, "%s: %s", r->field, why);
}

static void skip_blanks(reader_t *r)
{
    while (*r->at == ' ' || *r->at == '\t') {
        r->at++;
    }
}

/* atext, or a byte of a UTF-8 character: these may be in names only. */
static int is_atom(char c)
{
    return apr_isalnum(c) || (c & 0x80) || (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

/* "…" with backslashes; the text without them, or NULL. */
static char *read_quoted(reader_t *r)
{
    char *text = apr_palloc(r->p, strlen(r->at) + 1);
    char *out = text;

    for (r->at++; *r->at != '"'; r->at++) {
        if (*r->at == '\\') {
            r->at++;
        }
        if (*r->at == '\0') {
            return NULL;
        }
        *out++ = *r->at;
    }
    r->at++;
    *out = '\0';
    return text;
}

/* ---- local@domain ------------------------------------------------------------------------ */

static int is_dot_atom(const char *text, apr_size_t length)
{
    char last = '.';
    apr_size_t i;

    for (i = 0; i < length; last = text[i++]) {
        if (text[i] == '.' ? last == '.' : !is_atom(text[i]) || (text[i] & 0x80)) {
            return 0;
        }
    }
    return last != '.';
}

static int is_quoted_local(const char *text, apr_size_t length)
{
    apr_size_t i;

    if (length < 2 || text[0] != '"' || text[length - 1] != '"') {
        return 0;
    }
    for (i = 1; i + 1 < length; i++) {
        if (text[i] == '\\') {
            i++;
        }
        else if (text[i] == '"') {
            return 0;
        }
    }
    return i + 1 == length;
}

static int is_domain(const char *text)
{
    apr_size_t length = strlen(text);

    if (length > 2 && text[0] == '[') {
        return strspn(text + 1, "0123456789abcdefABCDEFIPv:.") == length - 2
               && text[length - 1] == ']';
    }
    return wf_host_name_valid(text, length);
}

static const char *problem_of(const char *address)
{
    const char *at = strrchr(address, '@');
    const char *c;

    for (c = address; *c != '\0'; c++) {
        if (*c & 0x80) {
            return "an address has a character beyond ASCII; domains are written in "
                   "their "
                   "xn-- form";
        }
    }
    if (at == NULL) {
        return "an address has no @";
    }
    if (at - address > LOCAL_MAX || strlen(address) > ADDRESS_MAX) {
        return "an address is longer than mail permits";
    }
    if (!is_dot_atom(address, at - address) && !is_quoted_local(address, at - address)) {
        return "what stands before an @ is no mailbox name";
    }
    return is_domain(at + 1) ? NULL : "what stands behind an @ is no domain";
}

/* ---- one mailbox ---------------------------------------------------------------------------- */

/* From the cursor up to a blank, a comma, a bracket or the end; quotes hide these. */
static const char *read_address(reader_t *r)
{
    const char *start = r->at;
    int quoted = 0;

    for (; *r->at != '\0'; r->at++) {
        if (quoted && *r->at == '\\' && r->at[1] != '\0') {
            r->at++;
        }
        else if (*r->at == '"') {
            quoted = !quoted;
        }
        else if (!quoted && strchr(" \t,<>", *r->at)) {
            break;
        }
    }
    return apr_pstrmemdup(r->p, start, r->at - start);
}

/* Words and quoted strings in front of "<"; joined by one blank. */
static apr_status_t read_name(reader_t *r, const char **name)
{
    *name = NULL;
    for (skip_blanks(r); *r->at != '<'; skip_blanks(r)) {
        const char *start = r->at;
        const char *word;

        if (*start == '"') {
            word = read_quoted(r);
            if (word == NULL) {
                return refuse(r, "a quotation mark is not closed");
            }
        }
        else {
            while (is_atom(*r->at) || *r->at == '.') {
                r->at++;
            }
            if (r->at == start) {
                return refuse(r,
                              "a name with signs in it has to stand in quotation marks, "
                              "and <…> has to follow it");
            }
            word = apr_pstrmemdup(r->p, start, r->at - start);
        }
        *name = *name ? apr_pstrcat(r->p, *name, " ", word, NULL) : word;
    }
    return APR_SUCCESS;
}

/* 1 if a "<" comes before the comma that ends this mailbox. */
static int has_brackets(const char *text)
{
    int quoted = 0;

    for (; *text != '\0'; text++) {
        if (quoted && *text == '\\' && text[1] != '\0') {
            text++;
        }
        else if (*text == '"') {
            quoted = !quoted;
        }
        else if (!quoted && (*text == ',' || *text == '<')) {
            return *text == '<';
        }
    }
    return 0;
}

static apr_status_t read_mailbox(reader_t *r, wf_mail_address_t *mailbox)
{
    int brackets = has_brackets(r->at);
    const char *problem;

    mailbox->name = NULL;
    if (brackets) {
        if (read_name(r, &mailbox->name) != APR_SUCCESS) {
            return WF_EFAILED;
        }
        r->at++;
        skip_blanks(r);
    }
    mailbox->address = read_address(r);
    skip_blanks(r);
    if (brackets && *r->at++ != '>') {
        return refuse(r, "a < is not closed");
    }
    problem = problem_of(mailbox->address);
    if (problem == NULL && mailbox->name && strlen(mailbox->name) > WF_MAIL_MAX_HEADER) {
        problem = "a name is too long";
    }
    skip_blanks(r);
    if (problem == NULL && *r->at != ',' && *r->at != '\0') {
        problem = "a comma stands between two addresses";
    }
    return problem ? refuse(r, problem) : APR_SUCCESS;
}

/* ---- the list ---------------------------------------------------------------------------------- */

apr_status_t wf_mail_addresses_parse(apr_array_header_t **out, const char *field,
                                     const char *text, apr_pool_t *p, wf_error_t *err)
{
    apr_array_header_t *list = apr_array_make(p, 4, sizeof(wf_mail_address_t));
    reader_t r = { text ? text : "", field, p, err };

    *out = list;
    /* Nothing of it may begin a line of its own in the mail's header. */
    if (!wf_mail_line_valid(r.at)) {
        return refuse(&r, "it contains a line break or a control character");
    }
    for (;;) {
        wf_mail_address_t mailbox;

        while (*r.at == ',' || *r.at == ' ' || *r.at == '\t') {
            r.at++;
        }
        if (*r.at == '\0') {
            return APR_SUCCESS;
        }
        if (list->nelts == WF_MAIL_MAX_RECIPIENTS) {
            return wf_error_field(err, WF_ERR_TOO_LARGE, field,
                                  "%s: a mail has at most %d recipients", field,
                                  WF_MAIL_MAX_RECIPIENTS);
        }
        if (read_mailbox(&r, &mailbox) != APR_SUCCESS) {
            return WF_EFAILED;
        }
        APR_ARRAY_PUSH(list, wf_mail_address_t) = mailbox;
    }
}
