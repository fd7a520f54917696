#include "services/s3/conditions.h"

#include "base/text.h"
#include "services/s3/errors.h"

namespace usher::s3 {
namespace {

// Whether a header's list of tags ("*" for any) has this one.
bool Lists(std::string_view header, std::string_view etag) {
  for (const std::string_view part : Split(header, ',')) {
    std::string_view tag = Trim(part);
    if (tag == "*") return true;
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (Unquoted(tag) == etag) return true;
  }
  return false;
}

// HTTP dates have whole seconds.
Time WholeSeconds(Time time) { return std::chrono::floor<std::chrono::seconds>(time); }

enum class Verdict { kGoOn, kMatchFailed, kUnmodifiedFailed, kNoneMatchFailed, kModifiedFailed };

// In the order of RFC 9110 section 13.2.2: an ETag outranks a date.
Verdict Judge(const ReadConditions& conditions, const storage::ObjectInfo& object) {
  const Time modified = WholeSeconds(object.modified);
  if (conditions.if_match) {
    if (!Lists(*conditions.if_match, object.etag)) return Verdict::kMatchFailed;
  } else if (conditions.if_unmodified_since && modified > *conditions.if_unmodified_since) {
    return Verdict::kUnmodifiedFailed;
  }
  if (conditions.if_none_match) {
    if (Lists(*conditions.if_none_match, object.etag)) return Verdict::kNoneMatchFailed;
  } else if (conditions.if_modified_since && modified <= *conditions.if_modified_since) {
    return Verdict::kModifiedFailed;
  }
  return Verdict::kGoOn;
}

}  // namespace

Result<void> CheckRead(const ReadConditions& conditions, const storage::ObjectInfo& object,
                       wire::CallContext& context) {
  switch (Judge(conditions, object)) {
    case Verdict::kGoOn:
      return {};
    case Verdict::kMatchFailed:
      return PreconditionFailed("If-Match");
    case Verdict::kUnmodifiedFailed:
      return PreconditionFailed("If-Unmodified-Since");
    case Verdict::kNoneMatchFailed:
    case Verdict::kModifiedFailed:
      break;
  }
  context.response_headers.Set("ETag", Quoted(object.etag));
  context.response_headers.Set("Last-Modified", FormatHttpDate(object.modified));
  return Named("NotModified", ErrorCode::kInvalidInput, "Not Modified", 304);
}

Result<void> CheckCopySource(const ReadConditions& conditions, const storage::ObjectInfo& object) {
  switch (Judge(conditions, object)) {
    case Verdict::kGoOn:
      return {};
    case Verdict::kMatchFailed:
      return PreconditionFailed("x-amz-copy-source-If-Match");
    case Verdict::kUnmodifiedFailed:
      return PreconditionFailed("x-amz-copy-source-If-Unmodified-Since");
    case Verdict::kNoneMatchFailed:
      return PreconditionFailed("x-amz-copy-source-If-None-Match");
    case Verdict::kModifiedFailed:
      return PreconditionFailed("x-amz-copy-source-If-Modified-Since");
  }
  return {};
}

Result<storage::Condition> WriteCondition(const std::optional<std::string>& if_match,
                                          const std::optional<std::string>& if_none_match) {
  if (if_none_match && Trim(*if_none_match) != "*") {
    return NotImplemented(
        "A header you provided implies functionality that is not implemented: If-None-Match of a "
        "write may only be *");
  }
  if (!if_match && !if_none_match) return storage::Condition();
  return storage::Condition([if_match,
                             if_none_match](const storage::ObjectInfo* current) -> Result<void> {
    if (if_none_match && current) return PreconditionFailed("If-None-Match");
    if (if_match) {
      if (!current) {
        return Named("NoSuchKey", ErrorCode::kNotFound, "The specified key does not exist.", 404);
      }
      if (!Lists(*if_match, current->etag)) return PreconditionFailed("If-Match");
    }
    return {};
  });
}

std::string Quoted(std::string_view etag) { return '"' + std::string(etag) + '"'; }

std::string_view Unquoted(std::string_view etag) {
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') {
    return etag.substr(1, etag.size() - 2);
  }
  return etag;
}

}  // namespace usher::s3
