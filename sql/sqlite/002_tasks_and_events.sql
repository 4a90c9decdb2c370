-- What calls of later Activiti 5 releases need: tasks without process, sub-tasks and delegation, attachments,
-- pictures of users, submitted forms, and executions that wait for a signal.

ALTER TABLE ACT_RU_TASK ADD COLUMN DELEGATION_ TEXT;
ALTER TABLE ACT_RU_TASK ADD COLUMN PARENT_TASK_ID_ INTEGER;
CREATE INDEX WF_IDX_TASK_PARENT ON ACT_RU_TASK (PARENT_TASK_ID_) WHERE PARENT_TASK_ID_ IS NOT NULL;

-- Whether a definition's file says how to draw it; of files that are here already, whether they have shapes.
ALTER TABLE ACT_RE_PROCDEF ADD COLUMN HAS_DIAGRAM_ INTEGER NOT NULL DEFAULT 0;
UPDATE ACT_RE_PROCDEF SET HAS_DIAGRAM_ = 1
    WHERE EXISTS (SELECT 1 FROM ACT_GE_BYTEARRAY b WHERE b.DEPLOYMENT_ID_ = ACT_RE_PROCDEF.DEPLOYMENT_ID_
        AND b.NAME_ = ACT_RE_PROCDEF.RESOURCE_NAME_ AND INSTR(b.BYTES_, CAST('BPMNShape' AS BLOB)) > 0);

ALTER TABLE ACT_HI_TASKINST ADD COLUMN PARENT_TASK_ID_ INTEGER;
CREATE INDEX WF_IDX_HI_TASKINST_PARENT ON ACT_HI_TASKINST (PARENT_TASK_ID_)
    WHERE PARENT_TASK_ID_ IS NOT NULL;
CREATE INDEX WF_IDX_HI_PROCINST_SUPER ON ACT_HI_PROCINST (SUPER_PROCESS_INSTANCE_ID_)
    WHERE SUPER_PROCESS_INSTANCE_ID_ IS NOT NULL;

ALTER TABLE ACT_HI_DETAIL ADD COLUMN TASK_ID_ INTEGER;
CREATE INDEX WF_IDX_HI_DETAIL_TASK ON ACT_HI_DETAIL (TASK_ID_) WHERE TASK_ID_ IS NOT NULL;

ALTER TABLE ACT_ID_USER ADD COLUMN PICTURE_ID_ INTEGER;

-- Attachments of a task; they stay when it ends. CONTENT_ID_ is a byte array, URL_ a link: one of them.
CREATE TABLE ACT_HI_ATTACHMENT (
    ID_           INTEGER PRIMARY KEY,
    REV_          INTEGER NOT NULL,
    USER_ID_      TEXT,
    NAME_         TEXT,
    DESCRIPTION_  TEXT,
    TYPE_         TEXT,
    TASK_ID_      INTEGER,
    PROC_INST_ID_ INTEGER,
    URL_          TEXT,
    CONTENT_ID_   INTEGER
);
CREATE INDEX WF_IDX_ATTACHMENT_TASK ON ACT_HI_ATTACHMENT (TASK_ID_) WHERE TASK_ID_ IS NOT NULL;
CREATE INDEX WF_IDX_ATTACHMENT_INSTANCE ON ACT_HI_ATTACHMENT (PROC_INST_ID_)
    WHERE PROC_INST_ID_ IS NOT NULL;

-- Executions that wait for an event of a name.
CREATE TABLE ACT_RU_EVENT_SUBSCR (
    ID_            INTEGER PRIMARY KEY,
    REV_           INTEGER NOT NULL,
    EVENT_TYPE_    TEXT NOT NULL,
    EVENT_NAME_    TEXT,
    EXECUTION_ID_  INTEGER,
    PROC_INST_ID_  INTEGER,
    ACTIVITY_ID_   TEXT,
    CONFIGURATION_ TEXT,
    CREATED_       INTEGER NOT NULL
);
CREATE INDEX WF_IDX_SUBSCRIPTION_INSTANCE ON ACT_RU_EVENT_SUBSCR (PROC_INST_ID_);
CREATE INDEX WF_IDX_SUBSCRIPTION_EVENT ON ACT_RU_EVENT_SUBSCR (EVENT_TYPE_, EVENT_NAME_);

-- ---- who may claim a task -------------------------------------------------------------------

