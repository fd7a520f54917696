// Takes requests that are accepted, changes one thing, and expects every one to be refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "base/text.h"
#include "wire/payload.h"
#include "wire/sigv4.h"
#include "wire/test_vectors.h"

namespace usher::wire::testing {
namespace {

using sigv4::ErrorStyle;
using sigv4::Identity;
using sigv4::Rules;
using sigv4::SignOptions;

// Time of the requests that this test signs itself.
Time Noon() { return *ParseIso8601("2026-03-14T12:00:00Z"); }

Identity Signer() {
  return {.access_key_id = "AKIAMUTATION00000001", .secret = "the+secret/key", .session_token = {}};
}

Vector Base(std::string name, const Rules& rules, std::string method, std::string target,
            std::vector<Headers::Entry> headers, std::string body) {
  Vector vector{.name = std::move(name), .rules = rules};
  vector.request.http.method = std::move(method);
  vector.request.http.target = std::move(target);
  vector.request.http.headers.Add("Host", "127.0.0.1:4566");
  for (auto& [key, value] : headers) vector.request.http.headers.Add(key, value);
  vector.request.body = std::move(body);
  vector.decoded = vector.request.body;
  vector.credentials.Add(Signer().access_key_id,
                         {.secret = Signer().secret, .session_token = {}, .arn = {}});
  vector.now = Noon();
  return vector;
}

SignOptions Options(const Vector& vector, std::string service) {
  return {.identity = Signer(),
          .region = "us-east-1",
          .service = std::move(service),
          .now = Noon(),
          .rules = vector.rules,
          .send_content_sha256 = !vector.rules.hash_body};
}

Vector SignedByHeader(Vector vector, std::string service) {
  sigv4::Sign(vector.request.http, vector.request.body, Options(vector, std::move(service)));
  return vector;
}

Vector SignedByQuery(Vector vector, std::string service) {
  SignOptions options = Options(vector, std::move(service));
  options.send_content_sha256 = false;
  sigv4::Presign(vector.request.http, vector.request.body, std::chrono::minutes(5), options);
  return vector;
}

std::vector<Vector> Bases() {
  const std::vector<Headers::Entry> upload = {{"Content-Type", "text/csv"},
                                              {"Content-Length", "9"},
                                              {"x-amz-meta-title", "The  Third Man"},
                                              {"x-amz-meta-title", "1949"}};
  const std::string query = "?prefix=a%2Fb&prefix=c&list-type=2&acl";
  return {
      SignedByHeader(Base("s3 header", sigv4::S3Rules(), "PUT", "/bucket/dir/The%20Key" + query,
                          upload, "user,item"),
                     "s3"),
      SignedByHeader(
          Base("json header", sigv4::ServiceRules(ErrorStyle::kJson), "POST", "/v1/things" + query,
               {{"X-Amz-Target", "AmazonPersonalize.CreateCampaign"},
                {"Content-Type", "application/x-amz-json-1.1"}},
               R"({"name":"campaign"})"),
          "personalize"),
      SignedByQuery(Base("s3 query", sigv4::S3Rules(), "GET", "/bucket/dir/The%20Key" + query,
                         {{"x-amz-meta-title", "The  Third Man"}}, ""),
                    "s3"),
      SignedByQuery(Base("sts query", sigv4::ServiceRules(ErrorStyle::kQuery), "POST",
                         "/?Action=GetCallerIdentity", {}, "Version=2011-06-15"),
                    "sts"),
  };
}

// Refuses or fails: counts and names what was let through.
class Mutations {
 public:
  void ExpectRefused(const Vector& mutated, const std::string& what) {
    ++count_;
    const auto body = Accept(mutated);
    EXPECT_FALSE(body) << mutated.name << ": accepted with " << what;
    if (body) return;
    EXPECT_FALSE(body.error().wire_name.empty()) << mutated.name << ": " << what;
    EXPECT_GE(body.error().http_status, 400) << mutated.name << ": " << what;
    EXPECT_LT(body.error().http_status, 500) << mutated.name << ": " << what;
  }
  [[nodiscard]] std::size_t count() const { return count_; }

