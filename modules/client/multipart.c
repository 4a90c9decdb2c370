/* Bodies of parts (RFC 7578), in pieces: what divides the parts is made here, the parts'
 * data stays where it is, so that a call is as large as its headings and can be shared.
 */
#include "client/internal.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <string.h>
#include <strings.h>

#define BOUNDARY_BYTES 12      /* random ones: none of them is met in data */
#define BOUNDARY_MAX_LENGTH 70 /* RFC 2046 section 5.1.1 */
#define DEFAULT_FILE_TYPE "application/octet-stream"

/* ---- boundary ---------------------------------------------------------------------------- */

static apr_status_t new_boundary(const char **boundary, apr_pool_t *p, wf_error_t *err)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char random[BOUNDARY_BYTES];
    char text[2 * BOUNDARY_BYTES + 1];
    apr_status_t rv = apr_generate_random_bytes(random, sizeof(random));
    size_t i;

    if (rv != APR_SUCCESS) {
        return wf_error_apr(err, WF_ERR_INTERNAL, rv, "no random bytes");
    }
    for (i = 0; i < sizeof(random); i++) {
        text[2 * i] = hex[random[i] >> 4];
        text[2 * i + 1] = hex[random[i] & 15];
    }
    text[sizeof(text) - 1] = '\0';
    *boundary = apr_pstrcat(p, "----workflow-", text, NULL);
    return APR_SUCCESS;
}

/* The parameter's value in a media type, or NULL. */
static const char *given_boundary(const char *type, apr_pool_t *p)
{
    const char *at = strchr(type, ';'), *end;

    for (; at != NULL; at = strchr(at, ';')) {
        at += 1 + strspn(at + 1, " \t");
        if (strncasecmp(at, "boundary=", 9) == 0) {
            at += 9;
            end = *at == '"' ? strchr(++at, '"') : at + strcspn(at, "; \t");
            return end ? apr_pstrmemdup(p, at, end - at) : NULL;
        }
    }
    return NULL;
}

apr_status_t wf_multipart_type(const char **type, const char **boundary,
                               const char *given, apr_pool_t *p, wf_error_t *err)
{
    apr_status_t rv;

    if (given != NULL && strncasecmp(given, "multipart/", 10) != 0) {
        return wf_error_field(err, WF_ERR_INVALID, "headers",
                              "the Content-Type of a body of parts must be "
                              "multipart/form-data");
    }
    *boundary = given ? given_boundary(given, p) : NULL;
    if (*boundary != NULL) {
        *type = given;
        if (**boundary == '\0' || strlen(*boundary) > BOUNDARY_MAX_LENGTH) {
            return wf_error_field(err, WF_ERR_INVALID, "headers",
                                  "a boundary has 1 to %d characters",
                                  BOUNDARY_MAX_LENGTH);
        }
        return APR_SUCCESS;
    }
    rv = new_boundary(boundary, p, err);
    if (rv == APR_SUCCESS) {
        *type = apr_pstrcat(p, given ? given : "multipart/form-data",
                            "; boundary=", *boundary, NULL);
    }
    return rv;
}

/* ---- parts ------------------------------------------------------------------------------- */

/* As browsers write names (WHATWG, multipart/form-data encoding): UTF-8 as it is, and
 * what would end the quotes or the line percent-encoded. */
static const char *quoted_name(const char *name, apr_pool_t *p)
{
    char *out = apr_palloc(p, strlen(name) * 3 + 1), *at = out;

    for (; *name != '\0'; name++) {
        const char *code = *name == '"'    ? "%22"
                           : *name == '\r' ? "%0D"
                           : *name == '\n' ? "%0A"
                                           : NULL;

        if (code != NULL) {
            memcpy(at, code, 3);
            at += 3;
        }
        else {
            *at++ = *name;
        }
    }
    *at = '\0';
    return out;
}

static int is_clean(const char *text)
{
    return text == NULL || wf_client_header_value_valid(text);
}

/* The delimiter and header of a part; first has no line before it to end. */
static apr_status_t heading(wf_body_piece_t *piece, const wf_client_part_t *part,
                            const char *boundary, int first, apr_pool_t *p,
                            wf_error_t *err)
{
    const char *name = quoted_name(part->name, p);
    const char *filename = part->filename ? quoted_name(part->filename, p) : NULL;
    const char *type = part->type       ? part->type
                       : part->filename ? DEFAULT_FILE_TYPE
                                        : NULL;

    if (!is_clean(name) || !is_clean(filename) || !is_clean(type)) {
        return wf_error_field(err, WF_ERR_INVALID, "parts",
                              "the name or type of part \"%.100s\" contains a control "
                              "character",
                              name);
    }
    piece->data = apr_pstrcat(p, first ? "--" : "\r\n--", boundary,
                              "\r\nContent-Disposition: form-data; name=\"", name, "\"",
                              filename ? "; filename=\"" : "", filename ? filename : "",
                              filename ? "\"" : "", type ? "\r\nContent-Type: " : "",
                              type ? type : "", "\r\n\r\n", NULL);
    piece->length = strlen(piece->data);
    return APR_SUCCESS;
}

apr_status_t wf_multipart_encode(wf_client_call_t *call, const apr_array_header_t *parts,
                                 const char *boundary, apr_pool_t *p, wf_error_t *err)
{
    wf_body_piece_t *pieces = apr_palloc(p, (2 * parts->nelts + 1) * sizeof(*pieces));
    int i, n = 0;

    for (i = 0; i < parts->nelts; i++) {
        const wf_client_part_t *part = &APR_ARRAY_IDX(parts, i, wf_client_part_t);
        apr_status_t rv = heading(&pieces[n++], part, boundary, i == 0, p, err);

        if (rv != APR_SUCCESS) {
            return rv;
        }
        if (part->length > 0) {
            pieces[n].data = part->data;
            pieces[n++].length = part->length;
        }
    }
    pieces[n].data =
        apr_pstrcat(p, parts->nelts ? "\r\n--" : "--", boundary, "--\r\n", NULL);
    pieces[n].length = strlen(pieces[n].data);
    call->pieces = pieces;
    call->npieces = n + 1;
    for (i = 0; i <= n; i++) {
        call->body_length += pieces[i].length;
    }
    return APR_SUCCESS;
}
