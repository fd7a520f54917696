#include "services/s3/copy_source.h"

#include "base/encoding.h"
#include "services/s3/errors.h"

namespace usher::s3 {

Result<CopySource> ParseCopySource(std::string_view header) {
  constexpr std::string_view kVersion = "?versionId=";
  const auto invalid = [&] {
    return InvalidArgument("x-amz-copy-source", header,
                           "Copy Source must mention the source bucket and key: "
                           "sourcebucket/sourcekey");
  };
  std::string_view path = header;
  CopySource source;
  if (const std::size_t at = path.rfind(kVersion); at != std::string_view::npos) {
    source.version_id = std::string(path.substr(at + kVersion.size()));
    path = path.substr(0, at);
  }
  // Decoded before it is split: some clients encode the slash after the bucket too.
  const auto decoded = PercentDecode(path);
  if (!decoded) return invalid();
  std::string_view text = *decoded;
  if (text.starts_with('/')) text.remove_prefix(1);
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == text.size()) return invalid();
  source.bucket = text.substr(0, slash);
  source.key = text.substr(slash + 1);
  return source;
}

}  // namespace usher::s3