 private:
  std::size_t count_ = 0;
};

// The same headers with the field at `index` changed; without it when `change` gives nullopt.
using ChangeField = std::function<std::optional<Headers::Entry>(Headers::Entry)>;
Vector WithField(const Vector& base, std::size_t index, const ChangeField& change) {
  Vector mutated = base;
  mutated.request.http.headers = {};
  std::size_t at = 0;
  for (const Headers::Entry& entry : base.request.http.headers) {
    auto changed = at++ == index ? change(entry) : std::optional(entry);
    if (changed) mutated.request.http.headers.Add(changed->first, changed->second);
  }
  return mutated;
}

std::string Flip(std::string text, std::size_t at, char bits) {
  text[at] = static_cast<char>(text[at] ^ bits);
  return text;
}

std::string Replace(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

class Mutation : public ::testing::Test {
 protected:
  void SetUp() override {
    bases_ = Bases();
    for (const Vector& base : bases_) {
      const auto body = Accept(base);
      ASSERT_TRUE(body) << base.name << ": " << body.error().message;
      ASSERT_EQ(*body, base.decoded);
    }
  }

  std::vector<Vector> bases_;
  Mutations mutations_;
};

TEST_F(Mutation, OfTheMethodIsRefused) {
  for (const Vector& base : bases_) {
    for (const std::string method : {"GET", "PUT", "POST", "DELETE", "HEAD", "PATCH", "put", "get",
                                     "GETS", "", "GET\n/", "POST "}) {
      if (method == base.request.http.method) continue;
      Vector mutated = base;
      mutated.request.http.method = method;
      mutations_.ExpectRefused(mutated, "method " + method);
    }
  }
  EXPECT_GE(mutations_.count(), 40U);
}

TEST_F(Mutation, OfAnyCharacterOfTheTargetIsRefused) {
  for (const Vector& base : bases_) {
    const std::string& target = base.request.http.target;
    for (std::size_t at = 0; at < target.size(); ++at) {
      Vector mutated = base;
      mutated.request.http.target = Flip(target, at, 1);
      mutations_.ExpectRefused(mutated, "target " + mutated.request.http.target);
    }
    for (std::size_t at = 0; at < target.size(); ++at) {
      Vector mutated = base;
      mutated.request.http.target.erase(at, 1);
      mutations_.ExpectRefused(mutated, "target " + mutated.request.http.target);
    }
  }
  EXPECT_GE(mutations_.count(), 1000U);
}

TEST_F(Mutation, OfThePathsMeaningIsRefused) {
  const Vector& base = bases_[0];
  const std::string query = base.request.http.target.substr(base.request.http.target.find('?'));
  for (const std::string path : {"/bucket/dir/The%20key",
                                 "/bucket/dir/The%20Key/",
                                 "/bucket//dir/The%20Key",
                                 "//bucket/dir/The%20Key",
                                 "/bucket/./dir/The%20Key",
                                 "/bucket/x/../dir/The%20Key",
                                 "/bucket/dir%2FThe%20Key",
                                 "/bucket/dir/The%2520Key",
                                 "/bucket/dir/The+Key",
                                 "/bucket/dir/The%20Key%00",
                                 "/bucket/dir/The%20Key%20",
                                 "/other/dir/The%20Key",
                                 "/",
                                 "",
                                 "/bucket",
                                 "/bucket/dir/",
                                 "/bucket/dir/The%20Ke",
                                 "/bucket/dir/The%20Key%",
                                 "*",
                                 "http://127.0.0.1:4566/bucket/dir/The%20Key",
                                 "/bucket/dir/The%20Key#x"}) {
    Vector mutated = base;
    mutated.request.http.target = path + query;
    mutations_.ExpectRefused(mutated, "path " + path);
  }
}

TEST_F(Mutation, OfTheQueryIsRefused) {
  const auto with_query = [](const Vector& base, const std::string& query) {
    Vector mutated = base;
    std::string& target = mutated.request.http.target;
    target = target.substr(0, target.find('?')) + query;
    return mutated;
  };
  for (const std::string query :
       {"", "?prefix=a%2Fb&prefix=c&list-type=2", "?prefix=a%2Fb&list-type=2&acl",
        "?prefix=c&prefix=c&list-type=2&acl", "?prefix=a%2Fb&prefix=c&list-type=2&acl&acl",
        "?prefix=a%2Fb&prefix=c&list-type=2&acl=x", "?prefix=a%2Fb&prefix=c&list-type=3&acl",
        "?prefix=a%252Fb&prefix=c&list-type=2&acl", "?prefix=a%2Fb&prefix=C&list-type=2&acl",
        "?Prefix=a%2Fb&prefix=c&list-type=2&acl", "?prefix=a%2Fb%26prefix=c&list-type=2&acl",
        "?prefix=a%2Fb&prefix=c&list-type=2&acl&x-id=PutObject",
        "?prefix=a%2Fb&prefix=c&list-type=2&&acl", "?prefix=a%2Fb&prefix=c&list-type=2&acl&",
        "?&prefix=a%2Fb&prefix=c&list-type=2&acl", "?prefix=a%2Fb+&prefix=c&list-type=2&acl",
        "?prefix=a%2Gb&prefix=c&list-type=2&acl", "?prefix=a%2Fb&prefix=c&list-type=2&acl%00"}) {
    mutations_.ExpectRefused(with_query(bases_[0], query), "query " + query);
    mutations_.ExpectRefused(with_query(bases_[1], query), "query " + query);
  }
  const std::string& query = bases_[2].request.http.target;
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"X-Amz-Expires=300", "X-Amz-Expires=301"},
           {"X-Amz-Expires=300", "X-Amz-Expires=0"},
           {"X-Amz-Expires=300", "X-Amz-Expires=-1"},
           {"X-Amz-Expires=300", "X-Amz-Expires=604801"},
           {"X-Amz-Expires=300", "X-Amz-Expires=99999999999999999999"},
           {"X-Amz-Expires=300", "X-Amz-Expires="},
           {"X-Amz-Expires=300", "X-Amz-Expires=300.0"},
           {"X-Amz-Expires=300", "X-Amz-Expires=%20300"},
           {"&X-Amz-Expires=300", ""},
           {"&X-Amz-Date=20260314T120000Z", ""},
           {"X-Amz-Date=20260314T120000Z", "X-Amz-Date=20260314T120001Z"},
           {"X-Amz-Date=20260314T120000Z", "X-Amz-Date=20260315T120000Z"},
           {"X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Algorithm=AWS4-HMAC-SHA1"},
           {"X-Amz-Algorithm=AWS4-HMAC-SHA256&", ""},
           {"X-Amz-SignedHeaders=host%3B", "X-Amz-SignedHeaders="},
           {"host%3Bx-amz-meta-title", "host"},
           {"host%3Bx-amz-meta-title", "host%3Bhost%3Bx-amz-meta-title"},
           {"host%3Bx-amz-meta-title", "x-amz-meta-title%3Bhost"},
           {"host%3Bx-amz-meta-title", "Host%3Bx-amz-meta-title"},
           {"host%3Bx-amz-meta-title", "host%3Bx-amz-meta-title%3Brange"},
           {"us-east-1", "us-east-2"},
           {"%2Fs3%2F", "%2Fsts%2F"},
           {"aws4_request", "aws4_reques"},
           {"aws4_request", "aws4_request%2F"},
           {"AKIAMUTATION00000001", "AKIAMUTATION00000002"},
           {"AKIAMUTATION00000001%2F", ""},
           {"&X-Amz-Signature=", "&X-Amz-Signature=0&X-Amz-Signature="},
           {"&X-Amz-Signature=", "&X-Amz-Signature=%20"},
           {"&X-Amz-Signature=", "&x-amz-signature="},
           {"&X-Amz-Signature=", "&X-Amz-Security-Token=t&X-Amz-Signature="},
           {"&X-Amz-Signature=", "&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD&X-Amz-Signature="},
           {"X-Amz-Algorithm", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Algorithm"},
       }) {
    Vector mutated = bases_[2];
    mutated.request.http.target = Replace(query, from, to);
    mutations_.ExpectRefused(mutated, from + " -> " + to);
  }
}

TEST_F(Mutation, OfAnyHeaderIsRefused) {
  for (const Vector& base : bases_) {
    for (std::size_t index = 0; index < base.request.http.headers.size(); ++index) {
      const Headers::Entry entry = *(base.request.http.headers.begin() + index);
      const std::string what = "header " + entry.first;
      mutations_.ExpectRefused(WithField(base, index, [](auto) { return std::nullopt; }),
                               what + " removed");
      const auto with_value = [&](std::string value) {
        return WithField(base, index, [&](auto field) {
          return std::optional(Headers::Entry(field.first, value));
        });
      };
      mutations_.ExpectRefused(with_value(entry.second + "x"), what + " longer");
      mutations_.ExpectRefused(with_value(entry.second.substr(1)), what + " without its first");
      mutations_.ExpectRefused(with_value(""), what + " empty");
      for (std::size_t at = 0; at < entry.second.size(); at += 3) {
        mutations_.ExpectRefused(with_value(Flip(entry.second, at, 1)),
                                 what + " changed at " + std::to_string(at));
      }
      Vector doubled = base;
      doubled.request.http.headers.Add(entry.first, entry.second);
      mutations_.ExpectRefused(doubled, what + " twice");
    }
    for (const auto& [name, value] : std::vector<Headers::Entry>{
             {"x-amz-acl", "public-read"},
             {"X-AMZ-Copy-Source", "bucket/other"},
             {"x-amz-content-sha256", "UNSIGNED-PAYLOAD"},
             {"x-amz-date", "20260314T120000Z"},
             {"x-amz-decoded-content-length", "1"},
             {"x-amz-security-token", "token"},
             {"x-amz-target", "AmazonPersonalize.DeleteCampaign"},
             {"Authorization", "AWS4-HMAC-SHA256 Credential=a/20260314/b/c/aws4_request"},
             {"Authorization", "Basic dXNlcjpwYXNz"}}) {
      Vector added = base;
      added.request.http.headers.Add(name, value);
      mutations_.ExpectRefused(added, "unsigned " + name);
    }
  }
  EXPECT_GE(mutations_.count(), 300U);
}

TEST_F(Mutation, OfAnyPartOfTheAuthorizationIsRefused) {
  for (const std::size_t which : {std::size_t{0}, std::size_t{1}}) {
    const Vector& base = bases_[which];
    const std::string value = *base.request.http.headers.Find("Authorization");
    const auto with = [&](const std::string& authorization) {
      Vector mutated = base;
      mutated.request.http.headers.Set("Authorization", authorization);
      return mutated;
    };
    for (std::size_t at = 0; at < value.size(); ++at) {
      mutations_.ExpectRefused(with(Flip(value, at, 1)), "Authorization " + Flip(value, at, 1));
      mutations_.ExpectRefused(with(value.substr(0, at)), "Authorization " + value.substr(0, at));
    }
    const std::string service = which == 0 ? "/s3/" : "/personalize/";
    for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
             {"AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"},
             {"AWS4-HMAC-SHA256", "aws4-hmac-sha256"},
             {"AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256"},
             {"/20260314/", "/20260313/"},
             {"/20260314/", "/2026031/"},
             {"/20260314/", "/20260314/20260314/"},
             {"/us-east-1/", "/eu-west-1/"},
             {"/us-east-1/", "//"},
             {"/us-east-1/", "/US-EAST-1/"},
             {service, "/sts/"},
             {service, "/"},
             {"aws4_request", "aws4_Request"},
             {"/aws4_request", ""},
             {"SignedHeaders=", "SignedHeaders=accept;"},
             {"SignedHeaders=", "SignedHeaders=;"},
             {"host;", ""},
             {"host;", "HOST;"},
             {"host;", "host;host;"},
             {";x-amz-date", ""},
             {";x-amz-date", ";x-amz-date;"},
             {", Signature=", ", Signature=0"},
             {", Signature=", ", Signature=, Signature="},
             {", Signature=", ", Extra=1, Signature="},
             {", Signature=", " Signature="},
             {"Credential=", "credential="},
             {"Credential=", "Credential=x/"}}) {
      mutations_.ExpectRefused(with(Replace(value, from, to)), from + " -> " + to);
    }
    std::string upper = value;
    std::transform(upper.end() - 64, upper.end(), upper.end() - 64,
                   [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c; });
    if (upper != value) mutations_.ExpectRefused(with(upper), "the signature in upper case");
    mutations_.ExpectRefused(with(value + ", "), "a comma at the end");
    mutations_.ExpectRefused(with(value + std::string(20000, 'a')), "20 kB more");
  }
  EXPECT_GE(mutations_.count(), 900U);
}

