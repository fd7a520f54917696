// PrepareInteractions: what a site knows of its users, in the form that an import takes.
//
//   ratings.csv  userId,movieId,rating,timestamp
//   movies.csv   movieId,title,genres                (others may stand beside them, in any order)
// become
//   interactions  ITEM_ID,USER_ID,TIMESTAMP
//   metadata      TITLE,GENRES,ITEM_ID
//
// Steps:   a share of the ratings is taken; of these, those of movies that movies.csv names stay;
//          of those that are equal in user, movie and time one stays, the first. Their order is
//          that of ratings.csv. Metadata are the movies that are left in the interactions, in the
//          order of movies.csv; of several rows of one movie the first counts.
// Output:  RFC 4180; a field is quoted where it must be, and a backslash within quotes doubled, as
//          an import reads it. Lines end with '\n'.
// Same input, same share and seed: the same bytes, whatever the number of threads.
// Cost:    O(rows log(rows of a user)): some 100 ns of CPU a row. Reading and
//          finding duplicates take all cores, writing takes one.
// Memory:  29 bytes a row of ratings.csv, and the movies.
// Errors:  kInvalidInput "NAME: line N: …", "NAME: …": a column that is missing, a value that is
//          none, a quote without end, a file without a row, no rating of a known movie; kNotFound
//          and kInternal when a file cannot be read; kCancelled; those of the sinks.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string_view>

#include "base/result.h"
#include "columnar/csv_table.h"

namespace usher::engine {

inline constexpr std::uint64_t kMaxPreparedRatings = 4'000'000'000;
inline constexpr std::uint64_t kMaxPreparedMovies = 20'000'000;

struct PrepareRequest {
  columnar::CsvInput ratings;  // also with the columns USER_ID, ITEM_ID, TIMESTAMP
  columnar::CsvInput movies;
  double share = 1;        // of the ratings, over 0 and at most 1: each is taken or not by chance
  std::uint64_t seed = 0;  // of that chance

  int threads = 0;                                // 0: as many as the machine has
  std::function<void(double fraction)> progress;  // from the calling thread; may be empty
  std::stop_token stop;
};

struct PrepareResult {
  std::uint64_t ratings = 0;         // rows of ratings.csv
  std::uint64_t taken = 0;           // of them
  std::uint64_t unknown_movies = 0;  // of those taken, left out
  std::uint64_t duplicates = 0;      // likewise
  std::uint64_t interactions = 0;    // written
  std::uint64_t movies = 0;          // written
};

// Takes the next bytes of a text, some MB at most at a time.
using ByteSink = std::function<Result<void>(std::string_view bytes)>;

Result<PrepareResult> PrepareInteractions(const PrepareRequest& request,
                                          const ByteSink& interactions, const ByteSink& metadata);

}  // namespace usher::engine
