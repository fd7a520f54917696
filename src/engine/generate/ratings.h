// GenerateRatings: a made-up set of movie ratings of the shape of MovieLens, for trying and for
// measuring where the real one is not at hand. Same options, same bytes, at any number of threads.
//
// Shape:  activity of users and popularity of movies have MovieLens' long tails (each user rates 20
//         movies or more, 154 on average; a few rate tens of thousands); no user rates a movie
//         twice. Each user has three of 48 tastes, a taste being a liking for genres, for a time
//         and for a direction in a hidden space; the movies of a taste come near one another in
//         time. Ratings are half stars with MovieLens' shares, higher where the movie is good and
//         to the user's taste. Times run over 1995 to 2019, in sittings.
// Source: shares and tails fitted to the public statistics of MovieLens 25M (Harper and Konstan,
//         "The MovieLens Datasets", ACM TiiS 5(4), 2015).
// Cost:   O(rows) and about a millisecond for each user with over 1,500 ratings.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"

namespace usher::engine {

inline constexpr std::uint64_t kMaxGeneratedRows = 2'000'000'000;

struct GenerateOptions {
  std::uint64_t rows = 100'000;  // 1 to kMaxGeneratedRows
  std::string movies_path;       // MovieLens movies.csv to take movies from; empty: made up
  std::uint64_t seed = 1;
  std::size_t threads = 0;                        // 0: as many as the machine has
  std::function<void(double fraction)> progress;  // from the calling thread; may be empty
};

struct GenerateResult {
  std::uint64_t rows = 0;
  std::uint64_t users = 0;
  std::uint64_t movies = 0;  // of the catalogue, rated or not
};

// Writes ratings.csv (userId,movieId,rating,timestamp by user and movie) and movies.csv into
// `folder`, which must exist; each appears whole or not at all.
// Errors: kInvalidInput for options and the movies file, kNotFound, kInternal.
Result<GenerateResult> GenerateRatings(const std::string& folder, const GenerateOptions& options);

}  // namespace usher::engine
