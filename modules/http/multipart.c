/* multipart/form-data, parsed as it arrives (RFC 7578 on top of RFC 2046).
 *
 *   PREAMBLE --delimiter--> AFTER --CRLF--> HEADERS --empty line--> DATA
 *                            |  ^                                    |
 *                            |  +------------delimiter---------------+
 *                            +---"--"--> EPILOGUE (ignored)
 *
 * The delimiter is CRLF "--" boundary. A CR can stand nowhere in it but at its start, so
 * a mismatch after k matching bytes means that these k bytes were data and that only the
 * current byte can start a new match: no window is kept, only the number k. The body is
 * read as if a CRLF stood in front of it, so that its first line may be a delimiter. */
#include "http/internal.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>
#include <strings.h>

#define BOUNDARY_MAX 70 /* RFC 2046, 5.1.1 */
#define DELIMITER_MAX (BOUNDARY_MAX + 4)

typedef enum { PREAMBLE, AFTER, HEADERS, DATA, EPILOGUE } state_e;

struct wf_multipart_t {
    apr_pool_t *pool; /* of one part's headers; cleared with each part */
    wf_multipart_sink_t sink;
    state_e state;
    char delimiter[DELIMITER_MAX + 1];
    apr_size_t delimiter_length;
    apr_size_t matched; /* bytes of the delimiter seen */
    char after;         /* AFTER: the byte before this one; 0 = none */
    char headers[WF_MULTIPART_HEADERS + 1];
    apr_size_t headers_length;
    int parts;
};

/* ---- parameters of a header -------------------------------------------------------- */

static const char *skip_blanks(const char *s)
{
    return s + strspn(s, " \t");
}

/* The value at *at: a token or a quoted string. Within quotes only \" and \\ are escapes,
 * because browsers have sent plain backslashes of Windows paths. NULL if it is malformed.
 */
static const char *read_value(const char **at, apr_pool_t *p)
{
    const char *s = *at;
    char *value, *out;

    if (*s != '"') {
        apr_size_t length = strcspn(s, "; \t\"");

        *at = s + length;
        return length ? apr_pstrmemdup(p, s, length) : NULL;
    }
    value = out = apr_palloc(p, strlen(s));
    for (s++; *s && *s != '"'; s++) {
        if (*s == '\\' && (s[1] == '"' || s[1] == '\\')) {
            s++;
        }
        *out++ = *s;
    }
    *out = '\0';
    *at = s + 1;
    return *s == '"' ? value : NULL;
}

/* Find a parameter in "; a=b; c=\"d\"". *value stays NULL if it is missing; 0 if the list
 * is malformed or names the parameter twice. */
static int find_parameter(const char *list, const char *name, const char **value,
                          apr_pool_t *p)
{
    *value = NULL;
    for (list = skip_blanks(list); *list; list = skip_blanks(list)) {
        const char *text, *start;
        apr_size_t length;

        if (*list != ';') {
            return 0;
        }
        start = skip_blanks(list + 1);
        if (*start == '\0') {
            return 1; /* a semicolon at the end does no harm */
        }
        length = strcspn(start, "=; \t\"");
        list = start + length;
        if (length == 0 || *list != '=') {
            return 0;
        }
        list++;
        if (!(text = read_value(&list, p))) {
            return 0;
        }
        if (length == strlen(name) && strncasecmp(start, name, length) == 0) {
            if (*value) {
                return 0;
            }
            *value = text;
        }
    }
    return 1;
}

/* ---- creation ---------------------------------------------------------------------- */

/* bchars of RFC 2046; a blank may not be the last one. */
static int boundary_valid(const char *boundary)
{
    apr_size_t length = strlen(boundary);

    if (length == 0 || length > BOUNDARY_MAX || boundary[length - 1] == ' ') {
        return 0;
    }
    for (; *boundary; boundary++) {
        if (!apr_isalnum(*boundary) && !strchr("'()+_,-./:=? ", *boundary)) {
            return 0;
        }
    }
    return 1;
}

apr_status_t wf_multipart_create(wf_multipart_t **mp, const char *content_type,
                                 const wf_multipart_sink_t *sink, apr_pool_t *p,
                                 wf_error_t *err)
{
    static const char type[] = "multipart/form-data";
    const char *boundary;

    if (!content_type || strncasecmp(content_type, type, sizeof type - 1) != 0
        || !strchr("; \t", content_type[sizeof type - 1])) {
        return wf_error_set(err, WF_ERR_INVALID, "the body must be multipart/form-data");
    }
    if (!find_parameter(content_type + sizeof type - 1, "boundary", &boundary, p)
        || !boundary || !boundary_valid(boundary)) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "multipart/form-data without a valid boundary parameter");
    }
    *mp = apr_pcalloc(p, sizeof **mp);
    apr_pool_create(&(*mp)->pool, p);
    apr_pool_tag((*mp)->pool, "wf_multipart_part");
    (*mp)->sink = *sink;
    (*mp)->delimiter_length = (apr_size_t)apr_snprintf(
        (*mp)->delimiter, sizeof(*mp)->delimiter, "\r\n--%s", boundary);
    (*mp)->matched = 2;
    return APR_SUCCESS;
}

