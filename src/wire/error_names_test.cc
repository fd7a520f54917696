#include "wire/error_names.h"

#include <gtest/gtest.h>

#include "wire/codec_test_help.h"

namespace usher::wire {
namespace {

ErrorAnswer For(std::string_view service, std::string_view operation, const Error& error) {
  return NameError(*FindService(service), &Op(service, operation), error);
}

TEST(NameError, GivesEachServiceItsOwnNames) {
  struct Case {
    const char* service;
    const char* operation;
    Error error;
    const char* name;
    int status;
  };
  const Case cases[] = {
      {"personalize", "CreateCampaign", InvalidInput("x"), "InvalidInputException", 400},
      {"personalize", "CreateCampaign", NotFound("x"), "ResourceNotFoundException", 400},
      {"personalize", "CreateCampaign", AlreadyExists("x"), "ResourceAlreadyExistsException", 400},
      {"personalize", "CreateCampaign", InUse("x"), "ResourceInUseException", 400},
      {"personalize", "CreateCampaign", LimitExceeded("x"), "LimitExceededException", 400},
      {"personalize", "ListCampaigns", Error{ErrorCode::kInvalidNextToken, "x"},
       "InvalidNextTokenException", 400},
      {"personalize", "CreateCampaign", Unsupported("x"), "UnsupportedOperationException", 400},
      {"personalize", "CreateCampaign", Error{ErrorCode::kThrottled, "x"}, "ThrottlingException",
       400},
      {"personalize-runtime", "GetRecommendations", InvalidInput("x"), "InvalidInputException",
       400},
      {"personalize-runtime", "GetRecommendations", NotFound("x"), "ResourceNotFoundException",
       404},
      {"personalize-runtime", "GetRecommendations", Unsupported("x"), "NotImplemented", 501},
      {"iam", "GetRole", NotFound("x"), "NoSuchEntity", 404},
      {"iam", "CreateRole", AlreadyExists("x"), "EntityAlreadyExists", 409},
      {"iam", "DeleteRole", InUse("x"), "DeleteConflict", 409},
      {"iam", "CreateRole", InvalidInput("x"), "ValidationError", 400},
      {"iam", "CreateRole", Named("MalformedPolicyDocument", ErrorCode::kInvalidInput, "x"),
       "MalformedPolicyDocument", 400},
      {"sts", "GetCallerIdentity", AccessDenied("x"), "AccessDenied", 403},
      {"s3", "GetObject", Named("NoSuchKey", ErrorCode::kNotFound, "x"), "NoSuchKey", 404},
      {"s3", "GetObject", Named("PreconditionFailed", ErrorCode::kInvalidInput, "x", 412),
       "PreconditionFailed", 412},
      {"s3", "CreateBucket", Named("BucketAlreadyOwnedByYou", ErrorCode::kAlreadyExists, "x"),
       "BucketAlreadyOwnedByYou", 409},
      {"s3", "PutObject", AccessDenied("x"), "AccessDenied", 403},
      {"s3", "PutObject", Unsupported("x"), "NotImplemented", 501},
      {"s3", "PutObject", Error{ErrorCode::kThrottled, "x"}, "SlowDown", 503}};
  for (const Case& c : cases) {
    const ErrorAnswer answer = For(c.service, c.operation, c.error);
    EXPECT_EQ(answer.name, c.name) << c.service << " " << c.operation;
    EXPECT_EQ(answer.status, c.status) << c.service << " " << answer.name;
    EXPECT_EQ(answer.message, "x");
  }
}

TEST(NameError, CallsValidationFailuresByTheServicesOwnName) {
  const Error failure =
      Named("ValidationException", ErrorCode::kInvalidInput, "1 validation error", 400);

  EXPECT_EQ(For("personalize", "CreateCampaign", failure).name, "InvalidInputException");
  EXPECT_EQ(For("iam", "CreateRole", failure).name, "ValidationError");
  EXPECT_EQ(For("s3", "PutObject", failure).name, "InvalidArgument");
}

TEST(NameError, KeepsTheMachinesTroublesToItself) {
  Error secret = Named("Revealing", ErrorCode::kInternal, "cannot write /var/lib/usher: EIO");
  secret.details = {{"Path", "/var/lib/usher"}};

  for (const auto& [service, operation, name] :
       {std::tuple{"personalize", "CreateCampaign", "InternalFailure"},
        std::tuple{"personalize-runtime", "GetRecommendations", "InternalFailure"},
        std::tuple{"iam", "CreateRole", "InternalFailure"},
        std::tuple{"s3", "PutObject", "InternalError"}}) {
    const ErrorAnswer answer = For(service, operation, secret);
    EXPECT_EQ(answer.name, name);
    EXPECT_EQ(answer.status, 500);
    EXPECT_EQ(answer.message.find("/var"), std::string::npos);
    EXPECT_TRUE(answer.details.empty());
  }
}

TEST(NameError, HasANameForEveryKindOfErrorInEveryProtocol) {
  for (int code = 0; code <= static_cast<int>(ErrorCode::kInternal); ++code) {
    for (const Protocol protocol :
         {Protocol::kJson, Protocol::kRestJson, Protocol::kQuery, Protocol::kRestXml}) {
      const ErrorAnswer answer = NameError(protocol, Error{static_cast<ErrorCode>(code), "x"});
      EXPECT_FALSE(answer.name.empty());
      EXPECT_GE(answer.status, 400);
    }
  }
}

}  // namespace
}  // namespace usher::wire
