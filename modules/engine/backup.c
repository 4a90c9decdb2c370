/* Backups: a copy of what the store holds at one moment, taken through a reader, so that
 * the committer goes on meanwhile. It counts when it is whole, verified and on disk;
 * until then it is FILE.part, and that is removed when anything fails.
 *
 * The command's half: one backup at a time, in a thread of its own, which rests as long
 * as it works. Whoever has asked may hang up; the backup is taken all the same. */
#include "engine/internal.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PART ".part"
#define BACKUP_MODE 0600

/* ---- the file ---------------------------------------------------------------------------------- */

typedef struct taking_t {
    const char *file, *part; /* the second is the first until it counts */
    int fd;                  /* of part, and its lock; it ends with it */
    wf_copy_fn *between;
    void *baton;
    apr_pool_t *p;
} taking_t;

static apr_status_t fail_file(int number, const char *file, wf_error_t *err)
{
    return wf_error_apr(err, WF_ERR_UNAVAILABLE, APR_FROM_OS_ERROR(number), "backup %s",
                        file);
}

static apr_status_t refuse_existing(const char *file, wf_error_t *err)
{
    struct stat st;

    if (lstat(file, &st) == 0) {
        return wf_error_set(err, WF_ERR_CONFLICT, "%s exists already", file);
    }
    return errno == ENOENT ? APR_SUCCESS : fail_file(errno, file, err);
}

/* What a backup left that was killed is used again; its lock went with it. */
static apr_status_t open_part(taking_t *t, wf_error_t *err)
{
    struct stat st;

    t->fd = open(t->part, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, BACKUP_MODE);
    if (t->fd < 0) {
        return fail_file(errno, t->part, err);
    }
    if (flock(t->fd, LOCK_EX | LOCK_NB) != 0 || fstat(t->fd, &st) != 0
        || st.st_nlink == 0) {
        close(t->fd);
        return wf_error_set(err, WF_ERR_CONFLICT, "a backup to %s is under way", t->file);
    }
    if (ftruncate(t->fd, 0) != 0 || fchmod(t->fd, BACKUP_MODE) != 0) {
        int number = errno;

        unlink(t->part);
        close(t->fd);
        return fail_file(number, t->part, err);
    }
    return APR_SUCCESS;
}

static void remove_part(const taking_t *t)
{
    static const char *const leftovers[] = { "", "-journal", "-wal", "-shm" };

    for (size_t i = 0; i < sizeof(leftovers) / sizeof(leftovers[0]); i++) {
        unlink(apr_pstrcat(t->p, t->part, leftovers[i], NULL));
    }
}

/* Without a link, a file that somebody makes in this moment would be lost; where there
 * are none (FAT), it was at least not there when we began. */
static apr_status_t name_part(const taking_t *t, wf_error_t *err)
{
    if (link(t->part, t->file) == 0) {
        unlink(t->part);
        return APR_SUCCESS;
    }
    if (errno == EEXIST) {
        return refuse_existing(t->file, err);
    }
    return rename(t->part, t->file) == 0 ? APR_SUCCESS : fail_file(errno, t->file, err);
}

static apr_status_t sync_directory(const taking_t *t, wf_error_t *err)
{
    const char *slash = strrchr(t->file, '/');
    const char *directory =
        slash == t->file ? "/" : apr_pstrmemdup(t->p, t->file, slash - t->file);
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int number = fd < 0 || fsync(fd) != 0 ? errno : 0;

    if (fd >= 0) {
        close(fd);
    }
    return number ? fail_file(number, directory, err) : APR_SUCCESS;
}

/* ---- a backup ------------------------------------------------------------------------------------ */

static int goes_on(void *baton)
{
    const taking_t *t = baton;

    return !t->between || t->between(t->baton, 0, 0);
}

/* What is wrong with the store is wrong with the copy, which is worth having all the
 * same. A damaged file is not: somebody might rely on it. */
static apr_status_t judge(wf_backup_t *done, const char *file, wf_error_t *err)
{
    for (int i = 0; i < done->breaches->nelts; i++) {
        const wf_breach_t *breach = APR_ARRAY_IDX(done->breaches, i, const wf_breach_t *);

        if (breach->is_damage) {
            return wf_error_set(err, WF_ERR_INTERNAL, "backup %s: %s: %s", file,
                                breach->broken,
                                APR_ARRAY_IDX(breach->ids, 0, const char *));
        }
    }
    return APR_SUCCESS;
}