/* ---- headers of a part ------------------------------------------------------------- */

/* Undo what browsers do to quotes, which cannot stand in a quoted name. */
static const char *decode_name(const char *name, apr_pool_t *p)
{
    char *out = apr_pstrdup(p, name), *to = out;

    for (const char *s = name; *s; to++) {
        if (strncmp(s, "%22", 3) == 0) {
            *to = '"';
            s += 3;
        }
        else {
            *to = *s++;
        }
    }
    *to = '\0';
    return out;
}

static int name_valid(const char *name)
{
    apr_size_t length = strlen(name);

    if (length == 0 || length > WF_MULTIPART_NAME || !wf_utf8_valid(name, length)) {
        return 0;
    }
    for (; *name; name++) {
        if (apr_iscntrl(*name)) {
            return 0;
        }
    }
    return 1;
}

static apr_status_t read_disposition(wf_multipart_t *mp, const char *value,
                                     wf_part_t *part, wf_error_t *err)
{
    apr_size_t length = strcspn(value, "; \t");
    const char *name, *filename;

    if (part->name) {
        return wf_error_set(err, WF_ERR_INVALID, "part %d has two Content-Dispositions",
                            mp->parts);
    }
    if (length != 9 || strncasecmp(value, "form-data", 9) != 0
        || !find_parameter(value + length, "name", &name, mp->pool)
        || !find_parameter(value + length, "filename", &filename, mp->pool) || !name) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "part %d: Content-Disposition is not form-data with a name",
                            mp->parts);
    }
    part->name = decode_name(name, mp->pool);
    part->filename = filename ? decode_name(filename, mp->pool) : NULL;
    if (!name_valid(part->name)) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "part %d: the field name must be UTF-8 text of 1 to %d bytes",
                            mp->parts, WF_MULTIPART_NAME);
    }
    if (part->filename && *part->filename && !name_valid(part->filename)) {
        return wf_error_field(
            err, WF_ERR_INVALID, part->name,
            "field '%s': the file name must be UTF-8 text of at most %d "
            "bytes without control characters",
            part->name, WF_MULTIPART_NAME);
    }
    return APR_SUCCESS;
}

static apr_status_t check_encoding(wf_multipart_t *mp, const char *value, wf_error_t *err)
{
    if (strcasecmp(value, "binary") != 0 && strcasecmp(value, "8bit") != 0
        && strcasecmp(value, "7bit") != 0) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "part %d: Content-Transfer-Encoding '%s' is not supported",
                            mp->parts, value);
    }
    return APR_SUCCESS;
}

static apr_status_t read_header(wf_multipart_t *mp, char *line, wf_part_t *part,
                                wf_error_t *err)
{
    char *colon = strchr(line, ':');
    char *value, *end;

    if (!colon || colon == line || apr_isspace(*line) || apr_isspace(colon[-1])) {
        return wf_error_set(err, WF_ERR_INVALID, "part %d has a malformed header line",
                            mp->parts);
    }
    *colon = '\0';
    value = (char *)skip_blanks(colon + 1);
    for (end = value + strlen(value); end > value && apr_isspace(end[-1]); end--) {
        end[-1] = '\0';
    }
    if (strcasecmp(line, "Content-Disposition") == 0) {
        return read_disposition(mp, value, part, err);
    }
    if (strcasecmp(line, "Content-Transfer-Encoding") == 0) {
        return check_encoding(mp, value, err);
    }
    if (strcasecmp(line, "Content-Type") == 0) {
        part->type = value;
    }
    return APR_SUCCESS;
}

/* All headers of a part are there: "a: b CRLF c: d CRLF CRLF". */
static apr_status_t begin_part(wf_multipart_t *mp, wf_error_t *err)
{
    wf_part_t part = { 0 };
    char *line = mp->headers, *end;
    apr_status_t rv;

    if (strlen(line) != mp->headers_length) {
        return wf_error_set(err, WF_ERR_INVALID, "part %d has a NUL in its headers",
                            mp->parts);
    }
    for (; (end = strstr(line, "\r\n")) && end > line; line = end + 2) {
        *end = '\0';
        if ((rv = read_header(mp, line, &part, err)) != APR_SUCCESS) {
            return rv;
        }
    }
    if (!part.name) {
        return wf_error_set(err, WF_ERR_INVALID, "part %d has no Content-Disposition",
                            mp->parts);
    }
    mp->state = DATA;
    mp->matched = 0;
    return mp->sink.part(mp->sink.baton, &part, err);
}

