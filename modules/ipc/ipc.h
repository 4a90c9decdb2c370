/* ipc: what httpd's children and the engine process say to each other over a unix stream
 * socket: frames, the list of commands, a client for the children, a server for the engine.
 *
 * A frame is a 20-byte header, then JSON text, then raw bytes (an upload, a resource):
 *   magic "WF", version, type | flags | id | json length | blob length   (big endian)
 * The child sends one WF_FRAME_COMMAND and waits for its WF_FRAME_REPLY or WF_FRAME_ERROR;
 * one command at a time a connection. With the first byte of a command may come a
 * descriptor (SCM_RIGHTS). A frame that breaks the rules ends that connection and nothing
 * else. Only processes of the engine's own user (or root) are answered. */
#ifndef WF_IPC_H
#define WF_IPC_H

#include "core/core.h"

#define WF_IPC_VERSION 1

/* ---- commands: every change of state that a child may ask for ---------------------------- */

/* clang-format off */
#define WF_COMMANDS(X)                                                                        \
    /*  id                     name                                                        */ \
    X(WF_CMD_ENGINE_STATUS,    "engine.status")    /* is it ready, since when, its figures */ \
    X(WF_CMD_DEPLOY,           "deployment.create")                                           \
    X(WF_CMD_UNDEPLOY,         "deployment.delete")                                           \
    X(WF_CMD_START,            "process.start")                                               \
    X(WF_CMD_CLAIM,            "task.claim")                                                  \
    X(WF_CMD_COMPLETE,         "task.complete")                                               \
    X(WF_CMD_UNCLAIM,          "task.unclaim")                                                \
    X(WF_CMD_ASSIGN,           "task.assign")                                                 \
    X(WF_CMD_TASK_CREATE,      "task.create")      /* without a process */                    \
    X(WF_CMD_TASK_CHANGE,      "task.change")                                                 \
    X(WF_CMD_TASK_DELETE,      "task.delete")                                                 \
    X(WF_CMD_TASK_VARIABLES,   "task.variables")   /* set, of a task and its process */       \
    X(WF_CMD_TASK_FORGET,      "task.forget")      /* take one away, or all of the task's */  \
    X(WF_CMD_ATTACH,           "attachment.create")                                           \
    X(WF_CMD_DETACH,           "attachment.delete")                                           \
    X(WF_CMD_INSTANCE_DELETE,  "process.delete")                                              \
    X(WF_CMD_SIGNAL,           "process.signal")   /* a receive task goes on */               \
    X(WF_CMD_EVENT,            "process.event")    /* a BPMN signal to one instance */        \
    X(WF_CMD_THROW,            "signal.throw")     /* a BPMN signal to all */                 \
    X(WF_CMD_SIGNAL_TO,        "signal.deliver")   /* a BPMN signal to one execution */       \
    X(WF_CMD_MESSAGE,          "message.deliver")  /* a BPMN message to one execution */      \
    X(WF_CMD_MIGRATE,          "process.migrate")  /* to another definition */                \
    X(WF_CMD_MIGRATION_GENERATE, "migration.generate")                                        \
    X(WF_CMD_MIGRATION_CHECK,  "migration.check")                                             \
    X(WF_CMD_SUSPEND,          "process.suspend")  /* an instance and those it called */      \
    X(WF_CMD_ACTIVATE,         "process.activate")                                            \
    X(WF_CMD_DEF_SUSPEND,      "definition.suspend")                                          \
    X(WF_CMD_DEF_ACTIVATE,     "definition.activate")                                         \
    X(WF_CMD_FORM_RENDER,      "form.render")      /* of a definition's start or a task */    \
    X(WF_CMD_FORM_PROPERTIES,  "form.properties")                                             \
    X(WF_CMD_FORM_SUBMIT,      "form.submit")                                                 \
    X(WF_CMD_DIAGRAM,          "diagram.draw")     /* of a definition or an instance */       \
    X(WF_CMD_JOB_EXECUTE,      "job.execute")                                                 \
    X(WF_CMD_JOB_RETRIES,      "job.retries")      /* so many attempts are left */            \
    X(WF_CMD_JOB_DELETE,       "job.delete")                                                  \
    X(WF_CMD_EXTERNAL_FETCH,   "external.fetch")   /* may wait for tasks */                   \
    X(WF_CMD_EXTERNAL_COMPLETE, "external.complete")                                          \
    X(WF_CMD_EXTERNAL_ERROR,   "external.error")                                              \
    X(WF_CMD_EXTERNAL_FAILURE, "external.failure")                                            \
    X(WF_CMD_EXTERNAL_LOCK,    "external.lock")                                               \
    X(WF_CMD_EXTERNAL_EXTEND,  "external.extend")                                             \
    X(WF_CMD_EXTERNAL_UNLOCK,  "external.unlock")                                             \
    X(WF_CMD_EXTERNAL_RETRIES, "external.retries")                                            \
    X(WF_CMD_EXTERNAL_PRIORITY, "external.priority")                                          \
    X(WF_CMD_USER_CREATE,      "user.create")                                                 \
    X(WF_CMD_USER_CHANGE,      "user.change")                                                 \
    X(WF_CMD_USER_DELETE,      "user.delete")                                                 \
    X(WF_CMD_USER_PICTURE,     "user.picture")                                                \
    X(WF_CMD_USER_PASSWORD,    "user.password")    /* makes the user if need be */            \
    X(WF_CMD_GROUP_CREATE,     "group.create")                                                \
    X(WF_CMD_GROUP_DELETE,     "group.delete")                                                \
    X(WF_CMD_JOIN,             "membership.create")                                           \
    X(WF_CMD_LEAVE,            "membership.delete")                                           \
    X(WF_CMD_GRANT_SET,        "grant.set")        /* rights on a definition */             \
    X(WF_CMD_GRANT_CLEAR,      "grant.clear")      /* all of a key */                       \
    X(WF_CMD_KEY_CREATE,       "apikey.create")    /* by its hash */                      \
    X(WF_CMD_KEY_REVOKE,       "apikey.revoke")                                               \
    X(WF_CMD_KEY_LIST,         "apikey.list")                                                 \
    X(WF_CMD_SUBMIT,           "workflow.submit")  /* a load workflow */                      \
    X(WF_CMD_EXECUTION,        "execution.get")    /* live state of a load execution */       \
    X(WF_CMD_METRICS,          "execution.metrics")                                           \
    X(WF_CMD_STOP,             "execution.stop")                                              \
    X(WF_CMD_PAUSE,            "execution.pause")                                             \
    X(WF_CMD_RESUME,           "execution.resume")                                            \
    X(WF_CMD_SCALE,            "execution.scale")                                             \
    X(WF_CMD_LOAD_STATUS,      "execution.status") /* live figures, for steering */           \
    X(WF_CMD_REPORT,           "execution.report") /* as it would be if it ended now */       \
    X(WF_CMD_STREAM_RESERVE,   "stream.reserve")   /* a place for a client's stream */        \
    X(WF_CMD_STREAM_OPEN,      "stream.open")      /* on the socket that comes with it */     \
    X(WF_CMD_LINK_RESERVE,     "link.reserve")     /* the same for a slave's connection */    \
    X(WF_CMD_LINK_OPEN,        "link.open")                                                   \
    X(WF_CMD_BACKUP,           "store.backup")     /* to a file */                           \
    X(WF_CMD_ANSWERED,         "request.answered") /* what a client with a key got */         \
    X(WF_CMD_SLAVES,           "slaves.list")      /* or one of them */                       \
    X(WF_CMD_SLAVE_DRAIN,      "slaves.drain")
