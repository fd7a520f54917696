#include "services/s3/notification_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace usher::s3 {
namespace {

using testing::HasSubstr;

constexpr const char* kFunctionArn = "arn:aws:lambda:us-east-1:000000000000:function:f";

api::s3::NotificationConfigurationFilter Filter(const std::string& prefix,
                                                const std::string& suffix) {
  std::vector<api::s3::FilterRule> rules;
  if (!prefix.empty()) rules.push_back({.name = "prefix", .value = prefix});
  if (!suffix.empty()) rules.push_back({.name = "Suffix", .value = suffix});
  return {.key = api::s3::S3KeyFilter{.filter_rules = std::move(rules)}};
}

api::s3::LambdaFunctionConfiguration Function(const std::string& event, const std::string& prefix,
                                              const std::string& suffix) {
  return {.lambda_function_arn = kFunctionArn, .events = {event}, .filter = Filter(prefix, suffix)};
}

api::s3::NotificationConfiguration Functions(
    std::vector<api::s3::LambdaFunctionConfiguration> functions) {
  return {.lambda_function_configurations = std::move(functions)};
}

// "" when the configuration is taken.
std::string Refusal(api::s3::NotificationConfiguration configuration) {
  const auto valid = CheckRules(configuration);
  return valid ? "" : valid.error().wire_name + ": " + valid.error().message;
}

TEST(NotificationRules, AFamilyTakesItsEventsAndNoOther) {
  const NotificationRule rule{.events = {"s3:ObjectCreated:*"}};
  EXPECT_TRUE(TakesEvent(rule, "ObjectCreated:Put"));
  EXPECT_TRUE(TakesEvent(rule, "ObjectCreated:CompleteMultipartUpload"));
  EXPECT_FALSE(TakesEvent(rule, "ObjectRemoved:Delete"));
  const NotificationRule single{.events = {"s3:ObjectCreated:Copy", "s3:ObjectRemoved:Delete"}};
  EXPECT_TRUE(TakesEvent(single, "ObjectCreated:Copy"));
  EXPECT_TRUE(TakesEvent(single, "ObjectRemoved:Delete"));
  EXPECT_FALSE(TakesEvent(single, "ObjectCreated:Put"));
}

TEST(NotificationRules, PrefixAndSuffixAreComparedExactly) {
  const NotificationRule rule{.prefix = "movie-lens/batch/results/", .suffix = ".out"};
  EXPECT_TRUE(TakesKey(rule, "movie-lens/batch/results//inference/users.json.out"));
  EXPECT_TRUE(TakesKey(rule, "movie-lens/batch/results/.out"));
  EXPECT_FALSE(TakesKey(rule, "movie-lens/batch/results/transformed.parquet"));
  EXPECT_FALSE(TakesKey(rule, "Movie-lens/batch/results/users.json.out"));
  EXPECT_FALSE(TakesKey(rule, "movie-lens/batch/results/users.json.OUT"));
}

TEST(NotificationRules, NamesOfFilterRulesAreReadWithoutCase) {
  const auto rules = RulesOf(Functions({Function("s3:ObjectCreated:*", "in/", ".csv")}));
  ASSERT_EQ(rules.size(), 1U);
  EXPECT_EQ(rules[0].prefix, "in/");
  EXPECT_EQ(rules[0].suffix, ".csv");
}

TEST(NotificationRules, ARuleWithoutIdGetsOne) {
  auto configuration = Functions(
      {Function("s3:ObjectCreated:*", "a/", ""), Function("s3:ObjectCreated:*", "b/", "")});
  ASSERT_TRUE(CheckRules(configuration));
  const auto rules = RulesOf(configuration);
  EXPECT_FALSE(rules[0].id.empty());
  EXPECT_NE(rules[0].id, rules[1].id);
}

TEST(NotificationRules, TwoRulesMustNotTakeTheSameEventOfAKey) {
  EXPECT_THAT(Refusal(Functions({Function("s3:ObjectCreated:*", "a/", ""),
                                 Function("s3:ObjectCreated:Put", "a/b/", ".csv")})),
              HasSubstr("InvalidArgument: Configurations overlap"));
  // Another event, another folder, another ending: each alone keeps them apart.
  EXPECT_EQ(Refusal(Functions({Function("s3:ObjectCreated:*", "a/", ""),
                               Function("s3:ObjectRemoved:*", "a/", "")})),
            "");
  EXPECT_EQ(Refusal(Functions({Function("s3:ObjectCreated:*", "a/", ""),
                               Function("s3:ObjectCreated:*", "b/", "")})),
            "");
  EXPECT_EQ(Refusal(Functions({Function("s3:ObjectCreated:*", "a/", ".csv"),
                               Function("s3:ObjectCreated:*", "a/", ".out")})),
            "");
}

TEST(NotificationRules, WhatCannotBeIsRefused) {
  auto event = Functions({Function("s3:ObjectAcl:Put", "", "")});
  EXPECT_THAT(Refusal(event), HasSubstr("NotImplemented: Events of the kind s3:ObjectAcl:Put"));

  auto twice = Functions({Function("s3:ObjectCreated:*", "", "")});
  twice.lambda_function_configurations->front().filter->key->filter_rules =
      std::vector<api::s3::FilterRule>{{.name = "prefix", .value = "a"},
                                       {.name = "Prefix", .value = "b"}};
  EXPECT_THAT(Refusal(twice), HasSubstr("more than one prefix rule"));

  auto name = Functions({Function("s3:ObjectCreated:*", "", "")});
  name.lambda_function_configurations->front().filter->key->filter_rules =
      std::vector<api::s3::FilterRule>{{.name = "infix", .value = "a"}};
  EXPECT_THAT(Refusal(name), HasSubstr("must be either prefix or suffix"));

  auto ids = Functions(
      {Function("s3:ObjectCreated:*", "a/", ""), Function("s3:ObjectCreated:*", "b/", "")});
  for (auto& function : *ids.lambda_function_configurations) function.id = "same";
  EXPECT_THAT(Refusal(ids), HasSubstr("Same ID"));

  auto arn = Functions({Function("s3:ObjectCreated:*", "", "")});
  arn.lambda_function_configurations->front().lambda_function_arn =
      "arn:aws:sns:us-east-1:000000000000:t";
  EXPECT_THAT(Refusal(arn), HasSubstr("not well formed"));

  EXPECT_THAT(
      Refusal({.topic_configurations =
                   std::vector<api::s3::TopicConfiguration>{
                       {.topic_arn = "arn:aws:sns:r:1:t.fifo", .events = {"s3:ObjectCreated:*"}}}}),
      HasSubstr("FIFO"));
  EXPECT_THAT(Refusal({.event_bridge_configuration = api::s3::EventBridgeConfiguration{}}),
              HasSubstr("EventBridge is not supported"));
}

TEST(NotificationRules, MoreThanAHundredAreRefused) {
  std::vector<api::s3::LambdaFunctionConfiguration> many;
  for (int i = 0; i < 100; ++i) {
    many.push_back(Function("s3:ObjectCreated:*", "folder" + std::to_string(1000 + i) + "/", ""));
  }
  EXPECT_EQ(Refusal(Functions(many)), "");
  many.push_back(Function("s3:ObjectCreated:*", "one more/", ""));
  EXPECT_THAT(Refusal(Functions(many)), HasSubstr("up to 100"));
}

TEST(NotificationRules, TheNearestMissNamesWhatDiffers) {
  const std::vector<NotificationRule> rules = {
      {.id = "Raw", .events = {"s3:ObjectCreated:*"}, .prefix = "raw/", .suffix = ".csv"},
      {.id = "Batch", .events = {"s3:ObjectCreated:*"}, .prefix = "batch/", .suffix = ".csv"}};
  EXPECT_EQ(NearestMiss(rules, "ObjectCreated:Put", "batch/users.json"),
            "rule Batch differs in suffix ('.csv')");
  EXPECT_EQ(NearestMiss(rules, "ObjectCreated:Put", "other/users.csv"),
            "rule Raw differs in prefix ('raw/')");
  EXPECT_EQ(NearestMiss(rules, "ObjectCreated:Put", "other/users.json"),
            "rule Raw differs in prefix ('raw/') and suffix ('.csv')");
  EXPECT_EQ(NearestMiss(rules, "ObjectRemoved:Delete", "batch/users.json"), "");
}

}  // namespace
}  // namespace usher::s3
