#include <gtest/gtest.h>

#include <limits>

#include "wire/codec_test_help.h"

namespace usher::wire {
namespace {

const Operation& CreateCampaign() { return Op("personalize", "CreateCampaign"); }
const Operation& DescribeCampaign() { return Op("personalize", "DescribeCampaign"); }

TEST(JsonProtocol, ReadsAStructureAndIgnoresWhatItDoesNotKnow) {
  EXPECT_EQ(Decoded(CreateCampaign(), {R"({"minProvisionedTPS":1,"name":"m","x":[{}],
      "campaignConfig":{"itemExplorationConfig":{"explorationWeight":"0.3"},"y":1},
      "tags":[{"tagKey":"a","tagValue":"b"}],"solutionVersionArn":null})"}),
            R"({"minProvisionedTPS":1,"name":"m",)"
            R"("campaignConfig":{"itemExplorationConfig":{"explorationWeight":"0.3"}},)"
            R"("tags":[{"tagKey":"a","tagValue":"b"}]})");
}

TEST(JsonProtocol, TakesNoBodyForAnEmptyOne) {
  EXPECT_EQ(Decoded(Op("personalize", "ListCampaigns"), {""}), "{}");
  EXPECT_EQ(Decoded(Op("personalize", "ListCampaigns"), {"{}"}), "{}");
}

TEST(JsonProtocol, NamesTheMemberOfAWrongType) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"minProvisionedTPS":"1"})", "'minProvisionedTPS' must be an integer, got a string"},
      {R"({"minProvisionedTPS":1.5})", "'minProvisionedTPS' must be an integer, got a number"},
      {R"({"minProvisionedTPS":4294967296})",
       "'minProvisionedTPS' must be an integer of 32 bits, got a number"},
      {R"({"name":7})", "'name' must be a string, got a number"},
      {R"({"tags":{}})", "'tags' must be a list, got an object"},
      {R"({"tags":[{"tagKey":"a"},{"tagKey":true}]})",
       "'tags.1.tagKey' must be a string, got a boolean"},
      {R"({"tags":[null]})", "'tags.0' must be an object, got null"},
      {R"({"campaignConfig":{"itemExplorationConfig":{"explorationWeight":0.3}}})",
       "'campaignConfig.itemExplorationConfig.explorationWeight' must be a string, got a number"},
      {"[]", "the body must be an object, got a list"}};
  for (const auto& [body, message] : cases) {
    EXPECT_EQ(Decoded(CreateCampaign(), {body}), "SerializationException: " + std::string(message));
  }
}

TEST(JsonProtocol, RefusesWhatIsNotJson) {
  const auto value = Decode(CreateCampaign(), {"{"});

  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().wire_name, "SerializationException");
  EXPECT_EQ(value.error().http_status, 400);
}

TEST(JsonProtocol, TakesWholeNumbersHoweverWritten) {
  EXPECT_EQ(Decoded(CreateCampaign(), {R"({"minProvisionedTPS":2.0})"}),
            R"({"minProvisionedTPS":2})");
  EXPECT_EQ(Decoded(CreateCampaign(), {R"({"minProvisionedTPS":1e2})"}),
            R"({"minProvisionedTPS":100})");
}

TEST(JsonProtocol, WritesTimesAsEpochSeconds) {
  ValueMap campaign;
  campaign.Set("name", "m");
  campaign.Set("creationDateTime", FromEpochMillis(1542392161837));
  ValueMap response;
  response.Set("campaign", campaign);

  const HttpResponse answer = Encode(DescribeCampaign(), response);

  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"campaign":{"name":"m","creationDateTime":1542392161.837}})");
  EXPECT_EQ(HeaderOf(answer, "Content-Type"), "application/x-amz-json-1.1");
  EXPECT_EQ(HeaderOf(answer, "x-amzn-RequestId"), kTestRequestId);
}

TEST(JsonProtocol, WritesFloatsThatAreNoNumbersByName) {
  ValueMap metrics;
  metrics.Set("coverage", 0.5);
  metrics.Set("ndcg", std::numeric_limits<double>::quiet_NaN());
  ValueMap response;
  response.Set("metrics", metrics);

  EXPECT_EQ(Encode(Op("personalize", "GetSolutionMetrics"), response).body,
            R"({"metrics":{"coverage":0.5,"ndcg":"NaN"}})");
}

TEST(JsonProtocol, WritesTheTextOfABlobAsBase64) {
  // As a typed response has it: a string of any bytes.
  ValueMap attribute;
  attribute.Append("DataType", "Binary");
  attribute.Append("BinaryValue", std::string("\0\1", 2));
  ValueMap attributes;
  attributes.Append("raw", std::move(attribute));
  ValueMap message;
  message.Append("MessageAttributes", std::move(attributes));
  ValueMap response;
  response.Append("Messages", ValueList{Value(std::move(message))});

  const HttpResponse answer = CodecFor(Protocol::kJson)
                                  .encode(Op("sqs", "ReceiveMessage"), Value(std::move(response)),
                                          {.request_id = kTestRequestId});

  EXPECT_EQ(
      answer.body,
      R"({"Messages":[{"MessageAttributes":{"raw":{"DataType":"Binary","BinaryValue":"AAE="}}}]})");
}

TEST(JsonProtocol, AnswersWithoutBodyWhereTheModelHasNone) {
  EXPECT_EQ(Encode(Op("personalize", "DeleteCampaign"), ValueMap()).body, "");
}

TEST(JsonProtocol, ShapesErrors) {
  const HttpResponse answer = kJsonCodec.encode_error({.service = FindService("personalize"),
                                                       .operation = &CreateCampaign(),
                                                       .name = "ResourceInUseException",
                                                       .status = 400,
                                                       .message = "still \"training\""},
                                                      {.request_id = kTestRequestId});

  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.body, R"({"__type":"ResourceInUseException","message":"still \"training\""})");
  EXPECT_EQ(HeaderOf(answer, "x-amzn-ErrorType"), "ResourceInUseException");
  EXPECT_EQ(HeaderOf(answer, "x-amzn-RequestId"), kTestRequestId);
}

}  // namespace
}  // namespace usher::wire
