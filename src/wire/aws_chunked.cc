#include "wire/aws_chunked.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

#include "base/encoding.h"
#include "base/text.h"
#include "wire/digest.h"

namespace usher::wire {
namespace {

constexpr std::size_t kBufferBytes = 64U << 10;
constexpr std::string_view kSignatureExtension = "chunk-signature=";
constexpr std::string_view kTrailerSignature = "x-amz-trailer-signature";
constexpr std::string_view kEmptySha256 =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

Error Incomplete() {
  return Named("IncompleteBody", ErrorCode::kInvalidInput,
               "The request body terminated unexpectedly: it does not hold the number of bytes "
               "that x-amz-decoded-content-length announces.",
               400);
}

Error Malformed(std::string_view what) {
  return Named("InvalidRequest", ErrorCode::kInvalidInput,
               "The aws-chunked body is malformed: " + std::string(what) + ".", 400);
}

Error MalformedTrailer(std::string_view what) {
  return Named("MalformedTrailerError", ErrorCode::kInvalidInput,
               "The request contained trailing data that was not well-formed or did not conform to "
               "our published schema: " +
                   std::string(what) + ".",
               400);
}

Error WrongSignature() {
  return Named(
      "SignatureDoesNotMatch", ErrorCode::kAccessDenied,
      "The request signature we calculated does not match the signature you provided: the "
      "signature of a chunk or of the trailer is wrong. Check your key and signing method.",
      403);
}

// A window on the framed bytes: lines and runs of data.
class FrameReader {
 public:
  explicit FrameReader(Stream body) : body_(std::move(body)), buffer_(kBufferBytes) {}

  // A line of at most `limit` bytes, without its end: CRLF, or LF too where `lenient`. The view
  // lives until the next call.
  Result<std::string_view> Line(std::size_t limit, bool lenient) {
    line_.clear();
    while (true) {
      if (at_ == end_) {
        const auto filled = Fill();
        if (!filled) return filled.error();
        if (!*filled) return Incomplete();
      }
      const char* start = buffer_.data() + at_;
      const void* feed = std::memchr(start, '\n', end_ - at_);
      const std::size_t size =
          feed == nullptr ? end_ - at_
                          : static_cast<std::size_t>(static_cast<const char*>(feed) - start);
      if (line_.size() + size > limit) return Malformed("a line is too long");
      line_.append(start, size);
      at_ += size;
      if (feed == nullptr) continue;
      ++at_;
      break;
    }
    if (line_.ends_with('\r')) {
      line_.pop_back();
    } else if (!lenient) {
      return Malformed("a line does not end in CRLF");
    }
    return std::string_view(line_);
  }

  // At least one byte of data into `out`.
  Result<std::size_t> Data(std::span<char> out) {
    if (at_ == end_) {
      if (out.size() >= kBufferBytes) {  // large enough to save the copy
        auto got = body_->Read(out);
        if (got && *got == 0) return Incomplete();
        return got;
      }
      const auto filled = Fill();
      if (!filled) return filled.error();
      if (!*filled) return Incomplete();
    }
    const std::size_t count = std::min(out.size(), end_ - at_);
    std::memcpy(out.data(), buffer_.data() + at_, count);
    at_ += count;
    return count;
  }

  // True when nothing is left.
  Result<bool> AtEnd() {
    if (at_ < end_) return false;
    const auto filled = Fill();
    if (!filled) return filled.error();
    return !*filled;
  }

 private:
  Result<bool> Fill() {
    const auto got = body_->Read(buffer_);
    if (!got) return got.error();
    at_ = 0;
    end_ = *got;
    return *got > 0;
  }

  Stream body_;
  std::vector<char> buffer_;
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  std::string line_;
};

class AwsChunkedSource final : public PayloadSource {
 public:
  AwsChunkedSource(Stream body, AwsChunkedPlan plan)
      : frame_(std::move(body)), plan_(std::move(plan)), missing_(plan_.decoded_length) {
    for (const ChecksumAlgorithm algorithm : plan_.trailers) checksums_.emplace_back(algorithm);
  }

  Result<std::size_t> Read(std::span<char> buffer) override {
    if (failed_) return *failed_;
    auto got = Advance(buffer);
    if (!got) failed_ = got.error();
    return got;
  }

