// Operations CreatePolicyVersion, GetPolicyVersion, ListPolicyVersions, SetDefaultPolicyVersion,
// DeletePolicyVersion.
#include <algorithm>
#include <charconv>

#include "base/encoding.h"
#include "services/iam/operations.h"
#include "services/iam/policy_document.h"

namespace usher::iam {
namespace {

constexpr std::size_t kMaxManagedCharacters = 6144;  // of one version
constexpr std::size_t kMaxVersions = 5;

Error NoSuchVersion(const std::string& arn, const std::string& version) {
  return NotFound("Policy " + arn + " version " + version +
                  " does not exist or is not attachable.");
}

// The number of "v12"; 0, which no version has, for anything else.
std::int64_t NumberOf(std::string_view version) {
  std::int64_t number = 0;
  const char* end = version.data() + version.size();
  if (!version.starts_with('v')) return 0;
  const auto [rest, error] = std::from_chars(version.data() + 1, end, number);
  return error == std::errc() && rest == end ? number : 0;
}

api::PolicyVersion Shown(const StoredPolicy& stored, std::int64_t number) {
  return {.document = {},
          .version_id = VersionId(number),
          .is_default_version = number == stored.default_version,
          .create_date = stored.versions.at(number).created};
}

}  // namespace

Result<void> CheckManagedPolicy(std::string_view document) {
  if (CountCharacters(document) > kMaxManagedCharacters) {
    return Named("LimitExceeded", ErrorCode::kLimitExceeded,
                 "Cannot exceed quota for PolicySize: " + std::to_string(kMaxManagedCharacters),
                 409);
  }
  return CheckPolicyDocument(document, PolicyUse::kIdentity);
}

std::string VersionId(std::int64_t number) { return "v" + std::to_string(number); }

// Errors: not found, malformed policy document, limit exceeded.
Result<api::CreatePolicyVersionResponse> CreatePolicyVersion(
    const api::CreatePolicyVersionRequest& request, const PolicyStore& policies) {
  if (const auto document = CheckManagedPolicy(request.policy_document); !document) {
    return document.error();
  }
  api::PolicyVersion made;
  const Time now = policies.Now();
  const auto created =
      policies.Modify(request.policy_arn, [&](StoredPolicy& stored) -> Result<void> {
        if (stored.versions.size() == kMaxVersions) {
          return Named(
              "LimitExceeded", ErrorCode::kLimitExceeded,
              "A managed policy can have up to " + std::to_string(kMaxVersions) +
                  " versions. Before you create a new version, you must delete an existing "
                  "version.",
              409);
        }
        const std::int64_t number = ++stored.last_version;
        stored.versions[number] = {.document = request.policy_document, .created = now};
        if (request.set_as_default.value_or(false)) stored.default_version = number;
        stored.policy.update_date = now;
        made = Shown(stored, number);
        return {};
      });
  if (!created) return created.error();
  return api::CreatePolicyVersionResponse{.policy_version = made};
}

// Errors: not found, of policy or version.
Result<api::GetPolicyVersionResponse> GetPolicyVersion(const api::GetPolicyVersionRequest& request,
                                                       const PolicyStore& policies) {
  const auto stored = policies.Find(request.policy_arn);
  if (!stored) return stored.error();
  const auto found = stored->versions.find(NumberOf(request.version_id));
  if (found == stored->versions.end()) {
    return NoSuchVersion(request.policy_arn, request.version_id);
  }
  api::PolicyVersion version = Shown(*stored, found->first);
  version.document = PercentEncode(found->second.document);
  return api::GetPolicyVersionResponse{.policy_version = std::move(version)};
}

// The newest first. Errors: not found, invalid marker.
Result<api::ListPolicyVersionsResponse> ListPolicyVersions(
    const api::ListPolicyVersionsRequest& request, const PolicyStore& policies) {
  const auto stored = policies.Find(request.policy_arn);
  if (!stored) return stored.error();
  const auto from = ReadMarker(request.marker);
  if (!from) return from.error();
  const auto limit = static_cast<std::size_t>(request.max_items.value_or(kDefaultPageSize));
  api::ListPolicyVersionsResponse response{
      .versions = std::vector<api::PolicyVersion>(), .is_truncated = false, .marker = {}};
  for (auto version = stored->versions.rbegin(); version != stored->versions.rend(); ++version) {
    if (!from->empty() && version->first > NumberOf(*from)) continue;
    if (response.versions->size() == limit) {
      response.is_truncated = true;
      response.marker = WriteMarker(VersionId(version->first));
      break;
    }
    response.versions->push_back(Shown(*stored, version->first));
  }
  return response;
}

// Errors: not found, of policy or version.
Result<api::SetDefaultPolicyVersionResponse> SetDefaultPolicyVersion(
    const api::SetDefaultPolicyVersionRequest& request, const PolicyStore& policies) {
  const auto set = policies.Modify(request.policy_arn, [&](StoredPolicy& stored) -> Result<void> {
    const std::int64_t number = NumberOf(request.version_id);
    if (!stored.versions.contains(number)) {
      return NoSuchVersion(request.policy_arn, request.version_id);
    }
    stored.default_version = number;
    stored.policy.update_date = policies.Now();
    return {};
  });
  if (!set) return set.error();
  return api::SetDefaultPolicyVersionResponse{};
}

// Errors: not found, of policy or version; in use for the default version.
Result<api::DeletePolicyVersionResponse> DeletePolicyVersion(
    const api::DeletePolicyVersionRequest& request, const PolicyStore& policies) {
  const auto deleted =
      policies.Modify(request.policy_arn, [&](StoredPolicy& stored) -> Result<void> {
        const std::int64_t number = NumberOf(request.version_id);
        if (number == stored.default_version) {
          return InUse("Cannot delete the default version of a policy.");
        }
        if (stored.versions.erase(number) == 0) {
          return NoSuchVersion(request.policy_arn, request.version_id);
        }
        return {};
      });
  if (!deleted) return deleted.error();
  return api::DeletePolicyVersionResponse{};
}

}  // namespace usher::iam
