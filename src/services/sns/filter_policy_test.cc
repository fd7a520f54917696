#include "services/sns/filter_policy.h"

#include <gtest/gtest.h>

namespace usher::sns {
namespace {

using Attributes = std::map<std::string, MessageAttribute>;

MessageAttribute Text(std::string value) { return {"String", std::move(value)}; }
MessageAttribute Number(std::string value) { return {"Number", std::move(value)}; }
MessageAttribute Array(std::string value) { return {"String.Array", std::move(value)}; }

bool Matches(std::string_view policy, const Attributes& attributes) {
  const auto parsed = FilterPolicy::Parse(policy, FilterPolicy::Scope::kAttributes);
  EXPECT_TRUE(parsed) << policy << (parsed ? "" : parsed.error().message);
  return parsed && parsed->Matches(attributes, "");
}

bool MatchesBody(std::string_view policy, std::string_view body) {
  const auto parsed = FilterPolicy::Parse(policy, FilterPolicy::Scope::kBody);
  EXPECT_TRUE(parsed) << policy << (parsed ? "" : parsed.error().message);
  return parsed && parsed->Matches({}, body);
}

// The order of a shop, as the developer guide describes one.
const Attributes kOrder{{"customer_interests", Array(R"(["soccer","rugby","hockey"])")},
                        {"store", Text("example_corp")},
                        {"event", Text("order_placed")},
                        {"price_usd", Number("210.75")}};

TEST(FilterPolicy, NeedsEveryKeyAndOneOfItsValues) {
  EXPECT_TRUE(Matches(R"({"store":["example_corp"],"event":["a","order_placed"]})", kOrder));
  EXPECT_FALSE(Matches(R"({"store":["example_corp"],"event":["order_cancelled"]})", kOrder));
  EXPECT_FALSE(Matches(R"({"store":["example_corp"],"encrypted":["true"]})", kOrder));
}

TEST(FilterPolicy, MatchesAnyElementOfAnArray) {
  EXPECT_TRUE(Matches(R"({"customer_interests":["rugby","football"]})", kOrder));
  EXPECT_FALSE(Matches(R"({"customer_interests":["football"]})", kOrder));
}

TEST(FilterPolicy, TellsTextFromNumbers) {
  EXPECT_TRUE(Matches(R"({"price_usd":[210.75]})", kOrder));
  EXPECT_FALSE(Matches(R"({"price_usd":["210.75"]})", kOrder));
  EXPECT_FALSE(Matches(R"({"n":[1]})", {{"n", Text("1")}}));
}

TEST(FilterPolicy, MatchesPrefixesAndSuffixes) {
  EXPECT_TRUE(Matches(R"({"event":[{"prefix":"order"}]})", kOrder));
  EXPECT_FALSE(Matches(R"({"event":[{"prefix":"placed"}]})", kOrder));
  EXPECT_TRUE(Matches(R"({"event":[{"suffix":"placed"}]})", kOrder));
  EXPECT_FALSE(Matches(R"({"event":[{"suffix":"order"}]})", kOrder));
  EXPECT_FALSE(Matches(R"({"price_usd":[{"prefix":"2"}]})", kOrder));
}

TEST(FilterPolicy, MatchesWithoutCaseWhenAsked) {
  EXPECT_TRUE(Matches(R"({"event":[{"equals-ignore-case":"ORDER_placed"}]})", kOrder));
  EXPECT_FALSE(Matches(R"({"event":["ORDER_PLACED"]})", kOrder));
}

TEST(FilterPolicy, MatchesWildcards) {
  const auto matches = [](const std::string& pattern, const std::string& text) {
    return Matches(R"({"k":[{"wildcard":")" + pattern + R"("}]})", {{"k", Text(text)}});
  };
  EXPECT_TRUE(matches("*", "anything"));
  EXPECT_TRUE(matches("a*c", "abbbc"));
  EXPECT_TRUE(matches("a*c", "ac"));
  EXPECT_TRUE(matches("*a*a*", "xaxax"));
  EXPECT_FALSE(matches("a*c", "abd"));
  EXPECT_FALSE(matches("a", "ab"));
  EXPECT_TRUE(matches(R"(a\\*c)", "a*c"));
  EXPECT_FALSE(matches(R"(a\\*c)", "abc"));
}

TEST(FilterPolicy, AnythingButTakesOtherValuesButNotNone) {
  constexpr const char* policy = R"({"customer_interests":[{"anything-but":["rugby","tennis"]}]})";
  EXPECT_TRUE(Matches(policy, {{"customer_interests", Text("baseball")}}));
  EXPECT_FALSE(Matches(policy, {{"customer_interests", Text("rugby")}}));
  // Of a list one element that is not named is enough.
  EXPECT_TRUE(Matches(policy, {{"customer_interests", Array(R"(["rugby","baseball"])")}}));
  EXPECT_FALSE(Matches(policy, {{"customer_interests", Array(R"(["rugby"])")}}));
  EXPECT_FALSE(Matches(policy, {{"other", Text("baseball")}}));
}

TEST(FilterPolicy, AnythingButTakesNumbersAndPrefixes) {
  EXPECT_TRUE(Matches(R"({"price":[{"anything-but":[100,500]}]})", {{"price", Number("101")}}));
  EXPECT_FALSE(Matches(R"({"price":[{"anything-but":[100,500]}]})", {{"price", Number("100.0")}}));
  EXPECT_FALSE(Matches(R"({"price":[{"anything-but":100}]})", {{"price", Number("100")}}));
  EXPECT_FALSE(
      Matches(R"({"e":[{"anything-but":{"prefix":"order-"}}]})", {{"e", Text("order-1")}}));
  EXPECT_TRUE(Matches(R"({"e":[{"anything-but":{"prefix":"order-"}}]})", {{"e", Text("data-1")}}));
}

TEST(FilterPolicy, ComparesNumbers) {
  const auto matches = [](const std::string& numeric, const std::string& price) {
    return Matches(R"({"price":[{"numeric":)" + numeric + "}]}", {{"price", Number(price)}});
  };
  EXPECT_TRUE(matches(R"(["=",301.5])", "3.015e2"));
  EXPECT_FALSE(matches(R"(["=",301.5])", "301.6"));
  EXPECT_TRUE(matches(R"([">",0])", "0.5"));
  EXPECT_FALSE(matches(R"([">",0])", "0"));
  EXPECT_TRUE(matches(R"([">=",0])", "0"));
  EXPECT_TRUE(matches(R"([">",0,"<=",150])", "150"));
  EXPECT_FALSE(matches(R"([">",0,"<=",150])", "151"));
  EXPECT_FALSE(matches(R"([">",0,"<",150])", "150"));
}

TEST(FilterPolicy, AsksWhetherAKeyIsThere) {
  EXPECT_TRUE(Matches(R"({"store":[{"exists":true}]})", kOrder));
  EXPECT_FALSE(Matches(R"({"encrypted":[{"exists":true}]})", kOrder));
  EXPECT_TRUE(Matches(R"({"encrypted":[{"exists":false}]})", kOrder));
  EXPECT_FALSE(Matches(R"({"store":[{"exists":false}]})", kOrder));
}

TEST(FilterPolicy, AMessageWithoutAttributesMatchesNothing) {
  EXPECT_FALSE(Matches(R"({"encrypted":[{"exists":false}]})", {}));
  EXPECT_FALSE(MatchesBody(R"({"encrypted":[{"exists":false}]})", "{}"));
}

TEST(FilterPolicy, MatchesNetworks) {
  const Attributes from{{"ip", Text("10.0.0.255")}};
  EXPECT_TRUE(Matches(R"({"ip":[{"cidr":"10.0.0.0/24"}]})", from));
  EXPECT_FALSE(Matches(R"({"ip":[{"cidr":"10.0.1.0/24"}]})", from));
  EXPECT_FALSE(Matches(R"({"ip":[{"cidr":"::/0"}]})", from));
  EXPECT_FALSE(Matches(R"({"ip":[{"cidr":"0.0.0.0/0"}]})", {{"ip", Text("no address")}}));
}

TEST(FilterPolicy, TakesOneOfSeveralPolicies) {
  constexpr const char* policy =
      R"({"store":["example_corp"],"$or":[{"event":["x"]},{"price_usd":[{"numeric":[">",200]}]}]})";
  EXPECT_TRUE(Matches(policy, kOrder));
  Attributes cheap = kOrder;
  cheap["price_usd"] = Number("100");
  EXPECT_FALSE(Matches(policy, cheap));
}

TEST(FilterPolicy, DoesNotLookAtBinaryAttributes) {
  EXPECT_FALSE(Matches(R"({"b":[{"exists":true}]})", {{"b", {"Binary", "YQ=="}}}));
}

TEST(FilterPolicy, LooksIntoTheBody) {
  constexpr const char* body =
      R"({"store":"example_corp","paid":true,"note":null,"tags":["a","b"],)"
      R"("address":{"city":"Rome"},"items":[{"id":1,"n":2},{"id":2,"n":1}]})";
  EXPECT_TRUE(MatchesBody(R"({"store":["example_corp"],"address":{"city":["Rome"]}})", body));
  EXPECT_FALSE(MatchesBody(R"({"address":{"city":["Paris"]}})", body));
  EXPECT_TRUE(MatchesBody(R"({"paid":[true]})", body));
  EXPECT_FALSE(MatchesBody(R"({"paid":[false]})", body));
  EXPECT_TRUE(MatchesBody(R"({"note":[null]})", body));
  EXPECT_FALSE(MatchesBody(R"({"note":[{"exists":true}]})", body));
  EXPECT_TRUE(MatchesBody(R"({"tags":["b"]})", body));
  EXPECT_TRUE(MatchesBody(R"({"items":{"id":[2]}})", body));
  EXPECT_TRUE(MatchesBody(R"({"items":{"id":[1],"n":[2]}})", body));
  EXPECT_FALSE(MatchesBody(R"({"items":{"id":[1],"n":[1]}})", body));  // in no one item
  EXPECT_TRUE(MatchesBody(R"({"nobody":{"home":[{"exists":false}]}})", body));
  // exists is about leaves.
  EXPECT_FALSE(MatchesBody(R"({"address":[{"exists":true}]})", body));
}

TEST(FilterPolicy, ABodyThatIsNoObjectMatchesNothing) {
  for (const char* body : {"", "text", "[1]", "3", "{"}) {
    EXPECT_FALSE(MatchesBody(R"({"a":[{"exists":false}]})", body)) << body;
  }
}

TEST(FilterPolicy, RefusesWhatItDoesNotUnderstand) {
  for (const char* policy : {"",
                             "[]",
                             "3",
                             R"({"a":"b"})",
                             R"({"a":[]})",
                             R"({"a":[[1]]})",
                             R"({"a":[{}]})",
                             R"({"a":[{"prefix":"x","suffix":"y"}]})",
                             R"({"a":[{"regex":"x"}]})",
                             R"({"a":[{"prefix":1}]})",
                             R"({"a":[{"prefix":""}]})",
                             R"({"a":[{"exists":"true"}]})",
                             R"({"a":[{"numeric":[">"]}]})",
                             R"({"a":[{"numeric":["!=",1]}]})",
                             R"({"a":[{"numeric":[">",5,"<",1]}]})",
                             R"({"a":[{"numeric":["<",1,">",5]}]})",
                             R"({"a":[{"numeric":[">","1"]}]})",
                             R"({"a":[1e10]})",
                             R"({"a":[{"cidr":"10.0.0.0"}]})",
                             R"({"a":[{"cidr":"10.0.0.0/33"}]})",
                             R"({"a":[{"anything-but":[]}]})",
                             R"({"a":[{"anything-but":[true]}]})",
                             R"({"a":[{"anything-but":{"exists":true}}]})",
                             R"({"$or":[{"a":[1]}]})",
                             R"({"$or":{"a":[1]}})",
                             R"({"a":{"b":[1]}})"}) {
    const auto parsed = FilterPolicy::Parse(policy, FilterPolicy::Scope::kAttributes);
    ASSERT_FALSE(parsed) << policy;
    EXPECT_EQ(parsed.error().wire_name, "InvalidParameter");
  }
}

TEST(FilterPolicy, LimitsKeysAndCombinations) {
  EXPECT_TRUE(FilterPolicy::Parse(R"({"a":[1],"b":[1],"c":[1],"d":[1],"e":[1]})",
                                  FilterPolicy::Scope::kAttributes));
  EXPECT_FALSE(FilterPolicy::Parse(R"({"a":[1],"b":[1],"c":[1],"d":[1],"e":[1],"f":[1]})",
                                   FilterPolicy::Scope::kAttributes));
  std::string many = "[0";
  for (int i = 1; i < 13; ++i) many += "," + std::to_string(i);
  many += "]";
  // 13 * 13 = 169 > 150
  EXPECT_TRUE(FilterPolicy::Parse(R"({"a":)" + many + "}", FilterPolicy::Scope::kAttributes));
  EXPECT_FALSE(FilterPolicy::Parse(R"({"a":)" + many + R"(,"b":)" + many + "}",
                                   FilterPolicy::Scope::kAttributes));
}

TEST(FilterPolicy, LimitsDepth) {
  std::string deep = "[1]";
  for (int i = 0; i < 20; ++i) deep = R"({"a":)" + deep + "}";

  EXPECT_FALSE(FilterPolicy::Parse(deep, FilterPolicy::Scope::kBody));
}

}  // namespace
}  // namespace usher::sns
