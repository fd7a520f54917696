// The public cases of Signature Version 4, in the header and in the query form: what we derive and
// sign is theirs byte for byte, and what they have signed is accepted.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "wire/sigv4.h"
#include "wire/test_corpus.h"
#include "wire/test_request.h"
#include "wire/test_signature_case.h"

namespace usher::wire::sigv4 {
namespace {

using wire::testing::FakeCredentials;
using wire::testing::LoadSignatureCases;
using wire::testing::ParseTextRequest;
using wire::testing::SignatureCase;
using wire::testing::TextRequest;

class Sigv4Corpus : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string why;
    cases_ = LoadSignatureCases(why);
    if (!why.empty() && usher::testing::CorporaAreRequired()) FAIL() << why;
    if (!why.empty()) GTEST_SKIP() << why;
  }

  std::vector<SignatureCase> cases_;
};

TEST_F(Sigv4Corpus, HeaderFormIsSignedByteForByte) {
  for (const SignatureCase& test : cases_) {
    SCOPED_TRACE(test.folder.filename().string());
    TextRequest request = ParseTextRequest(test.Read("request"));

    const Signed made = Sign(request.http, request.body, test.options);

    EXPECT_EQ(made.canonical_request, test.Read("header-canonical-request"));
    EXPECT_EQ(made.string_to_sign, test.Read("header-string-to-sign"));
    EXPECT_EQ(made.signature, test.Read("header-signature"));
    const TextRequest expected = ParseTextRequest(test.Read("header-signed-request"));
    ASSERT_NE(request.http.headers.Find("Authorization"), nullptr);
    EXPECT_EQ(*request.http.headers.Find("Authorization"),
              *expected.http.headers.Find("Authorization"));
    EXPECT_EQ(request.http.headers.size(), expected.http.headers.size());
  }
}

TEST_F(Sigv4Corpus, QueryFormIsSignedByteForByte) {
  for (const SignatureCase& test : cases_) {
    SCOPED_TRACE(test.folder.filename().string());
    TextRequest request = ParseTextRequest(test.Read("request"));

    const Signed made = Presign(request.http, request.body, test.life, test.options);

    EXPECT_EQ(made.canonical_request, test.Read("query-canonical-request"));
    EXPECT_EQ(made.string_to_sign, test.Read("query-string-to-sign"));
    EXPECT_EQ(made.signature, test.Read("query-signature"));
    EXPECT_EQ(request.http.target, ParseTextRequest(test.Read("query-signed-request")).http.target);
  }
}

TEST_F(Sigv4Corpus, EverySignedRequestIsAccepted) {
  for (const SignatureCase& test : cases_) {
    for (const std::string form : {"header", "query"}) {
      SCOPED_TRACE(test.folder.filename().string() + " " + form);
      const TextRequest request = ParseTextRequest(test.Read(form + "-signed-request"));
      const FakeCredentials credentials = test.MakeCredentials();

      const auto verified = Verify(request.http, request.body, test.options.rules, credentials,
                                   test.options.now + std::chrono::minutes(1));

      ASSERT_TRUE(verified) << verified.error().wire_name << ": " << verified.error().message;
      EXPECT_EQ(verified->signature, test.Read(form + "-signature"));
      EXPECT_EQ(verified->scope.access_key_id, test.options.identity.access_key_id);
      EXPECT_EQ(verified->scope.region, test.options.region);
      EXPECT_EQ(verified->scope.service, test.options.service);
      EXPECT_EQ(verified->presigned, form == "query");
      EXPECT_EQ(verified->arn, "arn:aws:iam::000000000000:user/suite");
    }
  }
}

TEST_F(Sigv4Corpus, NoSignedRequestIsAcceptedUnderAnotherSecretOrTooLate) {
  for (const SignatureCase& test : cases_) {
    for (const std::string form : {"header", "query"}) {
      SCOPED_TRACE(test.folder.filename().string() + " " + form);
      const TextRequest request = ParseTextRequest(test.Read(form + "-signed-request"));
      FakeCredentials other;
      other.Add(test.options.identity.access_key_id,
                {.secret = test.options.identity.secret + "x",
                 .session_token = test.options.identity.session_token,
                 .arn = ""});
      const Time now = test.options.now;
      const auto late = form == "header" ? std::chrono::minutes(16) : std::chrono::minutes(61);

      const auto wrong_secret = Verify(request.http, request.body, test.options.rules, other, now);
      const auto too_late = Verify(request.http, request.body, test.options.rules,
                                   test.MakeCredentials(), now + late);

      ASSERT_FALSE(wrong_secret);
      EXPECT_EQ(wrong_secret.error().wire_name, "InvalidSignatureException");
      ASSERT_FALSE(too_late);
      EXPECT_EQ(too_late.error().wire_name, "InvalidSignatureException");
      EXPECT_TRUE(too_late.error().message.starts_with("Signature expired")) << form;
    }
  }
}

}  // namespace
}  // namespace usher::wire::sigv4
