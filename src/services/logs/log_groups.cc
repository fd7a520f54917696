// Operations CreateLogGroup, DescribeLogGroups, DeleteLogGroup, PutRetentionPolicy,
// DeleteRetentionPolicy.
#include <algorithm>
#include <array>

#include "services/logs/operations.h"
#include "services/logs/tokens.h"

namespace usher::logs {
namespace {

constexpr std::size_t kDefaultPage = 50;
constexpr std::array<std::int64_t, 22> kRetentionDays = {
    1,   3,   5,   7,   14,   30,   60,   90,   120,  150,  180,
    365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653};

Result<api::LogGroup> Described(Service& service, Group& group, std::string_view region) {
  const auto events = service.groups.Events(group);
  if (!events) return events.error();
  const GroupFields fields = group.fields();
  api::LogGroup described;
  described.log_group_name = group.name();
  described.creation_time = fields.created;
  described.retention_in_days = fields.retention_days;
  described.metric_filter_count = 0;
  described.arn = GroupArn(region, group.name()) + ":*";
  described.log_group_arn = GroupArn(region, group.name());
  described.stored_bytes = static_cast<std::int64_t>((*events)->file_bytes());
  described.kms_key_id = fields.kms_key_id;
  described.log_group_class = fields.log_class;
  if (fields.is_protected) described.deletion_protection_enabled = true;
  return described;
}

}  // namespace

// Errors: already exists; limit exceeded.
Result<api::CreateLogGroupResponse> CreateLogGroup(const api::CreateLogGroupRequest& request,
                                                   Service& service,
                                                   wire::CallContext& /*context*/) {
  GroupFields fields;
  fields.log_class = request.log_group_class.value_or("STANDARD");
  fields.kms_key_id = request.kms_key_id;
  fields.is_protected = request.deletion_protection_enabled.value_or(false);
  if (request.tags) fields.tags = *request.tags;
  const auto created = service.groups.Create(request.log_group_name, std::move(fields));
  if (!created) return created.error();
  return api::CreateLogGroupResponse{};
}

// Errors: invalid token.
Result<api::DescribeLogGroupsResponse> DescribeLogGroups(
    const api::DescribeLogGroupsRequest& request, Service& service, wire::CallContext& context) {
  if (request.log_group_name_prefix && request.log_group_name_pattern) {
    return InvalidInput("logGroupNamePrefix and logGroupNamePattern exclude each other: give one.");
  }
  const auto after = ReadNameToken(request.next_token);
  if (!after) return after.error();
  const auto is_wanted = [&](const Group& group) {
    if (request.log_group_class && group.fields().log_class != *request.log_group_class) {
      return false;
    }
    return !request.log_group_identifiers ||
           std::ranges::any_of(*request.log_group_identifiers, [&](const std::string& identifier) {
             return identifier == group.name() || NameInArn(identifier) == group.name();
           });
  };
  const auto limit = static_cast<std::size_t>(request.limit.value_or(kDefaultPage));
  api::DescribeLogGroupsResponse response{.log_groups = std::vector<api::LogGroup>()};
  for (const GroupPtr& group :
       service.groups.List(request.log_group_name_prefix.value_or(""),
                           request.log_group_name_pattern.value_or(""), *after)) {
    if (!is_wanted(*group)) continue;
    if (response.log_groups->size() == limit) {
      response.next_token = NameToken(*response.log_groups->back().log_group_name);
      break;
    }
    auto described = Described(service, *group, context.region);
    if (!described && described.error().code == ErrorCode::kNotFound) continue;  // just deleted
    if (!described) return described.error();
    response.log_groups->push_back(*std::move(described));
  }
  return response;
}

// Errors: not found; invalid input for a protected group.
Result<api::DeleteLogGroupResponse> DeleteLogGroup(const api::DeleteLogGroupRequest& request,
                                                   Service& service,
                                                   wire::CallContext& /*context*/) {
  const auto group = service.groups.Find(request.log_group_name);
  if (!group) return group.error();
  if ((*group)->fields().is_protected) {
    return Named("ValidationException", ErrorCode::kInvalidInput,
                 "The log group " + request.log_group_name +
                     " was made with deletionProtectionEnabled and cannot be deleted.");
  }
  if (const auto deleted = service.groups.Delete(*group); !deleted) return deleted.error();
  return api::DeleteLogGroupResponse{};
}

// Errors: not found; invalid input for other numbers of days.
Result<api::PutRetentionPolicyResponse> PutRetentionPolicy(
    const api::PutRetentionPolicyRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  if (std::ranges::find(kRetentionDays, request.retention_in_days) == kRetentionDays.end()) {
    std::string accepted;
    for (const std::int64_t days : kRetentionDays) {
      accepted += (accepted.empty() ? "" : ", ") + std::to_string(days);
    }
    return InvalidInput("retentionInDays must be one of " + accepted + ", got " +
                        std::to_string(request.retention_in_days));
  }
  const auto group = service.groups.Find(request.log_group_name);
  if (!group) return group.error();
  const auto changed = service.groups.Change(
      **group, [&](GroupFields& fields) { fields.retention_days = request.retention_in_days; });
  if (!changed) return changed.error();
  service.WakeKeeper();
  return api::PutRetentionPolicyResponse{};
}

// Errors: not found.
Result<api::DeleteRetentionPolicyResponse> DeleteRetentionPolicy(
    const api::DeleteRetentionPolicyRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  const auto group = service.groups.Find(request.log_group_name);
  if (!group) return group.error();
  const auto changed =
      service.groups.Change(**group, [](GroupFields& fields) { fields.retention_days.reset(); });
  if (!changed) return changed.error();
  return api::DeleteRetentionPolicyResponse{};
}

}  // namespace usher::logs