  [[nodiscard]] std::optional<std::uint64_t> size() const override { return plan_.decoded_length; }
  [[nodiscard]] const Headers& trailers() const override { return trailers_; }

 private:
  Result<std::size_t> Advance(std::span<char> buffer) {
    if (done_) return std::size_t{0};
    if (chunk_left_ == 0) {
      if (const auto begun = BeginChunk(); !begun) return begun.error();
      if (chunk_left_ == 0) {
        if (const auto ended = End(); !ended) return ended.error();
        done_ = true;
        return std::size_t{0};
      }
    }
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), chunk_left_));
    auto got = frame_.Data(buffer.first(want));
    if (!got) return got;
    const std::string_view bytes(buffer.data(), *got);
    if (plan_.signer) chunk_digest_->Update(bytes);
    for (Checksum& checksum : checksums_) checksum.Update(bytes);
    chunk_left_ -= *got;
    missing_ -= *got;
    // The last bytes of a chunk are given out only when its signature holds.
    if (chunk_left_ == 0) {
      if (const auto ended = EndChunk(); !ended) return ended.error();
    }
    return got;
  }

  // "size" or "size;chunk-signature=hex".
  Result<void> BeginChunk() {
    const auto line = frame_.Line(kMaxChunkLineBytes, /*lenient=*/false);
    if (!line) return line.error();
    const std::size_t semicolon = line->find(';');
    const std::string_view size_text = line->substr(0, semicolon);
    std::uint64_t size = 0;
    const auto [end, error] =
        std::from_chars(size_text.data(), size_text.data() + size_text.size(), size, 16);
    if (error != std::errc() || end != size_text.data() + size_text.size() ||
        size_text.size() > 16) {
      return Malformed("a chunk size is not a hexadecimal number");
    }
    if (plan_.signed_chunks) {
      const std::string_view extension =
          semicolon == std::string_view::npos ? "" : line->substr(semicolon + 1);
      if (!extension.starts_with(kSignatureExtension)) {
        return Malformed("a chunk has no chunk-signature");
      }
      chunk_signature_ = extension.substr(kSignatureExtension.size());
    } else if (semicolon != std::string_view::npos) {
      return Malformed("a chunk of an unsigned body has an extension");
    }
    if (size > missing_) return Incomplete();
    chunk_left_ = size;
    if (plan_.signer && size > 0) chunk_digest_.emplace(Digest::Kind::kSha256);
    return {};
  }

  Result<void> EndChunk() {
    if (plan_.signer) {
      const std::string hash = HexEncode(chunk_digest_->Finish());
      if (const auto held = CheckChunkSignature(hash); !held) return held;
    }
    const auto line = frame_.Line(2, /*lenient=*/false);
    if (!line) return line.error();
    if (!line->empty()) return Malformed("a chunk is longer than its size");
    return {};
  }

  Result<void> CheckChunkSignature(std::string_view chunk_sha256) {
    if (!EqualInConstantTime(plan_.signer->Next(chunk_sha256), chunk_signature_)) {
      return WrongSignature();
    }
    return {};
  }

  // After the last chunk's line.
  Result<void> End() {
    if (missing_ != 0) return Incomplete();
    if (plan_.signer) {
      if (const auto held = CheckChunkSignature(kEmptySha256); !held) return held;
    }
    if (const auto read = plan_.has_trailer ? ReadTrailers() : ReadLastLine(); !read) return read;
    const auto at_end = frame_.AtEnd();
    if (!at_end) return at_end.error();
    if (!*at_end) return Malformed("bytes follow the last chunk");
    return plan_.has_trailer ? CheckTrailers() : Result<void>();
  }

  Result<void> ReadLastLine() {
    const auto line = frame_.Line(2, /*lenient=*/false);
    if (!line) return line.error();
    if (!line->empty()) return Malformed("the last chunk is not followed by an empty line");
    return {};
  }

  // Fields up to an empty line. Some signers end the fields before the signature with LF and an
  // empty line of its own.
  Result<void> ReadTrailers() {
    bool signature_seen = false;
    bool gap_seen = false;
    std::string canonical;
    while (true) {
      const auto line = frame_.Line(kMaxTrailerLineBytes, /*lenient=*/true);
      if (!line) return line.error();
      if (line->empty()) {
        if (!plan_.signed_chunks || signature_seen || gap_seen) break;
        gap_seen = true;
        continue;
      }
      const std::size_t colon = line->find(':');
      if (colon == std::string_view::npos || signature_seen) {
        return MalformedTrailer("a line is not a field");
      }
      std::string name = AsciiLower(Trim(line->substr(0, colon)));
      const std::string_view value = Trim(line->substr(colon + 1));
      if (plan_.signed_chunks && name == kTrailerSignature) {
        signature_seen = true;
        if (plan_.signer && !EqualInConstantTime(plan_.signer->Trailer(canonical), value)) {
          return WrongSignature();
        }
        continue;
      }
      if (gap_seen) return MalformedTrailer("a field follows an empty line");
      if (trailers_.size() == kMaxTrailers) return MalformedTrailer("too many fields");
      canonical.append(name).append(":").append(value).append("\n");
      trailers_.Add(std::move(name), std::string(value));
    }
    if (plan_.signer && !signature_seen)
      return MalformedTrailer("x-amz-trailer-signature is missing");
    return {};
  }

  // Every announced checksum came, once, and is that of the bytes; nothing else came.
  Result<void> CheckTrailers() {
    if (trailers_.size() != plan_.trailers.size()) {
      return MalformedTrailer("its fields are not those that x-amz-trailer announces");
    }
    for (Checksum& checksum : checksums_) {
      const std::string_view header = ChecksumHeader(checksum.algorithm());
      const std::string* given = trailers_.Find(header);
      if (given == nullptr) return MalformedTrailer(std::string(header) + " is missing");
      const auto raw = Base64Decode(*given);
      // Base64 has spare bits at its end: only the one spelling with zeros there is taken.
      if (!raw || raw->size() != ChecksumSize(checksum.algorithm()) ||
          Base64Encode(*raw) != *given) {
        return Named("InvalidRequest", ErrorCode::kInvalidInput,
                     "Value for " + std::string(header) + " trailing header is invalid.", 400);
      }
      if (checksum.Finish() != *raw) {
        return Named("BadDigest", ErrorCode::kInvalidInput,
                     "The " + std::string(ChecksumName(checksum.algorithm())) +
                         " you specified did not match the calculated checksum.",
                     400);
      }
    }
    return {};
  }

  FrameReader frame_;
  AwsChunkedPlan plan_;
  std::uint64_t missing_;         // decoded bytes still to come
  std::uint64_t chunk_left_ = 0;  // of the chunk that is being read
  std::string chunk_signature_;
  std::optional<Digest> chunk_digest_;
  std::vector<Checksum> checksums_;
  Headers trailers_;
  bool done_ = false;
  std::optional<Error> failed_;
};

}  // namespace

