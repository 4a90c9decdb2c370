/* Files of outputs: below the directory for them, never another run's, and whole lines,
 * or a whole array, at any moment. */
#include "output/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

void wf_file_check(wf_output_t *output, const wf_where_t *path, wf_compile_t *c)
{
    if (strncmp(output->url, "file://", 7) == 0) {
        output->url += 7;
    }
    if (*output->url == '\0') {
        wf_output_problem(output, NULL, "value", path, c, "names no file");
    }
}

/* ---- opening ----------------------------------------------------------------------- */

static apr_status_t open_file(wf_sink_t *sink, int flags, wf_error_t *err)
{
    const char *directory = sink->output.names->directory;

    return wf_file_open_below(&sink->fd, directory, sink->output.url, O_RDWR | flags,
                              err);
}

static apr_status_t failed(const wf_sink_t *sink, wf_error_t *err)
{
    return wf_error_apr(err, WF_ERR_INTERNAL, APR_FROM_OS_ERROR(errno), "file %.200s",
                        sink->output.url);
}

/* What was cut off in the middle of a line by the end of a machine goes. */
static apr_status_t keep_lines(wf_sink_t *sink, wf_error_t *err)
{
    off_t at = lseek(sink->fd, 0, SEEK_END);
    char last = '\n';

    while (at > 0 && pread(sink->fd, &last, 1, at - 1) == 1 && last != '\n') {
        at--;
    }
    if (at < 0 || ftruncate(sink->fd, at) != 0) {
        return failed(sink, err);
    }
    sink->written = at > 0;
    return APR_SUCCESS;
}

