// MovieTitles: what a recommended movie is shown as.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/byte_source.h"
#include "base/result.h"

namespace usher::functions {

class MovieTitles {
 public:
  // Reads a movies.csv (functions/movies_csv.h). Of one id twice, the later counts. Errors: those
  // of ReadMovies.
  static Result<MovieTitles> Read(std::shared_ptr<ByteSource> csv);

  // "Toy Story (1995) (Adventure)": the title as it is, and its first genre. A genre that stands in
  // brackets already, "(no genres listed)", gets no others. An id that is not in the file is shown
  // as it is.
  [[nodiscard]] std::string_view Shown(std::string_view id) const;
  [[nodiscard]] bool Knows(std::string_view id) const { return shown_.contains(id); }
  [[nodiscard]] std::size_t size() const { return shown_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  std::unordered_map<std::string, std::string, Hash, std::equal_to<>> shown_;
};

}  // namespace usher::functions
