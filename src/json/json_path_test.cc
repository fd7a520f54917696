#include "json/json_path.h"

#include <gtest/gtest.h>

#include "json/json.h"

namespace usher::json {
namespace {

// The document of Goessner's article, shortened.
constexpr std::string_view kStore = R"({"store":{"book":[
  {"category":"reference","author":"Nigel Rees","title":"Sayings","price":8.95},
  {"category":"fiction","author":"Evelyn Waugh","title":"Sword","price":12.99},
  {"category":"fiction","author":"Herman Melville","title":"Moby","isbn":"0-553","price":8.99},
  {"category":"fiction","author":"J. Tolkien","title":"Lord","isbn":"0-395","price":22.99}],
  "bicycle":{"color":"red","price":19.95}},"a b":{"c.d":1}})";

std::string Get(std::string_view path) {
  const auto parsed = JsonPath::Parse(path);
  if (!parsed) return parsed.error().message;
  const auto found = parsed->Get(*Parse(kStore));
  if (!found) return found.error().message;
  return *found ? Write(**found) : "nothing";
}

TEST(JsonPath, NamesOneValue) {
  EXPECT_EQ(Get("$.store.book[0].title"), R"("Sayings")");
  EXPECT_EQ(Get("$['store']['book'][0]['title']"), R"("Sayings")");
  EXPECT_EQ(Get("$.store.book[-1].title"), R"("Lord")");
  EXPECT_EQ(Get("$['a b']['c.d']"), "1");
  EXPECT_EQ(Get("$.store.bicycle"), R"({"color":"red","price":19.95})");
  EXPECT_EQ(Get("$.store.book.length()"), "4");
}

TEST(JsonPath, LeadsNowhereWithoutAnError) {
  EXPECT_EQ(Get("$.shop"), "nothing");
  EXPECT_EQ(Get("$.store.book[9]"), "nothing");
  EXPECT_EQ(Get("$.store[0]"), "nothing");
  EXPECT_EQ(Get("$.store.book.title"), "nothing");
}

TEST(JsonPath, NamesMany) {
  EXPECT_EQ(Get("$.store.book[*].author"),
            R"(["Nigel Rees","Evelyn Waugh","Herman Melville","J. Tolkien"])");
  EXPECT_EQ(Get("$..author"), R"(["Nigel Rees","Evelyn Waugh","Herman Melville","J. Tolkien"])");
  EXPECT_EQ(Get("$.store..price"), "[8.95,12.99,8.99,22.99,19.95]");
  EXPECT_EQ(Get("$..book[2].title"), R"(["Moby"])");
  EXPECT_EQ(Get("$..book[0,1].title"), R"(["Sayings","Sword"])");
  EXPECT_EQ(Get("$..book[:2].title"), R"(["Sayings","Sword"])");
  EXPECT_EQ(Get("$.store.book[-1:].title"), R"(["Lord"])");
  EXPECT_EQ(Get("$.store.book[1:3].title"), R"(["Sword","Moby"])");
  EXPECT_EQ(Get("$.store.bicycle.*"), R"(["red",19.95])");
  EXPECT_EQ(Get("$.store.bicycle['color','price']"), R"(["red",19.95])");
  EXPECT_EQ(Get("$..nothing"), "[]");
}

TEST(JsonPath, Filters) {
  EXPECT_EQ(Get("$..book[?(@.isbn)].title"), R"(["Moby","Lord"])");
  EXPECT_EQ(Get("$..book[?(@.price<10)].title"), R"(["Sayings","Moby"])");
  EXPECT_EQ(Get("$..book[?(@.price < 10 && @.category == 'fiction')].title"), R"(["Moby"])");
  EXPECT_EQ(Get("$..book[?(!@.isbn)].title"), R"(["Sayings","Sword"])");
  EXPECT_EQ(Get("$..book[?(@.price > 20 || (@.title == \"Moby\"))].title"), R"(["Moby","Lord"])");
  EXPECT_EQ(Get("$.store.book[?(@.price > $.store.bicycle.price)].title"), R"(["Lord"])");
  EXPECT_EQ(Get("$.store.book[?(@.price == 8.95)].title"), R"(["Sayings"])");
}

TEST(JsonPath, SaysWhereItCannotBeRead) {
  for (const std::string_view bad : {"", "a", "$.", "$[", "$['a", "$[a]", "$.a[?(@.b]", "$.a b",
                                     "$..", "$.sum()", "$[?(1)]", "$.a.length().b", "$[1,]"}) {
    EXPECT_FALSE(JsonPath::Parse(bad)) << bad;
  }
  EXPECT_EQ(
      JsonPath::Parse("$.a[").error().message,
      "JSONPath '$.a[' cannot be read at character 5: expected an index, a name in quotes, '*' "
      "or '?'");
  EXPECT_FALSE(JsonPath::Parse("$" + std::string(kMaxPathBytes, '.')));
  std::string deep = "$";
  for (std::size_t i = 0; i <= kMaxPathSteps; ++i) deep += ".a";
  EXPECT_FALSE(JsonPath::Parse(deep));
}

TEST(JsonPath, TellsDefiniteFromIndefinite) {
  EXPECT_TRUE(JsonPath::Parse("$.a[0]['b']")->is_definite());
  EXPECT_FALSE(JsonPath::Parse("$.a[*]")->is_definite());
  EXPECT_FALSE(JsonPath::Parse("$..a")->is_definite());
  EXPECT_FALSE(JsonPath::Parse("$.a[0,1]")->is_definite());
}

}  // namespace
}  // namespace usher::json
