-- What clients read as the version of these tables is the release of Activiti whose tables they are; our own
-- migrations are counted in WF_SCHEMA.
UPDATE ACT_GE_PROPERTY SET VALUE_ = '5.0' WHERE NAME_ = 'schema.version';
