-- Keys of programs that call. Of a key only its SHA-256 is kept; one that was revoked or has expired stays for a while, so
-- that whoever asks why a program is not let in finds it.
CREATE TABLE WF_API_KEY (
    ID_      INTEGER PRIMARY KEY,
    REV_     INTEGER NOT NULL,
    NAME_    TEXT NOT NULL,
    OWNER_   TEXT NOT NULL,
    RIGHTS_  TEXT NOT NULL,
    HASH_    TEXT NOT NULL,
    CREATED_ INTEGER NOT NULL,
    EXPIRES_ INTEGER, -- NULL: never
    REVOKED_ INTEGER,
    CREATOR_ TEXT
);
CREATE UNIQUE INDEX WF_IDX_API_KEY_HASH ON WF_API_KEY (HASH_);
CREATE UNIQUE INDEX WF_IDX_API_KEY_NAME ON WF_API_KEY (NAME_);
CREATE INDEX WF_IDX_API_KEY_OWNER ON WF_API_KEY (OWNER_);
-- How many are active, and which have been over for long.
CREATE INDEX WF_IDX_API_KEY_OVER ON WF_API_KEY (REVOKED_, EXPIRES_);
