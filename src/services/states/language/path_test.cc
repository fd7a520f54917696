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
    "store": {"book": [
      {"title": "A", "price": 8.95, "tags": ["x"]},
      {"title": "B", "price": 12.99},
      {"title": "C", "price": 22}]}})");
}

std::string Selected(const std::string& text) {
  const auto path = Path::Parse(text);
  if (!path) return "refused: " + path.error().message;
  const auto value = path->Select(Data());
  return value ? json::Write(*value) : "nothing";
}

TEST(Path, FindsWhatDefinitePathsName) {
  EXPECT_EQ(Selected("$.foo"), "123");
  EXPECT_EQ(Selected("$.bar"), R"(["a","b","c"])");
  EXPECT_EQ(Selected("$.car.cdr"), "true");
  EXPECT_EQ(Selected("$['car']['cdr']"), "true");
  EXPECT_EQ(Selected("$['odd name']['it\\'s']"), "1");
  EXPECT_EQ(Selected("$.bar[0]"), R"("a")");
  EXPECT_EQ(Selected("$.bar[-1]"), R"("c")");
  EXPECT_EQ(Selected("$.store.book[1].title"), R"("B")");
  EXPECT_EQ(Selected("$"), json::Write(Data()));
}

TEST(Path, SaysWhenNothingIsThere) {
  EXPECT_EQ(Selected("$.missing"), "nothing");
  EXPECT_EQ(Selected("$.foo.bar"), "nothing");
  EXPECT_EQ(Selected("$.bar[3]"), "nothing");
  EXPECT_EQ(Selected("$.bar[-4]"), "nothing");
}

TEST(Path, ListsWhatIndefinitePathsFind) {
  EXPECT_EQ(Selected("$.store.book[*].title"), R"(["A","B","C"])");
  EXPECT_EQ(Selected("$..title"), R"(["A","B","C"])");
  EXPECT_EQ(Selected("$.bar[0:2]"), R"(["a","b"])");
  EXPECT_EQ(Selected("$.bar[-2:]"), R"(["b","c"])");
  EXPECT_EQ(Selected("$.bar[::2]"), R"(["a","c"])");
  EXPECT_EQ(Selected("$.bar[0,2]"), R"(["a","c"])");
  EXPECT_EQ(Selected("$['foo','bar']"), R"([123,["a","b","c"]])");
  EXPECT_EQ(Selected("$.missing[*]"), "[]");
}

TEST(Path, FiltersByComparisons) {
  EXPECT_EQ(Selected("$.store.book[?(@.price < 10)].title"), R"(["A"])");
  EXPECT_EQ(Selected("$.store.book[?(@.price >= 12.99 && @.price != 22)].title"), R"(["B"])");
  EXPECT_EQ(Selected("$.store.book[?(@.title == 'A' || @.title == \"C\")].title"), R"(["A","C"])");
  EXPECT_EQ(Selected("$.store.book[?(@.tags)].title"), R"(["A"])");
  EXPECT_EQ(Selected("$.store.book[?(!(@.tags))].title"), R"(["B","C"])");
}

TEST(Path, KnowsWhichPathsNameOnePlace) {
  for (const char* definite : {"$", "$.a", "$['a'][0].b", "$.a[-1]"}) {
    EXPECT_TRUE(Path::Parse(definite)->is_definite()) << definite;
  }
  for (const char* not_definite : {"$..a", "$.*", "$[*]", "$.a[0:1]", "$.a[0,1]", "$[?(@.b)]"}) {
    EXPECT_FALSE(Path::Parse(not_definite)->is_definite()) << not_definite;
  }
}

TEST(Path, RefusesWhatIsNoPath) {
  for (const char* bad :
       {"", "foo", "$.", "$foo", "$.a[", "$.a[]", "$.a[x]", "$.a['b]", "$.a.length()",
        "$.a[?(@.b ==)]", "$.a[?(@..b)]", "$.a b", "$.a[0", "$.a[::0]", "$$.a"}) {
    const auto path = Path::Parse(bad);
    ASSERT_FALSE(path) << bad;
    EXPECT_THAT(path.error().message, HasSubstr("is not a path")) << bad;
  }
}

TEST(Path, RefusesPathsBeyondItsLimits) {
  std::string steps = "$";
  for (std::size_t i = 0; i <= kMaxPathSteps; ++i) steps += ".a";
  EXPECT_FALSE(Path::Parse(steps));
  EXPECT_FALSE(Path::Parse("$." + std::string(kMaxPathBytes, 'a')));
}

std::string Written(std::string_view root, std::string_view path, Value value) {
  Value data = *json::Parse(root);
  const auto written = Path::Parse(path)->Write(data, std::move(value));
  return written ? json::Write(data) : "refused: " + written.error().message;
}

// The two examples of the language's section on ResultPath, and the cases around them.
TEST(Path, WritesWhereItPoints) {
  EXPECT_EQ(Written(R"({"title":"Numbers to add","numbers":{"val1":3,"val2":4}})", "$.sum", 7),
            R"({"title":"Numbers to add","numbers":{"val1":3,"val2":4},"sum":7})");
  EXPECT_EQ(Written(R"({"a":1})", "$.b.c", 7), R"({"a":1,"b":{"c":7}})");
  EXPECT_EQ(Written(R"({"a":1})", "$.a", 2), R"({"a":2})");
  EXPECT_EQ(Written(R"({"a":1})", "$", 2), "2");
  EXPECT_EQ(Written(R"({"a":[1,2]})", "$.a[1]", 3), R"({"a":[1,3]})");
  EXPECT_EQ(Written(R"({"a":[1,2]})", "$.a[2]", 3), R"({"a":[1,2,3]})");
}

TEST(Path, RefusesToWriteThroughOtherThings) {
  EXPECT_THAT(Written(R"({"a":1})", "$.a.b", 2), HasSubstr("not an object"));
  EXPECT_THAT(Written(R"({"a":1})", "$.a[0]", 2), HasSubstr("not an array"));
  EXPECT_THAT(Written(R"({"a":[]})", "$.a[1]", 2), HasSubstr("outside"));
}

}  // namespace
}  // namespace usher::states
