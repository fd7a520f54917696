#include "services/logs/groups.h"

#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <set>

#include "base/log.h"
#include "json/json.h"
#include "wire/dispatcher.h"

namespace usher::logs {
namespace {

constexpr std::string_view kGroupKind = "logs/group";
constexpr std::string_view kStreamKind = "logs/stream";
constexpr std::size_t kPage = 1000;
constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::string_view kNoGroup = "The specified log group does not exist.";
constexpr std::string_view kNoStream = "The specified log stream does not exist.";

std::string Hex16(std::uint64_t number) {
  std::array<char, 17> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(number));
  return digits.data();
}

std::string WriteFields(const GroupFields& fields) {
  ValueMap map;
  map.Set("created", fields.created);
  if (fields.retention_days) map.Set("retention_days", *fields.retention_days);
  map.Set("class", fields.log_class);
  if (fields.kms_key_id) map.Set("kms_key_id", *fields.kms_key_id);
  if (fields.is_protected) map.Set("protected", true);
  ValueMap tags;
  for (const auto& [key, value] : fields.tags) tags.Set(key, value);
  if (!tags.empty()) map.Set("tags", std::move(tags));
  return json::Write(std::move(map));
}

Result<GroupFields> ReadFields(const std::string& body) {
  const auto value = json::Parse(body);
  if (!value) return Corrupt("the document of a log group cannot be read");
  GroupFields fields;
  if (const Value* created = value->Find("created"); created && created->as_int()) {
    fields.created = *created->as_int();
  }
  if (const Value* days = value->Find("retention_days"); days && days->as_int()) {
    fields.retention_days = *days->as_int();
  }
  if (const Value* name = value->Find("class"); name && name->as_string()) {
    fields.log_class = *name->as_string();
  }
  if (const Value* key = value->Find("kms_key_id"); key && key->as_string()) {
    fields.kms_key_id = *key->as_string();
  }
  fields.is_protected = value->Find("protected") != nullptr;
  if (const Value* tags = value->Find("tags"); tags && tags->as_map()) {
    for (const auto& [key, tag] : *tags->as_map()) {
      if (tag.as_string()) fields.tags[key] = *tag.as_string();
    }
  }
  return fields;
}

Stream ReadStream(const storage::Document& document) {
  Stream stream{.number = static_cast<std::uint64_t>(document.sequence)};
  const auto value = json::Parse(document.body);
  const Value* created = value ? value->Find("created") : nullptr;
  if (created && created->as_int()) stream.created = *created->as_int();
  return stream;
}

}  // namespace

std::string GroupArn(std::string_view region, std::string_view name) {
  return "arn:aws:logs:" + std::string(region) + ":" + std::string(wire::kAccountId) +
         ":log-group:" + std::string(name);
}

std::optional<std::string> NameInArn(std::string_view arn) {
  constexpr std::string_view before = ":log-group:";
  if (!arn.starts_with("arn:aws:logs:")) return std::nullopt;
  const std::size_t at = arn.find(before);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view name = arn.substr(at + before.size());
  if (name.ends_with(":*")) name.remove_suffix(2);
  if (name.empty() || name.find(':') != std::string_view::npos) return std::nullopt;
  return std::string(name);
}

GroupFields Group::fields() const {
  const std::shared_lock lock(mutex_);
  return fields_;
}

std::optional<std::int64_t> Group::OldestKept(Time now) const {
  const std::shared_lock lock(mutex_);
  if (!fields_.retention_days) return std::nullopt;
  return EpochMillis(now) - (*fields_.retention_days * kDayMs);
}

std::string Groups::FolderOf(std::uint64_t number) const { return folder_ + "/" + Hex16(number); }

Result<void> Groups::Load() {
  if (::mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST) {
    return SystemError("cannot make the folder of the logs", errno);
  }
  std::set<std::string> known;
  std::int64_t after = 0;
  while (true) {
    const auto page = store_.List(kGroupKind, std::nullopt, after, kPage);
    if (!page) return page.error();
    for (const storage::Document& document : page->documents) {
      auto fields = ReadFields(document.body);
      if (!fields) return fields.error();
      const auto number = static_cast<std::uint64_t>(document.sequence);
      known.insert(Hex16(number));
      groups_[document.id] = std::make_shared<Group>(document.id, number, *std::move(fields));
    }
    if (!page->next_after) break;
    after = *page->next_after;
  }
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, error)) {
    if (known.contains(entry.path().filename().string())) continue;
    std::error_code failed;
    std::filesystem::remove_all(entry.path(), failed);
    if (failed) {
      Log(LogLevel::kWarning, "the events of a deleted log group stay",
          {{"reason", failed.message()}});
    }
  }
  if (error) return Internal("cannot list the folder of the logs: " + error.message());
  return {};
}

