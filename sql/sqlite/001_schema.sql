-- The tables of Activiti 5.0, and the load engine's (WF_).
--
-- The columns that Activiti 5.0 has come first and in its order; what only we need follows.
-- Generated ids are integers (one sequence for all kinds, next.dbid); times are milliseconds
-- since 1970 UTC; booleans are 0 and 1. Tables whose key is text keep the order in which
-- their rows were made in SEQ_. An index is here because a statement of modules/store or a
-- foreign key needs it: each one is paid for with every row that is written.
--
-- Foreign keys are few on purpose. They stand where two units of work could otherwise both
-- succeed and leave nonsense: an instance of a definition that was deleted meanwhile, a
-- definition of a deleted deployment, a membership of a deleted user or group.

CREATE TABLE WF_SCHEMA (
    NUMBER_ INTEGER PRIMARY KEY,
    NAME_   TEXT NOT NULL,
    TIME_   INTEGER NOT NULL
);

CREATE TABLE ACT_GE_PROPERTY (
    NAME_  TEXT PRIMARY KEY NOT NULL,
    VALUE_ TEXT,
    REV_   INTEGER NOT NULL
) WITHOUT ROWID;

INSERT INTO ACT_GE_PROPERTY (NAME_, VALUE_, REV_) VALUES ('schema.version', '1', 1);
INSERT INTO ACT_GE_PROPERTY (NAME_, VALUE_, REV_) VALUES ('next.dbid', '1', 1);

-- Deployment resources, values of variables that are not scalar, traces of failed jobs.
CREATE TABLE ACT_GE_BYTEARRAY (
    ID_            INTEGER PRIMARY KEY,
    REV_           INTEGER NOT NULL,
    NAME_          TEXT,
    DEPLOYMENT_ID_ INTEGER,
    BYTES_         BLOB
);
CREATE INDEX WF_IDX_BYTEARRAY_DEPLOYMENT ON ACT_GE_BYTEARRAY (DEPLOYMENT_ID_, NAME_)
    WHERE DEPLOYMENT_ID_ IS NOT NULL;

-- ---- identity -----------------------------------------------------------------------------

CREATE TABLE ACT_ID_USER (
    ID_    TEXT NOT NULL UNIQUE,
    REV_   INTEGER NOT NULL,
    FIRST_ TEXT,
    LAST_  TEXT,
    EMAIL_ TEXT,
    PWD_   TEXT,
    SEQ_   INTEGER PRIMARY KEY
);

CREATE TABLE ACT_ID_GROUP (
    ID_   TEXT NOT NULL UNIQUE,
    REV_  INTEGER NOT NULL,
    NAME_ TEXT,
    TYPE_ TEXT,
    SEQ_  INTEGER PRIMARY KEY
);

CREATE TABLE ACT_ID_MEMBERSHIP (
    USER_ID_  TEXT NOT NULL REFERENCES ACT_ID_USER (ID_) ON DELETE CASCADE,
    GROUP_ID_ TEXT NOT NULL REFERENCES ACT_ID_GROUP (ID_) ON DELETE CASCADE,
    PRIMARY KEY (USER_ID_, GROUP_ID_)
) WITHOUT ROWID;
CREATE INDEX WF_IDX_MEMBERSHIP_GROUP ON ACT_ID_MEMBERSHIP (GROUP_ID_, USER_ID_);

-- ---- repository ---------------------------------------------------------------------------

CREATE TABLE ACT_RE_DEPLOYMENT (
    ID_          INTEGER PRIMARY KEY,
    NAME_        TEXT,
    DEPLOY_TIME_ INTEGER
);

CREATE TABLE ACT_RE_PROCDEF (
    ID_                 TEXT NOT NULL UNIQUE,
    CATEGORY_           TEXT,
    NAME_               TEXT,
    KEY_                TEXT NOT NULL,
    VERSION_            INTEGER NOT NULL,
    DEPLOYMENT_ID_      INTEGER NOT NULL REFERENCES ACT_RE_DEPLOYMENT (ID_),
    RESOURCE_NAME_      TEXT,
    DGRM_RESOURCE_NAME_ TEXT,
    HAS_START_FORM_KEY_ INTEGER NOT NULL,
    DESCRIPTION_        TEXT,
    START_FORM_KEY_     TEXT,
    SEQ_                INTEGER PRIMARY KEY,
    UNIQUE (KEY_, VERSION_) -- two deployments at once must not both become the next version
);
CREATE INDEX WF_IDX_PROCDEF_DEPLOYMENT ON ACT_RE_PROCDEF (DEPLOYMENT_ID_);

-- ---- runtime ------------------------------------------------------------------------------

