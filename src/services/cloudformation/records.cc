#include "services/cloudformation/records.h"

#include "wire/convert.h"

namespace usher::cloudformation {
namespace {

// One list of fields for both directions: each record's Fields() names them once.
struct Writer {
  ValueMap map;
  template <typename T>
  void operator()(std::string_view name, const T& field) {
    wire::WriteMember(map, name, field);
  }
};

struct Reader {
  const Value& value;
  template <typename T>
  void operator()(std::string_view name, T& field) const {
    wire::ReadMember(value, name, field);
  }
};

void Fields(auto&& visit, auto& r, const Output*) {
  visit("key", r.key), visit("value", r.value), visit("description", r.description);
  visit("export", r.export_name);
}

void Fields(auto&& visit, auto& r, const Wanted*) {
  visit("description", r.description), visit("template", r.template_number);
  visit("parameters", r.parameters), visit("hidden", r.hidden), visit("tags", r.tags);
  visit("capabilities", r.capabilities), visit("notificationArns", r.notification_arns);
  visit("roleArn", r.role_arn);
}

void Fields(auto&& visit, auto& r, const StackRecord*) {
  visit("id", r.id), visit("name", r.name), visit("region", r.region);
  visit("status", r.status), visit("reason", r.reason), visit("created", r.created);
  visit("updated", r.updated), visit("deleted", r.deleted), visit("now", r.now);
  visit("before", r.before), visit("outputs", r.outputs), visit("onFailure", r.on_failure);
  visit("disableRollback", r.disable_rollback), visit("timeoutMinutes", r.timeout_minutes);
  visit("terminationProtection", r.termination_protection), visit("parentId", r.parent_id);
  visit("rootId", r.root_id), visit("policy", r.policy), visit("changeSetId", r.change_set_id);
  visit("clientToken", r.client_token), visit("operationId", r.operation_id);
  visit("operationBegan", r.operation_began), visit("retained", r.retained);
}

void Fields(auto&& visit, auto& r, const Incarnation*) {
  visit("type", r.type), visit("properties", r.properties), visit("physicalId", r.physical_id);
  visit("token", r.token), visit("attributes", r.attributes), visit("dependsOn", r.depends_on);
  visit("deletionPolicy", r.deletion_policy);
  visit("updateReplacePolicy", r.update_replace_policy), visit("isBegun", r.is_begun);
}

void Fields(auto&& visit, auto& r, const ResourceRecord*) {
  visit("logicalId", r.logical_id), visit("status", r.status), visit("reason", r.reason);
  visit("changed", r.changed), visit("operationId", r.operation_id);
  visit("metadata", r.metadata), visit("hasActed", r.has_acted), visit("isNew", r.is_new);
  visit("now", r.now), visit("before", r.before), visit("obsolete", r.obsolete);
}

void Fields(auto&& visit, auto& r, const EventRecord*) {
  visit("stackId", r.stack_id), visit("stackName", r.stack_name), visit("eventId", r.event_id);
  visit("logicalId", r.logical_id), visit("physicalId", r.physical_id), visit("type", r.type);
  visit("status", r.status), visit("reason", r.reason), visit("properties", r.properties);
  visit("clientToken", r.client_token), visit("time", r.time);
}

void Fields(auto&& visit, auto& r, const ExportRecord*) {
  visit("name", r.name), visit("value", r.value), visit("stackId", r.stack_id);
}

void Fields(auto&& visit, auto& r, const ImportRecord*) {
  visit("name", r.name), visit("stackId", r.stack_id), visit("stackName", r.stack_name);
}

void Fields(auto&& visit, auto& r, const ChangeSetRecord*) {
  visit("id", r.id), visit("name", r.name), visit("stackId", r.stack_id);
  visit("stackName", r.stack_name), visit("description", r.description);
  visit("status", r.status), visit("reason", r.reason), visit("created", r.created);
  visit("executionStatus", r.execution_status), visit("onStackFailure", r.on_stack_failure);
  visit("creates", r.creates), visit("wanted", r.wanted), visit("template", r.template_text);
  visit("changes", r.changes);
}

template <typename T>
Value WriteRecord(const T& record) {
  Writer writer;
  Fields(writer, record, static_cast<const T*>(nullptr));
  return std::move(writer.map);
}

template <typename T>
T ReadRecord(const Value& value) {
  T record;
  Fields(Reader{value}, record, static_cast<const T*>(nullptr));
  return record;
}

}  // namespace

Value Output::ToValue() const { return WriteRecord(*this); }
Output Output::FromValue(const Value& value) { return ReadRecord<Output>(value); }
Value Wanted::ToValue() const { return WriteRecord(*this); }
Wanted Wanted::FromValue(const Value& value) { return ReadRecord<Wanted>(value); }
Value StackRecord::ToValue() const { return WriteRecord(*this); }
StackRecord StackRecord::FromValue(const Value& value) { return ReadRecord<StackRecord>(value); }
Value Incarnation::ToValue() const { return WriteRecord(*this); }
Incarnation Incarnation::FromValue(const Value& value) { return ReadRecord<Incarnation>(value); }
Value ResourceRecord::ToValue() const { return WriteRecord(*this); }
ResourceRecord ResourceRecord::FromValue(const Value& value) {
  return ReadRecord<ResourceRecord>(value);
}
Value EventRecord::ToValue() const { return WriteRecord(*this); }
EventRecord EventRecord::FromValue(const Value& value) { return ReadRecord<EventRecord>(value); }
Value ExportRecord::ToValue() const { return WriteRecord(*this); }
ExportRecord ExportRecord::FromValue(const Value& value) { return ReadRecord<ExportRecord>(value); }
Value ImportRecord::ToValue() const { return WriteRecord(*this); }
ImportRecord ImportRecord::FromValue(const Value& value) { return ReadRecord<ImportRecord>(value); }
Value ChangeSetRecord::ToValue() const { return WriteRecord(*this); }
ChangeSetRecord ChangeSetRecord::FromValue(const Value& value) {
  return ReadRecord<ChangeSetRecord>(value);
}

}  // namespace usher::cloudformation