Result<GroupPtr> Groups::Create(const std::string& name, GroupFields fields) {
  const std::unique_lock lock(mutex_);
  if (groups_.contains(name)) return AlreadyExists("The specified log group already exists");
  if (groups_.size() >= kMaxGroups) {
    return LimitExceeded("Resource limit exceeded: there are " + std::to_string(kMaxGroups) +
                         " log groups, as many as may be. Delete one first.");
  }
  fields.created = EpochMillis(clock_.Now());
  storage::Batch batch;
  batch.Create(std::string(kGroupKind), name, "", WriteFields(fields));
  if (const auto committed = store_.Commit(batch); !committed) return committed.error();
  const auto document = store_.Get(kGroupKind, name);
  if (!document) return document.error();
  if (!*document) return Internal("a log group that was made is not there");
  auto group = std::make_shared<Group>(name, static_cast<std::uint64_t>((*document)->sequence),
                                       std::move(fields));
  groups_[name] = group;
  return group;
}

Result<GroupPtr> Groups::Find(std::string_view name) const {
  const std::shared_lock lock(mutex_);
  const auto found = groups_.find(name);
  if (found == groups_.end()) return NotFound(std::string(kNoGroup));
  return found->second;
}

Result<GroupPtr> Groups::Find(const std::optional<std::string>& name,
                              const std::optional<std::string>& identifier) const {
  if (name.has_value() == identifier.has_value()) {
    return InvalidInput(name ? "logGroupName and logGroupIdentifier exclude each other: give one."
                             : "One of logGroupName and logGroupIdentifier must be given.");
  }
  if (name) return Find(*name);
  if (!identifier->starts_with("arn:")) return Find(*identifier);
  const auto named = NameInArn(*identifier);
  if (!named) {
    return InvalidInput("The ARN of a log group looks like " + GroupArn("us-east-1", "NAME") +
                        ", got " + *identifier);
  }
  return Find(*named);
}

std::vector<GroupPtr> Groups::List(std::string_view prefix, std::string_view part,
                                   std::string_view after) const {
  std::vector<GroupPtr> groups;
  const std::shared_lock lock(mutex_);
  for (auto at = groups_.lower_bound(prefix); at != groups_.end(); ++at) {
    const auto& [name, group] = *at;
    if (!name.starts_with(prefix)) break;
    if (name > after && name.find(part) != std::string::npos) groups.push_back(group);
  }
  return groups;
}

Result<void> Groups::Change(Group& group, const std::function<void(GroupFields&)>& change) {
  const std::unique_lock lock(group.mutex_);
  GroupFields fields = group.fields_;
  change(fields);
  storage::Batch batch;
  batch.Require(std::string(kGroupKind), group.name_);
  batch.Put(std::string(kGroupKind), group.name_, "", WriteFields(fields));
  if (const auto committed = store_.Commit(batch); !committed) {
    if (committed.error().code == ErrorCode::kNotFound) return NotFound(std::string(kNoGroup));
    return committed.error();
  }
  group.fields_ = std::move(fields);
  return {};
}

Result<void> Groups::Delete(const GroupPtr& group) {
  const std::unique_lock lock(mutex_);
  const std::unique_lock group_lock(group->mutex_);
  const auto found = groups_.find(group->name_);
  if (found == groups_.end() || found->second != group) return NotFound(std::string(kNoGroup));
  const std::string prefix = Hex16(group->number_) + "/";
  storage::Batch batch;
  batch.Delete(std::string(kGroupKind), group->name_);
  std::string from = prefix;
  while (true) {
    const auto page = store_.ListById(kStreamKind, prefix, from, kPage);
    if (!page) return page.error();
    for (const storage::Document& document : *page) {
      batch.Delete(std::string(kStreamKind), document.id);
    }
    if (page->size() < kPage) break;
    from = page->back().id + '\0';
  }
  if (const auto committed = store_.Commit(batch); !committed) return committed.error();
  groups_.erase(found);
  group->log_.reset();
  group->streams_.clear();
  group->names_.clear();
  group->is_open_ = true;  // with nothing in it
  std::error_code failed;
  std::filesystem::remove_all(FolderOf(group->number_), failed);
  if (failed) {
    Log(LogLevel::kWarning, "the events of a deleted log group stay until the next start",
        {{"group", group->name_}, {"reason", failed.message()}});
  }
  return {};
}

// Reads the streams and opens the events, once. Under the group's lock.
Result<void> Groups::Open(Group& group) {
  if (group.is_open_) return {};
  const std::string prefix = Hex16(group.number_) + "/";
  std::string from = prefix;
  while (true) {
    const auto page = store_.ListById(kStreamKind, prefix, from, kPage);
    if (!page) return page.error();
    for (const storage::Document& document : *page) {
      const Stream stream = ReadStream(document);
      const std::string name = document.id.substr(prefix.size());
      group.streams_[name] = stream;
      group.names_[stream.number] = name;
    }
    if (page->size() < kPage) break;
    from = page->back().id + '\0';
  }
  auto log = storage::EventLog::Open(FolderOf(group.number_));
  if (!log) return log.error();
  group.log_ = *std::move(log);
  group.is_open_ = true;
  return {};
}

