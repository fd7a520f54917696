#include "wire/payload.h"

#include <gtest/gtest.h>

#include "wire/digest.h"

namespace usher::wire {
namespace {

using sigv4::PayloadMode;

HttpRequest Request(std::vector<Headers::Entry> headers, std::string body) {
  HttpRequest request;
  request.method = "PUT";
  request.target = "/bucket/key";
  for (auto& [name, value] : headers) request.headers.Add(name, value);
  request.body = std::make_shared<StringSource>(std::move(body));
  return request;
}

sigv4::Verified Promise(PayloadMode mode, std::string content_sha256) {
  sigv4::Verified verified;
  verified.payload_mode = mode;
  verified.content_sha256 = std::move(content_sha256);
  return verified;
}

std::string Outcome(const Result<Stream>& stream) {
  if (!stream) return stream.error().wire_name;
  const auto body = ReadAll(**stream, 1U << 20);
  return body ? "accepted " + *body : body.error().wire_name;
}

TEST(DecodePayload, HoldsTheBodyToItsHash) {
  const std::string right = Sha256Hex("user,item");
  EXPECT_EQ(Outcome(DecodePayload(Request({}, "user,item"), Promise(PayloadMode::kHashed, right))),
            "accepted user,item");
  EXPECT_EQ(Outcome(DecodePayload(Request({}, "user,itum"), Promise(PayloadMode::kHashed, right))),
            "XAmzContentSHA256Mismatch");
  EXPECT_EQ(Outcome(DecodePayload(Request({}, ""), Promise(PayloadMode::kHashed, right))),
            "XAmzContentSHA256Mismatch");
  EXPECT_EQ(Outcome(DecodePayload(Request({}, ""), Promise(PayloadMode::kHashed, Sha256Hex("")))),
            "accepted ");
}

TEST(DecodePayload, PassesAnUnsignedBodyThrough) {
  const auto verified = Promise(PayloadMode::kUnsigned, "UNSIGNED-PAYLOAD");
  EXPECT_EQ(Outcome(DecodePayload(Request({}, "anything"), verified)), "accepted anything");
}

TEST(DecodePayload, KeepsTheSizeOfAHashedBody) {
  const auto stream =
      DecodePayload(Request({}, "abc"), Promise(PayloadMode::kHashed, Sha256Hex("abc")));
  ASSERT_TRUE(stream);
  EXPECT_EQ((*stream)->size(), 3U);
}

TEST(DecodePayload, NeedsOneDecodedLength) {
  const auto verified =
      Promise(PayloadMode::kUnsignedChunksTrailer, "STREAMING-UNSIGNED-PAYLOAD-TRAILER");
  const std::string body = "3\r\nabc\r\n0\r\n\r\n";
  const auto with = [&](std::vector<Headers::Entry> headers) {
    return Outcome(DecodePayload(Request(std::move(headers), body), verified));
  };
  const std::string name = "X-Amz-Decoded-Content-Length";

  EXPECT_EQ(with({{name, "3"}}), "accepted abc");
  EXPECT_EQ(with({{name, " 3 "}}), "accepted abc");
  EXPECT_EQ(with({}), "MissingContentLength");
  EXPECT_EQ(with({{name, "4"}}), "IncompleteBody");
  for (const std::string bad :
       {"", "-3", "+3", "3.0", "0x3", "three", "3 3", "99999999999999999999", "5497558138881"}) {
    EXPECT_EQ(with({{name, bad}}), "InvalidArgument") << bad;
  }
  EXPECT_EQ(with({{name, "3"}, {name, "3"}}), "InvalidArgument");
}

TEST(DecodePayload, RefusesTrailersThatAreNoChecksums) {
  const auto verified =
      Promise(PayloadMode::kUnsignedChunksTrailer, "STREAMING-UNSIGNED-PAYLOAD-TRAILER");
  for (const std::string bad : {"", "x-amz-meta-a", "x-amz-checksum-md5", "x-amz-checksum-crc32,",
                                "x-amz-checksum-crc32,x-amz-checksum-crc32"}) {
    EXPECT_EQ(
        Outcome(DecodePayload(
            Request({{"X-Amz-Decoded-Content-Length", "0"}, {"X-Amz-Trailer", bad}}, "0\r\n\r\n"),
            verified)),
        "InvalidRequest")
        << bad;
  }
}

TEST(DecodeUnsignedPayload, HoldsWhatNeedsNoKey) {
  const std::string framed = "3;chunk-signature=whatever\r\nabc\r\n0;chunk-signature=\r\n\r\n";
  const auto request = [&](std::string mode, std::string body) {
    return Request(
        {{"x-amz-content-sha256", std::move(mode)}, {"x-amz-decoded-content-length", "3"}},
        std::move(body));
  };

  EXPECT_EQ(Outcome(DecodeUnsignedPayload(Request({}, "plain"))), "accepted plain");
  EXPECT_EQ(Outcome(DecodeUnsignedPayload(request("UNSIGNED-PAYLOAD", "plain"))), "accepted plain");
  EXPECT_EQ(Outcome(DecodeUnsignedPayload(request("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", framed))),
            "accepted abc");
  EXPECT_EQ(Outcome(DecodeUnsignedPayload(request("STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
                                                  framed.substr(0, framed.size() - 1)))),
            "IncompleteBody");
  EXPECT_EQ(Outcome(DecodeUnsignedPayload(request(Sha256Hex("abc"), "abc"))), "accepted abc");
  EXPECT_EQ(Outcome(DecodeUnsignedPayload(request(Sha256Hex("abc"), "abd"))),
            "XAmzContentSHA256Mismatch");
  EXPECT_EQ(Outcome(DecodeUnsignedPayload(request("nonsense", "abc"))), "InvalidRequest");
}

}  // namespace
}  // namespace usher::wire
