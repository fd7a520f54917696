#include "engine/generate/catalogue.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <unordered_set>

#include "base/random.h"
#include "base/text.h"
#include "columnar/csv_table.h"

namespace usher::engine {
namespace {

using columnar::ColumnType;

constexpr std::array<std::string_view, 48> kQualities{
    "Silent",   "Golden",  "Broken", "Hidden",   "Crimson", "Last",     "Distant",  "Wild",
    "Frozen",   "Burning", "Secret", "Lonely",   "Velvet",  "Iron",     "Paper",    "Electric",
    "Quiet",    "Endless", "Hollow", "Savage",   "Gentle",  "Blue",     "Midnight", "Winter",
    "Summer",   "Lost",    "Sacred", "Bitter",   "Sweet",   "Stolen",   "Glass",    "Scarlet",
    "Northern", "Fallen",  "Rising", "Restless", "Pale",    "Perfect",  "Strange",  "Second",
    "Final",    "Empty",   "Loud",   "Brave",    "Curious", "Faithful", "Hungry",   "Invisible"};
constexpr std::array<std::string_view, 64> kThings{
    "River",       "Garden",  "City",      "Road",     "Heart",    "House",   "Star",
    "Storm",       "Mirror",  "Letter",    "Stranger", "Kingdom",  "Ocean",   "Mountain",
    "Train",       "Island",  "Window",    "Dream",    "Shadow",   "Summer",  "Winter",
    "Circus",      "Harvest", "Bridge",    "Journey",  "Promise",  "Orchard", "Engine",
    "Lantern",     "Violin",  "Desert",    "Harbor",   "Machine",  "Forest",  "Captain",
    "Daughter",    "Brother", "Teacher",   "Painter",  "Soldier",  "Wedding", "Hotel",
    "Island",      "Planet",  "Signal",    "Theater",  "Voyage",   "Whisper", "Alibi",
    "Carnival",    "Compass", "Detective", "Echo",     "Fortress", "Ghost",   "Horizon",
    "Inheritance", "Jungle",  "Labyrinth", "Melody",   "Neighbor", "Oracle",  "Puzzle",
    "Quest"};

// Share of MovieLens' movies that have the genre, in the order of kGenres, rounded.
constexpr std::array<double, kGenres.size()> kGenreShares{0.41, 0.27, 0.14, 0.12,  0.12, 0.10, 0.09,
                                                          0.09, 0.07, 0.06, 0.05,  0.05, 0.03, 0.05,
                                                          0.05, 0.02, 0.02, 0.005, 0.006};

std::string GenreText(std::uint32_t genres) {
  std::vector<std::string_view> names;
  for (std::size_t g = 0; g < kGenres.size(); ++g) {
    if ((genres >> g & 1U) != 0) names.push_back(kGenres[g]);
  }
  std::ranges::sort(names);
  std::string text;
  for (const std::string_view name : names) text += (text.empty() ? "" : "|") + std::string(name);
  return text.empty() ? "(no genres listed)" : text;
}

std::string InventName(Random& random) {
  const std::string_view quality = kQualities[random.Below(kQualities.size())];
  const std::string_view thing = kThings[random.Below(kThings.size())];
  const std::string_view other = kThings[random.Below(kThings.size())];
  const std::string first(quality);
  switch (random.Below(6)) {
    case 0:
    case 1:
      return first + " " + std::string(thing) + ", The";  // the article stands last, after a comma
    case 2:
      return first + " " + std::string(thing);
    case 3:
      return std::string(thing) + " of the " + std::string(other);
    case 4:
      return std::string(thing) + " and the " + first + " " + std::string(other) + ", The";
    default:
      return "A Song for the \"" + first + " " + std::string(thing) + "\"";
  }
}

// Years pile up towards the end of the last century and after, as in the real catalogue.
int InventYear(Random& random) {
  return 2019 - std::min(100, static_cast<int>(-25.0 * std::log(1 - random.Uniform())));
}

std::uint32_t InventGenres(Random& random) {
  std::uint32_t genres = 0;
  for (std::size_t g = 0; g < kGenres.size(); ++g) {
    if (random.Uniform() < kGenreShares[g]) genres |= 1U << g;
  }
  return genres;
}

int YearOf(std::string_view title) {
  title = Trim(title);
  if (title.size() < 6 || !title.ends_with(')') || title[title.size() - 6] != '(') return 0;
  const std::string_view digits = title.substr(title.size() - 5, 4);
  int year = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), year);
  return error == std::errc() && end == digits.data() + digits.size() ? year : 0;
}