-- A task may be claimed by its candidates until it is assigned. OPEN_ says so beside the
-- link, so that the tasks which a user or group may claim are ranges of an index, in the
-- order of their ids, however many others of theirs are being worked on:
--   0  the task has an assignee, or the link is no candidate's
--   1  it may be claimed, and this is the only link by which it may
--   2  it may be claimed, perhaps by other links, too
-- Tasks behind links with a 1 can be counted without a look for those met before. Whoever
-- assigns a task or adds a link keeps the mark: modules/store/claims.c. (Without NOT NULL:
-- its check would make SQLite keep the old image of every page that a claim touches.)
ALTER TABLE ACT_RU_IDENTITYLINK ADD COLUMN OPEN_ INTEGER DEFAULT 0;
UPDATE ACT_RU_IDENTITYLINK SET OPEN_ = 2
    WHERE TYPE_ = 'candidate' AND TASK_ID_ IN (SELECT ID_ FROM ACT_RU_TASK WHERE ASSIGNEE_ IS NULL);
UPDATE ACT_RU_IDENTITYLINK SET OPEN_ = 1
    WHERE OPEN_ = 2 AND (SELECT COUNT(*) FROM ACT_RU_IDENTITYLINK l
        WHERE l.TASK_ID_ = ACT_RU_IDENTITYLINK.TASK_ID_ AND l.TYPE_ = 'candidate') = 1;

DROP INDEX WF_IDX_LINK_GROUP;
DROP INDEX WF_IDX_LINK_USER;
CREATE INDEX WF_IDX_LINK_GROUP ON ACT_RU_IDENTITYLINK (GROUP_ID_, OPEN_, TASK_ID_)
    WHERE GROUP_ID_ IS NOT NULL;
CREATE INDEX WF_IDX_LINK_USER ON ACT_RU_IDENTITYLINK (USER_ID_, OPEN_, TASK_ID_)
    WHERE USER_ID_ IS NOT NULL;

-- ---- orders of lists ------------------------------------------------------------------------

-- A list that is as long as its table needs an index for each of its sort keys. Equal rows
-- follow in the order of the rowid, which is that of their creation.

CREATE INDEX WF_IDX_TASK_OWNER ON ACT_RU_TASK (OWNER_) WHERE OWNER_ IS NOT NULL;

-- Running instances. An entry goes when its instance ends, so these stay small.
CREATE INDEX WF_IDX_RUNNING_ID ON ACT_HI_PROCINST (ID_) WHERE END_TIME_ IS NULL;
CREATE INDEX WF_IDX_RUNNING_DEFINITION ON ACT_HI_PROCINST (PROC_DEF_ID_) WHERE END_TIME_ IS NULL;
CREATE INDEX WF_IDX_RUNNING_KEY ON ACT_HI_PROCINST (BUSINESS_KEY_) WHERE END_TIME_ IS NULL;
CREATE INDEX WF_IDX_RUNNING_START ON ACT_HI_PROCINST (START_TIME_) WHERE END_TIME_ IS NULL;

-- Jobs. Most have the same number of retries: the order that begins with them needs none
-- of them sorted, the other one begins with the few that have failed.
CREATE INDEX WF_IDX_JOB_TYPE ON ACT_RU_JOB (TYPE_);
CREATE INDEX WF_IDX_JOB_EXECUTION ON ACT_RU_JOB (EXECUTION_ID_);
CREATE INDEX WF_IDX_JOB_DUEDATE ON ACT_RU_JOB (DUEDATE_);
CREATE INDEX WF_IDX_JOB_RETRIES ON ACT_RU_JOB (RETRIES_ DESC);

-- Tables that are seldom written.
CREATE INDEX WF_IDX_DEPLOYMENT_NAME ON ACT_RE_DEPLOYMENT (NAME_);
CREATE INDEX WF_IDX_DEPLOYMENT_TIME ON ACT_RE_DEPLOYMENT (DEPLOY_TIME_);
CREATE INDEX WF_IDX_PROCDEF_KEY ON ACT_RE_PROCDEF (KEY_);
CREATE INDEX WF_IDX_PROCDEF_VERSION ON ACT_RE_PROCDEF (VERSION_);
CREATE INDEX WF_IDX_PROCDEF_NAME ON ACT_RE_PROCDEF (NAME_);
CREATE INDEX WF_IDX_PROCDEF_CATEGORY ON ACT_RE_PROCDEF (CATEGORY_);
CREATE INDEX WF_IDX_USER_FIRST ON ACT_ID_USER (FIRST_);
CREATE INDEX WF_IDX_USER_LAST ON ACT_ID_USER (LAST_);
CREATE INDEX WF_IDX_USER_EMAIL ON ACT_ID_USER (EMAIL_);
CREATE INDEX WF_IDX_GROUP_NAME ON ACT_ID_GROUP (NAME_);
CREATE INDEX WF_IDX_GROUP_TYPE ON ACT_ID_GROUP (TYPE_);
