#include "engine/prepare_interactions.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "base/parallel.h"
#include "base/random.h"
#include "columnar/string_codes.h"
#include "engine/interactions_file.h"

namespace usher::engine {
namespace {

using columnar::ColumnType;
using columnar::StringList;

constexpr std::uint32_t kNoMovie = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t kMaxIdCharacters = 256;
constexpr std::size_t kBufferBytes = std::size_t{1} << 20;
constexpr std::size_t kUsersAtOnce = 256;
constexpr double kShareOfReading = 0.6;  // of the time

struct Movies {
  columnar::StringCodes ids;
  StringList titles;
  StringList genres;
};

// Of a rating, what makes it equal to another of the same user.
struct Meeting {
  std::int64_t timestamp;
  std::uint32_t item;
  std::uint32_t row;
  auto operator<=>(const Meeting&) const = default;
};

Result<Movies> ReadMovies(const PrepareRequest& request) {
  const auto text = [](const char* name, bool nullable) {
    return columnar::CsvColumn{.spec = {name, ColumnType::kString, nullable}};
  };
  std::vector<columnar::CsvColumn> columns{text("movieId", false), text("title", true),
                                           text("genres", true)};
  columns[0].max_characters = kMaxIdCharacters;
  const auto reader =
      columnar::CsvTableReader::Open({request.movies}, columns, {.threads = request.threads});
  if (!reader) return reader.error();
  Movies movies;
  columnar::Batch batch;
  while (true) {
    const auto more = (*reader)->Next(batch);
    if (!more) return more.error();
    if (!*more) break;
    for (std::size_t row = 0; row < batch.rows; ++row) {
      const std::size_t known = movies.ids.size();
      if (movies.ids.CodeOf(batch.columns[0].Text(row)) < known) continue;
      const auto show = [&](const columnar::Column& column) {
        return column.IsNull(row) ? std::string_view() : column.Text(row);
      };
      movies.titles.Add(show(batch.columns[1]));
      movies.genres.Add(show(batch.columns[2]));
    }
    if (movies.ids.size() > kMaxPreparedMovies) {
      return InvalidInput(request.movies.name + ": it has more than " +
                          std::to_string(kMaxPreparedMovies) + " movies");
    }
  }
  if (movies.ids.size() == 0) return InvalidInput(request.movies.name + ": it has no movies");
  return movies;
}

Result<InteractionTable> ReadRatings(const PrepareRequest& request) {
  auto table =
      LoadInteractions(request.ratings.path, {.threads = request.threads,
                                              .progress =
                                                  [&](double fraction) {
                                                    if (request.progress)
                                                      request.progress(kShareOfReading * fraction);
                                                  },
                                              .name = request.ratings.name});
  if (!table) return table.error();
  if (table->size() == 0) return InvalidInput(request.ratings.name + ": it has no ratings");
  if (table->size() > kMaxPreparedRatings) {
    return InvalidInput(request.ratings.name + ": it has more than " +
                        std::to_string(kMaxPreparedRatings) + " ratings");
  }
  table->value = {};  // of no use here, and large
  table->event = {};
  return table;
}

// Which rows stay; bytes, because several threads write into them.
using Kept = std::vector<std::uint8_t>;

Kept TakeShare(std::size_t rows, double share, std::uint64_t seed) {
  if (share >= 1) return Kept(rows, 1);
  Kept kept(rows);
  Random random(seed);
  for (std::uint8_t& one : kept) one = random.Uniform() < share ? 1 : 0;
  return kept;
}

std::uint64_t Count(const Kept& kept) {
  return std::accumulate(kept.begin(), kept.end(), std::uint64_t{0});
}

// Leaves the first of those that are equal in user, item and time. Rows of one user lie together in
// `rows` and are sorted there, so that no hash can mistake two ratings for one.
void DropDuplicates(const InteractionTable& table, int threads, Kept& kept) {
  const std::size_t users = table.user_ids.size();
  std::vector<std::uint32_t> ends(users + 1);  // of each user's rows; first where they begin
  for (std::size_t row = 0; row < table.size(); ++row) {
    if (kept[row] != 0) ++ends[table.user[row] + std::size_t{1}];
  }
  std::partial_sum(ends.begin(), ends.end(), ends.begin());
  std::vector<std::uint32_t> rows(ends.back());
  for (std::size_t row = 0; row < table.size(); ++row) {
    if (kept[row] != 0) rows[ends[table.user[row]]++] = static_cast<std::uint32_t>(row);
  }
  // By now each user's end stands where the user's beginning stood.
  ThreadPool pool(static_cast<std::size_t>(threads));
  pool.ParallelFor(users, kUsersAtOnce, [&](const ChunkRange& range) {
    std::vector<Meeting> met;
    for (std::size_t user = range.begin; user < range.end; ++user) {
      met.clear();
      for (std::size_t i = user == 0 ? 0 : ends[user - 1]; i < ends[user]; ++i) {
        met.push_back({table.timestamp[rows[i]], table.item[rows[i]], rows[i]});
      }
      std::ranges::sort(met);
      for (std::size_t i = 1; i < met.size(); ++i) {
        const bool is_same =
            met[i].timestamp == met[i - 1].timestamp && met[i].item == met[i - 1].item;
        if (is_same) kept[met[i].row] = 0;
      }
    }
  });
}

// As a field of a line, in quotes where it must be.
std::string Field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string field = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') field += c;
    field += c;
  }
  field += '"';
  return field;
}

