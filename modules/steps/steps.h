/* steps: what the steps of a load test can do: requests, scripts, control flow, and what
 * comes before and behind them. Whoever reads a workflow document hands this table over
 * (wf_surroundings_t), and the room load runs what it has made of the steps. */
#ifndef WF_STEPS_H
#define WF_STEPS_H

#include "load/load.h"

extern const wf_steps_t wf_steps;

#endif
