// MovieCatalogues: titles and genres of a bucket's movies.csv, kept in memory between invocations.
//
// Cost:    HeadObject for a Get when the last one is longer ago than `max_age`; the file is read
//          again only when its ETag has changed, once for all who wait for it. Memory of
//          kMaxCatalogues catalogues, the last ones used.
// Threads: Get from any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/byte_source.h"
#include "base/result.h"
#include "wire/dispatcher.h"

namespace usher::functions {

inline constexpr std::size_t kMaxCatalogues = 4;
inline constexpr std::int64_t kMaxCatalogueBytes = std::int64_t{256} << 20;  // of movies.csv

struct Movie {
  std::string title;
  std::vector<std::string> genres;  // none for "(no genres listed)"
};

class MovieCatalogue {
 public:
  // Reads a movies.csv (functions/movies_csv.h). Of one id twice, the later counts. Errors: those
  // of ReadMovies.
  static Result<MovieCatalogue> Read(std::shared_ptr<ByteSource> csv);

  // nullptr when there is none of this id.
  [[nodiscard]] const Movie* Find(std::string_view id) const;
  [[nodiscard]] std::size_t size() const { return movies_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  std::unordered_map<std::string, Movie, Hash, std::equal_to<>> movies_;
};

class MovieCatalogues {
 public:
  using Duration = std::chrono::steady_clock::duration;

  explicit MovieCatalogues(Duration max_age = Duration::zero()) : max_age_(max_age) {}

  // The catalogue as the object is now, or was at most max_age ago. Errors: invalid input when the
  // object is longer than kMaxCatalogueBytes or no movies.csv; those of HeadObject and GetObject;
  // each names the object.
  Result<std::shared_ptr<const MovieCatalogue>> Get(const std::string& bucket,
                                                    const std::string& key,
                                                    const wire::Dispatcher& dispatcher,
                                                    wire::CallContext& call);

 private:
  struct Entry {
    std::pair<std::string, std::string> object;  // bucket and key
    std::mutex loading;                          // guards what follows
    std::chrono::steady_clock::time_point looked_at;
    std::string etag;
    std::shared_ptr<const MovieCatalogue> catalogue;
  };
  std::shared_ptr<Entry> Find(const std::string& bucket, const std::string& key);

  const Duration max_age_;
  std::mutex mutex_;
  std::list<std::shared_ptr<Entry>> entries_;  // the last one used first
};

}  // namespace usher::functions
