// batch_trigger: a file that lands in a bucket starts a batch job of Personalize.
//
//   …/users.json  CreateBatchInferenceJob, output to <BATCH_RESULTS_KEY>/inference/
//   …/items.json  CreateBatchSegmentJob,   output to <BATCH_RESULTS_KEY>/segment/
//   anything else is left alone, with a line in the log
//
// Both write to the bucket that the file is in. A job is called <JOB_NAME>_<seconds since 1970>.
//
// Variables:
//   SOLUTION_ARN       ARN of the solution version; needed
//   BATCH_RESULTS_KEY  folder of the results; needed. It is put before "/inference/" as it is, so
//                      that one that ends in a slash gives a key with two.
//   ROLE_NAME          the role under which Personalize reads and writes; PersonalizeRole by default
//   JOB_NAME           BatchMovies by default
//   NUM_RESULTS        recommendations for a user; the service's default, when not given
//   NUM_USERS          users of a segment; likewise
//   CONFIG             JSON of batchInferenceJobConfig; may be empty
//
// Answers with the answer of the call, with a list of them for several files, with null for none.
#pragma once

#include <string>

#include "functions/builtin_function.h"

namespace usher::functions {

// Errors: invalid input for a variable that is missing or wrong; those of the calls.
Result<std::string> BatchTrigger(const std::string& event, FunctionContext& context);

}  // namespace usher::functions
