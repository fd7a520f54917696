#include "services/cloudformation/changes.h"

#include <algorithm>
#include <set>

namespace usher::cloudformation {
namespace {

// Evaluated as far as it goes without resources.
class Sketch {
 public:
  explicit Sketch(const Plan& plan) : plan_(plan), scope_(plan.scope) {
    scope_.ref = [](const std::string& id) -> Result<Node> {
      return Node::Text("\x01Ref " + id + "\x01");
    };
    scope_.get_att = [](const std::string& id, const std::string& attribute) -> Result<Node> {
      return Node::Text("\x01GetAtt " + id + " " + attribute + "\x01");
    };
    scope_.import_value = [](const std::string& name) -> Result<Node> {
      return Node::Text("\x01Import " + name + "\x01");
    };
  }

  // A function over a mark (Fn::Select of a list) cannot be evaluated: it stays as it is written.
  Result<Node> Of(const Node& node, const std::string& path) const {
    auto whole = Evaluate(node, scope_, path);
    if (whole || !node.is_map() || FunctionOf(node) != nullptr) return whole ? whole : node;
    Node out = Node::Map(node.line);
    for (const Member& member : node.members) {
      auto value = Of(member.value, path);
      if (!value) return value;
      if (value->kind != Node::Kind::kAbsent) out.Add(member.name, *std::move(value));
    }
    return out;
  }

  Result<Node> Outputs() const {
    Node all = Node::Map();
    for (const OutputRule& rule : plan_.read.outputs) {
      if (!rule.condition.empty() && !scope_.conditions.at(rule.condition)) continue;
      Node one = Node::Map();
      auto value = Of(rule.value, "/Outputs/" + rule.name);
      if (!value) return value;
      one.Add("Value", *std::move(value));
      one.Add("Description", Node::Text(rule.description));
      if (rule.export_name) {
        auto name = Of(*rule.export_name, "/Outputs/" + rule.name);
        if (!name) return name;
        one.Add("Export", *std::move(name));
      }
      all.Add(rule.name, std::move(one));
    }
    return all;
  }

 private:
  const Plan& plan_;
  Scope scope_;
};

// The first of `changed` that the node refers to; empty when there is none.
std::string CauseIn(const Node& node, const std::set<std::string>& changed) {
  std::string cause;
  ForEachReference(node, [&](const std::string& name, const std::string&, int) {
    if (cause.empty() && changed.contains(name)) cause = name;
  });
  return cause;
}

ResourceChange Compare(const std::string& id, const ResourceType& type, const Node& raw,
                       const Node& old_node, const Node& new_node,
                       const std::set<std::string>& replaced) {
  ResourceChange change{.kind = ChangeKind::kModify, .logical_id = id, .type = type.name};
  for (const Property& property : type.properties) {
    const Node* was = old_node.Find(property.name);
    const Node* is = new_node.Find(property.name);
    if (was == nullptr && is == nullptr) continue;
    const bool replaces = !type.update || property.on_change == OnChange::kReplaces;
    const bool same = was != nullptr && is != nullptr && IsSame(*was, *is);
    const Node* written = raw.Find(property.name);
    const std::string cause = same && written != nullptr ? CauseIn(*written, replaced) : "";
    if (same && cause.empty()) continue;
    change.properties.push_back({property.name, replaces, cause});
    if (!replaces) continue;
    if (cause.empty()) {
      change.replacement = Replacement::kTrue;
    } else if (change.replacement == Replacement::kFalse) {
      change.replacement = Replacement::kConditional;
    }
  }
  return change;
}

// The names of an order, each after what it waits for.
std::vector<std::string> Sorted(Order order) {
  std::vector<std::string> names;
  while (!order.empty()) {
    const std::size_t before = names.size();
    for (auto at = order.begin(); at != order.end();) {
      std::erase_if(at->second, [&](const std::string& other) { return !order.contains(other); });
      if (at->second.empty()) {
        names.push_back(at->first);
        at = order.erase(at);
      } else {
        ++at;
      }
    }
    if (names.size() == before) break;  // circles have been refused
  }
  return names;
}

}  // namespace

Result<Changes> ChangesBetween(const Plan* before, const Wanted* wanted_before, const Plan& after,
                               const Wanted& wanted_after,
                               const std::map<std::string, ResourceRecord>& resources) {
  Changes changes;
  const Sketch new_sketch(after);
  const auto exists = [&](const std::string& id) {
    const auto found = resources.find(id);
    return found != resources.end() && found->second.now.is_begun &&
           !found->second.status.starts_with("DELETE");
  };
  changes.tags = wanted_before != nullptr &&
                 (wanted_before->tags != wanted_after.tags ||
                  wanted_before->notification_arns != wanted_after.notification_arns);
  std::set<std::string> replaced;
  for (const std::string& id : Sorted(after.order)) {
    const ResourceRule& rule = *after.read.FindResource(id);
    const bool is_old = before != nullptr && before->properties.contains(id) && exists(id);
    if (!is_old) {
      changes.resources.push_back({.kind = ChangeKind::kAdd, .logical_id = id, .type = rule.type});
      continue;
    }
    const ResourceType* type = FindResourceType(rule.type);
    const std::string path = "/Resources/" + id + "/Properties";
    const auto is = new_sketch.Of(after.properties.at(id), path);
    if (!is) return is.error();
    const auto was = Sketch(*before).Of(before->properties.at(id), path);
    if (!was) return was.error();
    ResourceChange change = Compare(id, *type, after.properties.at(id), *was, *is, replaced);
    const ResourceRule& old_rule = *before->read.FindResource(id);
    change.other_attributes = old_rule.metadata != rule.metadata ||
                              old_rule.deletion_policy != rule.deletion_policy ||
                              old_rule.update_replace_policy != rule.update_replace_policy;
    const Property* tags = type->FindProperty("Tags");
    if (changes.tags && tags != nullptr && tags->on_change == OnChange::kUpdates &&
        std::ranges::find(change.properties, "Tags", &PropertyChange::name) ==
            change.properties.end()) {
      change.properties.push_back({"Tags", false, ""});
    }
    if (change.properties.empty() && !change.other_attributes) continue;
    change.physical_id = resources.at(id).now.physical_id;
    if (change.replacement == Replacement::kTrue) replaced.insert(id);
    changes.resources.push_back(std::move(change));
  }
  for (const auto& [id, record] : resources) {
    if (after.order.contains(id) || !exists(id)) continue;
    changes.resources.push_back({.kind = ChangeKind::kRemove,
                                 .logical_id = id,
                                 .physical_id = record.now.physical_id,
                                 .type = record.now.type});
  }
  if (before != nullptr) {
    const auto was = Sketch(*before).Outputs();
    const auto is = new_sketch.Outputs();
    if (!was) return was.error();
    if (!is) return is.error();
    changes.outputs = !IsSame(*was, *is);
  }
  return changes;
}

}  // namespace usher::cloudformation
