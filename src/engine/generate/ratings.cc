#include "engine/generate/ratings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/random.h"
#include "columnar/output_file.h"
#include "engine/generate/alias_table.h"
#include "engine/generate/catalogue.h"
#include "engine/generate/ordered_parallel.h"

namespace usher::engine {
namespace {

// MovieLens 25M and latest-small, between which the size of the catalogue is interpolated.
constexpr double kLargeRows = 25'000'095;
constexpr double kLargeMovies = 62'423;
constexpr double kSmallRows = 100'836;
constexpr double kSmallMovies = 9'742;
constexpr double kRowsPerUser = 153.8;
constexpr std::uint64_t kLeastPerUser = 20;
constexpr double kMostOfCatalogue = 0.52;           // that one user rates
constexpr std::uint64_t kFirstTime = 789'652'009;   // 1995-01-09
constexpr std::uint64_t kLastTime = 1'574'327'703;  // 2019-11-21

constexpr std::size_t kTastes = 48;
constexpr std::size_t kTastesPerUser = 3;
constexpr std::size_t kHiddenSpace = 12;
constexpr double kPopularShare = 0.10;  // of a user's choices, by popularity alone
constexpr double kMaxAffinity = 5;      // e^5 times as likely as by popularity
constexpr std::size_t kRowsPerPiece = 200'000;
constexpr std::size_t kRaceFrom = 1500;  // ratings from which drawing one by one is too slow
constexpr std::size_t kMaxMisses = 20;   // draws of known movies, for each wanted one

// Half stars 0.5, 1.0 … 5.0: upper bounds of a standard normal that give MovieLens' shares.
constexpr std::array<float, 9> kStarBounds{-2.152F, -1.677F, -1.532F, -1.133F, -0.919F,
                                           -0.319F, 0.005F,  0.731F,  1.061F};

std::uint64_t SeedFor(std::uint64_t seed, std::uint64_t purpose) {
  return Random(seed ^ (purpose + 1) * 0x9e3779b97f4a7c15).Next();
}

std::size_t CatalogueSize(std::uint64_t rows) {
  const double exponent = std::log(kLargeMovies / kSmallMovies) / std::log(kLargeRows / kSmallRows);
  const double movies = kSmallMovies * std::pow(static_cast<double>(rows) / kSmallRows, exponent);
  return static_cast<std::size_t>(std::clamp(movies, 200.0, 500'000.0));
}

// How many ratings each user gives: 20 and a log-normal rest, scaled to sum to `rows`.
std::vector<std::uint32_t> Activity(std::uint64_t rows, std::size_t movies, std::uint64_t seed) {
  const auto most = static_cast<std::uint64_t>(
      std::max(static_cast<double>(std::min<std::uint64_t>(kLeastPerUser, movies)),
               std::floor(kMostOfCatalogue * static_cast<double>(movies))));
  const std::uint64_t least = std::min(kLeastPerUser, most);
  std::uint64_t users = std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>(static_cast<double>(rows) / kRowsPerUser));
  users = std::max(users, (rows + most - 1) / most);

  Random random(seed);
  std::vector<double> extra(users);
  for (double& value : extra) value = std::exp(std::log(51.0) + 1.39 * random.Normal());
  const auto counts_at = [&](double scale) {
    std::vector<std::uint32_t> counts(users);
    for (std::size_t u = 0; u < users; ++u) {
      const double more = std::min(std::floor(scale * extra[u]), static_cast<double>(most - least));
      counts[u] = static_cast<std::uint32_t>(least + static_cast<std::uint64_t>(more));
    }
    return counts;
  };
  const auto sum = [](const std::vector<std::uint32_t>& counts) {
    return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  };
  double low = 0;
  double high = 1e9;
  for (int step = 0; step < 100; ++step) {
    const double middle = std::sqrt(std::max(low, 1e-6) * high);
    (sum(counts_at(middle)) <= rows ? low : high) = middle;
  }
  std::vector<std::uint32_t> counts = counts_at(low);
  // Rounding leaves fewer than one rating a user; tiny sets may want less than the least.
  std::uint64_t total = sum(counts);
  for (std::size_t u = 0; total != rows; u = (u + 1) % users) {
    if (total < rows && counts[u] < most) {
      ++counts[u];
      ++total;
    } else if (total > rows && counts[u] > 0) {
      --counts[u];
      --total;
    }
  }
  return counts;
}

// Everything about movies and tastes that users draw from.
struct World {
  std::vector<Movie> movies;
  std::vector<float> popularity;            // weight of each movie, sum 1
  std::vector<float> log_popularity;        // relative to the most popular, at most 0
  std::vector<float> quality;               // of each movie, mean about 0
  std::vector<std::vector<float>> taste;    // [taste][movie] weight, sum 1
  std::vector<AliasTable> draw_from_taste;  // the same, to draw from
  std::vector<AliasTable> draw_popular;     // one table
};

// Popularity by rank: a stretched exponential with a floor, fitted to MovieLens 25M (81,000
// ratings at rank 1, 33,000 at 100, 6,300 at 1,000, 110 at 10,000, 1 at 59,000).
float PopularityAt(double rank, std::size_t movies) {
  const double scaled = rank * kLargeMovies / static_cast<double>(movies);
  return static_cast<float>(std::exp(-0.141 * std::pow(scaled, 0.42)) + 1.2e-5);
}

void Normalise(std::vector<float>& weights) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (float& weight : weights) weight = static_cast<float>(weight / sum);
}

World MakeWorld(std::vector<Movie> movies, std::uint64_t seed) {
  World world{.movies = std::move(movies)};
  const std::size_t count = world.movies.size();
  Random random(seed);

  std::vector<std::size_t> ranks(count);
  std::iota(ranks.begin(), ranks.end(), std::size_t{1});
  for (std::size_t i = count; i > 1; --i) std::swap(ranks[i - 1], ranks[random.Below(i)]);
  for (std::size_t i = 0; i < count; ++i) {
    world.popularity.push_back(PopularityAt(static_cast<double>(ranks[i]), count));
    world.log_popularity.push_back(std::log(world.popularity[i]));
    // Much watched movies are liked a little better, as in the real set.
    world.quality.push_back(static_cast<float>(0.5 * random.Normal()) +
                            0.06F * (world.log_popularity[i] + 4));
  }
  Normalise(world.popularity);
  world.draw_popular.emplace_back(world.popularity);

  std::vector<std::array<float, kHiddenSpace>> hidden(count);
  for (auto& place : hidden) {
    for (float& x : place) x = static_cast<float>(random.Normal());
  }
  for (std::size_t t = 0; t < kTastes; ++t) {
    std::array<double, kGenres.size()> likes{};
    for (double& like : likes) like = 1.1 * random.Normal();
    std::array<float, kHiddenSpace> direction{};
    for (float& x : direction) {
      x = static_cast<float>(random.Normal() / std::sqrt(static_cast<double>(kHiddenSpace)));
    }
    const double year = 2019 - 45 * random.Uniform();
    const double years = 8 + 20 * random.Uniform();
    std::vector<float> weights(count);
    for (std::size_t i = 0; i < count; ++i) {
      const Movie& movie = world.movies[i];
      double affinity = 0;
      int genres = 0;
      for (std::size_t g = 0; g < kGenres.size(); ++g) {
        if ((movie.genres >> g & 1U) == 0) continue;
        affinity += likes[g];
        ++genres;
      }
      if (genres > 1) affinity /= std::sqrt(static_cast<double>(genres));
      for (std::size_t d = 0; d < kHiddenSpace; ++d) {
        affinity += 2.2 * static_cast<double>(direction[d] * hidden[i][d]);
      }
      if (movie.year != 0) {
        const double off = (movie.year - year) / years;
        affinity -= 0.5 * std::min(off * off, 6.0);
      }
      weights[i] = world.popularity[i] *
                   static_cast<float>(std::exp(std::clamp(affinity, -kMaxAffinity, kMaxAffinity)));
    }
    Normalise(weights);
    world.draw_from_taste.emplace_back(weights);
    world.taste.push_back(std::move(weights));
  }
  return world;
}

struct Rating {
  std::uint32_t movie;  // index in the catalogue
  float order;          // when, relative to the user's other ratings
  std::uint8_t slot;    // taste of the user that led to it; kTastesPerUser for popularity
  std::uint8_t half_stars;
  std::int64_t time;
};

// One user's ratings. Scratch memory is kept from user to user.
class UserMaker {
 public:
  UserMaker(const World& world, std::uint64_t seed)
      : world_(world), seed_(seed), last_user_(world.movies.size(), 0) {}

