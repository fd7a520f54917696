// Operations on groups. Errors: invalid input (also for groups that are there or are not).
#include "services/xray/groups.h"

#include "base/random.h"
#include "base/text.h"
#include "json/json.h"
#include "services/xray/operations.h"

namespace usher::xray {
namespace {

constexpr std::string_view kKind = "xray/group";

api::Group DefaultGroup(std::string_view region) {
  return {.group_name = std::string(kDefaultGroup),
          .group_arn = "arn:aws:xray:" + std::string(region) + ":" + std::string(wire::kAccountId) +
                       ":group/" + std::string(kDefaultGroup),
          .filter_expression = std::nullopt,
          .insights_configuration = std::nullopt};
}

// "arn:aws:xray:R:A:group/NAME/ID" or a name.
Result<std::string> NameOf(const std::optional<std::string>& name,
                           const std::optional<std::string>& arn) {
  if (name) return *name;
  if (!arn) return InvalidInput("GroupName or GroupARN must be given.");
  const auto parts = Split(*arn, '/');
  if (parts.size() < 2 || parts[1].empty()) {
    return InvalidInput("'" + arn->substr(0, 200) + "' is no ARN of a group.");
  }
  return std::string(parts[1]);
}

// The stored group and its version.
struct Stored {
  api::Group group;
  std::int64_t version = 0;
};

Result<Stored> Find(const Service& service, const std::optional<std::string>& name,
                    const std::optional<std::string>& arn) {
  const auto is = NameOf(name, arn);
  if (!is) return is.error();
  const auto document = service.documents.Get(kKind, *is);
  if (!document) return document.error();
  if (!*document) return NotFound("Group not found: " + is->substr(0, 100));
  const auto value = json::Parse((*document)->body);
  if (!value) return Corrupt("the group " + *is + " is damaged");
  return Stored{api::Group::FromValue(*value), (*document)->version};
}

bool IsDefault(const std::optional<std::string>& name, const std::optional<std::string>& arn) {
  return name ? *name == kDefaultGroup : arn && arn->ends_with("group/Default");
}

Result<std::vector<api::Group>> List(const Service& service) {
  std::vector<api::Group> groups;
  const auto page = service.documents.List(kKind, std::nullopt, 0, kMaxGroups);
  if (!page) return page.error();
  for (const storage::Document& document : page->documents) {
    const auto value = json::Parse(document.body);
    if (!value) return Corrupt("the group " + document.id + " is damaged");
    groups.push_back(api::Group::FromValue(*value));
  }
  return groups;
}

}  // namespace

Result<std::optional<Filter>> FilterOfGroup(const Service& service,
                                            const std::optional<std::string>& name,
                                            const std::optional<std::string>& arn) {
  if ((!name && !arn) || IsDefault(name, arn)) return std::optional<Filter>();
  const auto stored = Find(service, name, arn);
  if (!stored) return stored.error();
  const std::string expression = stored->group.filter_expression.value_or("");
  if (expression.empty()) return std::optional<Filter>();
  auto filter = Filter::Parse(expression);
  if (!filter) return filter.error();
  return std::optional<Filter>(*std::move(filter));
}

Result<api::CreateGroupResult> CreateGroup(const api::CreateGroupRequest& request, Service& service,
                                           wire::CallContext& context) {
  if (request.filter_expression && !request.filter_expression->empty()) {
    if (const auto filter = Filter::Parse(*request.filter_expression); !filter) {
      return filter.error();
    }
  }
  const auto groups = List(service);
  if (!groups) return groups.error();
  if (groups->size() >= kMaxGroups) {
    return InvalidInput("There can be no more than " + std::to_string(kMaxGroups) +
                        " groups beside the default one.");
  }
  api::Group group{.group_name = request.group_name,
                   .group_arn = "arn:aws:xray:" + context.region + ":" +
                                std::string(wire::kAccountId) + ":group/" + request.group_name +
                                "/" + AsciiUpper(SecureHex(26)),
                   .filter_expression = request.filter_expression,
                   .insights_configuration = request.insights_configuration};
  const Error taken = AlreadyExists("Group with name " + request.group_name + " already exists.");
  if (request.group_name == kDefaultGroup) return taken;
  storage::Batch batch;
  batch.Create(std::string(kKind), request.group_name, "", json::Write(group.ToValue()));
  if (const auto committed = service.documents.Commit(batch); !committed) {
    return committed.error().code == ErrorCode::kAlreadyExists ? taken : committed.error();
  }
  return api::CreateGroupResult{.group = std::move(group)};
}

Result<api::GetGroupResult> GetGroup(const api::GetGroupRequest& request, Service& service,
                                     wire::CallContext& context) {
  if (IsDefault(request.group_name, request.group_arn)) {
    return api::GetGroupResult{.group = DefaultGroup(context.region)};
  }
  auto stored = Find(service, request.group_name, request.group_arn);
  if (!stored) return stored.error();
  return api::GetGroupResult{.group = std::move(stored->group)};
}

// All on one page: there are few.
Result<api::GetGroupsResult> GetGroups(const api::GetGroupsRequest&, Service& service,
                                       wire::CallContext& context) {
  auto groups = List(service);
  if (!groups) return groups.error();
  groups->insert(groups->begin(), DefaultGroup(context.region));
  std::vector<api::GroupSummary> summaries;
  for (const api::Group& group : *groups) {
    summaries.push_back({.group_name = group.group_name,
                         .group_arn = group.group_arn,
                         .filter_expression = group.filter_expression,
                         .insights_configuration = group.insights_configuration});
  }
  return api::GetGroupsResult{.groups = std::move(summaries)};
}

Result<api::UpdateGroupResult> UpdateGroup(const api::UpdateGroupRequest& request, Service& service,
                                           wire::CallContext&) {
  if (IsDefault(request.group_name, request.group_arn)) {
    return InvalidInput("The default group cannot be changed.");
  }
  auto stored = Find(service, request.group_name, request.group_arn);
  if (!stored) return stored.error();
  if (request.filter_expression) {
    if (!request.filter_expression->empty()) {
      if (const auto filter = Filter::Parse(*request.filter_expression); !filter) {
        return filter.error();
      }
    }
    stored->group.filter_expression = request.filter_expression;
  }
  if (request.insights_configuration) {
    stored->group.insights_configuration = request.insights_configuration;
  }
  storage::Batch batch;
  batch.Update(std::string(kKind), stored->group.group_name.value_or(""), stored->version,
               json::Write(stored->group.ToValue()));
  if (const auto committed = service.documents.Commit(batch); !committed) {
    return committed.error();
  }
  return api::UpdateGroupResult{.group = std::move(stored->group)};
}

Result<api::DeleteGroupResult> DeleteGroup(const api::DeleteGroupRequest& request, Service& service,
                                           wire::CallContext&) {
  if (IsDefault(request.group_name, request.group_arn)) {
    return InvalidInput("The default group cannot be deleted.");
  }
  const auto stored = Find(service, request.group_name, request.group_arn);
  if (!stored) return stored.error();
  storage::Batch batch;
  batch.Delete(std::string(kKind), stored->group.group_name.value_or(""));
  if (const auto committed = service.documents.Commit(batch); !committed) {
    return committed.error();
  }
  return api::DeleteGroupResult{};
}

}  // namespace usher::xray