CREATE TABLE ACT_RU_EXECUTION (
    ID_            INTEGER PRIMARY KEY,
    REV_           INTEGER NOT NULL,
    PROC_INST_ID_  INTEGER NOT NULL,
    BUSINESS_KEY_  TEXT,
    PARENT_ID_     INTEGER,
    PROC_DEF_ID_   TEXT NOT NULL REFERENCES ACT_RE_PROCDEF (ID_),
    SUPER_EXEC_    INTEGER,
    ACT_ID_        TEXT,
    IS_ACTIVE_     INTEGER NOT NULL,
    IS_CONCURRENT_ INTEGER NOT NULL,
    IS_SCOPE_      INTEGER NOT NULL,
    ACT_INST_ID_   INTEGER,
    -- Also what finds the executions of a definition: an index less to write.
    UNIQUE (PROC_DEF_ID_, BUSINESS_KEY_)
);
CREATE INDEX WF_IDX_EXECUTION_INSTANCE ON ACT_RU_EXECUTION (PROC_INST_ID_);
CREATE INDEX WF_IDX_EXECUTION_SUPER ON ACT_RU_EXECUTION (SUPER_EXEC_)
    WHERE SUPER_EXEC_ IS NOT NULL;

CREATE TABLE ACT_RU_TASK (
    ID_           INTEGER PRIMARY KEY,
    REV_          INTEGER NOT NULL,
    EXECUTION_ID_ INTEGER,
    PROC_INST_ID_ INTEGER,
    PROC_DEF_ID_  TEXT,
    NAME_         TEXT,
    DESCRIPTION_  TEXT,
    TASK_DEF_KEY_ TEXT,
    ASSIGNEE_     TEXT,
    PRIORITY_     INTEGER NOT NULL,
    CREATE_TIME_  INTEGER,
    OWNER_        TEXT,
    DUE_DATE_     INTEGER,
    FORM_KEY_     TEXT
);
CREATE INDEX WF_IDX_TASK_EXECUTION ON ACT_RU_TASK (EXECUTION_ID_);
CREATE INDEX WF_IDX_TASK_INSTANCE ON ACT_RU_TASK (PROC_INST_ID_);
CREATE INDEX WF_IDX_TASK_ASSIGNEE ON ACT_RU_TASK (ASSIGNEE_) WHERE ASSIGNEE_ IS NOT NULL;

CREATE TABLE ACT_RU_IDENTITYLINK (
    ID_          INTEGER PRIMARY KEY,
    REV_         INTEGER NOT NULL,
    GROUP_ID_    TEXT,
    TYPE_        TEXT,
    USER_ID_     TEXT,
    TASK_ID_     INTEGER,
    PROC_DEF_ID_ TEXT
);
CREATE INDEX WF_IDX_LINK_TASK ON ACT_RU_IDENTITYLINK (TASK_ID_) WHERE TASK_ID_ IS NOT NULL;
CREATE INDEX WF_IDX_LINK_GROUP ON ACT_RU_IDENTITYLINK (GROUP_ID_, TYPE_, TASK_ID_)
    WHERE GROUP_ID_ IS NOT NULL;
CREATE INDEX WF_IDX_LINK_USER ON ACT_RU_IDENTITYLINK (USER_ID_, TYPE_, TASK_ID_)
    WHERE USER_ID_ IS NOT NULL;
CREATE INDEX WF_IDX_LINK_DEFINITION ON ACT_RU_IDENTITYLINK (PROC_DEF_ID_)
    WHERE PROC_DEF_ID_ IS NOT NULL;

CREATE TABLE ACT_RU_VARIABLE (
    ID_           INTEGER PRIMARY KEY,
    REV_          INTEGER NOT NULL,
    TYPE_         TEXT NOT NULL,
    NAME_         TEXT NOT NULL,
    EXECUTION_ID_ INTEGER,
    PROC_INST_ID_ INTEGER,
    BYTEARRAY_ID_ INTEGER,
    DOUBLE_       REAL,
    LONG_         INTEGER,
    TEXT_         TEXT,
    TEXT2_        TEXT
);
CREATE INDEX WF_IDX_VARIABLE_INSTANCE ON ACT_RU_VARIABLE (PROC_INST_ID_);

CREATE TABLE ACT_RU_JOB (
    ID_                  INTEGER PRIMARY KEY,
    REV_                 INTEGER NOT NULL,
    TYPE_                TEXT NOT NULL,
    LOCK_EXP_TIME_       INTEGER,
    LOCK_OWNER_          TEXT,
    EXCLUSIVE_           INTEGER NOT NULL,
    EXECUTION_ID_        INTEGER,
    PROCESS_INSTANCE_ID_ INTEGER,
    RETRIES_             INTEGER NOT NULL,
    EXCEPTION_STACK_ID_  INTEGER,
    EXCEPTION_MSG_       TEXT,
    DUEDATE_             INTEGER,
    REPEAT_              TEXT,
    HANDLER_TYPE_        TEXT,
    HANDLER_CFG_         TEXT,
    PROC_DEF_ID_         TEXT
);
CREATE INDEX WF_IDX_JOB_INSTANCE ON ACT_RU_JOB (PROCESS_INSTANCE_ID_);
-- A job without due date is due at once: 0 puts it first and into one range with the rest.
CREATE INDEX WF_IDX_JOB_DUE ON ACT_RU_JOB (COALESCE(DUEDATE_, 0)) WHERE RETRIES_ > 0;
CREATE INDEX WF_IDX_JOB_LOCK ON ACT_RU_JOB (LOCK_EXP_TIME_) WHERE LOCK_EXP_TIME_ IS NOT NULL;
CREATE INDEX WF_IDX_JOB_DEFINITION ON ACT_RU_JOB (PROC_DEF_ID_)
    WHERE PROCESS_INSTANCE_ID_ IS NULL;

