/* Archives (.bar, .zip) through libzip. An archive comes from outside: names are checked,
 * and sizes are counted while reading, because what an archive says of itself may lie. */
#include "engine/internal.h"

#include <apr_strings.h>
#include <string.h>
#include <sys/stat.h>
#include <zip.h>

#define MAX_NAME 255
#define RATIO_FROM                                                                       \
    (1024 * 1024) /* bytes unpacked: smaller ones may be packed as they like */

static apr_status_t discard(void *archive)
{
    zip_discard(archive);
    return APR_SUCCESS;
}

static apr_status_t open_archive(zip_t **archive, const void *data, apr_size_t length,
                                 apr_pool_t *p, wf_error_t *err)
{
    zip_error_t reason;
    zip_source_t *source;

    zip_error_init(&reason);
    source = zip_source_buffer_create(data, length, 0, &reason);
    *archive = source ? zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &reason) : NULL;
    if (!*archive) {
        wf_error_set(err, WF_ERR_INVALID, "not a usable zip archive: %s",
                     zip_error_strerror(&reason));
        zip_source_free(source);
        zip_error_fini(&reason);
        return WF_EFAILED;
    }
    zip_error_fini(&reason);
    apr_pool_cleanup_register(p, *archive, discard, apr_pool_cleanup_null);
    return APR_SUCCESS;
}

static int has_controls(const char *name)
{
    for (; *name; name++) {
        if ((unsigned char)*name < 0x20 || *name == 0x7f) {
            return 1;
        }
    }
    return 0;
}

/* Relative, without "." or ".." segments, and without what other systems read as paths. */
static int is_safe_name(const char *name, apr_size_t length)
{
    const char *segment = name;

    if (length == 0 || length > MAX_NAME || *name == '/' || strpbrk(name, "\\:")
        || has_controls(name) || !wf_utf8_valid(name, length)) {
        return 0;
    }
    while (*segment) {
        apr_size_t n = strcspn(segment, "/");

        if (n == 0 || (n == 1 && segment[0] == '.')
            || (n == 2 && segment[0] == '.' && segment[1] == '.')) {
            return 0;
        }
        segment += n + (segment[n] == '/');
    }
    return 1;
}

static int is_symlink(zip_t *archive, zip_uint64_t index)
{
    zip_uint8_t system;
    zip_uint32_t attributes;

    return zip_file_get_external_attributes(archive, index, 0, &system, &attributes) == 0
           && system == ZIP_OPSYS_UNIX && S_ISLNK(attributes >> 16);
}

/* An archive of some size; what it has unpacked so far. */
typedef struct unpacked_t {
    const wf_archive_limits_t *limits;
    apr_size_t packed, total;
} unpacked_t;

/* Before anything is unpacked: an entry gives what it says and no more. */
static apr_status_t check_size(const zip_stat_t *st, const unpacked_t *u, wf_error_t *err)
{
    const wf_archive_limits_t *limits = u->limits;

    if (st->size > limits->bytes - u->total) {
        return wf_error_set(err, WF_ERR_TOO_LARGE,
                            "archive entry '%s' exceeds the limit of %" APR_SIZE_T_FMT
                            " bytes that an archive may have unpacked "
                            "(WorkflowMaxArchiveSize)",
                            st->name, limits->bytes);
    }
    if (limits->ratio && u->total + st->size > RATIO_FROM
        && (u->total + st->size) / (apr_size_t)limits->ratio > u->packed) {
        return wf_error_set(
            err, WF_ERR_TOO_LARGE,
            "archive entry '%s' makes more than %d times as many bytes as "
            "the archive has (WorkflowMaxArchiveRatio)",
            st->name, limits->ratio);
    }
    return APR_SUCCESS;
}

static apr_status_t check_entry(zip_t *archive, const zip_stat_t *st, const unpacked_t *u,
                                wf_error_t *err)
{
    if (!is_safe_name(st->name, strlen(st->name))) {
        return wf_error_set(err, WF_ERR_INVALID, "archive entry with a forbidden name: '%.300s'",
                            st->name);
    }
    if (is_symlink(archive, st->index)) {
        return wf_error_set(err, WF_ERR_INVALID, "archive entry '%s' is a symbolic link",
                            st->name);
    }
    if (st->encryption_method != ZIP_EM_NONE
        || (st->comp_method != ZIP_CM_STORE && st->comp_method != ZIP_CM_DEFLATE)) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "archive entry '%s' is encrypted or packed in an unknown way",
                            st->name);
    }
    return check_size(st, u, err);
}

/* Exactly the declared number of bytes, with a correct checksum. */
static apr_status_t read_entry(zip_t *archive, const zip_stat_t *st, wf_file_t *file,
                               apr_pool_t *p, wf_error_t *err)
{
    zip_file_t *entry = zip_fopen_index(archive, st->index, 0);
    char *data = apr_palloc(p, st->size + 1);
    zip_uint64_t got = 0;
    zip_int64_t n = entry ? 0 : -1;

    while (entry && got <= st->size
           && (n = zip_fread(entry, data + got, st->size + 1 - got)) > 0) {
        got += n;
    }
    if (entry) {
        zip_fclose(entry);
    }
    if (n < 0 || got != st->size) {
        return wf_error_set(err, WF_ERR_INVALID, "archive entry '%s' is damaged", st->name);
    }
    *file = (wf_file_t){ apr_pstrdup(p, st->name), data, got };
    return APR_SUCCESS;
}

apr_status_t wf_archive_read(apr_array_header_t **files, const void *data,
                             apr_size_t length, const wf_archive_limits_t *limits,
                             apr_pool_t *p, wf_error_t *err)
{
    apr_hash_t *seen = apr_hash_make(p);
    unpacked_t unpacked = { limits, length, 0 };
    zip_t *archive;
    zip_int64_t count;
    apr_status_t rv = open_archive(&archive, data, length, p, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    count = zip_get_num_entries(archive, 0);
    if (count > limits->entries) {
        return wf_error_set(err, WF_ERR_TOO_LARGE,
                            "archive of %" APR_INT64_T_FMT " entries, %d are allowed "
                            "(WorkflowMaxArchiveEntries)",
                            (apr_int64_t)count, limits->entries);
    }
    *files = apr_array_make(p, (int)count, sizeof(wf_file_t));
    for (zip_int64_t i = 0; i < count; i++) {
        zip_stat_t st;

        if (zip_stat_index(archive, i, 0, &st) != 0 || !st.name) {
            return wf_error_set(err, WF_ERR_INVALID, "archive entry %" APR_INT64_T_FMT
                                " cannot be read", (apr_int64_t)i + 1);
        }
        if (*st.name && st.name[strlen(st.name) - 1] == '/') {
            continue; /* a folder */
        }
        rv = check_entry(archive, &st, &unpacked, err);
        if (rv == APR_SUCCESS) {
            rv = read_entry(archive, &st, apr_array_push(*files), p, err);
        }
        if (rv != APR_SUCCESS) {
            return rv;
        }
        if (apr_hash_get(seen, st.name, APR_HASH_KEY_STRING)) {
            return wf_error_set(err, WF_ERR_INVALID, "archive entry '%s' comes twice", st.name);
        }
        apr_hash_set(seen, apr_pstrdup(p, st.name), APR_HASH_KEY_STRING, seen);
        unpacked.total += st.size;
    }
    if ((*files)->nelts == 0) {
        return wf_error_set(err, WF_ERR_INVALID, "the archive holds no files");
    }
    return APR_SUCCESS;
}
