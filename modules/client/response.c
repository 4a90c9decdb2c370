/* Answers: phrases of statuses, the lines of a header block. */
#include "client/client.h"

#include <string.h>

typedef struct reason_t {
    int status;
    const char *phrase;
} reason_t;

/* RFC 9110 section 15, and the registered ones that servers really send. */
static const reason_t reasons[] = {
    { 100, "Continue" },
    { 101, "Switching Protocols" },
    { 102, "Processing" },
    { 103, "Early Hints" },
    { 200, "OK" },
    { 201, "Created" },
    { 202, "Accepted" },
    { 203, "Non-Authoritative Information" },
    { 204, "No Content" },
    { 205, "Reset Content" },
    { 206, "Partial Content" },
    { 207, "Multi-Status" },
    { 300, "Multiple Choices" },
    { 301, "Moved Permanently" },
    { 302, "Found" },
    { 303, "See Other" },
    { 304, "Not Modified" },
    { 307, "Temporary Redirect" },
    { 308, "Permanent Redirect" },
    { 400, "Bad Request" },
    { 401, "Unauthorized" },
    { 402, "Payment Required" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 406, "Not Acceptable" },
    { 407, "Proxy Authentication Required" },
    { 408, "Request Timeout" },
    { 409, "Conflict" },
    { 410, "Gone" },
    { 411, "Length Required" },
    { 412, "Precondition Failed" },
    { 413, "Content Too Large" },
    { 414, "URI Too Long" },
    { 415, "Unsupported Media Type" },
    { 416, "Range Not Satisfiable" },
    { 417, "Expectation Failed" },
    { 421, "Misdirected Request" },
    { 422, "Unprocessable Content" },
    { 423, "Locked" },
    { 424, "Failed Dependency" },
    { 425, "Too Early" },
    { 426, "Upgrade Required" },
    { 428, "Precondition Required" },
    { 429, "Too Many Requests" },
    { 431, "Request Header Fields Too Large" },
    { 451, "Unavailable For Legal Reasons" },
    { 500, "Internal Server Error" },
    { 501, "Not Implemented" },
    { 502, "Bad Gateway" },
    { 503, "Service Unavailable" },
    { 504, "Gateway Timeout" },
    { 505, "HTTP Version Not Supported" },
    { 507, "Insufficient Storage" },
    { 511, "Network Authentication Required" },
};

const char *wf_client_reason(int status)
{
    size_t i;

    for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (reasons[i].status == status) {
            return reasons[i].phrase;
        }
    }
    return "";
}

const char *wf_client_version_name(int version)
{
    switch (version) {
    case 10:
        return "HTTP/1.0";
    case 11:
        return "HTTP/1.1";
    case 20:
        return "HTTP/2";
    default:
        return "";
    }
}

/* "Name: value\r\n"; lines without a colon are passed over. */
int wf_client_header_next(const char **at, const char *end, const char **name,
                          apr_size_t *name_length, const char **value,
                          apr_size_t *value_length)
{
    while (*at < end) {
        const char *line = *at;
        const char *eol = memchr(line, '\n', end - line);
        const char *stop = eol ? eol : end;
        const char *colon = memchr(line, ':', stop - line);

        *at = eol ? eol + 1 : end;
        if (colon == NULL || colon == line) {
            continue;
        }
        *name = line;
        *name_length = colon - line;
        for (colon++; colon < stop && (*colon == ' ' || *colon == '\t'); colon++) {
        }
        while (stop > colon
               && (stop[-1] == '\r' || stop[-1] == ' ' || stop[-1] == '\t')) {
            stop--;
        }
        *value = colon;
        *value_length = stop - colon;
        return 1;
    }
    return 0;
}
