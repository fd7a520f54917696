#include "recsys/content/features.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/random.h"

namespace usher::recsys {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

Lists Of(const std::vector<std::vector<std::uint32_t>>& rows) {
  Lists lists;
  for (const auto& row : rows) lists.Append(row);
  return lists;
}

TEST(FeatureBuilder, WeighsRareValuesMoreByTheTextbook) {
  // Value 0 in three rows of three, value 1 in two of them, value 2 in one alone: dropped.
  const Lists values = Of({{0, 1}, {0, 1}, {0, 2}});
  FeatureBuilder builder(3);
  builder.AddCategorical(values.view(), 3);
  const Features features = builder.Finish();
  EXPECT_EQ(features.count, 2U);
  const double common = std::log(2.0);
  const double rare = std::log(2.5);
  const double length = std::sqrt(common * common + rare * rare);
  EXPECT_NEAR(features.rows.view()[0].weights[0], common / length, 1e-6);
  EXPECT_NEAR(features.rows.view()[0].weights[1], rare / length, 1e-6);
  EXPECT_THAT(features.rows.view()[2].items, ElementsAre(0));
  EXPECT_FLOAT_EQ(features.rows.view()[2].weights[0], 1.0F);
}

TEST(FeatureBuilder, GivesEveryColumnTheSameSay) {
  const Lists many = Of({{0, 1, 2, 3}, {0, 1, 2, 3}});
  const Lists one = Of({{0}, {0}});
  FeatureBuilder builder(2);
  builder.AddCategorical(many.view(), 4);
  builder.AddCategorical(one.view(), 1);
  const Features features = builder.Finish();
  EXPECT_NEAR(features.rows.view()[0].weights[4], std::sqrt(0.5), 1e-6);
}

TEST(FeatureBuilder, LeavesARowWithoutMetadataEmpty) {
  const Lists values = Of({{0}, {0}, {}});
  const std::vector<double> numbers{1, 2, std::numeric_limits<double>::quiet_NaN()};
  const std::vector<std::string> texts{"a b", "a b", ""};
  FeatureBuilder builder(3);
  builder.AddCategorical(values.view(), 1);
  builder.AddNumeric(numbers);
  builder.AddText(texts);
  const Features features = builder.Finish();
  EXPECT_FALSE(features.rows.view()[0].items.empty());
  EXPECT_TRUE(features.rows.view()[2].items.empty());
}

TEST(FeatureBuilder, PutsNearNumbersInNearBuckets) {
  std::vector<double> numbers;
  for (int j = 0; j < 160; ++j) numbers.push_back(j);
  FeatureBuilder builder(numbers.size());
  builder.AddNumeric(numbers);
  const Features features = builder.Finish();
  const auto shares = [&](std::size_t a, std::size_t b) {
    double sum = 0;
    const auto x = features.rows.view()[a];
    const auto y = features.rows.view()[b];
    for (std::size_t j = 0; j < x.items.size(); ++j) {
      for (std::size_t k = 0; k < y.items.size(); ++k) {
        if (x.items[j] == y.items[k]) sum += double{x.weights[j]} * y.weights[k];
      }
    }
    return sum;
  };
  EXPECT_NEAR(shares(50, 51), 1.0, 1e-5);  // one bucket of ten
  EXPECT_GT(shares(50, 60), 0.1);
  EXPECT_EQ(shares(50, 150), 0.0);
}

TEST(HashTerms, ReadsWordsAndPairsWithoutCaseAndTags) {
  EXPECT_EQ(HashTerms("Toy Story"), HashTerms("toy, STORY!"));
  EXPECT_EQ(HashTerms("<p>toy</p> <br/>story"), HashTerms("toy story"));
  EXPECT_THAT(HashTerms("toy story"), SizeIs(3));
  EXPECT_THAT(HashTerms("2 < 3"), SizeIs(3));
  EXPECT_THAT(HashTerms(" <p> "), IsEmpty());
  EXPECT_EQ(HashTerms("it's"), HashTerms("its"));
  EXPECT_NE(HashTerms("toy story"), HashTerms("story toy"));
}

TEST(HashTerms, CutsWordsOutsideAsciiInThrees) {
  // A word of four characters: itself and two threes.
  EXPECT_THAT(HashTerms("日本映画"), SizeIs(3));
  EXPECT_EQ(HashTerms("日本映画")[2], HashTerms("本映画館")[1]);
}

TEST(HashTerms, ReadsNoMoreThanTheLimit) {
  std::string text;
  for (std::size_t word = 0; word < 2 * kMaxTermsOfAText; ++word)
    text += std::to_string(word) + " ";
  EXPECT_LE(HashTerms(text).size(), kMaxTermsOfAText + 1);
}

TEST(FindSimilarRows, EqualsAllPairsOfCosines) {
  Random random(5);
  std::vector<std::vector<std::uint32_t>> rows(80);
  for (auto& row : rows) {
    for (std::uint32_t value = 0; value < 12; ++value) {
      if (random.Uniform() < 0.2) row.push_back(value);
    }
  }
  const Lists values = Of(rows);
  FeatureBuilder builder(rows.size());
  builder.AddCategorical(values.view(), 12);
  const Features features = builder.Finish();
  ThreadPool pool(3);
  const WeightedLists similar = FindSimilarRows(features, rows.size(), pool);
  std::vector<std::vector<double>> dense(rows.size(), std::vector<double>(features.count, 0.0));
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const auto entries = features.rows.view()[row];
    for (std::size_t j = 0; j < entries.items.size(); ++j) {
      dense[row][entries.items[j]] = entries.weights[j];
    }
  }
  for (std::size_t a = 0; a < rows.size(); ++a) {
    std::size_t expected = 0;
    std::vector<double> cosines(rows.size(), 0.0);
    for (std::size_t b = 0; b < rows.size(); ++b) {
      for (std::size_t f = 0; f < features.count; ++f) cosines[b] += dense[a][f] * dense[b][f];
      expected += b != a && cosines[b] > 0 ? 1 : 0;
    }
    const auto found = similar.view()[a];
    ASSERT_EQ(found.items.size(), expected);
    for (std::size_t j = 0; j < found.items.size(); ++j) {
      EXPECT_NEAR(found.weights[j], cosines[found.items[j]], 1e-5);
      if (j > 0) {
        EXPECT_LE(found.weights[j], found.weights[j - 1]);
      }
    }
  }
}

}  // namespace
}  // namespace usher::recsys
