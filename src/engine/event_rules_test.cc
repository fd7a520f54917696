#include "engine/event_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace usher::engine {
namespace {

using testing::HasSubstr;
using Rules = std::vector<EventRule>;

std::string Complaint(const Rules& rules) {
  const auto checked = CheckEventRules(rules);
  return checked ? "" : checked.error().message;
}

TEST(CheckEventRules, TakesNoneAndUpToTen) {
  EXPECT_EQ(Complaint({}), "");
  Rules rules;
  for (int i = 0; i < 10; ++i) rules.push_back({.type = "type" + std::to_string(i)});
  EXPECT_EQ(Complaint(rules), "");
  rules.push_back({.type = "one more"});
  EXPECT_THAT(Complaint(rules), HasSubstr("at most 10 event types can be given, got 11"));
}

TEST(CheckEventRules, RefusesWhatCannotBeMeant) {
  EXPECT_THAT(Complaint({{.type = ""}}), HasSubstr("1 to 1024 bytes, got 0"));
  EXPECT_THAT(Complaint({{.type = std::string(1025, 'x')}}), HasSubstr("got 1025"));
  EXPECT_THAT(Complaint({{.type = "click"}, {.type = "click", .weight = 2}}),
              HasSubstr("'click' is given twice"));
  for (const double weight : {-0.1, 1.1e6, std::nan(""), HUGE_VAL}) {
    EXPECT_THAT(Complaint({{.type = "click", .weight = weight}}),
                HasSubstr("the weight of event type 'click' must be from 0 to"));
  }
  EXPECT_THAT(Complaint({{.type = "click", .value_threshold = std::nan("")}}),
              HasSubstr("must be a finite number"));
  EXPECT_THAT(Complaint({{.type = "a", .weight = 0}, {.type = "b", .weight = 0}}),
              HasSubstr("all event weights are 0"));
  EXPECT_THAT(Complaint({{.type = "a", .weight = 1e-60}}), HasSubstr("all event weights are 0"));
}

TEST(CountAlike, LooksAtTheTypesThatAreLearnedFrom) {
  EXPECT_TRUE(CountAlike({}));
  EXPECT_TRUE(CountAlike(Rules{{.type = "a", .weight = 2}, {.type = "b", .weight = 2}}));
  EXPECT_TRUE(CountAlike(Rules{{.type = "a", .weight = 2}, {.type = "b", .weight = 0}}));
  EXPECT_FALSE(CountAlike(Rules{{.type = "a", .weight = 2}, {.type = "b", .weight = 1}}));
}

TEST(EventRules, AreReadAsTheyWereWritten) {
  const Rules rules{{.type = "click", .value_threshold = 0.5, .weight = 0.25}, {.type = "buy"}};
  const auto read = ParseEventRules(ToValue(rules));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, rules);
  EXPECT_EQ(ParseEventRules(Value("no list")).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(ParseEventRules(ToValue(Rules{{.type = ""}})).error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace usher::engine
