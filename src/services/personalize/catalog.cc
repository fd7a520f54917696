#include "services/personalize/catalog.h"

#include <charconv>

#include "base/encoding.h"
#include "json/json.h"

namespace usher::personalize {
namespace {

// A page token is opaque to clients: base64 of "<kind> <sequence>".
std::string MakeToken(std::string_view kind, std::int64_t after) {
  return Base64Encode(std::string(kind) + " " + std::to_string(after));
}

Result<std::int64_t> ReadToken(std::string_view kind, const std::string& token) {
  const Error invalid{ErrorCode::kInvalidNextToken, "The token is not valid: " + token};
  const auto text = Base64Decode(token);
  if (!text || !text->starts_with(std::string(kind) + " ")) return invalid;
  std::int64_t after = 0;
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data() + kind.size() + 1, end, after);
  if (error != std::errc() || stop != end || after < 0) return invalid;
  return after;
}

}  // namespace

Error ResourceAlreadyExists(const std::string& arn) {
  return AlreadyExists("Another resource with Arn " + arn + " already exists.");
}

Error ResourceNotFound(const std::string& arn) {
  return NotFound("Resource Arn " + arn + " does not exist.");
}

Result<void> Catalog::Commit(const storage::Batch& batch) const {
  using Action = storage::Batch::Change::Action;
  auto committed = store_.Commit(batch);
  if (committed) return committed;
  const ErrorCode code = committed.error().code;
  if (code != ErrorCode::kAlreadyExists && code != ErrorCode::kNotFound) return committed;
  for (const auto& change : batch.changes()) {
    const auto found = store_.Get(change.document.kind, change.document.id);
    if (!found) continue;
    const std::string& arn = change.document.id;
    if (code == ErrorCode::kAlreadyExists && change.action == Action::kCreate && *found) {
      return ResourceAlreadyExists(arn);
    }
    const bool wanted = change.action == Action::kRequire || change.expected_version;
    if (code == ErrorCode::kNotFound && wanted && !*found) return ResourceNotFound(arn);
  }
  return committed;
}

Result<storage::Document> Catalog::Get(std::string_view kind, const std::string& arn) const {
  auto document = store_.Get(kind, arn);
  if (!document) return std::move(document).error();
  if (!*document) return ResourceNotFound(arn);
  return std::move(**document);
}

Result<std::pair<std::vector<storage::Document>, std::optional<std::string>>> Catalog::Page(
    std::string_view kind, const std::optional<std::string>& group,
    const std::optional<std::string>& next_token, std::optional<std::int64_t> max_results) const {
  std::int64_t after = 0;
  if (next_token) {
    const auto read = ReadToken(kind, *next_token);
    if (!read) return read.error();
    after = *read;
  }
  std::optional<std::string_view> within;
  if (group) within = *group;
  const auto limit = static_cast<std::size_t>(max_results.value_or(kMaxPageSize));
  auto page = store_.List(kind, within, after, limit);
  if (!page) return std::move(page).error();
  std::optional<std::string> token;
  if (page->next_after) token = MakeToken(kind, *page->next_after);
  return std::pair{std::move(page->documents), std::move(token)};
}

std::string Catalog::Encode(Value resource, const ValueMap& extra) {
  ValueMap body;
  body.Append("resource", std::move(resource));
  body.Append("extra", extra);
  return json::Write(body);
}

Result<std::pair<Value, ValueMap>> Catalog::DecodeBody(const storage::Document& document) {
  const auto body = json::Parse(document.body);
  if (!body) return Corrupt("the document of " + document.id + " is not JSON");
  const Value* resource = body->Find("resource");
  const Value* extra = body->Find("extra");
  if (!resource || !extra || !extra->as_map()) {
    return Corrupt("the document of " + document.id + " has not the form of this version");
  }
  return std::pair{*resource, *extra->as_map()};
}

}  // namespace usher::personalize
