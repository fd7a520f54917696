#include "engine/prepare_interactions.h"

#include <gmock/gmock.h>

#include <cmath>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "base/random.h"
#include "base/temp_folder.h"

namespace usher::engine {
namespace {

using ::testing::HasSubstr;

struct Prepared {
  Result<PrepareResult> result;
  std::string interactions;
  std::string metadata;
};

class PrepareInteractionsTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    std::string path = folder_.path() + "/" + name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  Prepared Prepare(const std::string& ratings, const std::string& movies,
                   PrepareRequest request = {}) {
    request.ratings = {.name = "s3://b/raw/ratings.csv", .path = Write("r", ratings)};
    request.movies = {.name = "s3://b/raw/movies.csv", .path = Write("m", movies)};
    Prepared made{.result = InvalidInput("not run"), .interactions = {}, .metadata = {}};
    const auto into = [](std::string& text) {
      return [&text](std::string_view bytes) -> Result<void> {
        text += bytes;
        return {};
      };
    };
    made.result = PrepareInteractions(request, into(made.interactions), into(made.metadata));
    return made;
  }

  std::string Complaint(const std::string& ratings, const std::string& movies) {
    const Prepared made = Prepare(ratings, movies);
    if (made.result) return "no complaint";
    EXPECT_EQ(made.result.error().code, ErrorCode::kInvalidInput);
    return made.result.error().message;
  }

  TempFolder folder_;
};

constexpr const char* kMovies =
    "movieId,title,genres\n"
    "1,Toy Story (1995),Adventure|Animation\n"
    "11,\"American President, The (1995)\",Comedy\n"
    "99,\"The \"\"Best\"\" One\",(no genres listed)\n";

TEST_F(PrepareInteractionsTest, JoinsAndDropsDuplicatesInTheOrderOfTheFile) {
  const Prepared made = Prepare(
      "userId,movieId,rating,timestamp\n"
      "7,11,4.0,200\n"
      "7,1,3.5,100\n"
      "8,555,5.0,100\n"  // no such movie
      "7,11,2.0,200\n"   // the same meeting, whatever the stars
      "7,11,4.0,201\n"
      "8,11,4.0,200\n",
      kMovies);

  ASSERT_TRUE(made.result) << made.result.error().message;
  EXPECT_EQ(made.interactions,
            "ITEM_ID,USER_ID,TIMESTAMP\n11,7,200\n1,7,100\n11,7,201\n11,8,200\n");
  EXPECT_EQ(made.metadata,
            "TITLE,GENRES,ITEM_ID\n"
            "Toy Story (1995),Adventure|Animation,1\n"
            "\"American President, The (1995)\",Comedy,11\n");
  EXPECT_EQ(made.result->ratings, 6U);
  EXPECT_EQ(made.result->taken, 6U);
  EXPECT_EQ(made.result->unknown_movies, 1U);
  EXPECT_EQ(made.result->duplicates, 1U);
  EXPECT_EQ(made.result->interactions, 4U);
  EXPECT_EQ(made.result->movies, 2U);
}

TEST_F(PrepareInteractionsTest, ColumnsStandInAnyOrderAndUnderEitherName) {
  const std::string wanted = "ITEM_ID,USER_ID,TIMESTAMP\n1,7,100\n";
  EXPECT_EQ(Prepare("timestamp,extra,movieId,userId\n100,x,1,7\n", kMovies).interactions, wanted);
  EXPECT_EQ(Prepare("USER_ID,ITEM_ID,TIMESTAMP\n7,1,100\n", kMovies).interactions, wanted);
}

// What is written in quotes is read back as it was, by the import that follows.
TEST_F(PrepareInteractionsTest, AnImportReadsTheTitlesBackAsTheyWere) {
  const std::vector<std::string> titles{"plain",         "a, b",           R"(say "hi")",
                                        R"(back\slash)", R"(ends in \, )", R"(\"odd\", pair)",
                                        "line\nbreak",   R"(",\)"};
  std::string movies = "movieId,title,genres\n";
  std::string ratings = "userId,movieId,timestamp\n";
  for (std::size_t i = 0; i < titles.size(); ++i) {
    std::string quoted;
    for (const char c : titles[i]) {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += c;
    }
    movies += std::to_string(i) + ",\"" + quoted + "\",Drama\n";
    ratings += "u," + std::to_string(i) + ",5\n";
  }

  const Prepared made = Prepare(ratings, movies);

  ASSERT_TRUE(made.result) << made.result.error().message;
  const std::string path = Write("metadata.csv", made.metadata);
  const auto reader =
      columnar::CsvTableReader::Open({{.name = "metadata.csv", .path = path}},
                                     {{.spec = {"ITEM_ID", columnar::ColumnType::kString}},
                                      {.spec = {"TITLE", columnar::ColumnType::kString}}});
  ASSERT_TRUE(reader) << reader.error().message;
  columnar::Batch batch;
  const auto more = (*reader)->Next(batch);
  ASSERT_TRUE(more) << more.error().message;
  ASSERT_EQ(batch.rows, titles.size());
  for (std::size_t i = 0; i < titles.size(); ++i) EXPECT_EQ(batch.columns[1].Text(i), titles[i]);
}

TEST_F(PrepareInteractionsTest, TheFirstOfSeveralRowsOfAMovieCounts) {
  const Prepared made =
      Prepare("userId,movieId,timestamp\n1,5,9\n", "movieId,title,genres\n5,First,A\n5,Second,B\n");
  EXPECT_EQ(made.metadata, "TITLE,GENRES,ITEM_ID\nFirst,A,5\n");
}

// ---- beside a slow twin ----

struct Rating {
  int user, movie, time;
};

struct Case {
  std::vector<Rating> ratings;
  int movies = 0;  // known are 0 to movies - 1

