-- The last value of each variable, and history that goes by itself.

-- One row a variable, with its id; it stays when the variable goes. Of variables that are here already there is
-- none until their next change.
CREATE TABLE ACT_HI_VARINST (
    ID_                INTEGER PRIMARY KEY,
    PROC_INST_ID_      INTEGER,
    EXECUTION_ID_      INTEGER,
    TASK_ID_           INTEGER,
    NAME_              TEXT NOT NULL,
    VAR_TYPE_          TEXT,
    REV_               INTEGER NOT NULL,
    BYTEARRAY_ID_      INTEGER,
    DOUBLE_            REAL,
    LONG_              INTEGER,
    TEXT_              TEXT,
    TEXT2_             TEXT,
    CREATE_TIME_       INTEGER,
    LAST_UPDATED_TIME_ INTEGER
);
CREATE INDEX WF_IDX_HI_VARINST_INSTANCE ON ACT_HI_VARINST (PROC_INST_ID_);

-- When the history of an instance that has ended may go; NULL: never.
ALTER TABLE ACT_HI_PROCINST ADD COLUMN REMOVAL_TIME_ INTEGER;
CREATE INDEX WF_IDX_HI_PROCINST_REMOVAL ON ACT_HI_PROCINST (REMOVAL_TIME_)
    WHERE REMOVAL_TIME_ IS NOT NULL;
