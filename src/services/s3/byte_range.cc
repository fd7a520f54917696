#include "services/s3/byte_range.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "services/s3/errors.h"

namespace usher::s3 {
namespace {

constexpr std::string_view kUnit = "bytes=";

// A position written in digits; nullopt for anything else. One too large to hold is beyond every
// object.
std::optional<std::uint64_t> ParsePosition(std::string_view digits) {
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  std::uint64_t position = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), position);
  return parsed.ec == std::errc() ? position : UINT64_MAX;
}

Error Unsatisfiable(std::string_view header, std::uint64_t object_size) {
  Error error = Named("InvalidRange", ErrorCode::kInvalidInput,
                      "The requested range is not satisfiable", 416);
  error.details = {{"RangeRequested", std::string(header)},
                   {"ActualObjectSize", std::to_string(object_size)}};
  return error;
}

}  // namespace

Result<std::optional<ByteRange>> ParseRange(std::string_view header, std::uint64_t object_size) {
  const std::optional<ByteRange> whole;
  std::string_view spec = Trim(header);
  if (!spec.starts_with(kUnit)) return whole;
  spec.remove_prefix(kUnit.size());
  const std::size_t dash = spec.find('-');
  if (dash == std::string_view::npos) return whole;
  const std::string_view first_text = Trim(spec.substr(0, dash));
  const std::string_view last_text = Trim(spec.substr(dash + 1));
  const auto first = ParsePosition(first_text);
  const auto last = ParsePosition(last_text);
  if ((!first && !first_text.empty()) || (!last && !last_text.empty())) return whole;

  if (!first && !last) return whole;
  if (!first) {  // the last so many bytes
    const std::uint64_t size = std::min(*last, object_size);
    if (size == 0) return Unsatisfiable(header, object_size);
    return std::optional(ByteRange{object_size - size, size});
  }
  if (last && *last < *first) return whole;
  if (*first >= object_size) return Unsatisfiable(header, object_size);
  const std::uint64_t end = last ? std::min(*last, object_size - 1) + 1 : object_size;
  return std::optional(ByteRange{*first, end - *first});
}

Result<ByteRange> ParseCopySourceRange(std::string_view header, std::uint64_t object_size) {
  std::string_view spec = header;
  const std::size_t dash = spec.find('-');
  if (spec.starts_with(kUnit) && dash != std::string_view::npos) {
    const auto first = ParsePosition(spec.substr(kUnit.size(), dash - kUnit.size()));
    const auto last = ParsePosition(spec.substr(dash + 1));
    if (first && last && *first <= *last) {
      if (*last >= object_size) {
        return InvalidArgument("x-amz-copy-source-range", header,
                               "Range specified is not valid for source object of size: " +
                                   std::to_string(object_size));
      }
      return ByteRange{*first, *last - *first + 1};
    }
  }
  return InvalidArgument("x-amz-copy-source-range", header,
                         "The x-amz-copy-source-range value must be of the form bytes=first-last "
                         "where first and last are the zero-based offsets of the first and last "
                         "bytes to copy");
}

std::string ContentRange(const ByteRange& range, std::uint64_t object_size) {
  return "bytes " + std::to_string(range.offset) + "-" +
         std::to_string(range.offset + range.size - 1) + "/" + std::to_string(object_size);
}

}  // namespace usher::s3
