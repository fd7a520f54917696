#include "console/console.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "console/allowed_operations.h"
#include "console/pages.h"
#include "json/json.h"
#include "wire/logs.h"
#include "wire/s3.h"

namespace usher::console {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

using Fields = std::vector<std::pair<std::string, std::string>>;

class ConsoleTest : public testing::Test {
 protected:
  ConsoleTest() {
    dispatcher_.Handle<api::logs::DescribeLogGroups>(
        [this](const api::logs::DescribeLogGroupsRequest& request,
               wire::CallContext& /*call*/) -> Result<api::logs::DescribeLogGroupsResponse> {
          if (request.log_group_name_prefix == "bad") return InvalidInput("no such thing");
          ++calls_;
          return api::logs::DescribeLogGroupsResponse{.next_token = "t"};
        });
    dispatcher_.Handle<api::logs::DeleteLogGroup>(
        [this](const api::logs::DeleteLogGroup::Request& /*request*/,
               wire::CallContext& /*call*/) -> Result<api::logs::DeleteLogGroup::Response> {
          ++calls_;
          return api::logs::DeleteLogGroup::Response{};
        });
    dispatcher_.Handle<api::s3::GetObject>(
        [](const api::s3::GetObjectRequest& request,
           wire::CallContext& /*call*/) -> Result<api::s3::GetObjectOutput> {
          if (request.key != "page.html") return NotFound("The specified key does not exist.");
          api::s3::GetObjectOutput response;
          response.content_type = "text/html";
          response.body = std::make_shared<StringSource>("<script>1</script>");
          return response;
        });
    Options options{.endpoint = "http://127.0.0.1:4567",
                    .host = "usher.example",
                    .own = {},
                    .on_link = [this](const std::string& link) { links_.push_back(link); }};
    options.own["Echo"] = [](const Value& request, wire::CallContext& /*call*/) -> Result<Value> {
      return request;
    };
    console_ = std::make_unique<Console>(dispatcher_, clock_, std::move(options));
  }

  wire::HttpResponse Send(const std::string& method, const std::string& target, Fields fields = {},
                          const std::string& body = "") {
    wire::HttpRequest request{.method = method, .target = target, .peer = "127.0.0.1"};
    for (auto& [name, value] : fields) request.headers.Add(name, value);
    if (!request.headers.Find("Host")) request.headers.Add("Host", "127.0.0.1:4567");
    request.body = std::make_shared<StringSource>(body);
    std::string operation;
    return console_->Answer(request, operation);
  }

  // Follows the link that works now; gives the Cookie header that the browser would send.
  std::string Enter() {
    const auto answer = Send("GET", Target(links_.back()));
    EXPECT_EQ(answer.status, 303);
    const std::string* cookie = answer.headers.Find("Set-Cookie");
    EXPECT_NE(cookie, nullptr);
    return cookie ? cookie->substr(0, cookie->find(';')) : "";
  }
  std::string Token(const std::string& cookie) {
    const auto answer = Send("GET", "/api/session", {{"Cookie", cookie}});
    return *json::Parse(answer.body)->Find("csrf")->as_string();
  }
  static std::string Target(const std::string& link) {
    return link.substr(std::string("http://127.0.0.1:4567").size());
  }

  // A call as the pages make it, with what is given in place of its own fields.
  wire::HttpResponse Call(const std::string& name, const std::string& body = "{}") {
    if (cookie_.empty()) {
      cookie_ = Enter();
      token_ = Token(cookie_);
    }
    return Send("POST", "/api/" + name,
                {{"Cookie", cookie_},
                 {"X-Usher-Csrf", token_},
                 {"Content-Type", "application/json"},
                 {"Origin", "http://127.0.0.1:4567"},
                 {"Sec-Fetch-Site", "same-origin"}},
                body);
  }

