/* load, for those who write step types (the room steps): a type is a row of functions
 * (result.h) that reads its part of a document when the plan is made (compile.h), and runs
 * within a strand, a line of control of a virtual user on an event loop (strand.h). It sees
 * nothing of the machine around that: users, shards, runs, executors. */
#ifndef WF_LOAD_STEP_H
#define WF_LOAD_STEP_H

#include "load/strand.h"

#endif