  [[nodiscard]] std::string Ratings(bool quoted) const {
    std::ostringstream out;
    const char* quote = quoted ? "\"" : "";
    out << "userId,movieId,rating,timestamp\n";
    for (const Rating& one : ratings) {
      out << quote << "u" << one.user << quote << "," << quote << one.movie << quote << ",3.5,"
          << one.time << "\n";
    }
    return out.str();
  }
  [[nodiscard]] std::string Movies() const {
    std::ostringstream out;
    out << "movieId,title,genres\n";
    for (int i = 0; i < movies; ++i) out << i << ",Title " << i << ",G" << i % 3 << "\n";
    return out.str();
  }
};

// Users and times are few, so that many ratings are the same.
Case RandomCase(std::uint64_t seed, std::size_t rows) {
  Random random(seed);
  Case made{.ratings = {}, .movies = static_cast<int>(2 + random.Below(40))};
  const std::uint64_t users = 1 + random.Below(700);
  const std::uint64_t times = 1 + random.Below(4);
  for (std::size_t i = 0; i < rows; ++i) {
    made.ratings.push_back({static_cast<int>(random.Below(users)),
                            static_cast<int>(random.Below(made.movies * 3 / 2)),
                            static_cast<int>(1000 + random.Below(times))});
  }
  return made;
}

Prepared SlowTwin(const Case& input) {
  Prepared made{.result = PrepareResult{},
                .interactions = "ITEM_ID,USER_ID,TIMESTAMP\n",
                .metadata = "TITLE,GENRES,ITEM_ID\n"};
  std::set<std::tuple<int, int, int>> seen;
  std::set<int> movies;
  for (const Rating& one : input.ratings) {
    if (one.movie >= input.movies || !seen.insert({one.user, one.movie, one.time}).second) continue;
    movies.insert(one.movie);
    made.interactions += std::to_string(one.movie) + ",u" + std::to_string(one.user) + "," +
                         std::to_string(one.time) + "\n";
  }
  for (const int movie : movies) {
    made.metadata += "Title " + std::to_string(movie) + ",G" + std::to_string(movie % 3) + "," +
                     std::to_string(movie) + "\n";
  }
  return made;
}

TEST_F(PrepareInteractionsTest, GivesWhatASlowTwinGives) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const Case input = RandomCase(seed, 40 * seed);
    const Prepared wanted = SlowTwin(input);
    for (const bool quoted : {false, true}) {
      for (const int threads : {1, 3}) {
        const Prepared made = Prepare(input.Ratings(quoted), input.Movies(), {.threads = threads});
        ASSERT_TRUE(made.result) << made.result.error().message;
        ASSERT_EQ(made.interactions, wanted.interactions) << "seed " << seed;
        ASSERT_EQ(made.metadata, wanted.metadata) << "seed " << seed;
      }
    }
  }
}

// ---- a share of the ratings ----

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST_F(PrepareInteractionsTest, AShareIsTheSameForTheSameSeed) {
  const Case input = RandomCase(5, 3000);
  const auto with = [&](std::uint64_t seed, int threads, bool quoted) {
    return Prepare(input.Ratings(quoted), input.Movies(),
                   {.share = 0.3, .seed = seed, .threads = threads})
        .interactions;
  };
  EXPECT_EQ(with(1, 1, false), with(1, 4, true));
  EXPECT_NE(with(1, 1, false), with(2, 1, false));
}

