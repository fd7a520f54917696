#include "services/apigateway/patch.h"

#include <gtest/gtest.h>

#include "json/json.h"

namespace usher::apigateway {
namespace {

constexpr PatchRule kRules[] = {
    {"/name"},
    {"/flag", PatchKind::kFlag},
    {"/count", PatchKind::kInteger},
    {"/rate", PatchKind::kNumber},
    {"/map/*"},
    {"/list/*", PatchKind::kItem},
};

// The document after the operation, or the error.
std::string Patch(std::string_view before, std::string op, std::string path,
                  std::optional<std::string> value = std::nullopt) {
  Value document = *json::Parse(before);
  const auto done = ApplyPatch(
      document, {.op = std::move(op), .path = std::move(path), .value = std::move(value)}, kRules);
  return done ? json::Write(document) : done.error().message;
}

TEST(ApplyPatch, SetsMembersInTheirType) {
  EXPECT_EQ(Patch("{}", "replace", "/name", "x"), R"({"name":"x"})");
  EXPECT_EQ(Patch("{}", "add", "/flag", "TRUE"), R"({"flag":true})");
  EXPECT_EQ(Patch("{}", "replace", "/count", "29000"), R"({"count":29000})");
  EXPECT_EQ(Patch("{}", "replace", "/rate", "0.5"), R"({"rate":0.5})");
}

TEST(ApplyPatch, UnescapesPaths) {
  EXPECT_EQ(Patch("{}", "replace", "/map/application~1json", "t"),
            R"({"map":{"application/json":"t"}})");
  EXPECT_EQ(Patch("{}", "replace", "/map/a~01b", "t"), R"({"map":{"a~1b":"t"}})");
}

TEST(ApplyPatch, RemovesMembersAndWholeMaps) {
  EXPECT_EQ(Patch(R"({"map":{"a":"1","b":"2"}})", "remove", "/map/a"), R"({"map":{"b":"2"}})");
  EXPECT_EQ(Patch(R"({"map":{"a":"1"},"name":"n"})", "remove", "/map"), R"({"name":"n"})");
  EXPECT_EQ(Patch(R"({"name":"n"})", "remove", "/name"), "{}");
  EXPECT_EQ(Patch("{}", "remove", "/map/a"), "{}");
}

TEST(ApplyPatch, ChangesListsByTheirItems) {
  EXPECT_EQ(Patch("{}", "add", "/list/image~1png"), R"({"list":["image/png"]})");
  EXPECT_EQ(Patch(R"({"list":["a"]})", "add", "/list/a"), R"({"list":["a"]})");
  EXPECT_EQ(Patch(R"({"list":["a","b"]})", "remove", "/list/a"), R"({"list":["b"]})");
  EXPECT_EQ(Patch(R"({"list":["EDGE"]})", "replace", "/list/EDGE", "REGIONAL"),
            R"({"list":["REGIONAL"]})");
}

TEST(ApplyPatch, RefusesWhatNoRuleTakes) {
  EXPECT_EQ(
      Patch("{}", "replace", "/other", "x"),
      "Invalid patch path '/other' specified for op 'replace'. Must be one of: [/name, /flag, "
      "/count, /rate, /map/*, /list/*]");
  EXPECT_NE(Patch("{}", "replace", "/name/deeper", "x").find("Invalid patch path"),
            std::string::npos);
  EXPECT_NE(Patch("{}", "replace", "name", "x").find("begin with '/'"), std::string::npos);
  EXPECT_NE(Patch("{}", "move", "/name", "x").find("add, remove, replace"), std::string::npos);
  EXPECT_NE(Patch("{}", "replace", "/map", "x").find("Invalid patch path"), std::string::npos);
}

TEST(ApplyPatch, RefusesValuesOfAnotherKind) {
  EXPECT_EQ(Patch("{}", "replace", "/flag", "yes"),
            "the value 'yes' for /flag must be true or false");
  EXPECT_NE(Patch("{}", "replace", "/count", "1.5").find("a whole number"), std::string::npos);
  EXPECT_NE(Patch("{}", "replace", "/rate", "fast").find("a number"), std::string::npos);
  EXPECT_NE(Patch("{}", "replace", "/name").find("has no value"), std::string::npos);
}

}  // namespace
}  // namespace usher::apigateway