  // By movie id.
  const std::vector<Rating>& Make(std::uint32_t user, std::size_t count) {
    Random random(SeedFor(seed_, user));
    ChooseTastes(random);
    ratings_.clear();
    if (count < kRaceFrom) DrawOneByOne(user, count, random);
    if (ratings_.size() < count) Race(count, random);
    SetTimes(random);
    SetStars(random);
    std::ranges::sort(ratings_, {}, &Rating::movie);  // the catalogue is sorted by id
    return ratings_;
  }

 private:
  void ChooseTastes(Random& random) {
    double sum = 0;
    for (std::size_t slot = 0; slot < kTastesPerUser; ++slot) {
      tastes_[slot] = random.Below(kTastes);
      // Exponential variables in falling scale: one taste leads.
      shares_[slot] = -std::log(1 - random.Uniform()) / static_cast<double>(slot + 1);
      phases_[slot] = static_cast<float>(random.Uniform());
      sum += shares_[slot];
    }
    for (double& share : shares_) share *= (1 - kPopularShare) / sum;
    phases_[kTastesPerUser] = static_cast<float>(random.Uniform());
  }

  void DrawOneByOne(std::uint32_t user, std::size_t count, Random& random) {
    const std::size_t most = count * kMaxMisses;
    for (std::size_t draws = 0; draws < most && ratings_.size() < count; ++draws) {
      double x = random.Uniform();
      std::size_t slot = 0;
      while (slot < kTastesPerUser && x >= shares_[slot]) x -= shares_[slot++];
      const AliasTable& table = slot < kTastesPerUser ? world_.draw_from_taste[tastes_[slot]]
                                                      : world_.draw_popular.front();
      const std::uint32_t movie = table.Draw(random);
      if (std::exchange(last_user_[movie], user) == user) continue;
      Append(movie, slot, random);
    }
  }

