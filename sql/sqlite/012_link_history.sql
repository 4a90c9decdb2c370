-- People and groups that were linked to tasks; the rows stay when the task ends. With the ids of the links themselves: of
-- links that are here already there are none.
CREATE TABLE ACT_HI_IDENTITYLINK (
    ID_           INTEGER PRIMARY KEY,
    GROUP_ID_     TEXT,
    TYPE_         TEXT,
    USER_ID_      TEXT,
    TASK_ID_      INTEGER,
    PROC_INST_ID_ INTEGER
);
CREATE INDEX WF_IDX_HI_LINK_TASK ON ACT_HI_IDENTITYLINK (TASK_ID_) WHERE TASK_ID_ IS NOT NULL;
CREATE INDEX WF_IDX_HI_LINK_INSTANCE ON ACT_HI_IDENTITYLINK (PROC_INST_ID_) WHERE PROC_INST_ID_ IS NOT NULL;