  FixedClock clock_{FromEpochMillis(1'700'000'000'000)};
  wire::Dispatcher dispatcher_;
  std::vector<std::string> links_;
  int calls_ = 0;
  std::unique_ptr<Console> console_;
  std::string cookie_;
  std::string token_;
};

TEST_F(ConsoleTest, ALinkOpensASessionOnce) {
  const std::string link = Target(links_.at(0));
  const auto first = Send("GET", link);
  EXPECT_EQ(first.status, 303);
  EXPECT_EQ(*first.headers.Find("Location"), "/");
  EXPECT_THAT(*first.headers.Find("Set-Cookie"),
              AllOf(StartsWith("usher_console="), HasSubstr("; HttpOnly"),
                    HasSubstr("; SameSite=Strict"), HasSubstr("; Path=/")));

  const auto second = Send("GET", link);
  EXPECT_EQ(second.status, 401);
  EXPECT_EQ(second.headers.Find("Set-Cookie"), nullptr);
  EXPECT_THAT(second.body, HasSubstr("usher console"));

  ASSERT_EQ(links_.size(), 2U);  // the next one
  EXPECT_NE(links_[0], links_[1]);
  EXPECT_EQ(Send("GET", Target(links_[1])).status, 303);
}

TEST_F(ConsoleTest, ALinkIsNotUsedUpByLookingAtIt) {
  EXPECT_EQ(Send("HEAD", Target(links_.at(0))).status, 405);
  EXPECT_EQ(Send("GET", Target(links_.at(0))).status, 303);
}

TEST_F(ConsoleTest, WrongLinksOpenNothing) {
  for (const char* target : {"/enter", "/enter?token=", "/enter?token=0", "/enter?x=1"}) {
    EXPECT_EQ(Send("GET", target).status, 401) << target;
  }
}

TEST_F(ConsoleTest, NothingIsServedWithoutASession) {
  for (const char* target : {"/", "/index.html", "/assets/x.js", "/nothing"}) {
    const auto answer = Send("GET", target);
    EXPECT_EQ(answer.status, 401) << target;
    EXPECT_THAT(answer.body, HasSubstr("usher serve"));
  }
  EXPECT_EQ(Send("GET", "/api/session").status, 401);
  EXPECT_EQ(Send("GET", "/", {{"Cookie", "usher_console=" + std::string(64, 'a')}}).status, 401);
  EXPECT_EQ(Send("GET", "/", {{"Cookie", "usher_console="}}).status, 401);
}

TEST_F(ConsoleTest, ASessionSeesThePages) {
  const std::string cookie = Enter();
  const auto page = Send("GET", "/", {{"Cookie", "other=1; " + cookie}});
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(*page.headers.Find("Content-Type"), "text/html; charset=utf-8");
  EXPECT_THAT(page.body, HasSubstr("<title>Usher</title>"));
  for (const Page& one : Pages()) {
    const auto answer = Send("GET", std::string(one.path), {{"Cookie", cookie}});
    EXPECT_EQ(answer.status, 200) << one.path;
    EXPECT_EQ(answer.body, one.bytes);
    const auto small =
        Send("GET", std::string(one.path), {{"Cookie", cookie}, {"Accept-Encoding", "br, gzip"}});
    EXPECT_EQ(*small.headers.Find("Content-Encoding"), "gzip");
    EXPECT_EQ(small.body, one.gzip);
  }
}

// No file is opened by its path: whatever is not in the list of pages is not there.
TEST_F(ConsoleTest, PathsLeadToPagesAndNowhereElse) {
  const std::string cookie = Enter();
  for (const char* target :
       {"/../credentials.json", "/assets/../index.html", "/%2e%2e/index.html", "//index.html",
        "/assets/..%2f..%2fetc%2fpasswd", "/assets/", "/index.html/", "/INDEX.HTML"}) {
    EXPECT_EQ(Send("GET", target, {{"Cookie", cookie}}).status, 404) << target;
  }
  EXPECT_EQ(Send("POST", "/", {{"Cookie", cookie}}).status, 405);
}

TEST_F(ConsoleTest, OtherHostsAreRefused) {
  const std::string cookie = Enter();
  for (const char* host : {"evil.example", "127.0.0.1.evil.example", "localhost.evil.example:4567",
                           "usher.example.evil", "[::1", "[::1]x", ""}) {
    const auto answer = Send("GET", "/", {{"Host", host}, {"Cookie", cookie}});
    EXPECT_EQ(answer.status, 421) << host;
    EXPECT_EQ(Send("GET", Target(links_.back()), {{"Host", host}}).status, 421) << host;
  }
  for (const char* host :
       {"127.0.0.1:4567", "localhost:9000", "LOCALHOST", "[::1]:4567", "usher.example:4567"}) {
    EXPECT_EQ(Send("GET", "/", {{"Host", host}, {"Cookie", cookie}}).status, 200) << host;
  }
}

TEST_F(ConsoleTest, EveryAnswerKeepsOthersOut) {
  const std::string cookie = Enter();
  for (const auto& answer : {Send("GET", "/", {{"Cookie", cookie}}), Send("GET", "/"),
                             Send("GET", "/", {{"Host", "evil"}}), Call("logs/DescribeLogGroups"),
                             Send("GET", Target(links_.back()))}) {
    const std::string* policy = answer.headers.Find("Content-Security-Policy");
    ASSERT_NE(policy, nullptr);
    EXPECT_THAT(*policy, AllOf(HasSubstr("default-src 'none'"), HasSubstr("script-src 'self'"),
                               HasSubstr("frame-ancestors 'none'"), Not(HasSubstr("unsafe"))));
    EXPECT_EQ(*answer.headers.Find("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(*answer.headers.Find("Referrer-Policy"), "no-referrer");
    EXPECT_EQ(*answer.headers.Find("Cross-Origin-Resource-Policy"), "same-origin");
    EXPECT_EQ(answer.headers.Find("Access-Control-Allow-Origin"), nullptr);
  }
}

TEST_F(ConsoleTest, AllowedOperationsAreCalled) {
  const auto answer = Call("logs/DescribeLogGroups", R"({"limit":5})");
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.body, R"({"nextToken":"t"})");
  EXPECT_EQ(*answer.headers.Find("Content-Type"), "application/json");
  EXPECT_EQ(*answer.headers.Find("Cache-Control"), "no-store");
  EXPECT_EQ(Call("console/Echo", R"({"a":1})").body, R"({"a":1})");
}

TEST_F(ConsoleTest, OtherOperationsAreNot) {
  for (const char* name :
       {"s3/DeleteBucket", "s3/PutObject", "s3/GetObject", "logs/DeleteLogGroup",
        "logs/describeloggroups", "none/None", "console/None", "logs", "", "iam/CreateRole",
        "stepfunctions/StartExecution", "stepfunctions/StopExecution",
        "stepfunctions/GetActivityTask", "cloudformation/CreateStack", "cloudformation/DeleteStack",
        "glue/StartJobRun", "lambda/Invoke"}) {
    EXPECT_EQ(Call(name, R"({"Bucket":"b","logGroupName":"g"})").status, 404) << name;
  }
  EXPECT_EQ(calls_, 0);
}

TEST_F(ConsoleTest, ErrorsOfOperationsAreTold) {
  const auto refused = Call("logs/DescribeLogGroups", R"({"logGroupNamePrefix":"bad"})");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(*json::Parse(refused.body)->Find("error")->as_string(), "InvalidParameterException");
  EXPECT_EQ(*json::Parse(refused.body)->Find("message")->as_string(), "no such thing");
  EXPECT_EQ(Call("logs/DescribeLogGroups", "{").status, 400);
  EXPECT_EQ(Call("logs/DescribeLogGroups", R"({"limit":"many"})").status, 400);
  EXPECT_EQ(Call("console/Echo", "{").status, 400);
}

TEST_F(ConsoleTest, ACallNeedsTheTokenOfItsSession) {
  const std::string cookie = Enter();
  const std::string token = Token(cookie);
  const std::string others = Token(Enter());
  const auto call = [&](Fields fields) {
    fields.emplace_back("Content-Type", "application/json");
    return Send("POST", "/api/logs/DescribeLogGroups", std::move(fields), "{}").status;
  };
  EXPECT_EQ(call({{"Cookie", cookie}}), 403);
  EXPECT_EQ(call({{"Cookie", cookie}, {"X-Usher-Csrf", ""}}), 403);
  EXPECT_EQ(call({{"Cookie", cookie}, {"X-Usher-Csrf", others}}), 403);
  EXPECT_EQ(call({{"X-Usher-Csrf", token}}), 401);
  EXPECT_EQ(calls_, 0);
  EXPECT_EQ(call({{"Cookie", cookie}, {"X-Usher-Csrf", token}}), 200);
}

TEST_F(ConsoleTest, CallsFromOtherPagesAreRefused) {
  const std::string cookie = Enter();
  const std::string token = Token(cookie);
  const auto call = [&](const char* name, const char* value) {
    return Send("POST", "/api/logs/DescribeLogGroups",
                {{"Cookie", cookie},
                 {"X-Usher-Csrf", token},
                 {"Content-Type", "application/json"},
                 {name, value}},
                "{}")
        .status;
  };
  EXPECT_EQ(call("Origin", "http://evil.example"), 403);
  EXPECT_EQ(call("Origin", "null"), 403);
  // The server's main address: objects of buckets are served there.
  EXPECT_EQ(call("Origin", "http://127.0.0.1:4566"), 403);
  EXPECT_EQ(call("Sec-Fetch-Site", "same-site"), 403);
  EXPECT_EQ(call("Sec-Fetch-Site", "cross-site"), 403);
  EXPECT_EQ(calls_, 0);
  EXPECT_EQ(call("Origin", "http://127.0.0.1:4567"), 200);
}

TEST_F(ConsoleTest, BodiesAreJsonAndSmall) {
  EXPECT_EQ(Call("console/Echo", "\"" + std::string(kMaxRequestBytes, 'a') + "\"").status, 413);
  const auto form =
      Send("POST", "/api/console/Echo",
           {{"Cookie", cookie_}, {"X-Usher-Csrf", token_}, {"Content-Type", "text/plain"}}, "{}");
  EXPECT_EQ(form.status, 415);
  EXPECT_EQ(Send("GET", "/api/console/Echo", {{"Cookie", cookie_}}).status, 405);
}

TEST_F(ConsoleTest, AnObjectIsSavedAndNeverShown) {
  const std::string cookie = Enter();
  const auto answer = Send("GET", "/download?bucket=b&key=page.html", {{"Cookie", cookie}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(*answer.headers.Find("Content-Type"), "application/octet-stream");
  EXPECT_THAT(*answer.headers.Find("Content-Disposition"), StartsWith("attachment;"));
  ASSERT_EQ(answer.headers.FindAll("Content-Security-Policy").size(), 1U);
  EXPECT_EQ(*answer.headers.Find("Content-Security-Policy"), "sandbox; default-src 'none'");
  EXPECT_EQ(*answer.headers.Find("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(*answer.headers.Find("X-Frame-Options"), "DENY");
  EXPECT_EQ(*answer.headers.Find("Cross-Origin-Resource-Policy"), "same-origin");

  const auto missing = Send("GET", "/download?bucket=b&key=none", {{"Cookie", cookie}});
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(*missing.headers.Find("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(Send("GET", "/download", {{"Cookie", cookie}}).status, 400);
}

TEST_F(ConsoleTest, OnlyItsOwnPagesLeadToDownloads) {
  const std::string target = "/download?bucket=b&key=page.html";
  EXPECT_EQ(Send("GET", target).status, 401);
  const std::string cookie = Enter();
  const auto from = [&](const char* name, const char* value) {
    return Send("GET", target, {{"Cookie", cookie}, {name, value}}).status;
  };
  EXPECT_EQ(from("Sec-Fetch-Site", "cross-site"), 403);
  EXPECT_EQ(from("Sec-Fetch-Site", "same-site"), 403);  // another port: an object in a bucket
  EXPECT_EQ(from("Origin", "http://127.0.0.1:4566"), 403);
  EXPECT_EQ(from("Host", "evil.example"), 421);
  EXPECT_EQ(Send("POST", target, {{"Cookie", cookie}}).status, 405);
  EXPECT_EQ(from("Sec-Fetch-Site", "same-origin"), 200);
  EXPECT_EQ(from("Sec-Fetch-Site", "none"), 200);
}

TEST_F(ConsoleTest, ASessionEndsWhenItIsLeftOrForgotten) {
  EXPECT_EQ(Call("leave").status, 200);
  EXPECT_EQ(Send("GET", "/", {{"Cookie", cookie_}}).status, 401);

  const std::string cookie = Enter();
  clock_.Advance(kSessionLife);
  EXPECT_EQ(Send("GET", "/", {{"Cookie", cookie}}).status, 200);  // counts from its last use
  clock_.Advance(kSessionLife);
  EXPECT_EQ(Send("GET", "/", {{"Cookie", cookie}}).status, 200);
  clock_.Advance(kSessionLife + std::chrono::milliseconds(1));
  EXPECT_EQ(Send("GET", "/", {{"Cookie", cookie}}).status, 401);
}

TEST_F(ConsoleTest, TheSessionUsedLongestAgoMakesRoom) {
  const std::string oldest = Enter();
  for (std::size_t k = 1; k < kMaxSessions; ++k) {
    clock_.Advance(std::chrono::seconds(1));
    Enter();
  }
  EXPECT_EQ(Send("GET", "/", {{"Cookie", oldest}}).status, 200);
  clock_.Advance(std::chrono::seconds(1));
  const std::string newest = Enter();
  EXPECT_EQ(Send("GET", "/", {{"Cookie", oldest}}).status, 200);  // was just used
  EXPECT_EQ(Send("GET", "/", {{"Cookie", newest}}).status, 200);
}

// What the console may ask only reads.
TEST(AllowedOperations, OnlyRead) {
  int allowed = 0;
  for (const wire::Service* service : wire::AllServices()) {
    for (const wire::Operation& operation : service->operations) {
      if (!FindAllowed(service->id, operation.name)) continue;
      ++allowed;
      EXPECT_THAT(std::string(operation.name),
                  testing::AnyOf(StartsWith("List"), StartsWith("Describe"), StartsWith("Get"),
                                 StartsWith("Filter"), StartsWith("BatchGet"), StartsWith("Head")));
    }
  }
  EXPECT_GT(allowed, 15);
}

}  // namespace
}  // namespace usher::console
