-- Decisions of .dmn files that were deployed, by key and version. Of files that are here already there are no rows:
-- they are found in their own deployment only.
CREATE TABLE ACT_RE_DECISION_DEF (
    ID_            TEXT NOT NULL UNIQUE,
    NAME_          TEXT,
    KEY_           TEXT NOT NULL,
    VERSION_       INTEGER NOT NULL,
    DEPLOYMENT_ID_ INTEGER NOT NULL REFERENCES ACT_RE_DEPLOYMENT (ID_),
    RESOURCE_NAME_ TEXT,
    SEQ_           INTEGER PRIMARY KEY,
    UNIQUE (KEY_, VERSION_) -- two deployments at once must not both become the next version
);
CREATE INDEX WF_IDX_DECISION_DEPLOYMENT ON ACT_RE_DECISION_DEF (DEPLOYMENT_ID_);
