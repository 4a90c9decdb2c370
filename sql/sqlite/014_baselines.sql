-- The figures of an earlier execution that one is compared with: kept here, because that one may be deleted meanwhile.
ALTER TABLE WF_EXECUTION ADD COLUMN BASELINE_ TEXT;
