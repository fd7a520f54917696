#include "services/apigateway/json_schema.h"

#include <gtest/gtest.h>

#include "json/json.h"

namespace usher::apigateway {
namespace {

Result<std::string> NoModels(std::string_view name) {
  if (name == "User") return std::string(R"({"type":"object","required":["id"]})");
  return NotFound("no model " + std::string(name));
}

// "" where the document fits, else what it violates.
std::string Violations(std::string_view schema, std::string_view document) {
  const auto compiled = JsonSchema::Compile(schema, NoModels);
  if (!compiled) return "SCHEMA " + compiled.error().message;
  const auto checked = compiled->Check(*json::Parse(document));
  return checked ? "" : checked.error().message;
}

TEST(JsonSchema, ChecksWhatTheReferenceModelSays) {
  constexpr std::string_view kModel = R"({"$schema":"http://json-schema.org/draft-04/schema#",
      "title":"MoviesModel","type":"object","required":["user_id"],
      "properties":{"user_id":{"type":"string"},"n":{"type":"integer","minimum":1,"maximum":25}}})";
  EXPECT_EQ(Violations(kModel, R"({"user_id":"5","n":3})"), "");
  EXPECT_EQ(Violations(kModel, "{}"), R"(object has missing required properties (["user_id"]))");
  EXPECT_EQ(
      Violations(kModel, R"({"user_id":5})"),
      R"(instance type (integer) does not match any allowed primitive type (allowed: ["string"]))");
  EXPECT_NE(Violations(kModel, R"({"user_id":"5","n":0})"), "");
  EXPECT_NE(Violations(kModel, R"({"user_id":"5","n":26})"), "");
  EXPECT_NE(Violations(kModel, "[]"), "");
}

struct Case {
  std::string_view schema;
  std::string_view good;
  std::string_view bad;
};

TEST(JsonSchema, KnowsEveryKeyword) {
  const Case cases[] = {
      {R"({"enum":[1,"a"]})", "1.0", "2"},
      {R"({"type":["string","null"]})", "null", "1"},
      {R"({"type":"integer"})", "2.0", "2.5"},
      {R"({"properties":{"a":{}},"additionalProperties":false})", R"({"a":1})", R"({"b":1})"},
      {R"({"additionalProperties":{"type":"string"}})", R"({"a":"x"})", R"({"a":1})"},
      {R"({"patternProperties":{"^x":{"type":"string"}}})", R"({"y":1})", R"({"x1":1})"},
      {R"({"minProperties":1,"maxProperties":2})", R"({"a":1})", "{}"},
      {R"({"items":{"type":"string"}})", R"(["a"])", "[1]"},
      {R"({"items":[{"type":"string"}],"additionalItems":false})", R"(["a"])", R"(["a",1])"},
      {R"({"minItems":1,"maxItems":2})", "[1]", "[1,2,3]"},
      {R"({"uniqueItems":true})", "[1,2]", "[1,1.0]"},
      {R"({"minimum":1})", "1", "0.5"},
      {R"({"minimum":1,"exclusiveMinimum":true})", "1.1", "1"},
      {R"({"maximum":1,"exclusiveMaximum":true})", "0", "1"},
      {R"({"multipleOf":0.1})", "0.3", "0.35"},
      {R"({"minLength":2,"maxLength":3})", "\"\xC3\xBC\xC3\xBC\"", R"("a")"},
      {R"({"pattern":"^[0-9]+$"})", R"("12")", R"("1x")"},
      {R"({"allOf":[{"minimum":1},{"maximum":2}]})", "2", "3"},
      {R"({"anyOf":[{"type":"string"},{"minimum":5}]})", "5", "4"},
      {R"({"oneOf":[{"minimum":1},{"minimum":5}]})", "3", "6"},
      {R"({"not":{"type":"string"}})", "1", R"("a")"},
      {R"({"definitions":{"id":{"type":"string"}},"properties":{"a":{"$ref":"#/definitions/id"}}})",
       R"({"a":"x"})", R"({"a":1})"},
      {R"({"properties":{"child":{"$ref":"#"},"n":{"type":"integer"}}})", R"({"child":{"n":1}})",
       R"({"child":{"child":{"n":"x"}}})"},
      {R"({"$ref":"https://apigateway.amazonaws.com/restapis/abc/models/User"})", R"({"id":1})",
       "{}"},
  };
  for (const auto& [schema, good, bad] : cases) {
    EXPECT_EQ(Violations(schema, good), "") << schema;
    EXPECT_NE(Violations(schema, bad), "") << schema;
    EXPECT_FALSE(Violations(schema, bad).starts_with("SCHEMA")) << Violations(schema, bad);
  }
}

TEST(JsonSchema, RefusesWhatIsNoSchema) {
  for (const std::string_view bad :
       {"", "[]", R"({"type":"text"})", R"({"type":1})", R"({"pattern":"("})",
        R"({"$ref":"#/definitions/x"})", R"({"$ref":"http://elsewhere/schema"})",
        R"({"$ref":"https://apigateway.amazonaws.com/restapis/abc/models/Nobody"})",
        R"({"minItems":-1})", R"({"required":"a"})", R"({"dependencies":{}})",
        R"({"multipleOf":0})"}) {
    EXPECT_FALSE(JsonSchema::Compile(bad, NoModels)) << bad;
  }
}

TEST(JsonSchema, EndsWhereReferencesGoInCircles) {
  EXPECT_NE(Violations(R"({"$ref":"#"})", "1"), "");
  EXPECT_NE(Violations(R"({"allOf":[{"$ref":"#"},{"$ref":"#"}]})", "1"), "");
}

}  // namespace
}  // namespace usher::apigateway