  // Draws the whole list at once without replacement: the movies whose exponential clocks, running
  // at their weights, ring first (Efraimidis and Spirakis, 2006).
  void Race(std::size_t count, Random& random) {
    ratings_.clear();
    const std::size_t movies = world_.movies.size();
    clocks_.resize(movies);
    for (std::uint32_t i = 0; i < movies; ++i) {
      double weight = kPopularShare * world_.popularity[i];
      for (std::size_t slot = 0; slot < kTastesPerUser; ++slot) {
        weight += shares_[slot] * world_.taste[tastes_[slot]][i];
      }
      clocks_[i] = {static_cast<float>(-std::log(1 - random.Uniform()) / weight), i};
    }
    std::ranges::nth_element(clocks_, clocks_.begin() + static_cast<std::ptrdiff_t>(count));
    clocks_.resize(count);
    std::ranges::sort(clocks_, {}, &std::pair<float, std::uint32_t>::second);
    for (const auto& [ring, movie] : clocks_) {
      std::size_t best = kTastesPerUser;
      double most = kPopularShare * world_.popularity[movie];
      for (std::size_t slot = 0; slot < kTastesPerUser; ++slot) {
        const double part = shares_[slot] * world_.taste[tastes_[slot]][movie];
        if (part > most) {
          most = part;
          best = slot;
        }
      }
      Append(movie, best, random);
    }
  }

  // Movies of one taste come near one another in time, popular ones a little earlier.
  void Append(std::uint32_t movie, std::size_t slot, Random& random) {
    const float order = static_cast<float>(random.Uniform()) + 0.9F * phases_[slot] -
                        0.07F * world_.log_popularity[movie];
    ratings_.push_back({.movie = movie, .order = order, .slot = static_cast<std::uint8_t>(slot)});
  }

  void SetTimes(Random& random) {
    std::ranges::sort(ratings_, [](const Rating& a, const Rating& b) {
      return std::pair(a.order, a.movie) < std::pair(b.order, b.movie);
    });
    const auto span = static_cast<double>(kLastTime - kFirstTime);
    double time = 0;
    for (Rating& rating : ratings_) {
      // Seconds within a sitting, now and then weeks between two.
      time += 1 + std::floor(-25 * std::log(1 - random.Uniform()));
      if (random.Uniform() < 0.012)
        time += std::floor(-86400 * 40 * std::log(1 - random.Uniform()));
      rating.time = static_cast<std::int64_t>(time);
    }
    const double squeeze = std::min(1.0, 0.9 * span / std::max(time, 1.0));
    const auto begin = static_cast<std::int64_t>(static_cast<double>(kFirstTime) +
                                                 random.Uniform() * (span - time * squeeze));
    for (Rating& rating : ratings_) {
      rating.time = begin + static_cast<std::int64_t>(static_cast<double>(rating.time) * squeeze);
    }
  }

  void SetStars(Random& random) {
    const auto user_bias = static_cast<float>(0.45 * random.Normal());
    constexpr float kSpread = 1.05F;  // standard deviation of the sum below
    for (Rating& rating : ratings_) {
      const float liking = rating.slot < kTastesPerUser ? 0.08F : -0.25F;
      const float score = (world_.quality[rating.movie] + user_bias + liking +
                           static_cast<float>(0.8 * random.Normal())) /
                          kSpread;
      const auto bound = std::ranges::upper_bound(kStarBounds, score);
      rating.half_stars = static_cast<std::uint8_t>(1 + (bound - kStarBounds.begin()));
    }
  }

