#include "functions/movies_csv.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "columnar/csv_reader.h"

namespace usher::functions {
namespace {

constexpr std::array<std::string_view, 3> kColumns = {"movieId", "title", "genres"};

// Where the columns stand. Errors: invalid input naming the first that is missing.
Result<std::array<std::size_t, 3>> FindColumns(const std::vector<std::string>& header) {
  std::array<std::size_t, 3> at{};
  for (std::size_t i = 0; i < kColumns.size(); ++i) {
    const auto found = std::ranges::find(header, kColumns[i]);
    if (found == header.end()) {
      return InvalidInput("its header has no column " + std::string(kColumns[i]) +
                          "; needed are movieId, title and genres");
    }
    at[i] = static_cast<std::size_t>(found - header.begin());
  }
  return at;
}

}  // namespace

Result<void> ReadMovies(std::shared_ptr<ByteSource> csv,
                        const std::function<std::size_t(const MovieRow& movie)>& keep) {
  const columnar::CsvLimits limits;
  auto reader = columnar::CsvReader::Open(std::move(csv), limits);
  if (!reader) return reader.error();
  const auto at = FindColumns((*reader)->header());
  if (!at) return at.error();
  columnar::CsvBlock block;
  columnar::CsvCursor cursor((*reader)->header().size(), limits.max_record_bytes);
  while (true) {
    const auto more = (*reader)->NextBlock(block);
    if (!more) return more.error();
    if (!*more) return {};
    cursor.Begin(block);
    while (cursor.Next()) {
      std::array<std::string, 3> fields;
      for (std::size_t i = 0; i < fields.size(); ++i) {
        std::string_view text;
        if (!cursor.Field((*at)[i], text)) {
          return InvalidInput("line " + std::to_string(cursor.line()) +
                              ": something stands behind a closing quote");
        }
        fields[i] = text;
      }
      if (keep({.id = fields[0], .title = fields[1], .genres = fields[2]}) > kMaxMovies) {
        return InvalidInput("it has more than " + std::to_string(kMaxMovies) + " movies");
      }
    }
    if (cursor.error()) return *cursor.error();
  }
}

}  // namespace usher::functions
