// training_trigger: ratings that land in a bucket start the state machine that trains on them.
//
//   …/ratings.csv  StartExecution, with {"Bucket":"…","Key":"…/ratings.csv"} as its input
//   anything else is left alone, with a line in the log: movies.csv may come at any time
//
// An execution is called ratings-<sequencer of the event>. So an event that comes twice, which S3
// does not rule out, starts one execution, and the same file uploaded again starts another.
//
// Variables:
//   STATE_MACHINE_ARN  needed
//
// Answers with {"executionArn":"…"}, with a list of them for several files, with null for none.
#pragma once

#include <string>

#include "functions/builtin_function.h"

namespace usher::functions {

// Errors: invalid input for the variable, when it is missing; those of the calls.
Result<std::string> TrainingTrigger(const std::string& event, FunctionContext& context);

}  // namespace usher::functions
