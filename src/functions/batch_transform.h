// batch_transform: a batch job's output becomes a Parquet file of titles.
//
// For each object <folder>/<name>.out that the event tells of, <folder>/transformed.parquet is
// written: a row for each line, snappy, with the columns
//   userId           int64, unless an id is not a number: then all of them are strings
//   Recommendations  string: "Toy Story (1995) (Adventure) | Heat (1995) (Action) | …"
// in the order of the lines. A number is digits as they would be printed, with a '-' before them or
// not: "007" is none, since it would come back as 7.
//
// Lines with an error, and those that are no answer of a batch job, are left out and told in the
// log. Movies that are not in the catalogue are shown as their ids. Output of a segment job (the
// folder of the .out is called segment) and objects with other names are left alone, with a line in
// the log.
//
// Variables:
//   METADATA_KEY  key of the catalogue (functions/movie_titles.h) in the bucket of the output;
//                 needed
//
// Cost:   one pass over the output, or two where an id is not a number; memory of the catalogue and
//         of a few thousand rows. The file is made in the folder for temporary files.
// Answer: null.
#pragma once

#include <string>

#include "functions/builtin_function.h"

namespace usher::functions {

// Errors: invalid input for a variable or a catalogue that is missing, or output without one line
// that could be used; cancelled when the time is over; those of the calls.
Result<std::string> BatchTransform(const std::string& event, FunctionContext& context);

}  // namespace usher::functions
