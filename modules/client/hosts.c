/* Host names and header lines as settings may spell them. */
#include "client/internal.h"

#include <apr_lib.h>

#define NAME_MAX_BYTES 253 /* RFC 1035 */

/* A name whose last label is a number is read as an IPv4 address by some resolvers. */
int wf_host_name_valid(const char *name, apr_size_t length)
{
    int digits = 1; /* of the label so far */
    char last = '.';
    apr_size_t i;

    if (length == 0 || length > NAME_MAX_BYTES) {
        return 0;
    }
    for (i = 0; i < length; last = name[i++]) {
        if (name[i] == '.') {
            if (last == '.') {
                return 0;
            }
            digits = 1;
            continue;
        }
        if (!apr_isalnum(name[i]) && name[i] != '-' && name[i] != '_') {
            return 0;
        }
        digits = digits && apr_isdigit(name[i]);
    }
    return last != '.' && !digits;
}

int wf_mail_line_valid(const char *text)
{
    const char *c;

    for (c = text; *c != '\0'; c++) {
        if (((unsigned char)*c < 0x20 && *c != '\t') || *c == 0x7f) {
            return 0;
        }
    }
    return wf_utf8_valid(text, (apr_size_t)(c - text));
}