-- ---- history ------------------------------------------------------------------------------

CREATE TABLE ACT_HI_PROCINST (
    ID_                        INTEGER PRIMARY KEY,
    PROC_INST_ID_              INTEGER NOT NULL,
    BUSINESS_KEY_              TEXT,
    PROC_DEF_ID_               TEXT NOT NULL,
    START_TIME_                INTEGER NOT NULL,
    END_TIME_                  INTEGER,
    DURATION_                  INTEGER,
    START_USER_ID_             TEXT,
    START_ACT_ID_              TEXT,
    END_ACT_ID_                TEXT,
    DELETE_REASON_             TEXT,
    SUPER_PROCESS_INSTANCE_ID_ INTEGER,
    CHECK (PROC_INST_ID_ = ID_), -- unique by way of the key
    UNIQUE (PROC_DEF_ID_, BUSINESS_KEY_)
);

CREATE TABLE ACT_HI_ACTINST (
    ID_           INTEGER PRIMARY KEY,
    PROC_DEF_ID_  TEXT NOT NULL,
    PROC_INST_ID_ INTEGER NOT NULL,
    EXECUTION_ID_ INTEGER NOT NULL,
    ACT_ID_       TEXT NOT NULL,
    ACT_NAME_     TEXT,
    ACT_TYPE_     TEXT NOT NULL,
    ASSIGNEE_     TEXT,
    START_TIME_   INTEGER NOT NULL,
    END_TIME_     INTEGER,
    DURATION_     INTEGER,
    TASK_ID_      INTEGER
);
CREATE INDEX WF_IDX_HI_ACTINST_INSTANCE ON ACT_HI_ACTINST (PROC_INST_ID_);

CREATE TABLE ACT_HI_TASKINST (
    ID_            INTEGER PRIMARY KEY,
    PROC_DEF_ID_   TEXT,
    TASK_DEF_KEY_  TEXT,
    PROC_INST_ID_  INTEGER,
    EXECUTION_ID_  INTEGER,
    NAME_          TEXT,
    DESCRIPTION_   TEXT,
    OWNER_         TEXT,
    ASSIGNEE_      TEXT,
    START_TIME_    INTEGER NOT NULL,
    CLAIM_TIME_    INTEGER,
    END_TIME_      INTEGER,
    DURATION_      INTEGER,
    DELETE_REASON_ TEXT,
    PRIORITY_      INTEGER NOT NULL,
    DUE_DATE_      INTEGER,
    FORM_KEY_      TEXT
);
CREATE INDEX WF_IDX_HI_TASKINST_INSTANCE ON ACT_HI_TASKINST (PROC_INST_ID_);

CREATE TABLE ACT_HI_DETAIL (
    ID_           INTEGER PRIMARY KEY,
    TYPE_         TEXT NOT NULL,
    PROC_INST_ID_ INTEGER NOT NULL,
    EXECUTION_ID_ INTEGER NOT NULL,
    ACT_INST_ID_  INTEGER,
    NAME_         TEXT NOT NULL,
    VAR_TYPE_     TEXT,
    REV_          INTEGER,
    TIME_         INTEGER NOT NULL,
    BYTEARRAY_ID_ INTEGER,
    DOUBLE_       REAL,
    LONG_         INTEGER,
    TEXT_         TEXT,
    TEXT2_        TEXT
);
CREATE INDEX WF_IDX_HI_DETAIL_INSTANCE ON ACT_HI_DETAIL (PROC_INST_ID_);

-- ---- load engine --------------------------------------------------------------------------

-- Executions of load workflows. The long texts come last, so that reading the rest of a row
-- does not walk through them.
CREATE TABLE WF_EXECUTION (
    ID_            TEXT PRIMARY KEY NOT NULL,
    REV_           INTEGER NOT NULL,
    SEQ_           INTEGER NOT NULL,
    WORKFLOW_ID_   TEXT,
    WORKFLOW_NAME_ TEXT,
    STATUS_        TEXT,
    PROGRESS_      REAL NOT NULL,
    START_TIME_    INTEGER,
    END_TIME_      INTEGER,
    ERRORS_        TEXT,
    SLAVE_STATES_  TEXT,
    METRICS_       TEXT,
    DEFINITION_    TEXT
);
CREATE INDEX WF_IDX_RUN_SEQ ON WF_EXECUTION (SEQ_, ID_);
CREATE INDEX WF_IDX_RUN_STATUS ON WF_EXECUTION (STATUS_, SEQ_, ID_);
CREATE INDEX WF_IDX_RUN_WORKFLOW ON WF_EXECUTION (WORKFLOW_ID_, SEQ_, ID_);