Result<std::shared_ptr<storage::EventLog>> Groups::Events(Group& group) {
  const std::unique_lock lock(group.mutex_);
  if (const auto opened = Open(group); !opened) return opened.error();
  if (!group.log_) return NotFound(std::string(kNoGroup));
  group.was_used_ = true;
  return group.log_;
}

Result<void> Groups::CreateStream(Group& group, const std::string& name) {
  const std::unique_lock lock(group.mutex_);
  if (const auto opened = Open(group); !opened) return opened.error();
  if (!group.log_) return NotFound(std::string(kNoGroup));
  if (group.streams_.contains(name)) {
    return AlreadyExists("The specified log stream already exists");
  }
  const std::string id = Hex16(group.number_) + "/" + name;
  ValueMap body;
  body.Set("created", EpochMillis(clock_.Now()));
  storage::Batch batch;
  batch.Create(std::string(kStreamKind), id, "", json::Write(std::move(body)));
  if (const auto committed = store_.Commit(batch); !committed) return committed.error();
  const auto document = store_.Get(kStreamKind, id);
  if (!document) return document.error();
  if (!*document) return Internal("a log stream that was made is not there");
  const Stream stream = ReadStream(**document);
  group.streams_[name] = stream;
  group.names_[stream.number] = name;
  return {};
}

Result<Stream> Groups::FindStream(Group& group, const std::string& name) {
  const std::unique_lock lock(group.mutex_);
  if (const auto opened = Open(group); !opened) return opened.error();
  const auto found = group.streams_.find(name);
  if (found == group.streams_.end()) return NotFound(std::string(kNoStream));
  return found->second;
}

Result<void> Groups::DeleteStream(Group& group, const std::string& name) {
  const std::unique_lock lock(group.mutex_);
  if (const auto opened = Open(group); !opened) return opened.error();
  const auto found = group.streams_.find(name);
  if (found == group.streams_.end()) return NotFound(std::string(kNoStream));
  storage::Batch batch;
  batch.Delete(std::string(kStreamKind), Hex16(group.number_) + "/" + name);
  if (const auto committed = store_.Commit(batch); !committed) return committed.error();
  group.names_.erase(found->second.number);
  group.streams_.erase(found);
  return {};
}

Result<std::vector<NamedStream>> Groups::Streams(Group& group, std::string_view prefix) {
  const std::unique_lock lock(group.mutex_);
  if (const auto opened = Open(group); !opened) return opened.error();
  std::vector<NamedStream> streams;
  for (auto at = group.streams_.lower_bound(std::string(prefix)); at != group.streams_.end();
       ++at) {
    if (!at->first.starts_with(prefix)) break;
    streams.push_back({at->first, at->second, group.log_->SpanOf(at->second.number)});
  }
  return streams;
}

Result<std::unordered_map<std::uint64_t, std::string>> Groups::StreamNames(
    Group& group, std::string_view prefix) {
  const std::unique_lock lock(group.mutex_);
  if (const auto opened = Open(group); !opened) return opened.error();
  if (prefix.empty()) return group.names_;
  std::unordered_map<std::uint64_t, std::string> names;
  for (auto at = group.streams_.lower_bound(std::string(prefix)); at != group.streams_.end();
       ++at) {
    if (!at->first.starts_with(prefix)) break;
    names.emplace(at->second.number, at->first);
  }
  return names;
}

Result<void> Groups::Maintain(Group& group) {
  const Time now = clock_.Now();
  const auto oldest = group.OldestKept(now);
  std::shared_ptr<storage::EventLog> log;
  {
    const std::unique_lock lock(group.mutex_);
    if (!group.is_open_ && !oldest) return {};  // nothing was written to it, nothing expires
    if (const auto opened = Open(group); !opened) return opened;
    log = group.log_;
  }
  if (!log) return {};  // deleted
  if (auto maintained = log->Maintain(EpochMillis(now), oldest); !maintained) return maintained;
  const std::unique_lock lock(group.mutex_);
  log.reset();
  const bool is_idle = !group.was_used_ && group.log_.use_count() == 1;
  group.was_used_ = false;
  if (!is_idle) return {};
  group.log_.reset();
  group.streams_.clear();
  group.names_.clear();
  group.is_open_ = false;
  return {};
}

void Groups::Maintain() {
  const std::unique_lock maintaining(maintain_mutex_);
  for (const GroupPtr& group : List("", "", "")) {
    const auto done = Maintain(*group);
    const auto still = Find(group->name());
    if (done || !still || *still != group) continue;  // a group that is being deleted may fail
    Log(LogLevel::kError, "a log group cannot be kept in order",
        {{"group", group->name()}, {"reason", done.error().message}});
  }
}

}  // namespace usher::logs