/* clang-format on */

typedef enum {
#define WF_COMMAND_ID(id, name) id,
    WF_COMMANDS(WF_COMMAND_ID)
#undef WF_COMMAND_ID
        WF_COMMAND_COUNT
} wf_command_e;

const char *wf_command_name(wf_command_e command);
int wf_command_parse(const char *name); /* -1 if unknown */

/** 0 if an Idempotency-Key does not count for the command: it only reads, or writes nothing to
 *  the store (a backup). */
int wf_command_is_kept(wf_command_e command);

/** For a command that is to be done once although its request may come again: the request
 *  has an Idempotency-Key. */
typedef struct wf_once_t {
    const char *key;         /* of the request: a hash over who sends what where, and the
                                client's key */
    const char *step;        /* which of the request's commands it is */
    const char *fingerprint; /* of the request's content */
} wf_once_t;

/* ---- frames --------------------------------------------------------------------------------- */

typedef enum {
    WF_FRAME_COMMAND = 1, /* {"command","user","deadline","once","args"}; deadline: wf_mono_us
                             clock; once: {"key","step","fingerprint"}, or absent */
    WF_FRAME_REPLY,       /* the command's answer; its effect is durable */
    WF_FRAME_ERROR,       /* {"kind","message","field"} */
    WF_FRAME_TYPES
} wf_frame_type_e;

#define WF_FRAME_HEADER 20

typedef struct wf_frame_t {
    wf_frame_type_e type;
    apr_uint32_t id;          /* a reply carries its command's id */
    const char *json;
    apr_uint32_t json_length;
    const char *blob;
    apr_uint32_t blob_length;
} wf_frame_t;

/** Write the header of frame into out. */
void wf_frame_encode(const wf_frame_t *frame, unsigned char out[WF_FRAME_HEADER]);

