-- Who may do what with the instances of a process, of all its versions; '*' = of every process. One of user and group is
-- given, and one of the rights at least.
CREATE TABLE WF_GRANT (
    ID_       INTEGER PRIMARY KEY,
    REV_      INTEGER NOT NULL,
    KEY_      TEXT NOT NULL,
    USER_ID_  TEXT,
    GROUP_ID_ TEXT,
    START_    INTEGER NOT NULL,
    READ_     INTEGER NOT NULL,
    OPERATE_  INTEGER NOT NULL
);
CREATE UNIQUE INDEX WF_IDX_GRANT_USER ON WF_GRANT (USER_ID_, KEY_) WHERE USER_ID_ IS NOT NULL;
CREATE UNIQUE INDEX WF_IDX_GRANT_GROUP ON WF_GRANT (GROUP_ID_, KEY_) WHERE GROUP_ID_ IS NOT NULL;
CREATE INDEX WF_IDX_GRANT_KEY ON WF_GRANT (KEY_);