  const World& world_;
  std::uint64_t seed_;
  std::array<std::size_t, kTastesPerUser> tastes_{};
  std::array<double, kTastesPerUser> shares_{};
  std::array<float, kTastesPerUser + 1> phases_{};
  std::vector<Rating> ratings_;
  std::vector<std::uint32_t> last_user_;  // that drew the movie; users count from 1
  std::vector<std::pair<float, std::uint32_t>> clocks_;
};

void AppendNumber(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), end);
}

void AppendRows(std::string& out, std::uint32_t user, const std::vector<Rating>& ratings,
                const World& world) {
  std::string prefix;
  AppendNumber(prefix, user);
  prefix += ',';
  for (const Rating& rating : ratings) {
    out += prefix;
    AppendNumber(out, world.movies[rating.movie].id);
    out += ',';
    out += static_cast<char>('0' + rating.half_stars / 2);
    out += rating.half_stars % 2 == 0 ? ".0," : ".5,";
    AppendNumber(out, static_cast<std::uint64_t>(rating.time));
    out += '\n';
  }
}

Result<void> WriteFile(const std::string& path, std::string_view text) {
  auto file = columnar::OutputFile::Create(path);
  if (!file) return file.error();
  if (const auto written = (*file)->Write(text); !written) return written;
  return (*file)->Publish();
}

}  // namespace

Result<GenerateResult> GenerateRatings(const std::string& folder, const GenerateOptions& options) {
  if (options.rows == 0 || options.rows > kMaxGeneratedRows) {
    return InvalidInput("rows must be between 1 and " + std::to_string(kMaxGeneratedRows));
  }
  std::vector<Movie> movies;
  if (options.movies_path.empty()) {
    movies = InventMovies(CatalogueSize(options.rows), SeedFor(options.seed, 0));
  } else {
    auto read = ReadMovies(options.movies_path);
    if (!read) return read.error();
    movies = *std::move(read);
    if (movies.empty()) return InvalidInput("the movies file has no movie");
  }
  const World world = MakeWorld(std::move(movies), SeedFor(options.seed, 1));
  const std::vector<std::uint32_t> counts =
      Activity(options.rows, world.movies.size(), SeedFor(options.seed, 2));
  const std::uint64_t user_seed = SeedFor(options.seed, 3);

  // Pieces of whole users, about equal in rows.
  std::vector<std::size_t> piece_begins{0};
  std::uint64_t in_piece = 0;
  for (std::size_t user = 0; user < counts.size(); ++user) {
    in_piece += counts[user];
    if (in_piece >= kRowsPerPiece) {
      piece_begins.push_back(user + 1);
      in_piece = 0;
    }
  }
  if (piece_begins.back() != counts.size()) piece_begins.push_back(counts.size());
  const std::size_t pieces = piece_begins.size() - 1;

  const std::size_t threads = std::max<std::size_t>(
      1, options.threads != 0 ? options.threads : std::thread::hardware_concurrency());
  std::vector<UserMaker> makers;
  for (std::size_t i = 0; i < threads; ++i) makers.emplace_back(world, user_seed);

  auto file = columnar::OutputFile::Create(folder + "/ratings.csv");
  if (!file) return file.error();
  if (const auto written = (*file)->Write("userId,movieId,rating,timestamp\n"); !written) {
    return written.error();
  }
  std::size_t used = 0;
  const auto done = ForEachInOrder(
      pieces, threads,
      [&](std::size_t piece, std::size_t worker) {
        std::string rows;
        rows.reserve(kRowsPerPiece * 32);
        for (std::size_t u = piece_begins[piece]; u < piece_begins[piece + 1]; ++u) {
          const auto user = static_cast<std::uint32_t>(u + 1);
          AppendRows(rows, user, makers[worker].Make(user, counts[u]), world);
        }
        return rows;
      },
      [&](const std::string& rows) -> Result<void> {
        if (const auto written = (*file)->Write(rows); !written) return written;
        if (options.progress) {
          options.progress(static_cast<double>(++used) / static_cast<double>(pieces));
        }
        return {};
      });
  if (!done) return done.error();
  if (const auto published = (*file)->Publish(); !published) return published.error();
  if (const auto written = WriteFile(folder + "/movies.csv", MoviesCsv(world.movies)); !written) {
    return written.error();
  }
  return GenerateResult{
      .rows = options.rows, .users = counts.size(), .movies = world.movies.size()};
}

}  // namespace usher::engine