static apr_status_t open_or_go_on(wf_sink_t *sink, int flags, wf_error_t *err)
{
    apr_status_t rv = open_file(sink, flags | O_CREAT | O_EXCL, err);

    if (rv == APR_SUCCESS || err->kind != WF_ERR_CONFLICT) {
        return rv;
    }
    if (!wf_sink_continues(sink) && !sink->output.overwrite) {
        return rv;
    }
    wf_error_init(err, err->pool);
    rv = open_file(sink, flags, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (wf_sink_continues(sink)) {
        return keep_lines(sink, err);
    }
    return ftruncate(sink->fd, 0) == 0 ? APR_SUCCESS : failed(sink, err);
}

apr_status_t wf_file_open(wf_sink_t *sink, wf_error_t *err)
{
    return open_or_go_on(sink, O_APPEND, err);
}

/* ---- writing ----------------------------------------------------------------------- */

/* What did not get in as a whole is taken back: whoever reads the file now, or after this
 * process was killed, sees whole lines. */
wf_sent_e wf_file_deliver(wf_sink_t *sink, const wf_parcel_t *parcel, apr_pool_t *p,
                          wf_error_t *err)
{
    off_t before = lseek(sink->fd, 0, SEEK_END);
    apr_size_t done = 0;
    int code;

    (void)p;
    while (done < parcel->length) {
        ssize_t n = write(sink->fd, parcel->data + done, parcel->length - done);

        if (n < 0 && errno != EINTR) {
            code = errno;
            if (done > 0 && ftruncate(sink->fd, before) != 0) {
                wf_log(WF_LOG_WARN, "%s: a part of a line stays", sink->label);
            }
            wf_error_apr(err, WF_ERR_INTERNAL, APR_FROM_OS_ERROR(code), "file %.200s",
                         sink->output.url);
            return WF_SENT_NOT;
        }
        done += n > 0 ? (apr_size_t)n : 0;
    }
    sink->written = 1;
    return WF_SENT;
}

apr_status_t wf_file_close(wf_sink_t *sink, apr_pool_t *p, wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;

    (void)p;
    if (fsync(sink->fd) != 0 && errno != EINVAL && errno != EROFS) { /* of a pipe */
        rv = failed(sink, err);
    }
    close(sink->fd);
    sink->fd = -1;
    return rv;
}

/* ---- arrays ------------------------------------------------------------------------ */

#define HEAD "[\n"
#define TAIL "\n]\n"
#define TAIL_LENGTH ((off_t)sizeof(TAIL) - 1)

/* At an offset; -1 for what cannot be sought, such as a pipe: there the end is written
 * last.
 */
static int write_all(int fd, const char *data, apr_size_t length, off_t at)
{
    while (length > 0) {
        ssize_t n = at < 0 ? write(fd, data, length) : pwrite(fd, data, length, at);

        if (n < 0 && errno != EINTR) {
            return 0;
        }
        if (n > 0) {
            data += n;
            length -= (apr_size_t)n;
            at = at < 0 ? at : at + n;
        }
    }
    return 1;
}

/* An array without elements is no array yet: it begins anew. */
static int ends_well(const wf_sink_t *sink, off_t size)
{
    char tail[TAIL_LENGTH + 1] = "";

    return pread(sink->fd, tail, TAIL_LENGTH, size - TAIL_LENGTH) == TAIL_LENGTH
           && strcmp(tail, TAIL) == 0;
}

/* Lines that an earlier part of the run left get their end back. */
static apr_status_t mend_array(wf_sink_t *sink, wf_error_t *err)
{
    off_t size = lseek(sink->fd, 0, SEEK_END);
    char last;

    if (size <= (off_t)sizeof(HEAD TAIL) - 2) {
        sink->written = 0;
        return ftruncate(sink->fd, 0) == 0 ? APR_SUCCESS : failed(sink, err);
    }
    if (ends_well(sink, size)) {
        return APR_SUCCESS;
    }
    while (size > 0 && pread(sink->fd, &last, 1, size - 1) == 1
           && (last == '\n' || last == ',')) {
        size--;
    }
    return ftruncate(sink->fd, size) == 0 && write_all(sink->fd, TAIL, TAIL_LENGTH, size)
               ? APR_SUCCESS
               : failed(sink, err);
}

apr_status_t wf_file_open_array(wf_sink_t *sink, wf_error_t *err)
{
    apr_status_t rv = open_or_go_on(sink, 0, err);

    return rv == APR_SUCCESS && sink->written ? mend_array(sink, err) : rv;
}

/* New elements are written over the array's end, with a new one behind them. */
wf_sent_e wf_file_deliver_array(wf_sink_t *sink, const wf_parcel_t *parcel, apr_pool_t *p,
                                wf_error_t *err)
{
    off_t size = lseek(sink->fd, 0, SEEK_END);
    off_t at = size < 0 ? -1 : sink->written ? size - TAIL_LENGTH : 0;
    wf_buffer_t *b = wf_buffer_create(p);
    apr_size_t length;

    wf_put(b, sink->written ? ",\n" : HEAD);
    wf_put(b, parcel->data);
    wf_put(b, size < 0 ? "" : TAIL);
    length = b->length;
    if (write_all(sink->fd, b->data, length, at)) {
        sink->written = 1;
        return WF_SENT;
    }
    failed(sink, err);
    if (at >= 0
        && (ftruncate(sink->fd, size) != 0
            || (at > 0 && !write_all(sink->fd, TAIL, TAIL_LENGTH, at)))) {
        wf_log(WF_LOG_WARN, "%s: the array has no end", sink->label);
    }
    return WF_SENT_NOT;
}

apr_status_t wf_file_close_array(wf_sink_t *sink, apr_pool_t *p, wf_error_t *err)
{
    int is_pipe = lseek(sink->fd, 0, SEEK_END) < 0;
    const char *end = sink->written ? (is_pipe ? TAIL : "") : HEAD "]\n";

    if (!write_all(sink->fd, end, strlen(end), is_pipe ? -1 : 0)) {
        failed(sink, err);
        wf_file_close(sink, p, err);
        return WF_EFAILED;
    }
    return wf_file_close(sink, p, err);
}
