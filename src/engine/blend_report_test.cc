#include "engine/blend_report.h"

#include <gtest/gtest.h>

#include "json/json.h"

namespace usher::engine {
namespace {

const recsys::BlendOptions kOptions{.transitions = {.distance_half_life = 3,
                                                    .window = 18,
                                                    .backward = 0.25F,
                                                    .time_scale = 86400,
                                                    .source_exponent = 0.7F,
                                                    .target_exponent = 0.15F,
                                                    .shrink = 5,
                                                    .neighbours = 120},
                                    .sequence_recency = {.half_life = 3, .time_scale = 864000},
                                    .factor_recency = {.half_life = 10, .time_scale = 0},
                                    .sequence_weight = 41.032833F};

TEST(BlendOptions, SurviveTheManifestToTheBit) {
  const auto text = json::Write(ToValue(kOptions));
  const auto read = ParseBlendOptions(*json::Parse(text));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, kOptions);
}

TEST(BlendOptions, NameTheMemberThatIsMissingOrOutOfRange) {
  const auto without = ParseBlendOptions(*json::Parse("{\"sequenceWeight\":1}"));
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(without.error().message.find("halfLifeEvents"), std::string::npos);
  const auto negative = ParseBlendOptions(*json::Parse("{\"sequenceWeight\":-1}"));
  ASSERT_FALSE(negative);
  EXPECT_NE(negative.error().message.find("sequenceWeight"), std::string::npos);
}

TEST(BlendReport, NamesTheChoiceAndTheBestTrialsFirst) {
  BlendReport report;
  report.blend.options = kOptions;
  report.blend.trials = {{kOptions, 0.1}, {kOptions, 0.3}, {kOptions, 0.2}};
  const auto parsed = json::Parse(WriteBlendReport(report));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(*ParseBlendOptions(*parsed->Find("chosen")), kOptions);
  const auto& best = *parsed->Find("blend")->Find("best")->as_list();
  ASSERT_EQ(best.size(), 3U);
  EXPECT_EQ(*best[0].Find("ndcgAt10")->as_double(), 0.3);
}

}  // namespace
}  // namespace usher::engine