// The number of rows that are taken is binomial: within five standard deviations of its mean.
TEST_F(PrepareInteractionsTest, AShareIsAsLargeAsItIsAskedFor) {
  const Case input = RandomCase(6, 20'000);
  const std::vector<std::string> all = LinesOf(SlowTwin(input).interactions);
  const std::set<std::string> known(all.begin(), all.end());
  for (const double share : {0.05, 0.5, 0.9}) {
    const Prepared made =
        Prepare(input.Ratings(false), input.Movies(), {.share = share, .seed = 3});
    ASSERT_TRUE(made.result) << made.result.error().message;
    const double rows = 20'000;
    EXPECT_NEAR(static_cast<double>(made.result->taken), rows * share,
                5 * std::sqrt(rows * share * (1 - share)));
    for (const std::string& line : LinesOf(made.interactions)) {
      EXPECT_TRUE(known.contains(line)) << line;
    }
  }
}

// ---- bad input ----

constexpr const char* kRatings = "userId,movieId,rating,timestamp\n7,1,3.5,100\n";

TEST_F(PrepareInteractionsTest, NamesTheFileAndWhatItLacks) {
  EXPECT_THAT(Complaint("userId,movieId,rating\n7,1,3.5\n", kMovies),
              AllOf(HasSubstr("s3://b/raw/ratings.csv"), HasSubstr("timestamp")));
  EXPECT_THAT(Complaint("who,what\n7,1\n", kMovies),
              AllOf(HasSubstr("s3://b/raw/ratings.csv"), HasSubstr("userId")));
  EXPECT_THAT(Complaint(kRatings, "movieId,title\n1,Toy Story\n"),
              AllOf(HasSubstr("s3://b/raw/movies.csv"), HasSubstr("genres")));
}

TEST_F(PrepareInteractionsTest, NamesTheLineOfWhatIsWrong) {
  EXPECT_THAT(Complaint("userId,movieId,rating,timestamp\n7,1,3.5,100\n7,1,3.5,soon\n", kMovies),
              HasSubstr("s3://b/raw/ratings.csv: line 3: "));
  EXPECT_THAT(Complaint("userId,movieId,rating,timestamp\n7,1,3.5,100\n7,1\n", kMovies),
              HasSubstr("s3://b/raw/ratings.csv: line 3: "));
  EXPECT_THAT(Complaint("userId,movieId,rating,timestamp\n7,1,3.5,100\n\"7,1,3.5,1\n", kMovies),
              HasSubstr("s3://b/raw/ratings.csv: line 3: "));
  EXPECT_THAT(Complaint(kRatings, "movieId,title,genres\n1,\"Toy Story,A\n"),
              HasSubstr("s3://b/raw/movies.csv: line 2: "));
}

TEST_F(PrepareInteractionsTest, AFileWithoutRowsIsAnError) {
  EXPECT_THAT(Complaint("", kMovies), HasSubstr("s3://b/raw/ratings.csv"));
  EXPECT_THAT(Complaint("userId,movieId,rating,timestamp\n", kMovies),
              HasSubstr("s3://b/raw/ratings.csv: it has no ratings"));
  EXPECT_THAT(Complaint(kRatings, ""), HasSubstr("s3://b/raw/movies.csv"));
  EXPECT_THAT(Complaint(kRatings, "movieId,title,genres\n"),
              HasSubstr("s3://b/raw/movies.csv: it has no movies"));
}

TEST_F(PrepareInteractionsTest, RatingsOfUnknownMoviesAloneAreAnError) {
  EXPECT_THAT(Complaint("userId,movieId,timestamp\n7,2,100\n", kMovies),
              AllOf(HasSubstr("s3://b/raw/ratings.csv"), HasSubstr("s3://b/raw/movies.csv")));
}

TEST_F(PrepareInteractionsTest, RefusesAShareThatIsNone) {
  for (const double share : {0.0, -1.0, 1.5, std::nan("")}) {
    const Prepared made = Prepare(kRatings, kMovies, {.share = share});
    ASSERT_FALSE(made.result);
    EXPECT_THAT(made.result.error().message, HasSubstr("share"));
  }
}

TEST_F(PrepareInteractionsTest, ASinkThatFailsEndsIt) {
  PrepareRequest request;
  request.ratings = {.name = "r", .path = Write("r", kRatings)};
  request.movies = {.name = "m", .path = Write("m", kMovies)};
  const auto full = [](std::string_view) -> Result<void> { return Internal("disk full"); };
  const auto fine = [](std::string_view) -> Result<void> { return {}; };
  for (const bool first : {true, false}) {
    const auto made =
        first ? PrepareInteractions(request, full, fine) : PrepareInteractions(request, fine, full);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().message, "disk full");
  }
}

TEST_F(PrepareInteractionsTest, CanBeStopped) {
  std::stop_source stop;
  stop.request_stop();
  const Prepared made = Prepare(kRatings, kMovies, {.stop = stop.get_token()});
  ASSERT_FALSE(made.result);
  EXPECT_EQ(made.result.error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace usher::engine
