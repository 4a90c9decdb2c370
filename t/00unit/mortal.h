/* A process that dies at a chosen instant: an SQLite VFS that counts what is done to the
 * store's files, and sends SIGKILL to the process that has come to a given number. What
 * counts: writes (to the log and to the database), syncs, truncations, deletions, and the
 * barriers and locks with which connections agree on the log's index in shared memory. A
 * write that the process dies in is left half done.
 *
 * The other methods are those of SQLite's own VFS, on its own files. */
#ifndef WF_TEST_MORTAL_H
#define WF_TEST_MORTAL_H

#include <signal.h>

#include <sqlite3.h>

/** How often something is still survived; below 0: for ever. */
static int mortal_left = -1;

/* Methods of a kind of files: ours come first, so that a file that points to them leads
 * to those of SQLite. Those of the database differ from those of its log. */
typedef struct mortal_methods_t {
    sqlite3_io_methods ours;
    const sqlite3_io_methods *real;
} mortal_methods_t;

#define MORTAL_KINDS 8

static mortal_methods_t mortal_kinds[MORTAL_KINDS];
static sqlite3_vfs *mortal_real_vfs;
static sqlite3_vfs mortal_vfs;

/** 1 once the end has come: what is passed to mortal_die() may be done by half before. */
static inline int mortal_is_due(void)
{
    return mortal_left >= 0 && mortal_left-- == 0;
}

static inline void mortal_die(void)
{
    raise(SIGKILL);
}

/** An instant at which the process may die. */
static inline void mortal_instant(void)
{
    if (mortal_is_due()) {
        mortal_die();
    }
}

static inline const sqlite3_io_methods *mortal_real(const sqlite3_file *file)
{
    return ((const mortal_methods_t *)file->pMethods)->real;
}

static inline int mortal_write(sqlite3_file *file, const void *data, int size,
                               sqlite3_int64 offset)
{
    if (mortal_is_due()) {
        mortal_real(file)->xWrite(file, data, size / 2, offset);
        mortal_die();
    }
    return mortal_real(file)->xWrite(file, data, size, offset);
}

static inline int mortal_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    mortal_instant();
    return mortal_real(file)->xTruncate(file, size);
}

static inline int mortal_sync(sqlite3_file *file, int flags)
{
    mortal_instant();
    return mortal_real(file)->xSync(file, flags);
}

static inline int mortal_lock(sqlite3_file *file, int offset, int n, int flags)
{
    mortal_instant();
    return mortal_real(file)->xShmLock(file, offset, n, flags);
}

static inline void mortal_barrier(sqlite3_file *file)
{
    mortal_instant();
    mortal_real(file)->xShmBarrier(file);
}

/* NULL if there are more kinds of files than we know. */
static inline const sqlite3_io_methods *mortal_ours(const sqlite3_io_methods *real)
{
    mortal_methods_t *kind = mortal_kinds, *end = mortal_kinds + MORTAL_KINDS;

    while (kind < end && kind->real && kind->real != real) {
        kind++;
    }
    if (kind < end && !kind->real) {
        kind->real = real;
        kind->ours = *real;
        kind->ours.xWrite = mortal_write;
        kind->ours.xTruncate = mortal_truncate;
        kind->ours.xSync = mortal_sync;
        kind->ours.xShmLock = real->xShmLock ? mortal_lock : NULL;
        kind->ours.xShmBarrier = real->xShmBarrier ? mortal_barrier : NULL;
    }
    return kind < end ? &kind->ours : NULL;
}

static inline int mortal_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file,
                              int flags, int *given)
{
    int rc = mortal_real_vfs->xOpen(mortal_real_vfs, name, file, flags, given);

    (void)vfs;
    if (rc == SQLITE_OK && file->pMethods) {
        file->pMethods = mortal_ours(file->pMethods);
        rc = file->pMethods ? SQLITE_OK : SQLITE_MISUSE;
    }
    return rc;
}

static inline int mortal_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs;
    mortal_instant();
    return mortal_real_vfs->xDelete(mortal_real_vfs, name, sync);
}

/** Whatever is opened from now on is opened through it. */
static inline void mortal_register(void)
{
    mortal_real_vfs = sqlite3_vfs_find(NULL);
    mortal_vfs = *mortal_real_vfs;
    mortal_vfs.zName = "mortal";
    mortal_vfs.pNext = NULL;
    mortal_vfs.xOpen = mortal_open;
    mortal_vfs.xDelete = mortal_delete;
    sqlite3_vfs_register(&mortal_vfs, 1);
}

#endif
