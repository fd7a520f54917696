#include "engine/generate/ratings.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include "base/temp_folder.h"
#include "engine/generate/alias_table.h"
#include "engine/generate/catalogue.h"
#include "engine/generate/ordered_parallel.h"
#include "engine/interactions_file.h"

namespace usher::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class GenerateRatingsTest : public ::testing::Test {
 protected:
  InteractionTable Table(const GenerateOptions& options) {
    const auto result = GenerateRatings(folder_.path(), options);
    EXPECT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->rows, options.rows);
    auto table = LoadInteractions(folder_.path() + "/ratings.csv");
    EXPECT_TRUE(table) << table.error().message;
    EXPECT_EQ(result->users, table->user_ids.size());
    EXPECT_GE(result->movies, table->item_ids.size());
    return *std::move(table);
  }

  TempFolder folder_;
};

TEST_F(GenerateRatingsTest, GivesTheSameBytesAtAnyNumberOfThreads) {
  std::string ratings;
  for (const std::size_t threads : {1, 2, 5}) {
    ASSERT_TRUE(GenerateRatings(folder_.path(), {.rows = 450'000, .seed = 9, .threads = threads}));
    const std::string bytes = Contents(folder_.path() + "/ratings.csv");
    if (ratings.empty()) ratings = bytes;
    EXPECT_TRUE(bytes == ratings) << threads;
  }
  ASSERT_TRUE(GenerateRatings(folder_.path(), {.rows = 450'000, .seed = 10}));
  EXPECT_FALSE(Contents(folder_.path() + "/ratings.csv") == ratings);
}

TEST_F(GenerateRatingsTest, WritesExactlyTheRowsAskedFor) {
  for (const std::uint64_t rows : {1, 19, 20, 1000, 12'345}) {
    EXPECT_EQ(Table({.rows = rows}).size(), rows);
  }
}

TEST_F(GenerateRatingsTest, HasTheShapeOfMovieLens) {
  const InteractionTable table = Table({.rows = 300'000});
  std::vector<std::uint32_t> of_user(table.user_ids.size());
  std::vector<std::uint32_t> of_item(table.item_ids.size());
  std::set<std::pair<std::uint32_t, std::uint32_t>> pairs;
  double sum = 0;
  for (std::size_t row = 0; row < table.size(); ++row) {
    ++of_user[table.user[row]];
    ++of_item[table.item[row]];
    pairs.emplace(table.user[row], table.item[row]);
    EXPECT_GE(table.timestamp[row], 789'652'009);
    EXPECT_LE(table.timestamp[row], 1'574'327'703);
    EXPECT_GE(table.value[row], 0.5F);
    EXPECT_LE(table.value[row], 5.0F);
    sum += table.value[row];
  }
  EXPECT_EQ(pairs.size(), table.size()) << "no one rates a movie twice";
  std::ranges::sort(of_user);
  std::ranges::sort(of_item, std::greater<>());
  EXPECT_EQ(of_user.front(), 20U);
  EXPECT_NEAR(of_user[of_user.size() / 2], 70, 20);
  EXPECT_GT(of_user.back(), 1500U);
  EXPECT_NEAR(sum / static_cast<double>(table.size()), 3.53, 0.15);
  // A tenth of the movies has most of the ratings, half of them nearly none.
  const auto share = [&](std::size_t begin, std::size_t end) {
    double part = 0;
    for (std::size_t i = begin; i < end; ++i) part += of_item[i];
    return part / static_cast<double>(table.size());
  };
  EXPECT_GT(share(0, of_item.size() / 10), 0.5);
  EXPECT_LT(share(of_item.size() / 2, of_item.size()), 0.1);
}

TEST_F(GenerateRatingsTest, IsSortedByUserAndMovie) {
  ASSERT_TRUE(GenerateRatings(folder_.path(), {.rows = 50'000}));
  std::ifstream in(folder_.path() + "/ratings.csv");
  std::string line;
  std::getline(in, line);
  EXPECT_EQ(line, "userId,movieId,rating,timestamp");
  std::pair<long, long> last{0, 0};
  while (std::getline(in, line)) {
    const std::pair<long, long> now{std::stol(line), std::stol(line.substr(line.find(',') + 1))};
    ASSERT_LT(last, now);
    last = now;
  }
}

TEST_F(GenerateRatingsTest, TakesMoviesFromAFile) {
  std::ofstream(folder_.path() + "/given.csv")
      << "movieId,title,genres\n7,\"Two, The (1999)\",Comedy|Drama\n3,One,(no genres listed)\n";
  const InteractionTable table = Table({.rows = 100, .movies_path = folder_.path() + "/given.csv"});
  EXPECT_THAT(table.item_ids, ::testing::UnorderedElementsAre("3", "7"));
  EXPECT_EQ(table.user_ids.size(), 50U) << "two movies can be rated twice a user at most";
  EXPECT_EQ(Contents(folder_.path() + "/movies.csv"),
            "movieId,title,genres\n3,One,(no genres listed)\n7,\"Two, The (1999)\",Comedy|Drama\n");
}

TEST_F(GenerateRatingsTest, RefusesWhatItCannotMake) {
  EXPECT_THAT(GenerateRatings(folder_.path(), {.rows = 0}).error().message, HasSubstr("rows must"));
  EXPECT_FALSE(GenerateRatings(folder_.path() + "/missing", {.rows = 10}));
  const auto error_of = [&](const std::string& movies) {
    std::ofstream(folder_.path() + "/given.csv") << movies;
    const auto result =
        GenerateRatings(folder_.path(), {.movies_path = folder_.path() + "/given.csv"});
    return result ? "" : result.error().message;
  };
  EXPECT_THAT(error_of("movieId,title,genres\n"), HasSubstr("has no movie"));
  EXPECT_THAT(error_of("movieId,title,genres\n1,a,b\n1,c,d\n"), HasSubstr("movieId 1 comes twice"));
  EXPECT_THAT(error_of("movieId,title,genres\n-1,a,b\n"), HasSubstr("movieId -1 is not between"));
  EXPECT_THAT(error_of("movieId,title\n1,a\n"),
              HasSubstr("missing the following columns:[genres]"));
}

TEST(InventMovies, GivesDifferentTitlesWithYearsAndRisingIds) {
  const auto movies = InventMovies(20'000, 3);
  std::set<std::string> titles;
  for (std::size_t i = 0; i < movies.size(); ++i) {
    titles.insert(movies[i].title);
    EXPECT_TRUE(i == 0 || movies[i].id > movies[i - 1].id);
    EXPECT_TRUE(movies[i].title.ends_with(" (" + std::to_string(movies[i].year) + ")"));
  }
  EXPECT_EQ(titles.size(), movies.size());
}

TEST(ReadMovies, ReadsBackWhatWasWritten) {
  const TempFolder folder;
  const auto movies = InventMovies(500, 4);
  std::ofstream(folder.path() + "/movies.csv") << MoviesCsv(movies);

  const auto read = ReadMovies(folder.path() + "/movies.csv");

  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->size(), movies.size());
  for (std::size_t i = 0; i < movies.size(); ++i) {
    EXPECT_EQ((*read)[i].id, movies[i].id);
    EXPECT_EQ((*read)[i].title, movies[i].title);
    EXPECT_EQ((*read)[i].year, movies[i].year);
    EXPECT_EQ((*read)[i].genres, movies[i].genres);
  }
}

TEST(AliasTable, DrawsInProportionToWeights) {
  const std::vector<float> weights{1, 0, 3, 6, 0.5F};
  const AliasTable table(weights);
  Random random(5);
  std::vector<double> drawn(weights.size());
  constexpr int kDraws = 1'000'000;
  for (int i = 0; i < kDraws; ++i) ++drawn[table.Draw(random)];
  // The standard deviation of a share is at most 0.0005.
  for (std::size_t i = 0; i < weights.size(); ++i) {
    EXPECT_NEAR(drawn[i] / kDraws, weights[i] / 10.5, 0.003) << i;
  }
  EXPECT_EQ(drawn[1], 0);
}

TEST(ForEachInOrder, UsesEveryPieceInOrder) {
  for (const std::size_t threads : {1, 3}) {
    std::vector<std::size_t> used;
    const auto done = ForEachInOrder(
        100, threads, [](std::size_t piece, std::size_t) { return piece * 2; },
        [&](std::size_t made) -> Result<void> {
          used.push_back(made);
          return {};
        });
    EXPECT_TRUE(done);
    ASSERT_EQ(used.size(), 100U);
    for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(used[i], 2 * i);
  }
}

TEST(ForEachInOrder, StopsAtTheFirstError) {
  std::vector<std::size_t> used;
  const auto done = ForEachInOrder(
      1000, 2, [](std::size_t piece, std::size_t) { return piece; },
      [&](std::size_t piece) -> Result<void> {
        used.push_back(piece);
        if (piece == 2) return Internal("full");
        return {};
      });
  EXPECT_EQ(done.error().message, "full");
  EXPECT_THAT(used, ElementsAre(0, 1, 2));
}

}  // namespace
}  // namespace usher::engine