std::uint32_t GenresOf(std::string_view text) {
  std::uint32_t genres = 0;
  for (const std::string_view name : Split(text, '|')) {
    const auto found = std::ranges::find(kGenres, name);
    if (found != kGenres.end()) genres |= 1U << static_cast<unsigned>(found - kGenres.begin());
  }
  return genres;
}

void AppendField(std::string& out, std::string_view text) {
  if (text.find_first_of(",\"\n\r") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

}  // namespace

std::vector<Movie> InventMovies(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<Movie> movies;
  movies.reserve(count);
  std::unordered_set<std::string> taken;
  std::uint32_t id = 0;
  for (std::size_t i = 0; i < count; ++i) {
    Movie movie;
    id += 1 + static_cast<std::uint32_t>(random.Below(3));  // ids have gaps, as real ones do
    movie.id = id;
    movie.year = InventYear(random);
    const std::string name = InventName(random);
    const std::string year = " (" + std::to_string(movie.year) + ")";
    movie.title = name + year;
    for (int part = 2; !taken.insert(movie.title).second; ++part) {
      movie.title = name + " " + std::to_string(part) + year;
    }
    movie.genres = InventGenres(random);
    movie.genre_text = GenreText(movie.genres);
    movies.push_back(std::move(movie));
  }
  return movies;
}

Result<std::vector<Movie>> ReadMovies(const std::string& path) {
  const auto reader = columnar::CsvTableReader::Open(
      {{.name = std::filesystem::path(path).filename().string(), .path = path}},
      {{.spec = {"movieId", ColumnType::kInt64}},
       {.spec = {"title", ColumnType::kString, true}},
       {.spec = {"genres", ColumnType::kString, true}}});
  if (!reader) return reader.error();
  std::vector<Movie> movies;
  columnar::Batch batch;
  while (true) {
    const auto more = (*reader)->Next(batch);
    if (!more) return more.error();
    if (!*more) break;
    for (std::size_t row = 0; row < batch.rows; ++row) {
      const std::int64_t id = batch.columns[0].ints[row];
      if (id < 0 || id > 0xFFFFFFFF) {
        return InvalidInput("movieId " + std::to_string(id) + " is not between 0 and 4294967295");
      }
      Movie movie{.id = static_cast<std::uint32_t>(id)};
      movie.title = batch.columns[1].Text(row);
      movie.year = YearOf(movie.title);
      movie.genre_text = batch.columns[2].Text(row);
      movie.genres = GenresOf(movie.genre_text);
      movies.push_back(std::move(movie));
    }
  }
  std::ranges::sort(movies, {}, &Movie::id);
  const auto twice = std::ranges::adjacent_find(movies, {}, &Movie::id);
  if (twice != movies.end()) {
    return InvalidInput("movieId " + std::to_string(twice->id) + " comes twice");
  }
  return movies;
}

std::string MoviesCsv(const std::vector<Movie>& movies) {
  std::string csv = "movieId,title,genres\n";
  for (const Movie& movie : movies) {
    csv += std::to_string(movie.id) + ",";
    AppendField(csv, movie.title);
    csv += ",";
    AppendField(csv, movie.genre_text);
    csv += "\n";
  }
  return csv;
}

}  // namespace usher::engine
