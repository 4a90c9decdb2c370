/* A disk that fails at a chosen instant: an SQLite VFS that counts what is done to the
 * store's files, and lets the call that has come to a given number fail, and those after
 * it for as long as is asked for. A write that fails may be half done.
 *
 * The other methods are those of SQLite's own VFS, on its own files; whoever opens a file
 * by that one's name ("unix") meets no fault. */
#ifndef WF_TEST_FAULTY_H
#define WF_TEST_FAULTY_H

#include <sqlite3.h>

typedef enum {
    FAULTY_WRITE,
    FAULTY_READ,
    FAULTY_SYNC,
    FAULTY_TRUNCATE,
    FAULTY_OPEN,
    FAULTY_MAP,
    FAULTY_SIZE
} faulty_call_e;

typedef struct faulty_t {
    const char *what;
    faulty_call_e call;
    int rc;    /* what the call gives */
    int parts; /* of a write: half of it is done */
} faulty_t;

/** Which fault there is (NULL = none), after how many calls, and how many then fail. */
static const faulty_t *faulty_now;
static int faulty_left, faulty_lasts;
/** How many have failed. */
static int faulty_hits;

typedef struct faulty_methods_t {
    sqlite3_io_methods
        ours; /* first: a file that points to them leads to those of SQLite */
    const sqlite3_io_methods *real;
} faulty_methods_t;

#define FAULTY_KINDS 8

static faulty_methods_t faulty_kinds[FAULTY_KINDS];
static sqlite3_vfs *faulty_real_vfs;
static sqlite3_vfs faulty_vfs;

/** SQLITE_OK, or how this call fails. */
static inline int faulty_meet(faulty_call_e call)
{
    if (!faulty_now || faulty_now->call != call || faulty_left-- > 0
        || faulty_left < -faulty_lasts) {
        return SQLITE_OK;
    }
    faulty_hits++;
    return faulty_now->rc;
}

static inline const sqlite3_io_methods *faulty_real(const sqlite3_file *file)
{
    return ((const faulty_methods_t *)file->pMethods)->real;
}

static inline int faulty_write(sqlite3_file *file, const void *data, int size,
                               sqlite3_int64 offset)
{
    int rc = faulty_meet(FAULTY_WRITE);

    if (rc == SQLITE_OK) {
        return faulty_real(file)->xWrite(file, data, size, offset);
    }
    if (faulty_now->parts && size > 1) {
        faulty_real(file)->xWrite(file, data, size / 2, offset);
    }
    return rc;
}

static inline int faulty_read(sqlite3_file *file, void *data, int size,
                              sqlite3_int64 offset)
{
    int rc = faulty_meet(FAULTY_READ);

    return rc == SQLITE_OK ? faulty_real(file)->xRead(file, data, size, offset) : rc;
}

static inline int faulty_sync(sqlite3_file *file, int flags)
{
    int rc = faulty_meet(FAULTY_SYNC);

    return rc == SQLITE_OK ? faulty_real(file)->xSync(file, flags) : rc;
}

static inline int faulty_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    int rc = faulty_meet(FAULTY_TRUNCATE);

    return rc == SQLITE_OK ? faulty_real(file)->xTruncate(file, size) : rc;
}

static inline int faulty_size(sqlite3_file *file, sqlite3_int64 *size)
{
    int rc = faulty_meet(FAULTY_SIZE);

    return rc == SQLITE_OK ? faulty_real(file)->xFileSize(file, size) : rc;
}

static inline int faulty_map(sqlite3_file *file, int region, int size, int extend,
                             void volatile **at)
{
    int rc = faulty_meet(FAULTY_MAP);

    return rc == SQLITE_OK ? faulty_real(file)->xShmMap(file, region, size, extend, at)
                           : rc;
}

/* NULL if there are more kinds of files than we know. */
static inline const sqlite3_io_methods *faulty_ours(const sqlite3_io_methods *real)
{
    faulty_methods_t *kind = faulty_kinds, *end = faulty_kinds + FAULTY_KINDS;

    while (kind < end && kind->real && kind->real != real) {
        kind++;
    }
    if (kind < end && !kind->real) {
        kind->real = real;
        kind->ours = *real;
        kind->ours.xWrite = faulty_write;
        kind->ours.xRead = faulty_read;
        kind->ours.xSync = faulty_sync;
        kind->ours.xTruncate = faulty_truncate;
        kind->ours.xFileSize = faulty_size;
        kind->ours.xShmMap = real->xShmMap ? faulty_map : NULL;
    }
    return kind < end ? &kind->ours : NULL;
}

static inline int faulty_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file,
                              int flags, int *given)
{
    int rc = faulty_meet(FAULTY_OPEN);

    (void)vfs;
    if (rc != SQLITE_OK) {
        file->pMethods = NULL;
        return rc;
    }
    rc = faulty_real_vfs->xOpen(faulty_real_vfs, name, file, flags, given);
    if (rc == SQLITE_OK && file->pMethods) {
        file->pMethods = faulty_ours(file->pMethods);
        rc = file->pMethods ? SQLITE_OK : SQLITE_MISUSE;
    }
    return rc;
}

/** Whatever is opened from now on is opened through it. */
static inline void faulty_register(void)
{
    faulty_real_vfs = sqlite3_vfs_find(NULL);
    faulty_vfs = *faulty_real_vfs;
    faulty_vfs.zName = "faulty";
    faulty_vfs.pNext = NULL;
    faulty_vfs.xOpen = faulty_open;
    sqlite3_vfs_register(&faulty_vfs, 1);
}

/** Let the call after `before` others fail, and lasts in all. */
static inline void faulty_begin(const faulty_t *fault, int before, int lasts)
{
    faulty_left = before;
    faulty_lasts = lasts;
    faulty_hits = 0;
    faulty_now = fault;
}

static inline void faulty_end(void)
{
    faulty_now = NULL;
}

#endif