std::vector<std::string> Fields(const std::vector<std::string>& texts) {
  std::vector<std::string> fields;
  fields.reserve(texts.size());
  for (const std::string& text : texts) fields.push_back(Field(text));
  return fields;
}

// Lines of three fields on their way to a sink.
class CsvLines {
 public:
  explicit CsvLines(const ByteSink& sink) : sink_(sink) { buffer_.reserve(kBufferBytes); }

  // The fields are as Field gives them.
  Result<void> Add(std::string_view first, std::string_view second, std::string_view third) {
    buffer_.append(first).append(1, ',').append(second).append(1, ',').append(third).append(1,
                                                                                            '\n');
    return buffer_.size() < kBufferBytes / 2 ? Result<void>() : Flush();
  }
  Result<void> Flush() {
    auto written = sink_(buffer_);
    buffer_.clear();
    return written;
  }

 private:
  const ByteSink& sink_;
  std::string buffer_;
};

Result<void> WriteInteractions(const InteractionTable& table, const Kept& kept,
                               const PrepareRequest& request, const ByteSink& sink) {
  constexpr std::size_t kRowsAtOnce = std::size_t{1} << 18;
  if (auto head = sink("ITEM_ID,USER_ID,TIMESTAMP\n"); !head) return head;
  const std::vector<std::string> items = Fields(table.item_ids);  // once, not once a row
  const std::vector<std::string> users = Fields(table.user_ids);
  CsvLines lines(sink);
  std::array<char, 24> digits{};
  for (std::size_t row = 0; row < table.size(); ++row) {
    if (row % kRowsAtOnce == 0) {
      if (request.stop.stop_requested()) return Cancelled("the preparation was stopped");
      const double done = static_cast<double>(row) / static_cast<double>(table.size());
      if (request.progress) request.progress(kShareOfReading + (1 - kShareOfReading) * done);
    }
    if (kept[row] == 0) continue;
    const char* end =
        std::to_chars(digits.data(), digits.data() + digits.size(), table.timestamp[row]).ptr;
    const std::string_view time(digits.data(), static_cast<std::size_t>(end - digits.data()));
    auto added = lines.Add(items[table.item[row]], users[table.user[row]], time);
    if (!added) return added;
  }
  return lines.Flush();
}

// `used`: whether a movie is in the interactions. Gives the number of movies.
Result<std::uint64_t> WriteMetadata(const Movies& movies, const std::vector<bool>& used,
                                    const ByteSink& sink) {
  if (auto head = sink("TITLE,GENRES,ITEM_ID\n"); !head) return head.error();
  CsvLines lines(sink);
  std::uint64_t count = 0;
  for (std::size_t movie = 0; movie < used.size(); ++movie) {
    if (!used[movie]) continue;
    ++count;
    auto added = lines.Add(Field(movies.titles[movie]), Field(movies.genres[movie]),
                           Field(movies.ids.strings()[movie]));
    if (!added) return added.error();
  }
  if (auto flushed = lines.Flush(); !flushed) return flushed.error();
  return count;
}

}  // namespace

Result<PrepareResult> PrepareInteractions(const PrepareRequest& request,
                                          const ByteSink& interactions, const ByteSink& metadata) {
  if (!(request.share > 0 && request.share <= 1)) {
    return InvalidInput("the share of the ratings must be over 0 and at most 1, got " +
                        std::to_string(request.share));
  }
  const auto movies = ReadMovies(request);
  if (!movies) return movies.error();
  const auto table = ReadRatings(request);
  if (!table) return table.error();
  if (request.stop.stop_requested()) return Cancelled("the preparation was stopped");

  PrepareResult result{.ratings = table->size()};
  Kept kept = TakeShare(table->size(), request.share, request.seed);
  result.taken = Count(kept);

  std::vector<std::uint32_t> movie_of(table->item_ids.size(), kNoMovie);  // of each rated item
  for (std::size_t item = 0; item < movie_of.size(); ++item) {
    movie_of[item] = movies->ids.Find(table->item_ids[item]).value_or(kNoMovie);
  }
  for (std::size_t row = 0; row < kept.size(); ++row) {
    if (movie_of[table->item[row]] == kNoMovie) kept[row] = 0;
  }
  const std::uint64_t known = Count(kept);
  result.unknown_movies = result.taken - known;
  DropDuplicates(*table, request.threads, kept);
  result.interactions = Count(kept);
  result.duplicates = known - result.interactions;
  if (result.interactions == 0) {
    return InvalidInput("of the " + std::to_string(result.taken) + " ratings that were taken of " +
                        request.ratings.name + " none is of a movie that " + request.movies.name +
                        " names");
  }

  if (auto written = WriteInteractions(*table, kept, request, interactions); !written) {
    return written.error();
  }
  std::vector<bool> used(movies->ids.size());
  for (std::size_t row = 0; row < kept.size(); ++row) {
    if (kept[row] != 0) used[movie_of[table->item[row]]] = true;
  }
  const auto count = WriteMetadata(*movies, used, metadata);
  if (!count) return count.error();
  result.movies = *count;
  return result;
}

}  // namespace usher::engine