/* ---- the states -------------------------------------------------------------------- */

static apr_status_t step_headers(wf_multipart_t *mp, char c, wf_error_t *err)
{
    if (mp->headers_length == WF_MULTIPART_HEADERS) {
        return wf_error_set(err, WF_ERR_TOO_LARGE,
                            "the headers of part %d are longer than %d bytes", mp->parts,
                            WF_MULTIPART_HEADERS);
    }
    mp->headers[mp->headers_length++] = c;
    mp->headers[mp->headers_length] = '\0';
    if (mp->headers_length == 2 && memcmp(mp->headers, "\r\n", 2) == 0) {
        return begin_part(mp, err); /* refuses: no name */
    }
    if (mp->headers_length >= 4
        && memcmp(mp->headers + mp->headers_length - 4, "\r\n\r\n", 4) == 0) {
        return begin_part(mp, err);
    }
    return APR_SUCCESS;
}

static apr_status_t open_part(wf_multipart_t *mp, wf_error_t *err)
{
    if (++mp->parts > WF_MULTIPART_PARTS) {
        return wf_error_set(err, WF_ERR_TOO_LARGE, "the form has more than %d parts",
                            WF_MULTIPART_PARTS);
    }
    apr_pool_clear(mp->pool);
    mp->headers_length = 0;
    mp->state = HEADERS;
    return APR_SUCCESS;
}

/* After a boundary: "--" ends the form; blanks and CRLF open the next part. */
static apr_status_t step_after(wf_multipart_t *mp, char c, wf_error_t *err)
{
    char before = mp->after;

    mp->after = c;
    if (before == '\r' && c == '\n') {
        return open_part(mp, err);
    }
    if (before == '-' && c == '-') {
        mp->state = EPILOGUE;
        return APR_SUCCESS;
    }
    if ((before == '\0' && c == '-')
        || ((before == '\0' || before == ' ' || before == '\t')
            && (c == ' ' || c == '\t' || c == '\r'))) {
        return APR_SUCCESS;
    }
    return wf_error_set(err, WF_ERR_INVALID, "malformed boundary line after part %d",
                        mp->parts);
}

static apr_status_t give_data(wf_multipart_t *mp, const char *data, apr_size_t length,
                              wf_error_t *err)
{
    if (mp->state != DATA || length == 0) {
        return APR_SUCCESS; /* the preamble is nobody's */
    }
    return mp->sink.data(mp->sink.baton, data, length, err);
}

static apr_status_t end_data(wf_multipart_t *mp, wf_error_t *err)
{
    state_e was = mp->state;

    mp->state = AFTER;
    mp->matched = 0;
    mp->after = '\0';
    return was == DATA ? mp->sink.end(mp->sink.baton, err) : APR_SUCCESS;
}

/* Data or preamble from data[*at] on: hand on what is certainly not a delimiter. Stops
 * after a whole delimiter or at the end of the piece. */
static apr_status_t scan_data(wf_multipart_t *mp, const char *data, apr_size_t length,
                              apr_size_t *at, wf_error_t *err)
{
    apr_size_t start = *at, i = *at;
    apr_status_t rv;

    while (i < length) {
        if (mp->matched == 0) {
            const char *cr = memchr(data + i, '\r', length - i);

            i = cr ? (apr_size_t)(cr - data) : length;
            if ((rv = give_data(mp, data + start, i - start, err)) != APR_SUCCESS
                || !cr) {
                *at = length;
                return rv;
            }
        }
        if (data[i] == mp->delimiter[mp->matched]) {
            i++;
            if (++mp->matched == mp->delimiter_length) {
                *at = i;
                return end_data(mp, err);
            }
            continue;
        }
        rv = give_data(mp, mp->delimiter, mp->matched, err);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        mp->matched = 0;
        start = i;
    }
    *at = length;
    return APR_SUCCESS;
}

apr_status_t wf_multipart_feed(wf_multipart_t *mp, const char *data, apr_size_t length,
                               wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;
    apr_size_t i = 0;

    while (i < length && rv == APR_SUCCESS) {
        switch (mp->state) {
        case PREAMBLE:
        case DATA:
            rv = scan_data(mp, data, length, &i, err);
            break;
        case AFTER:
            rv = step_after(mp, data[i++], err);
            break;
        case HEADERS:
            rv = step_headers(mp, data[i++], err);
            break;
        case EPILOGUE:
            return APR_SUCCESS;
        }
    }
    return rv;
}

apr_status_t wf_multipart_finish(wf_multipart_t *mp, wf_error_t *err)
{
    if (mp->state != EPILOGUE) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "the multipart body ends without its closing boundary");
    }
    return APR_SUCCESS;
}
