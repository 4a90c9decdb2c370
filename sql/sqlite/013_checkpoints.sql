-- What executions of load workflows go on from after a restart, and what is left of them when they are over: the last
-- checkpoint, the points of the time series, the final report. ID_ and RUN_ID_ are the execution's SEQ_. Of executions
-- that are here already there are no rows: one that still runs begins anew.
CREATE TABLE WF_CHECKPOINT (
    ID_       INTEGER PRIMARY KEY,
    REV_      INTEGER NOT NULL,
    SEQUENCE_ INTEGER NOT NULL,
    STATE_    TEXT,
    SHEET_    TEXT,
    JUDGE_    TEXT,
    REPORT_   TEXT
);
-- ID_ is RUN_ID_ and, in the last 24 bits, the number of the point.
CREATE TABLE WF_POINT (
    ID_     INTEGER PRIMARY KEY,
    RUN_ID_ INTEGER NOT NULL,
    POINT_  TEXT
);
CREATE INDEX WF_IDX_POINT_RUN ON WF_POINT (RUN_ID_, ID_);
-- Which executions may go.
CREATE INDEX WF_IDX_RUN_ENDED ON WF_EXECUTION (SEQ_) WHERE END_TIME_ IS NOT NULL;
CREATE INDEX WF_IDX_RUN_END_TIME ON WF_EXECUTION (END_TIME_, SEQ_) WHERE END_TIME_ IS NOT NULL;
-- Pages and totals of both filters at once.
CREATE INDEX WF_IDX_RUN_BOTH ON WF_EXECUTION (WORKFLOW_ID_, STATUS_, SEQ_, ID_);
