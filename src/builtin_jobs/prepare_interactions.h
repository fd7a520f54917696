// prepare_interactions: the movie workflow's first step, as a job of Glue.
//
//   --RATINGS   s3://bucket/raw/ratings.csv  needed
//   --MOVIES    s3://bucket/raw/movies.csv   needed
//   --OUTPUT    s3://bucket/prepared/        needed; a folder, with a slash at its end or without
//   --FRACTION  share of the ratings that is taken, over 0 and at most 1; 1 by default
//   --SEED      of the choice; 0 by default
// writes OUTPUT/model_input/interactions.csv and OUTPUT/metadata/metadata.csv, each whole or not at
// all, and of 5 GiB at most: some 200 million interactions. What is in them:
// engine/prepare_interactions.h. Other arguments, such as the --PARTITIONS of the script for Spark
// that does the same (examples/movies/glue/), are passed over.
//
// Cost: the files are read into the work folder first, as the parser takes several threads to one;
// memory as engine/prepare_interactions.h says.
#pragma once

#include "builtin_jobs/builtin_job.h"

namespace usher::builtin_jobs {

// Errors: invalid input naming the argument, or file and line; those of the context.
Result<void> PrepareInteractions(const JobArguments& arguments, JobContext& context);

}  // namespace usher::builtin_jobs
