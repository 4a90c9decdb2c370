-- Instances with very many executions, and events that start instances.

-- What an execution is to the engine; how many children it has and how many of them have arrived where it
-- waits for them; the instance at the top of its chain of calls; 1 active, 2 suspended.
ALTER TABLE ACT_RU_EXECUTION ADD COLUMN ROLE_ INTEGER NOT NULL DEFAULT 0;
ALTER TABLE ACT_RU_EXECUTION ADD COLUMN CHILDREN_ INTEGER NOT NULL DEFAULT 0;
ALTER TABLE ACT_RU_EXECUTION ADD COLUMN ROOT_ID_ INTEGER;
ALTER TABLE ACT_RU_EXECUTION ADD COLUMN ARRIVED_ INTEGER NOT NULL DEFAULT 0;
ALTER TABLE ACT_RU_EXECUTION ADD COLUMN SUSPENSION_STATE_ INTEGER NOT NULL DEFAULT 1;

-- What belongs to one execution of many is found without the rest of its instance. One index answers both
-- questions: whatever asks by execution says the instance first.
DROP INDEX WF_IDX_EXECUTION_INSTANCE;
CREATE INDEX WF_IDX_EXECUTION_INSTANCE ON ACT_RU_EXECUTION (PROC_INST_ID_, PARENT_ID_);
DROP INDEX WF_IDX_VARIABLE_INSTANCE;
CREATE INDEX WF_IDX_VARIABLE_INSTANCE ON ACT_RU_VARIABLE (PROC_INST_ID_, EXECUTION_ID_);
DROP INDEX WF_IDX_SUBSCRIPTION_INSTANCE;
CREATE INDEX WF_IDX_SUBSCRIPTION_INSTANCE ON ACT_RU_EVENT_SUBSCR (PROC_INST_ID_, EXECUTION_ID_);

-- Executions that wait at a join: a few among their siblings.
CREATE INDEX WF_IDX_EXECUTION_JOIN ON ACT_RU_EXECUTION (PARENT_ID_) WHERE ROLE_ = 2;

-- Subscriptions that start an instance: CONFIGURATION_ is the definition.
CREATE INDEX WF_IDX_SUBSCRIPTION_DEFINITION ON ACT_RU_EVENT_SUBSCR (CONFIGURATION_)
    WHERE EXECUTION_ID_ IS NULL;

-- Nothing that is here has called another instance.
UPDATE ACT_RU_EXECUTION SET ROOT_ID_ = PROC_INST_ID_,
    CHILDREN_ = (SELECT COUNT(*) FROM ACT_RU_EXECUTION c
        WHERE c.PROC_INST_ID_ = ACT_RU_EXECUTION.PROC_INST_ID_ AND c.PARENT_ID_ = ACT_RU_EXECUTION.ID_);

-- Tokens at a join waited as so many inactive branches; nothing else was one.
UPDATE ACT_RU_EXECUTION SET ROLE_ = 2, ARRIVED_ = 1 WHERE IS_ACTIVE_ = 0 AND IS_CONCURRENT_ = 1;