static apr_status_t verify_copy(taking_t *t, const char *source, wf_backup_t *done,
                                wf_error_t *err)
{
    wf_store_t *copy;
    apr_status_t rv = wf_store_open(&copy, source, WF_STORE_READ, t->p, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = wf_engine_verify(copy, goes_on, t, &done->breaches, t->p, err);
    wf_store_close(copy);
    return rv == APR_SUCCESS ? judge(done, t->file, err) : rv;
}

static apr_status_t copy_store(taking_t *t, const char *store, wf_backup_t *done,
                               wf_error_t *err)
{
    const char *source;
    wf_store_t *reader;
    apr_status_t rv = wf_store_open(&reader, store, WF_STORE_READ, t->p, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = wf_store_copy(reader, t->part, t->between, t->baton, err);
    source = wf_store_copy_source(reader, t->part, t->p);
    wf_store_close(reader);
    if (rv != APR_SUCCESS) {
        return wf_error_note(err, rv, "backup %s", t->file);
    }
    return verify_copy(t, source, done, err);
}

static apr_status_t take(taking_t *t, const char *store, wf_backup_t *done,
                         wf_error_t *err)
{
    struct stat st;
    apr_status_t rv = copy_store(t, store, done, err);

    if (rv == APR_SUCCESS) {
        rv = name_part(t, err);
    }
    if (rv == APR_SUCCESS) {
        rv = sync_directory(t, err);
    }
    if (rv == APR_SUCCESS && fstat(t->fd, &st) == 0) {
        done->bytes = st.st_size;
    }
    return rv;
}

apr_status_t wf_backup_take(wf_backup_t *done, const char *store, const char *file,
                            wf_copy_fn *between, void *baton, apr_pool_t *p,
                            wf_error_t *err)
{
    taking_t t = { .file = file, .between = between, .baton = baton, .p = p };
    apr_int64_t began = wf_mono_us();
    apr_status_t rv = refuse_existing(file, err);

    memset(done, 0, sizeof(*done));
    t.part = apr_pstrcat(p, file, PART, NULL);
    if (rv != APR_SUCCESS || (rv = open_part(&t, err)) != APR_SUCCESS) {
        return rv;
    }
    rv = take(&t, store, done, err);
    if (rv != APR_SUCCESS) {
        remove_part(&t);
    }
    close(t.fd);
    done->file = file;
    done->us = wf_mono_us() - began;
    return rv;
}

/* ---- names --------------------------------------------------------------------------------------- */

#define NAME_MAX_BYTES 100
#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

static int ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

/* No slash, no file that is hidden, none that a backup under way may have. */
static apr_status_t check_name(const char *name, wf_error_t *err)
{
    size_t n = strlen(name);

    if (!n || name[0] == '.' || name[0] == '-' || strspn(name, NAME_LETTERS) != n
        || ends_with(name, PART)) {
        return wf_error_field(
            err, WF_ERR_INVALID, "name",
            "'name' is made of letters, digits, '.', '_' and '-'; it does "
            "not begin with '.' or '-' or end with '" PART "'");
    }
    return APR_SUCCESS;
}

/* Names of one second are told apart by whoever comes second, who gets a conflict. */
static const char *usual_name(apr_pool_t *p)
{
    time_t now = time(NULL);
    struct tm t;

    gmtime_r(&now, &t);
    return apr_psprintf(p, "workflow-%04d%02d%02dT%02d%02d%02dZ.db", t.tm_year + 1900,
                        t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec);
}

/* ---- the command ----------------------------------------------------------------------------------- */

struct wf_backups_t {
    wf_engine_t *engine;
    pthread_mutex_t lock; /* of running and begun */
    int running;
    int begun; /* there is a thread to be joined */
    pthread_t thread;
    apr_int64_t piece_began; /* the thread's own; wf_mono_us */
};

typedef struct order_t {
    wf_backups_t *backups;
    wf_ipc_request_t *request;
    const char *name, *file;
} order_t;

/* It makes itself small: rests as long as the piece took. */
static int rest_between(void *baton, apr_int64_t pages, apr_int64_t total)
{
    wf_backups_t *backups = baton;
    apr_int64_t took = wf_mono_us() - backups->piece_began;

    if (total && pages < total) {
        struct timespec rest = { .tv_sec = (time_t)(took / 1000000),
                                 .tv_nsec = (long)(took % 1000000 * 1000) };

        nanosleep(&rest, NULL);
    }
    backups->piece_began = wf_mono_us();
    return !__atomic_load_n(&backups->engine->stopping, __ATOMIC_ACQUIRE);
}

static void answer(const order_t *order, const wf_backup_t *done)
{
    json_object *reply = json_object_new_object(), *breaches = json_object_new_array();

    wf_json_add_string(reply, "file", order->name);
    wf_json_add_int(reply, "bytes", done->bytes);
    wf_json_add_double(reply, "seconds", (double)done->us / 1000000);
    json_object_object_add(reply, "breaches", breaches);
    for (int i = 0; i < done->breaches->nelts; i++) {
        const wf_breach_t *breach = APR_ARRAY_IDX(done->breaches, i, const wf_breach_t *);

        json_object_array_add(breaches, json_object_new_string(breach->name));
        wf_log(WF_LOG_WARN,
               "the store is not sound: %s: %" APR_INT64_T_FMT " %s (%s ...)",
               breach->name, breach->count, breach->broken,
               APR_ARRAY_IDX(breach->ids, 0, const char *));
    }
    wf_log(WF_LOG_NOTICE, "backup %s: %" APR_INT64_T_FMT " bytes", order->file,
           done->bytes);
    wf_ipc_reply(order->request, reply, NULL, 0);
    json_object_put(reply);
}

static void *run_backup(void *data)
{
    const order_t *order = data;
    wf_backups_t *backups = order->backups;
    apr_pool_t *p = wf_pool_create("wf_backup", 0);
    wf_backup_t done;
    wf_error_t err;
    apr_status_t rv;

    wf_error_init(&err, p);
    backups->piece_began = wf_mono_us();
    rv = wf_backup_take(&done, backups->engine->config.store, order->file, rest_between,
                        backups, p, &err);
    pthread_mutex_lock(&backups->lock);
    backups->running = 0;
    pthread_mutex_unlock(&backups->lock);
    if (rv == APR_SUCCESS) {
        answer(order, &done);
    }
    else {
        wf_log(WF_LOG_ERR, "%s", err.message);
        wf_ipc_fail(order->request, &err);
    }
    apr_pool_destroy(p);
    return NULL;
}

/* 1 if this one may begin; the thread of the one before has ended or is about to. */
static int claim(wf_backups_t *backups)
{
    int mine, begun;

    pthread_mutex_lock(&backups->lock);
    mine = !backups->running;
    begun = backups->begun;
    if (mine) {
        backups->running = 1;
        backups->begun = 0;
    }
    pthread_mutex_unlock(&backups->lock);
    if (mine && begun) {
        pthread_join(backups->thread, NULL);
    }
    return mine;
}

static apr_status_t begin(wf_backups_t *backups, order_t *order, wf_error_t *err)
{
    if (!claim(backups)) {
        return wf_error_set(err, WF_ERR_CONFLICT, "another backup is under way");
    }
    if (pthread_create(&backups->thread, NULL, run_backup, order) != 0) {
        backups->running = 0;
        return wf_error_set(err, WF_ERR_UNAVAILABLE,
                            "cannot start a thread for the backup");
    }
    backups->begun = 1;
    return APR_SUCCESS;
}

static apr_status_t read_order(order_t *order, const wf_engine_config_t *config,
                               wf_error_t *err)
{
    wf_ipc_request_t *request = order->request;
    apr_status_t rv;

    if (!config->backup_dir) {
        return wf_error_set(
            err, WF_ERR_FORBIDDEN,
            "no backups are taken here: WorkflowBackupDir names no directory");
    }
    rv = wf_args_text(request->args, "name", NAME_MAX_BYTES, &order->name, err);
    if (rv == APR_SUCCESS && !order->name) {
        order->name = usual_name(request->pool);
    }
    if (rv == APR_SUCCESS) {
        rv = check_name(order->name, err);
    }
    order->file = apr_pstrcat(request->pool, config->backup_dir, "/",
                              order->name ? order->name : "", NULL);
    return rv;
}

/* On the ipc loop's thread, as all that begins or ends a thread here. */
void wf_command_backup(wf_engine_t *engine, wf_ipc_request_t *request)
{
    order_t *order = apr_pcalloc(request->pool, sizeof(*order));
    wf_error_t err;

    order->backups = engine->backups;
    order->request = request;
    wf_error_init(&err, request->pool);
    if (read_order(order, &engine->config, &err) != APR_SUCCESS
        || begin(engine->backups, order, &err) != APR_SUCCESS) {
        wf_ipc_fail(request, &err);
    }
}

wf_backups_t *wf_backups_create(wf_engine_t *engine)
{
    wf_backups_t *backups = apr_pcalloc(engine->pool, sizeof(*backups));

    backups->engine = engine;
    pthread_mutex_init(&backups->lock, NULL);
    return backups;
}

void wf_backups_destroy(wf_backups_t *backups)
{
    if (backups->begun) {
        pthread_join(backups->thread, NULL);
        backups->begun = 0;
    }
    pthread_mutex_destroy(&backups->lock);
}