ChunkSigner::ChunkSigner(const sigv4::Verified& seed)
    : ChunkSigner(seed.signing_key, seed.timestamp, seed.scope.Text(), seed.signature) {}

ChunkSigner::ChunkSigner(std::string signing_key, std::string timestamp, std::string scope,
                         std::string seed_signature)
    : signing_key_(std::move(signing_key)),
      timestamp_(std::move(timestamp)),
      scope_(std::move(scope)),
      previous_(std::move(seed_signature)) {}

std::string ChunkSigner::Next(std::string_view chunk_sha256) {
  std::string text = "AWS4-HMAC-SHA256-PAYLOAD\n";
  text.append(timestamp_).append("\n").append(scope_).append("\n").append(previous_).append("\n");
  text.append(kEmptySha256).append("\n").append(chunk_sha256);
  previous_ = HexEncode(HmacSha256(signing_key_, text));
  return previous_;
}

std::string ChunkSigner::Trailer(std::string_view canonical) {
  std::string text = "AWS4-HMAC-SHA256-TRAILER\n";
  text.append(timestamp_).append("\n").append(scope_).append("\n").append(previous_).append("\n");
  text.append(Sha256Hex(canonical));
  return HexEncode(HmacSha256(signing_key_, text));
}

std::shared_ptr<PayloadSource> MakeAwsChunkedSource(Stream body, AwsChunkedPlan plan) {
  return std::make_shared<AwsChunkedSource>(std::move(body), std::move(plan));
}

}  // namespace usher::wire
