// Which bytes of an object a reader asks for.
//
// Source: RFC 9110 section 14.1.2. As with S3, one range only: a header that is no single valid
//         range of bytes is as if it were not there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace usher::s3 {

struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  bool operator==(const ByteRange&) const = default;
};

// nullopt: the whole object. Errors: InvalidRange (416) when no byte of the object is in the range.
Result<std::optional<ByteRange>> ParseRange(std::string_view header, std::uint64_t object_size);

// The stricter form of a copied part: "bytes=first-last", within the object. Errors:
// InvalidArgument.
Result<ByteRange> ParseCopySourceRange(std::string_view header, std::uint64_t object_size);

// "bytes 0-9/100".
[[nodiscard]] std::string ContentRange(const ByteRange& range, std::uint64_t object_size);

}  // namespace usher::s3
