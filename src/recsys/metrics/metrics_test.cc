#include "recsys/metrics/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace usher::recsys {
namespace {

const Hits kSecondAndFifth{false, true, false, false, true};

// The published example: hits at 2 and 5, K = 5.
//   DCG = 1/log2(3) + 1/log2(6) = 0.63093 + 0.38685, ideal 1 + 0.63093
TEST(NdcgAt, GivesThePublishedExample) { EXPECT_NEAR(NdcgAt(5, kSecondAndFifth, 2), 0.6241, 5e-5); }

TEST(NdcgAt, DividesByTheIdealOfAsManyAsFit) {
  EXPECT_DOUBLE_EQ(NdcgAt(3, {true, true, true, false}, 10), 1.0);
  EXPECT_DOUBLE_EQ(NdcgAt(5, {true}, 1), 1.0);
  // One hit first, three relevant: 1 / (1 + 0.6309298 + 0.5).
  EXPECT_NEAR(NdcgAt(3, {true, false, false}, 3), 1.0 / 2.1309298, 1e-6);
  EXPECT_DOUBLE_EQ(NdcgAt(5, {}, 2), 0.0);
  EXPECT_DOUBLE_EQ(NdcgAt(5, {false}, 0), 0.0);
}

TEST(NdcgAt, DoesNotLookPastK) { EXPECT_DOUBLE_EQ(NdcgAt(1, kSecondAndFifth, 2), 0.0); }

// Events of weight 0.3 and 0.1: gains 1.5 and 0.5. Item 7 (0.1) is first, 8 (0.3) third:
//   DCG = 0.5 + 1.5 / 2, ideal 1.5 + 0.5 / log2(3)
TEST(NdcgWithGainsAt, WeighsHitsAndPutsTheLargestGainsFirst) {
  const double expected = (0.5 + 0.75) / (1.5 + 0.5 * 0.6309298);
  EXPECT_NEAR(NdcgWithGainsAt(5, std::vector<std::uint32_t>{7, 1, 8},
                              std::vector<std::uint32_t>{8, 7}, std::vector<float>{1.5F, 0.5F}),
              expected, 1e-6);
  EXPECT_NEAR(NdcgWithGainsAt(5, std::vector<std::uint32_t>{7, 1, 8},
                              std::vector<std::uint32_t>{8, 7}, std::vector<float>{0.3F, 0.1F}),
              expected, 1e-6);
  EXPECT_DOUBLE_EQ(NdcgWithGainsAt(2, std::vector<std::uint32_t>{7, 1, 8},
                                   std::vector<std::uint32_t>{8}, std::vector<float>{1.0F}),
                   0.0);
  EXPECT_DOUBLE_EQ(NdcgWithGainsAt(5, {}, {}, {}), 0.0);
}

TEST(NdcgWithGainsAt, IsNdcgWhenAllGainsAreTheSame) {
  const std::vector<std::uint32_t> list{4, 1, 3, 2, 9};
  const std::vector<std::uint32_t> relevant{1, 9, 7};
  EXPECT_DOUBLE_EQ(NdcgWithGainsAt(5, list, relevant, std::vector<float>{2, 2, 2}),
                   NdcgAt(5, FindHits(list, relevant), 3));
}

TEST(PrecisionAt, AlwaysDividesByK) {
  EXPECT_DOUBLE_EQ(PrecisionAt(5, kSecondAndFifth), 0.4);
  EXPECT_DOUBLE_EQ(PrecisionAt(10, kSecondAndFifth), 0.2);
  EXPECT_DOUBLE_EQ(PrecisionAt(2, kSecondAndFifth), 0.5);
}

TEST(RecallAt, DividesByWhatThereWasToFind) {
  EXPECT_DOUBLE_EQ(RecallAt(5, kSecondAndFifth, 8), 0.25);
  EXPECT_DOUBLE_EQ(RecallAt(1, kSecondAndFifth, 8), 0.0);
  EXPECT_DOUBLE_EQ(RecallAt(5, {}, 0), 0.0);
}

TEST(ReciprocalRankAt, IsThePlaceOfTheFirstHit) {
  EXPECT_DOUBLE_EQ(ReciprocalRankAt(25, kSecondAndFifth), 0.5);
  EXPECT_DOUBLE_EQ(ReciprocalRankAt(1, kSecondAndFifth), 0.0);
  EXPECT_DOUBLE_EQ(ReciprocalRankAt(25, {}), 0.0);
}

// Precision is 1/2 at the hit in place 2 and 2/5 at that in place 5; two of three can be found.
TEST(AveragePrecisionAt, SumsThePrecisionAtEachHit) {
  EXPECT_DOUBLE_EQ(AveragePrecisionAt(5, kSecondAndFifth, 3), (0.5 + 0.4) / 3);
  EXPECT_DOUBLE_EQ(AveragePrecisionAt(2, kSecondAndFifth, 3), 0.5 / 2);
}

TEST(FindHits, MarksThePlacesOfRelevantItems) {
  const std::vector<std::uint32_t> list{9, 4, 7, 0};
  const std::vector<std::uint32_t> relevant{7, 4, 100};
  EXPECT_THAT(FindHits(list, relevant), testing::ElementsAre(false, true, true, false));
}

// Values 0 and 1: mean 1/2, deviation 1/2 over sqrt(2).
TEST(Summarize, GivesTheMeanAndItsError) {
  const MeanAndError got = Summarize(std::vector<double>{0, 1});
  EXPECT_DOUBLE_EQ(got.mean, 0.5);
  EXPECT_NEAR(got.standard_error, 0.5 / std::sqrt(2.0), 1e-12);
  EXPECT_DOUBLE_EQ(Summarize({}).mean, 0.0);
}

}  // namespace
}  // namespace usher::recsys
