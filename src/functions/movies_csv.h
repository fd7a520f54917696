// ReadMovies: the rows of a movies.csv, as MovieLens has them:
//
//   movieId,title,genres
//   1,Toy Story (1995),Adventure|Animation|Children|Comedy|Fantasy
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

#include "base/byte_source.h"
#include "base/result.h"

namespace usher::functions {

inline constexpr std::size_t kMaxMovies = 20'000'000;

// Valid during the call that it is given to.
struct MovieRow {
  std::string_view id;
  std::string_view title;
  std::string_view genres;  // "Adventure|Animation"
};

// Reads CSV with the columns movieId, title and genres, in any order, others beside them. `keep`
// gets each row and gives the number of movies kept so far. Errors: invalid input with the line, or
// beyond kMaxMovies; those of the source.
Result<void> ReadMovies(std::shared_ptr<ByteSource> csv,
                        const std::function<std::size_t(const MovieRow& movie)>& keep);

}  // namespace usher::functions
