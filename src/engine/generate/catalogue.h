// Catalogue: movies with titles and genres, made up or read from a MovieLens movies.csv.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace usher::engine {

// Genres as MovieLens names them. Source: its README.
inline constexpr std::array<std::string_view, 19> kGenres{
    "Drama",     "Comedy",    "Thriller", "Romance", "Action",   "Horror", "Documentary",
    "Crime",     "Adventure", "Sci-Fi",   "Mystery", "Fantasy",  "War",    "Children",
    "Animation", "Western",   "Musical",  "IMAX",    "Film-Noir"};

struct Movie {
  std::uint32_t id = 0;
  std::string title;         // "Silent River, The (1994)"
  int year = 0;              // 0 when the title has none
  std::uint32_t genres = 0;  // bit g: kGenres[g]
  std::string genre_text;    // "Comedy|Drama" or "(no genres listed)"
};

// `count` made-up movies with increasing ids and different titles; the same for the same seed.
std::vector<Movie> InventMovies(std::size_t count, std::uint64_t seed);

// Columns movieId, title, genres. Errors: as columnar/csv_table.h; kInvalidInput for an id that is
// not a number of 32 bits or comes twice.
Result<std::vector<Movie>> ReadMovies(const std::string& path);

// As MovieLens writes it: header, movies by id, titles in quotes where they need them.
[[nodiscard]] std::string MoviesCsv(const std::vector<Movie>& movies);

}  // namespace usher::engine
