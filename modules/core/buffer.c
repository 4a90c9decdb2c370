/* Bytes that grow. Not from a pool: growing would leave every smaller copy behind for as
 * long as the pool lives. */
#include "core/core.h"

#include <stdlib.h>
#include <string.h>

#define FIRST 4096 /* bytes of a buffer's first allocation */

static apr_status_t free_buffer(void *data)
{
    wf_buffer_trim(data, 0);
    return APR_SUCCESS;
}

wf_buffer_t *wf_buffer_create(apr_pool_t *p)
{
    wf_buffer_t *buffer = apr_pcalloc(p, sizeof *buffer);

    apr_pool_cleanup_register(p, buffer, free_buffer, apr_pool_cleanup_null);
    return buffer;
}

int wf_buffer_append(wf_buffer_t *buffer, const char *data, apr_size_t length)
{
    if (buffer->capacity - buffer->length <= length) {
        apr_size_t capacity = buffer->capacity ? buffer->capacity : FIRST;
        char *grown;

        while (capacity - buffer->length <= length) {
            capacity *= 2;
        }
        if (!(grown = realloc(buffer->data, capacity))) {
            return 0;
        }
        buffer->data = grown;
        buffer->capacity = capacity;
    }
    memcpy(buffer->data + buffer->length, data, length);
    buffer->length += length;
    buffer->data[buffer->length] = '\0';
    return 1;
}

void wf_buffer_trim(wf_buffer_t *buffer, apr_size_t keep)
{
    buffer->length = 0;
    if (buffer->capacity > keep) {
        free(buffer->data);
        buffer->data = NULL;
        buffer->capacity = 0;
    }
}
