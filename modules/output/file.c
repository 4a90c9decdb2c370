/* Files of outputs: below the directory for them, never another run's, and whole lines at
 * any moment. */
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

    return wf_file_open_below(&sink->fd, directory, sink->output.url,
                              O_RDWR | O_APPEND | flags, err);
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
        return wf_error_apr(err, WF_ERR_INTERNAL, APR_FROM_OS_ERROR(errno), "file %.200s",
                            sink->output.url);
    }
    sink->written = at > 0;
    return APR_SUCCESS;
}

apr_status_t wf_file_open(wf_sink_t *sink, wf_error_t *err)
{
    apr_status_t rv = open_file(sink, O_CREAT | O_EXCL, err);

    if (rv == APR_SUCCESS || err->kind != WF_ERR_CONFLICT) {
        return rv;
    }
    if (!wf_sink_continues(sink) && !sink->output.overwrite) {
        return rv;
    }
    wf_error_init(err, err->pool);
    rv = open_file(sink, 0, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (wf_sink_continues(sink)) {
        return keep_lines(sink, err);
    }
    return ftruncate(sink->fd, 0) == 0
               ? APR_SUCCESS
               : wf_error_apr(err, WF_ERR_INTERNAL, APR_FROM_OS_ERROR(errno),
                              "file %.200s", sink->output.url);
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
        rv = wf_error_apr(err, WF_ERR_INTERNAL, APR_FROM_OS_ERROR(errno), "file %.200s",
                          sink->output.url);
    }
    close(sink->fd);
    sink->fd = -1;
    return rv;
}