TEST_F(Mutation, OfTheBodyIsRefusedWhereItIsSigned) {
  for (const std::size_t which : {0U, 1U, 3U}) {
    const Vector& base = bases_[which];
    const std::string& body = base.request.body;
    const auto with = [&](std::string changed) {
      Vector mutated = base;
      mutated.request.body = std::move(changed);
      return mutated;
    };
    for (std::size_t at = 0; at < body.size(); ++at) {
      for (const char bits : {'\x01', '\x20', '\x80'}) {
        mutations_.ExpectRefused(with(Flip(body, at, bits)), "body " + Flip(body, at, bits));
      }
      mutations_.ExpectRefused(with(body.substr(0, at)), "body cut at " + std::to_string(at));
    }
    mutations_.ExpectRefused(with(body + "\n"), "a longer body");
    mutations_.ExpectRefused(with(body + std::string(1, '\0')), "a zero byte more");
  }
  EXPECT_GE(mutations_.count(), 180U);
}

TEST_F(Mutation, OfTheClockIsRefused) {
  for (const Vector& base : bases_) {
    const bool presigned = base.request.http.target.find("X-Amz-Signature") != std::string::npos;
    const auto at = [&](std::chrono::seconds shift) {
      Vector mutated = base;
      mutated.now = Noon() + shift;
      return mutated;
    };
    using std::chrono::minutes;
    using std::chrono::seconds;
    const seconds late = presigned ? seconds(300) : seconds(900);
    EXPECT_TRUE(Accept(at(late))) << base.name;
    EXPECT_TRUE(Accept(at(-minutes(15)))) << base.name;
    for (const seconds shift : {late + seconds(1), seconds(minutes(20)), seconds(86400),
                                -seconds(901), -seconds(minutes(20)), -seconds(86400)}) {
      mutations_.ExpectRefused(at(shift), "clock off by " + std::to_string(shift.count()) + " s");
    }
  }
}

