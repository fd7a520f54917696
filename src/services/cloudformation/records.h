// What is kept of stacks: the documents, field by field. docs/formats.md lists the kinds.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/value.h"

namespace usher::cloudformation {

struct Output {
  std::string key, value, description, export_name;

  [[nodiscard]] Value ToValue() const;
  static Output FromValue(const Value& value);
};

// What an update can fall back to, and what a stack is asked to be.
struct Wanted {
  std::string description;
  std::int64_t template_number = 0;  // of the stack's own templates
  std::map<std::string, std::string> parameters;
  std::vector<std::string> hidden;  // parameters with NoEcho
  std::map<std::string, std::string> tags;
  std::vector<std::string> capabilities;
  std::vector<std::string> notification_arns;
  std::string role_arn;

  [[nodiscard]] Value ToValue() const;
  static Wanted FromValue(const Value& value);
};

struct StackRecord {
  std::string id, name, region;
  std::string status, reason;
  Time created;
  std::optional<Time> updated, deleted;
  Wanted now;
  std::optional<Wanted> before;  // while an update is under way
  std::vector<Output> outputs;
  std::string on_failure;            // of the creation: "ROLLBACK", "DO_NOTHING", "DELETE"
  bool disable_rollback = false;     // of the operation under way
  std::int64_t timeout_minutes = 0;  // 0 = none
  bool termination_protection = false;
  std::string parent_id, root_id;
  std::string policy;  // JSON; may be empty
  std::string change_set_id;
  std::string client_token;
  std::string operation_id;  // of the operation under way, or the last one
  Time operation_began;
  std::vector<std::string> retained;  // logical ids that the deletion under way keeps
  std::int64_t version = 0;           // of the document, when it was read

  [[nodiscard]] Value ToValue() const;
  static StackRecord FromValue(const Value& value);
  // An operation is under way. (A stack that a change set is to create waits for it.)
  [[nodiscard]] bool is_busy() const {
    return status.ends_with("_IN_PROGRESS") && status != "REVIEW_IN_PROGRESS";
  }
};

// One resource as it stands in its service.
struct Incarnation {
  std::string type;
  std::string properties;  // evaluated; JSON as ToJson writes it
  std::string physical_id;
  std::string token;
  std::map<std::string, std::string> attributes;
  std::vector<std::string> depends_on;  // logical ids
  std::string deletion_policy, update_replace_policy;
  // Its creation has begun: it may be there even when no physical id is known.
  bool is_begun = false;

  [[nodiscard]] Value ToValue() const;
  static Incarnation FromValue(const Value& value);
};

struct ResourceRecord {
  std::string logical_id;
  std::string status, reason;
  Time changed;
  std::string operation_id;  // of the last operation that touched it
  std::string metadata;
  bool has_acted = false;  // of an act in progress: its calls are done, its service still works
  bool is_new = false;     // made by the operation under way
  Incarnation now;
  std::optional<Incarnation> before;    // during an update: what `now` was
  std::optional<Incarnation> obsolete;  // to be removed when the operation is over

  [[nodiscard]] Value ToValue() const;
  static ResourceRecord FromValue(const Value& value);
};

struct EventRecord {
  std::string stack_id, stack_name, event_id;
  std::string logical_id, physical_id, type;
  std::string status, reason, properties, client_token;
  Time time;

  [[nodiscard]] Value ToValue() const;
  static EventRecord FromValue(const Value& value);
};

struct ExportRecord {
  std::string name, value, stack_id;

  [[nodiscard]] Value ToValue() const;
  static ExportRecord FromValue(const Value& value);
};

struct ImportRecord {
  std::string name, stack_id, stack_name;

  [[nodiscard]] Value ToValue() const;
  static ImportRecord FromValue(const Value& value);
};

struct ChangeSetRecord {
  std::string id, name, stack_id, stack_name, description;
  std::string status, reason, execution_status, on_stack_failure;
  bool creates = false;  // the stack; else it updates it
  Time created;
  Wanted wanted;
  std::string template_text;
  Value changes;  // as DescribeChangeSet gives them

  [[nodiscard]] Value ToValue() const;
  static ChangeSetRecord FromValue(const Value& value);
};

}  // namespace usher::cloudformation
