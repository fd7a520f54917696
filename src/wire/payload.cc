#include "wire/payload.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "base/text.h"
#include "wire/aws_chunked.h"
#include "wire/digest.h"

namespace usher::wire {
namespace {

using sigv4::PayloadMode;

Error InvalidRequest(std::string message) {
  return Named("InvalidRequest", ErrorCode::kInvalidInput, std::move(message), 400);
}

// Passes bytes through and compares their SHA-256 at the end.
class HashedSource final : public ByteSource {
 public:
  HashedSource(Stream body, std::string expected)
      : body_(std::move(body)), expected_(std::move(expected)) {}

  Result<std::size_t> Read(std::span<char> buffer) override {
    if (done_) return std::size_t{0};
    auto got = body_->Read(buffer);
    if (!got) return got;
    if (*got > 0) {
      digest_.Update({buffer.data(), *got});
      return got;
    }
    const std::string computed = digest_.Finish();
    const auto expected = HexDecode(expected_);
    if (!expected || !EqualInConstantTime(computed, *expected)) {
      Error error = Named("XAmzContentSHA256Mismatch", ErrorCode::kInvalidInput,
                          "The provided 'x-amz-content-sha256' header does not match what was "
                          "computed.",
                          400);
      error.details = {{"ClientComputedContentSHA256", expected_},
                       {"S3ComputedContentSHA256", HexEncode(computed)}};
      return error;
    }
    done_ = true;
    return std::size_t{0};
  }

  [[nodiscard]] std::optional<std::uint64_t> size() const override { return body_->size(); }

 private:
  Stream body_;
  std::string expected_;
  Digest digest_{Digest::Kind::kSha256};
  bool done_ = false;
};

Result<std::uint64_t> DecodedLength(const HttpRequest& request) {
  const auto values = request.headers.FindAll("x-amz-decoded-content-length");
  if (values.empty()) {
    return Named("MissingContentLength", ErrorCode::kInvalidInput,
                 "You must provide the x-amz-decoded-content-length HTTP header.", 411);
  }
  const std::string_view text = Trim(values.front());
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (values.size() > 1 || error != std::errc() || end != text.data() + text.size() ||
      length > kMaxDecodedBytes) {
    return Named("InvalidArgument", ErrorCode::kInvalidInput,
                 "x-amz-decoded-content-length must be one number of bytes, at most " +
                     std::to_string(kMaxDecodedBytes) + ".",
                 400);
  }
  return length;
}

Result<std::vector<ChecksumAlgorithm>> AnnouncedTrailers(const HttpRequest& request) {
  std::vector<ChecksumAlgorithm> algorithms;
  for (const std::string_view field : request.headers.FindAll("x-amz-trailer")) {
    for (const std::string_view name : Split(field, ',')) {
      const auto algorithm = ParseChecksumHeader(Trim(name));
      if (!algorithm || std::ranges::find(algorithms, *algorithm) != algorithms.end()) {
        return InvalidRequest("The value specified in the x-amz-trailer header is not supported");
      }
      algorithms.push_back(*algorithm);
    }
  }
  return algorithms;
}

// `verified` is null where no signature was asked for.
Result<Stream> Decode(const HttpRequest& request, PayloadMode mode, std::string_view content_sha256,
                      const sigv4::Verified* verified) {
  if (mode == PayloadMode::kUnsigned) return request.body;
  if (mode == PayloadMode::kHashed) {
    return Stream(std::make_shared<HashedSource>(request.body, std::string(content_sha256)));
  }
  AwsChunkedPlan plan;
  const auto length = DecodedLength(request);
  if (!length) return length.error();
  plan.decoded_length = *length;
  plan.signed_chunks = mode != PayloadMode::kUnsignedChunksTrailer;
  plan.has_trailer = mode != PayloadMode::kSignedChunks;
  if (plan.has_trailer) {
    auto trailers = AnnouncedTrailers(request);
    if (!trailers) return std::move(trailers).error();
    plan.trailers = *std::move(trailers);
  }
  if (verified != nullptr && plan.signed_chunks) {
    plan.signer = ChunkSigner(*verified);
  }
  return Stream(MakeAwsChunkedSource(request.body, std::move(plan)));
}

}  // namespace

Result<Stream> DecodePayload(const HttpRequest& request, const sigv4::Verified& verified) {
  return Decode(request, verified.payload_mode, verified.content_sha256, &verified);
}

Result<Stream> DecodeUnsignedPayload(const HttpRequest& request) {
  const std::string* content = request.headers.Find("x-amz-content-sha256");
  if (content == nullptr) return request.body;
  const std::string_view value = Trim(*content);
  const auto mode = sigv4::ParsePayloadMode(value);
  if (!mode) return InvalidRequest("x-amz-content-sha256 is neither a hash nor a payload mode");
  return Decode(request, *mode, value, nullptr);
}

}  // namespace usher::wire
