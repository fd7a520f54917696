#include "services/iam/role_store.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/text.h"
#include "json/json.h"
#include "services/iam/stored_documents.h"

namespace usher::iam {
namespace {

constexpr std::string_view kKind = "iam/role";

std::string IdOf(std::string_view name) { return AsciiLower(name); }

std::string Encode(const StoredRole& stored) {
  ValueMap policies;
  for (const auto& [name, document] : stored.inline_policies) policies.Append(name, document);
  ValueList attached(stored.attached_policies.begin(), stored.attached_policies.end());
  ValueMap body;
  body.Append("role", stored.role.ToValue());
  body.Append("inlinePolicies", std::move(policies));
  body.Append("attachedPolicies", std::move(attached));
  return json::Write(body);
}

Result<StoredRole> Decode(const storage::Document& document) {
  const auto body = json::Parse(document.body);
  const Value* role = body ? body->Find("role") : nullptr;
  const Value* policies = body ? body->Find("inlinePolicies") : nullptr;
  const Value* attached = body ? body->Find("attachedPolicies") : nullptr;
  if (!role || !policies || !policies->as_map() || !attached || !attached->as_list()) {
    return Corrupt("the stored role '" + document.id + "' cannot be read");
  }
  StoredRole stored{.role = api::Role::FromValue(*role), .version = document.version};
  for (const auto& [name, text] : *policies->as_map()) {
    if (text.as_string()) stored.inline_policies.emplace(name, *text.as_string());
  }
  for (const Value& arn : *attached->as_list()) {
    if (arn.as_string()) stored.attached_policies.insert(*arn.as_string());
  }
  return stored;
}

}  // namespace

std::string WriteMarker(std::string_view name) { return Base64Encode(name); }

Result<std::string> ReadMarker(const std::optional<std::string>& marker) {
  if (!marker) return std::string();
  auto name = Base64Decode(*marker);
  if (!name || name->empty() || !IsUtf8(*name)) {
    return Named("ValidationError", ErrorCode::kInvalidInput, "Invalid Marker.", 400);
  }
  return name;
}

Result<void> RoleStore::Create(const StoredRole& role) const {
  storage::Batch batch;
  batch.Create(std::string(kKind), IdOf(role.role.role_name), "", Encode(role));
  auto committed = store_.Commit(batch);
  if (!committed && committed.error().code == ErrorCode::kAlreadyExists) {
    return AlreadyExists("Role with name " + role.role.role_name + " already exists.");
  }
  return committed;
}

Result<StoredRole> RoleStore::Find(std::string_view name) const {
  const auto document = store_.Get(kKind, IdOf(name));
  if (!document) return document.error();
  if (!*document) {
    return NotFound("The role with name " + std::string(name) + " cannot be found.");
  }
  return Decode(**document);
}

Result<void> RoleStore::Modify(std::string_view name,
                               const std::function<Result<void>(StoredRole&)>& change) const {
  return ModifyStored<StoredRole>(store_, [&] { return Find(name); }, change, &AddUpdate);
}

void RoleStore::AddUpdate(storage::Batch& batch, const StoredRole& role) {
  batch.Update(std::string(kKind), IdOf(role.role.role_name), role.version, Encode(role));
}

Result<void> RoleStore::Delete(const StoredRole& role) const {
  storage::Batch batch;
  batch.Delete(std::string(kKind), IdOf(role.role.role_name), role.version);
  return store_.Commit(batch);
}

Result<RolePage> RoleStore::List(std::string_view path_prefix,
                                 const std::optional<std::string>& marker,
                                 std::size_t limit) const {
  RolePage page;
  auto next = ListStored(
      store_, kKind, marker, limit, &Decode,
      [&](const StoredRole& stored) { return stored.role.path.starts_with(path_prefix); },
      page.roles);
  if (!next) return next.error();
  page.marker = *std::move(next);
  return page;
}

Result<NamePage> PageOf(const std::vector<std::string>& names,
                        const std::optional<std::string>& marker,
                        std::optional<std::int64_t> max_items) {
  const auto from = ReadMarker(marker);
  if (!from) return from.error();
  const auto limit = static_cast<std::size_t>(max_items.value_or(kDefaultPageSize));
  NamePage page;
  for (auto name = std::ranges::lower_bound(names, *from); name != names.end(); ++name) {
    if (page.names.size() == limit) {
      page.marker = WriteMarker(*name);
      break;
    }
    page.names.push_back(*name);
  }
  return page;
}

}  // namespace usher::iam
