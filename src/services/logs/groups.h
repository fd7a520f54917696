// Groups and their streams: documents, kept in memory as well, and the event log of each group.
//
//   "logs/group"   id: the name; body: GroupFields. Its sequence names the folder of its events, so
//                  that a group that is made anew does not see the events of the old one.
//   "logs/stream"  id: <16 hex digits of the group's sequence>/<name>; body: when it was made. Its
//                  sequence is the number of the stream in the event log.
//
// This server is the only writer of these documents, so what is in memory is what is stored.
// Memory: about 200 bytes a stream, of groups that were used since the start.
// Threads: safe from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "storage/document_store.h"
#include "storage/event_log.h"

namespace usher::logs {

struct GroupFields {
  std::int64_t created = 0;                    // ms since 1970
  std::optional<std::int64_t> retention_days;  // for ever, when there is none
  std::string log_class = "STANDARD";
  std::optional<std::string> kms_key_id;
  bool is_protected = false;  // from deletion
  std::map<std::string, std::string> tags;
};

struct Stream {
  std::uint64_t number = 0;
  std::int64_t created = 0;  // ms since 1970
};

struct NamedStream {
  std::string name;
  Stream stream;
  std::optional<storage::StreamSpan> span;  // nullopt without events
};

class Group {
 public:
  Group(std::string name, std::uint64_t number, GroupFields fields)
      : name_(std::move(name)), number_(number), fields_(std::move(fields)) {}

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] GroupFields fields() const;
  // Times before this one are not shown and will go; nullopt when events stay for ever.
  [[nodiscard]] std::optional<std::int64_t> OldestKept(Time now) const;

 private:
  friend class Groups;
  const std::string name_;
  const std::uint64_t number_;
  mutable std::shared_mutex mutex_;
  GroupFields fields_;
  bool is_open_ = false;   // the members below are filled
  bool was_used_ = false;  // since the last Maintain
  std::map<std::string, Stream> streams_;
  std::unordered_map<std::uint64_t, std::string> names_;  // of the streams, by number
  std::shared_ptr<storage::EventLog> log_;
};

using GroupPtr = std::shared_ptr<Group>;

class Groups {
 public:
  // `folder` holds a folder for each group. The store and the clock must outlive it.
  Groups(storage::DocumentStore& store, const Clock& clock, std::string folder)
      : store_(store), clock_(clock), folder_(std::move(folder)) {}

  // Reads what is stored, and removes the events of groups that are no more. Once, before all else.
  // Errors: corrupt; internal.
  Result<void> Load();

  // Errors: already exists; limit exceeded.
  Result<GroupPtr> Create(const std::string& name, GroupFields fields);
  // Errors: not found.
  Result<GroupPtr> Find(std::string_view name) const;
  // By name or by ARN. Errors: invalid input unless there is exactly one of them; not found.
  Result<GroupPtr> Find(const std::optional<std::string>& name,
                        const std::optional<std::string>& identifier) const;
  // All whose name begins with `prefix` and holds `part`, by name, after the name `after`.
  [[nodiscard]] std::vector<GroupPtr> List(std::string_view prefix, std::string_view part,
                                           std::string_view after) const;
  // Errors: internal.
  Result<void> Change(Group& group, const std::function<void(GroupFields&)>& change);
  // With its streams and events. Errors: internal.
  Result<void> Delete(const GroupPtr& group);

  // Errors: already exists.
  Result<void> CreateStream(Group& group, const std::string& name);
  // Errors: not found.
  Result<Stream> FindStream(Group& group, const std::string& name);
  // Hides its events; their bytes go with the file that holds them. Errors: not found.
  Result<void> DeleteStream(Group& group, const std::string& name);
  // By name.
  Result<std::vector<NamedStream>> Streams(Group& group, std::string_view prefix);
  // The numbers of streams to their names.
  Result<std::unordered_map<std::uint64_t, std::string>> StreamNames(Group& group,
                                                                     std::string_view prefix);

  // The events of the group. Errors: corrupt; internal.
  Result<std::shared_ptr<storage::EventLog>> Events(Group& group);

  // Packs what is full and removes what has expired, in all groups, and closes those that were not
  // used since the last time: each that is open has a file open.
  void Maintain();

  [[nodiscard]] Time Now() const { return clock_.Now(); }

 private:
  Result<void> Open(Group& group);
  Result<void> Maintain(Group& group);
  [[nodiscard]] std::string FolderOf(std::uint64_t number) const;

  storage::DocumentStore& store_;
  const Clock& clock_;
  const std::string folder_;
  std::mutex maintain_mutex_;  // an event log is maintained by one thread at a time
  mutable std::shared_mutex mutex_;
  std::map<std::string, GroupPtr, std::less<>> groups_;
};

// arn:aws:logs:<region>:<account>:log-group:<name>
[[nodiscard]] std::string GroupArn(std::string_view region, std::string_view name);
// The name in such an ARN, with or without ":*" behind it; nullopt for anything else.
[[nodiscard]] std::optional<std::string> NameInArn(std::string_view arn);

inline constexpr std::size_t kMaxGroups = 10'000;

}  // namespace usher::logs
