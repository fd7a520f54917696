#include "wire/validate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/personalize.h"

namespace usher::wire {
namespace {

const Shape& CampaignInput() { return *api::personalize::CreateCampaign::operation().input; }

ValueMap GoodCampaign() {
  ValueMap map;
  map.Set("name", "movies");
  map.Set("solutionVersionArn", "arn:aws:personalize:us-east-1:000000000000:solution/a/12345678");
  return map;
}

std::string MessageFor(const Shape& shape, ValueMap map) {
  const auto valid = Validate(shape, Value(std::move(map)));
  return valid ? "" : valid.error().message;
}

TEST(Validate, AcceptsARequestThatKeepsEveryConstraint) {
  EXPECT_EQ(MessageFor(CampaignInput(), GoodCampaign()), "");
}

TEST(Validate, NamesAMissingMember) {
  ValueMap map = GoodCampaign();
  map.Erase("name");

  EXPECT_EQ(MessageFor(CampaignInput(), map),
            "1 validation error detected: Value null at 'name' failed to satisfy constraint: "
            "Member must not be null");
}

TEST(Validate, ListsEveryViolationInOneMessage) {
  ValueMap map = GoodCampaign();
  map.Set("name", "not a name");
  map.Set("minProvisionedTPS", 0);

  EXPECT_EQ(MessageFor(CampaignInput(), map),
            "2 validation errors detected: Value 'not a name' at 'name' failed to satisfy "
            "constraint: Member must satisfy regular expression pattern: "
            "^[a-zA-Z0-9][a-zA-Z0-9\\-_]*; Value '0' at 'minProvisionedTPS' failed to satisfy "
            "constraint: Member must have value greater than or equal to 1");
}

TEST(Validate, CountsLengthInCharactersNotBytes) {
  const Shape& input = *api::personalize::CreateSchema::operation().input;
  ValueMap map;
  map.Set("name", std::string(64, 'a'));
  map.Set("schema", "{}");
  map.Set("domain", "MUSIC");

  EXPECT_EQ(MessageFor(input, map),
            "2 validation errors detected: Value '" + std::string(64, 'a') +
                "' at 'name' failed to satisfy constraint: Member must have length less than or "
                "equal to 63; Value 'MUSIC' at 'domain' failed to satisfy constraint: Member must "
                "satisfy enum value set: [ECOMMERCE, VIDEO_ON_DEMAND]");

  map.Set("name", "ok");
  map.Erase("domain");
  std::string umlauts;
  for (int i = 0; i < 20000; ++i) umlauts += "\xC3\xBC";  // 20,000 characters, 40,000 bytes
  map.Set("schema", umlauts);
  EXPECT_EQ(MessageFor(input, map), "");
}

TEST(Validate, NamesThePlaceInsideLists) {
  ValueMap tag;
  tag.Set("tagKey", "");
  tag.Set("tagValue", "v");
  ValueMap map = GoodCampaign();
  map.Set("tags", ValueList{Value(tag)});

  EXPECT_THAT(MessageFor(CampaignInput(), map),
              testing::StartsWith("1 validation error detected: Value '' at 'tags.1.member.tagKey' "
                                  "failed to satisfy constraint: Member must have length greater "
                                  "than or equal to 1"));
}

TEST(Validate, RefusesAPatternThatMatchesOnlyAPart) {
  ValueMap map = GoodCampaign();
  map.Set("name", "movies\n");

  EXPECT_THAT(MessageFor(CampaignInput(), map), testing::HasSubstr("at 'name'"));
}

}  // namespace
}  // namespace usher::wire
