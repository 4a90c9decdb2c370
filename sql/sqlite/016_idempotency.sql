-- What requests with an Idempotency-Key were answered, written with what they did. ID_ is a hash over who sent what where,
-- and the key; SEQ_ tells the older one.
CREATE TABLE WF_IDEMPOTENCY (
    ID_          TEXT PRIMARY KEY,
    REV_         INTEGER NOT NULL,
    SEQ_         INTEGER NOT NULL,
    CREATED_     INTEGER NOT NULL,
    FINGERPRINT_ TEXT NOT NULL,
    STEP_        TEXT NOT NULL,
    REPLY_       TEXT NOT NULL,
    ANSWER_      TEXT
) WITHOUT ROWID;
CREATE INDEX WF_IDX_IDEMPOTENCY_AGE ON WF_IDEMPOTENCY (SEQ_, CREATED_);