TEST_F(Mutation, OfTheKeyIsRefused) {
  for (const Vector& base : bases_) {
    const std::string secret = Signer().secret;
    for (std::size_t at = 0; at < secret.size(); ++at) {
      Vector mutated = base;
      mutated.credentials.Add(Signer().access_key_id, {.secret = Flip(secret, at, 1)});
      mutations_.ExpectRefused(mutated, "another secret");
    }
    Vector temporary = base;
    temporary.credentials.Add(Signer().access_key_id,
                              {.secret = secret, .session_token = "token", .arn = {}});
    mutations_.ExpectRefused(temporary, "a temporary key without its token");
    Vector unknown = base;
    unknown.credentials = {};
    mutations_.ExpectRefused(unknown, "an unknown key");
  }
}

// Every byte of every framed body: sizes, signatures, data, trailers, line ends.
TEST(FramedBody, RefusesAChangeOfAnyByte) {
  const auto vectors = LoadVectors();
  ASSERT_TRUE(vectors) << vectors.error().message;
  Mutations mutations;
  for (const Vector& base : *vectors) {
    const bool trailing = base.name.find("chunks with") != std::string::npos;
    if (base.name != "s3 signed chunks 100/7" && base.name != "s3 signed chunks 1/8192" &&
        !(trailing && base.decoded.empty())) {
      continue;
    }
    for (std::size_t at = 0; at < base.request.body.size(); ++at) {
      Vector mutated = base;
      mutated.request.body = Flip(base.request.body, at, 1);
      mutations.ExpectRefused(mutated, "byte " + std::to_string(at) + " changed");
    }
  }
  EXPECT_GE(mutations.count(), 2000U);
}

TEST(FramedBody, RefusesEveryTruncationAndAnythingAfterItsEnd) {
  const auto vectors = LoadVectors();
  ASSERT_TRUE(vectors) << vectors.error().message;
  Mutations mutations;
  for (const Vector& base : *vectors) {
    if (base.name.find("chunks") == std::string::npos || base.decoded.size() > 100) continue;
    for (std::size_t size = 0; size < base.request.body.size(); ++size) {
      Vector mutated = base;
      mutated.request.body.resize(size);
      mutations.ExpectRefused(mutated, "the body cut to " + std::to_string(size));
    }
    for (const std::string more : {"\r\n", "0\r\n\r\n", "x"}) {
      Vector mutated = base;
      mutated.request.body += more;
      mutations.ExpectRefused(mutated, "more after the end");
    }
  }
  EXPECT_GE(mutations.count(), 2000U);
}

}  // namespace
}  // namespace usher::wire::testing
