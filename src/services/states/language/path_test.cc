#include "services/states/language/path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/json.h"

namespace usher::states {
namespace {

using testing::HasSubstr;

// The data of the Amazon States Language's own examples of paths, and a little more.
Value Data() {
  return *json::Parse(R"({
    "foo": 123, "bar": ["a", "b", "c"], "car": {"cdr": true}, "odd name": {"it's": 1},
    "store": {"book": [{"title": "A", "price": 8.95}, {"title": "B", "price": 12.99}]}})");
}

std::string Selected(const std::string& text) {
  const auto path = Path::Parse(text);
  if (!path) return "refused: " + path.error().message;
  const auto value = path->Select(Data());
  if (!value) return value.error().wire_name;
  return *value ? json::Write(**value) : "nothing";
}

TEST(Path, FindsWhatItNames) {
  EXPECT_EQ(Selected("$.foo"), "123");
  EXPECT_EQ(Selected("$.bar"), R"(["a","b","c"])");
  EXPECT_EQ(Selected("$.car.cdr"), "true");
  EXPECT_EQ(Selected("$['odd name']['it\\'s']"), "1");
  EXPECT_EQ(Selected("$.bar[-1]"), R"("c")");
  EXPECT_EQ(Selected("$.store.book[*].title"), R"(["A","B"])");
  EXPECT_EQ(Selected("$..title"), R"(["A","B"])");
  EXPECT_EQ(Selected("$.store.book[?(@.price < 10)].title"), R"(["A"])");
  EXPECT_EQ(Selected("$.bar.length()"), "3");
  EXPECT_EQ(Selected("$"), json::Write(Data()));
}

TEST(Path, SaysWhenNothingIsThere) {
  EXPECT_EQ(Selected("$.missing"), "nothing");
  EXPECT_EQ(Selected("$.foo.bar"), "nothing");
  EXPECT_EQ(Selected("$.bar[3]"), "nothing");
}

TEST(Path, KnowsWhichPathsAreReferences) {
  for (const char* reference : {"$", "$.a", "$['a()'][0].b", "$.a[-1]", "$[ 'a' ].b-c"}) {
    EXPECT_TRUE(Path::Parse(reference)->is_reference()) << reference;
  }
  for (const char* other :
       {"$..a", "$.*", "$[*]", "$.a[0:1]", "$.a[0,1]", "$[?(@.b)]", "$.a.length()"}) {
    EXPECT_FALSE(Path::Parse(other)->is_reference()) << other;
  }
}

TEST(Path, RefusesWhatIsNoPath) {
  for (const char* bad : {"", "foo", "$.", "$foo", "$.a[", "$.a[]", "$.a['b]", "$.a b", "$$.a"}) {
    EXPECT_FALSE(Path::Parse(bad)) << bad;
  }
}

std::string Written(std::string_view root, std::string_view path, Value value) {
  Value data = *json::Parse(root);
  const auto written = Path::Parse(path)->Write(data, std::move(value));
  return written ? json::Write(data) : "refused: " + written.error().message;
}

// The examples of the language's section on ResultPath, and the cases around them.
TEST(Path, WritesWhereItPoints) {
  EXPECT_EQ(Written(R"({"title":"Numbers to add","numbers":{"val1":3,"val2":4}})", "$.sum", 7),
            R"({"title":"Numbers to add","numbers":{"val1":3,"val2":4},"sum":7})");
  EXPECT_EQ(Written(R"({"a":1})", "$.b.c", 7), R"({"a":1,"b":{"c":7}})");
  EXPECT_EQ(Written(R"({"a":1})", "$.a", 2), R"({"a":2})");
  EXPECT_EQ(Written(R"({"a":1})", "$", 2), "2");
  EXPECT_EQ(Written(R"({"a":1})", "$['it\\'s ]'].b", 2), R"({"a":1,"it's ]":{"b":2}})");
  EXPECT_EQ(Written(R"({"a":[1,2]})", "$.a[1]", 3), R"({"a":[1,3]})");
  EXPECT_EQ(Written(R"({"a":[1,2]})", "$.a[2].b", 3), R"({"a":[1,2,{"b":3}]})");
}

TEST(Path, RefusesToWriteThroughOtherThings) {
  EXPECT_THAT(Written(R"({"a":1})", "$.a.b", 2), HasSubstr("not an object"));
  EXPECT_THAT(Written(R"({"a":1})", "$.a[0]", 2), HasSubstr("not an array"));
  EXPECT_THAT(Written(R"({"a":[]})", "$.a[1]", 2), HasSubstr("outside"));
}

}  // namespace
}  // namespace usher::states