/** Read a header: type, id and both lengths (json and blob stay NULL).
 *  WF_ERR_INVALID for bad magic, version, type or flags; WF_ERR_TOO_LARGE when the two
 *  lengths together exceed limit bytes. */
apr_status_t wf_frame_decode(wf_frame_t *frame, const unsigned char header[WF_FRAME_HEADER],
                             apr_size_t limit, wf_error_t *err);

/* ---- client (httpd children; any thread) ------------------------------------------------------ */

typedef struct wf_ipc_client_t wf_ipc_client_t;

/** Connections are made on demand, kept for reuse and closed with p. */
wf_ipc_client_t *wf_ipc_client_create(const char *socket_path, apr_size_t reply_limit,
                                      apr_pool_t *p);

typedef struct wf_ipc_call_t {
    wf_command_e command;
    const char *user;      /* authenticated user, or NULL */
    const wf_once_t *once; /* NULL = whenever it is sent */
    json_object *args;     /* borrowed; NULL = {} */
    const void *blob;      /* borrowed; NULL = none */
    apr_size_t blob_length;
    const int *fd;         /* goes along as a duplicate; NULL = none */
    apr_interval_time_t timeout; /* microseconds for the whole call */
    /** Asked about once a second while the reply is waited for: nonzero breaks the call off
     *  (WF_ERR_UNAVAILABLE), and the engine sees that nobody listens. NULL = never. */
    int (*breaks_off)(void *baton);
    void *baton;
} wf_ipc_call_t;

typedef struct wf_ipc_reply_t {
    json_object *json;     /* released with the pool of the call */
    const char *blob;
    apr_size_t blob_length;
} wf_ipc_reply_t;

/** Send one command and wait for its reply. While the engine is being revived the call
 *  waits on the listening socket. WF_ERR_UNAVAILABLE: no engine, or no answer in time (the
 *  message says whether the command may still have taken effect). Errors of the command
 *  come back with the kind the engine gave them. */
apr_status_t wf_ipc_call(wf_ipc_client_t *client, const wf_ipc_call_t *call,
                         wf_ipc_reply_t *reply, apr_pool_t *p, wf_error_t *err);

/* ---- server (engine process) --------------------------------------------------------------------- */

typedef struct wf_ipc_server_t wf_ipc_server_t;

/** A command that waits for its answer. Owned by the handler from the callback until it
 *  calls exactly one of wf_ipc_reply and wf_ipc_fail, from any thread; its pool goes then. */
typedef struct wf_ipc_request_t {
    apr_pool_t *pool;      /* for the command's whole life; one thread at a time */
    int command;           /* wf_command_e */
    const char *user;      /* may be NULL */
    const wf_once_t *once; /* NULL = whenever it is sent */
    apr_int64_t deadline;  /* wf_mono_us clock; the caller does not wait longer */
    json_object *args;     /* never NULL */
    const char *blob;
    apr_size_t blob_length;
    int fd;                /* came along; -1 = none. Closed with the answer, unless the
                              handler has taken it and set this to -1 */
} wf_ipc_request_t;

/** Called on the loop's thread; must not block. */
typedef void wf_ipc_handler_fn(void *baton, wf_ipc_request_t *request);

typedef struct wf_ipc_server_options_t {
    int listen_fd;           /* bound and listening; stays the caller's */
    apr_size_t frame_limit;  /* largest command, JSON and blob together */
    int max_connections;
    wf_ipc_handler_fn *handler;
    void *baton;
} wf_ipc_server_options_t;

apr_status_t wf_ipc_server_create(wf_ipc_server_t **server,
                                  const wf_ipc_server_options_t *options, apr_pool_t *p,
                                  wf_error_t *err);

/** Serve on the calling thread until wf_ipc_server_stop. While it runs, wake (may be NULL)
 *  is called on the same thread after each wf_ipc_server_wake. */
apr_status_t wf_ipc_server_run(wf_ipc_server_t *server, void (*wake)(void *), void *baton,
                               wf_error_t *err);

/** Safe in any thread and in signal handlers. stop: takes no more commands, delivers the
 *  replies that are still owed (at most grace microseconds), then run returns. */
void wf_ipc_server_wake(wf_ipc_server_t *server);
void wf_ipc_server_stop(wf_ipc_server_t *server, apr_interval_time_t grace);

/** 1 if the caller has hung up: nobody will hear the answer, which has to be given all the
 *  same. */
int wf_ipc_is_gone(const wf_ipc_request_t *request);

/** Answer. json is borrowed (NULL = {}), blob is copied. The request is gone afterwards. */
void wf_ipc_reply(wf_ipc_request_t *request, json_object *json, const void *blob,
                  apr_size_t blob_length);
void wf_ipc_fail(wf_ipc_request_t *request, const wf_error_t *err);

#endif
