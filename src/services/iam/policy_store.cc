#include "services/iam/policy_store.h"

#include <charconv>

#include "base/text.h"
#include "json/json.h"
#include "services/iam/stored_documents.h"

namespace usher::iam {
namespace {

constexpr std::string_view kKind = "iam/policy";

std::string IdOf(const StoredPolicy& stored) { return AsciiLower(*stored.policy.policy_name); }

std::string Encode(const StoredPolicy& stored) {
  ValueMap versions;
  for (const auto& [number, version] : stored.versions) {
    ValueMap entry;
    entry.Append("document", version.document);
    entry.Append("created", EpochMillis(version.created));
    versions.Append(std::to_string(number), std::move(entry));
  }
  ValueMap body;
  body.Append("policy", stored.policy.ToValue());
  body.Append("versions", std::move(versions));
  body.Append("defaultVersion", stored.default_version);
  body.Append("lastVersion", stored.last_version);
  body.Append("roles", ValueList(stored.roles.begin(), stored.roles.end()));
  return json::Write(body);
}

Result<StoredPolicy> Decode(const storage::Document& document) {
  const Error corrupt = Corrupt("the stored policy '" + document.id + "' cannot be read");
  const auto body = json::Parse(document.body);
  if (!body) return corrupt;
  const Value* policy = body->Find("policy");
  const Value* versions = body->Find("versions");
  const Value* default_version = body->Find("defaultVersion");
  const Value* last_version = body->Find("lastVersion");
  const Value* roles = body->Find("roles");
  const bool is_whole = policy && versions && versions->as_map() && default_version &&
                        default_version->as_int() && last_version && last_version->as_int() &&
                        roles && roles->as_list();
  if (!is_whole) return corrupt;
  StoredPolicy stored{.policy = api::Policy::FromValue(*policy),
                      .versions = {},
                      .default_version = *default_version->as_int(),
                      .last_version = *last_version->as_int(),
                      .roles = {},
                      .version = document.version};
  if (!stored.policy.policy_name || !stored.policy.arn || !stored.policy.path) return corrupt;
  for (const auto& [number, entry] : *versions->as_map()) {
    std::int64_t key = 0;
    std::from_chars(number.data(), number.data() + number.size(), key);
    const Value* text = entry.Find("document");
    const Value* created = entry.Find("created");
    if (!text || !text->as_string() || !created || !created->as_int()) return corrupt;
    stored.versions[key] = {.document = *text->as_string(),
                            .created = FromEpochMillis(*created->as_int())};
  }
  if (!stored.versions.contains(stored.default_version)) return corrupt;
  for (const Value& role : *roles->as_list()) {
    if (role.as_string()) stored.roles.insert(*role.as_string());
  }
  return stored;
}

}  // namespace

PolicyName NameOf(std::string_view arn) {
  const std::size_t begin = arn.find(":policy/");
  if (begin == std::string_view::npos) return {};
  arn.remove_prefix(begin + std::string_view(":policy").size());
  const std::size_t slash = arn.rfind('/');
  return {.path = std::string(arn.substr(0, slash + 1)),
          .name = std::string(arn.substr(slash + 1))};
}

Result<void> PolicyStore::Create(const StoredPolicy& policy) const {
  storage::Batch batch;
  batch.Create(std::string(kKind), IdOf(policy), "", Encode(policy));
  auto committed = store_.Commit(batch);
  if (!committed && committed.error().code == ErrorCode::kAlreadyExists) {
    return AlreadyExists("A policy called " + *policy.policy.policy_name +
                         " already exists. Duplicate names are not allowed.");
  }
  return committed;
}

Result<StoredPolicy> PolicyStore::Find(std::string_view arn) const {
  if (!arn.starts_with("arn:")) {
    return Named("InvalidInput", ErrorCode::kInvalidInput,
                 "ARN " + std::string(arn) + " is not valid.", 400);
  }
  const Error missing = NotFound("Policy " + std::string(arn) + " was not found.");
  const auto document = store_.Get(kKind, AsciiLower(NameOf(arn).name));
  if (!document) return document.error();
  if (!*document) return missing;
  auto stored = Decode(**document);
  if (!stored) return stored.error();
  if (!EqualsIgnoreCase(*stored->policy.arn, arn)) return missing;  // another path, or account
  return stored;
}

Result<void> PolicyStore::Modify(std::string_view arn,
                                 const std::function<Result<void>(StoredPolicy&)>& change) const {
  return ModifyStored<StoredPolicy>(store_, [&] { return Find(arn); }, change, &AddUpdate);
}

void PolicyStore::AddUpdate(storage::Batch& batch, const StoredPolicy& policy) {
  batch.Update(std::string(kKind), IdOf(policy), policy.version, Encode(policy));
}

Result<void> PolicyStore::Delete(const StoredPolicy& policy) const {
  storage::Batch batch;
  batch.Delete(std::string(kKind), IdOf(policy), policy.version);
  return store_.Commit(batch);
}

Result<PolicyPage> PolicyStore::List(const std::function<bool(const StoredPolicy&)>& wanted,
                                     const std::optional<std::string>& marker,
                                     std::size_t limit) const {
  PolicyPage page;
  auto next = ListStored(store_, kKind, marker, limit, &Decode, wanted, page.policies);
  if (!next) return next.error();
  page.marker = *std::move(next);
  return page;
}

}  // namespace usher::iam
