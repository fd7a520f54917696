// Operations PutBucketPolicy, GetBucketPolicy and DeleteBucketPolicy. Errors: MalformedPolicy,
// NoSuchBucketPolicy. A policy is kept and given back; there is one account, and what it may do
// does not depend on policies.
#include "json/json.h"
#include "services/s3/bucket_access.h"
#include "services/s3/operations.h"

namespace usher::s3 {
namespace {

constexpr const char* kPolicy = "policy";
constexpr std::size_t kMaxPolicyBytes = 20U << 10;

Error MalformedPolicy(std::string message) {
  return Named("MalformedPolicy", ErrorCode::kInvalidInput, std::move(message), 400);
}

Result<void> CheckStatement(const Value& statement) {
  if (!statement.as_map()) return MalformedPolicy("Statement must be an object");
  const Value* effect = statement.Find("Effect");
  if (!effect) return MalformedPolicy("Missing required field Effect");
  const std::string* word = effect->as_string();
  if (!word || (*word != "Allow" && *word != "Deny")) {
    return MalformedPolicy("Invalid effect: it is Allow or Deny");
  }
  for (const std::string name : {"Principal", "Action", "Resource"}) {
    if (!statement.Find(name) && !statement.Find("Not" + name)) {
      return MalformedPolicy("Missing required field " + name);
    }
  }
  return {};
}

Result<void> CheckPolicy(const std::string& text) {
  if (text.size() > kMaxPolicyBytes) {
    return MalformedPolicy("The policy is larger than 20480 bytes");
  }
  const auto policy = json::Parse(text);
  if (!policy || !policy->as_map()) {
    return MalformedPolicy("Policies must be valid JSON and the first byte must be '{'");
  }
  const Value* statement = policy->Find("Statement");
  if (!statement) return MalformedPolicy("Missing required field Statement");
  if (!statement->as_list()) return CheckStatement(*statement);
  if (statement->as_list()->empty())
    return MalformedPolicy(
        "Could not parse the policy: "
        "Statement is empty!");
  for (const Value& one : *statement->as_list()) {
    if (auto valid = CheckStatement(one); !valid) return valid;
  }
  return {};
}

}  // namespace

Result<api::s3::PutBucketPolicy::Response> PutBucketPolicy(
    const api::s3::PutBucketPolicyRequest& request, wire::CallContext& context,
    storage::ObjectStore& store) {
  const auto bucket = FindBucket(store, context, request.bucket, request.expected_bucket_owner);
  if (!bucket) return bucket.error();
  if (auto valid = CheckPolicy(request.policy); !valid) return valid.error();
  const auto changed = store.ChangeBucket(
      request.bucket, [&](storage::Bucket& b) { b.settings[kPolicy] = request.policy; });
  if (!changed) return changed.error();
  context.response_status = 204;
  return api::s3::PutBucketPolicy::Response{};
}

Result<api::s3::GetBucketPolicyOutput> GetBucketPolicy(
    const api::s3::GetBucketPolicyRequest& request, wire::CallContext& context,
    storage::ObjectStore& store) {
  const auto bucket = FindBucket(store, context, request.bucket, request.expected_bucket_owner);
  if (!bucket) return bucket.error();
  const auto policy = bucket->settings.find(kPolicy);
  if (policy == bucket->settings.end()) {
    Error error =
        Named("NoSuchBucketPolicy", ErrorCode::kNotFound, "The bucket policy does not exist", 404);
    error.details = {{"BucketName", request.bucket}};
    return error;
  }
  context.response_headers.Set("Content-Type", "application/json");
  return api::s3::GetBucketPolicyOutput{.policy = policy->second};
}

Result<api::s3::DeleteBucketPolicy::Response> DeleteBucketPolicy(
    const api::s3::DeleteBucketPolicyRequest& request, wire::CallContext& context,
    storage::ObjectStore& store) {
  const auto bucket = FindBucket(store, context, request.bucket, request.expected_bucket_owner);
  if (!bucket) return bucket.error();
  const auto changed =
      store.ChangeBucket(request.bucket, [](storage::Bucket& b) { b.settings.erase(kPolicy); });
  if (!changed) return changed.error();
  return api::s3::DeleteBucketPolicy::Response{};
}

}  // namespace usher::s3
