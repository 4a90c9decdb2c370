/* Files whose names come from outside: they have to be below a directory that the
 * administrator named, whatever the name says and whatever links are there. */
#include "core/core.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NAME_MAX_BYTES 1024
#define FILE_MODE 0640 /* of files that are made */

/* ---- names ------------------------------------------------------------------------- */

static int has_part(const char *name, const char *part)
{
    apr_size_t n = strlen(part);

    while (*name) {
        apr_size_t length = strcspn(name, "/");

        if (length == n && strncmp(name, part, n) == 0) {
            return 1;
        }
        name += length + (name[length] == '/');
    }
    return 0;
}

static int is_below(const char *name)
{
    return *name && *name != '/' && strlen(name) <= NAME_MAX_BYTES
           && !has_part(name, "..");
}

/* ---- opening ----------------------------------------------------------------------- */

/* For kernels and sandboxes without openat2: no links at all. */
static int open_walking(int dir, const char *name, int flags)
{
    char part[NAME_MAX_BYTES + 1];
    int fd = -1, at = dir;

    while (at >= 0) {
        apr_size_t n = strcspn(name, "/");
        int last = name[n + strspn(name + n, "/")] == '\0';

        memcpy(part, name, n);
        part[n] = '\0';
        fd = openat(at, part,
                    O_CLOEXEC | O_NOFOLLOW
                        | (last ? flags : O_RDONLY | O_NONBLOCK | O_DIRECTORY),
                    FILE_MODE);
        if (at != dir) {
            int kept = errno;

            close(at);
            errno = kept;
        }
        if (last) {
            return fd;
        }
        at = fd;
        name += n + strspn(name + n, "/");
    }
    return -1;
}

static int open_below(int dir, const char *name, int flags)
{
    struct open_how how = { .flags = (unsigned)(flags | O_CLOEXEC),
                            .mode = flags & O_CREAT ? FILE_MODE : 0,
                            .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
    long fd = syscall(SYS_openat2, dir, name, &how, sizeof(how));

    if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) {
        return (int)fd;
    }
    return open_walking(dir, name, flags);
}

/* ---- reading ----------------------------------------------------------------------- */

static apr_status_t failed(const char *name, int code, wf_error_t *err)
{
    static const struct {
        int code;
        wf_err_kind_e kind;
        const char *text;
    } known[] = {
        { ENOENT, WF_ERR_NOT_FOUND, "there is no such file" },
        { ENOTDIR, WF_ERR_NOT_FOUND, "there is no such file" },
        { EXDEV, WF_ERR_FORBIDDEN, "a link leads out of the directory for files" },
        { ELOOP, WF_ERR_FORBIDDEN, "a link leads out of the directory for files" },
        { EACCES, WF_ERR_FORBIDDEN, "the server may not read it" },
        { EEXIST, WF_ERR_CONFLICT, "exists already" },
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (known[i].code == code) {
            return wf_error_set(err, known[i].kind, "file %.200s: %s", name,
                                known[i].text);
        }
    }
    return wf_error_apr(err, WF_ERR_INTERNAL, APR_FROM_OS_ERROR(code), "file %.200s",
                        name);
}

static apr_status_t read_all(int fd, char *data, apr_size_t size, apr_size_t *length)
{
    *length = 0;
    while (*length < size) {
        ssize_t n = read(fd, data + *length, size - *length);

        if (n < 0 && errno != EINTR) {
            return errno;
        }
        if (n == 0) {
            break;
        }
        *length += n > 0 ? (apr_size_t)n : 0;
    }
    return APR_SUCCESS;
}

static apr_status_t load(int fd, char **data, apr_size_t *length, const char *name,
                         apr_size_t max, apr_pool_t *p, wf_error_t *err)
{
    struct stat info;
    apr_status_t rv;

    if (fstat(fd, &info) != 0) {
        return failed(name, errno, err);
    }
    if (!S_ISREG(info.st_mode)) {
        return wf_error_set(err, WF_ERR_FORBIDDEN, "file %.200s: is no plain file", name);
    }
    if (info.st_size > (off_t)max) {
        return wf_error_set(err, WF_ERR_TOO_LARGE,
                            "file %.200s: larger than %" APR_SIZE_T_FMT " bytes", name,
                            max);
    }
    /* it may shrink meanwhile, and what it grows by is left out */
    *data = apr_palloc(p, (apr_size_t)info.st_size + 1);
    rv = read_all(fd, *data, (apr_size_t)info.st_size, length);
    (*data)[*length] = '\0';
    return rv == APR_SUCCESS ? rv : failed(name, rv, err);
}

static apr_status_t not_opened(const char *name, int code, int flags, wf_error_t *err)
{
    if (code == EACCES && (flags & O_ACCMODE) != O_RDONLY) {
        return wf_error_set(err, WF_ERR_FORBIDDEN,
                            "file %.200s: the server may not write it", name);
    }
    return failed(name, code, err);
}

apr_status_t wf_file_open_below(int *fd, const char *directory, const char *name,
                                int flags, wf_error_t *err)
{
    int dir;

    *fd = -1;
    if (*directory == '\0') {
        *fd = open(name, flags | O_CLOEXEC, FILE_MODE);
        return *fd < 0 ? not_opened(name, errno, flags, err) : APR_SUCCESS;
    }
    if (!is_below(name)) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "file %.200s: the name has to be relative, without \"..\"",
                            name);
    }
    dir = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) {
        return wf_error_apr(err, WF_ERR_INTERNAL, APR_FROM_OS_ERROR(errno),
                            "the directory for files cannot be opened");
    }
    *fd = open_below(dir, name, flags);
    if (*fd < 0) {
        not_opened(name, errno, flags, err);
    }
    close(dir);
    return *fd < 0 ? WF_EFAILED : APR_SUCCESS;
}

apr_status_t wf_file_load_below(char **data, apr_size_t *length, const char *directory,
                                const char *name, apr_size_t max, apr_pool_t *p,
                                wf_error_t *err)
{
    apr_status_t rv = WF_EFAILED;
    int fd;

    if (*directory == '\0') {
        directory = ".";
    }
    if (wf_file_open_below(&fd, directory, name, O_RDONLY | O_NONBLOCK, err)
        == APR_SUCCESS) {
        rv = load(fd, data, length, name, max, p, err);
        close(fd);
    }
    return rv;
}
