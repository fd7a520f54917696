// What an update would do, told without doing it: for change sets, and for "No updates are to be
// performed".
//
// Functions of parameters and conditions are evaluated; what only a resource can tell is kept as a
// mark, so that two templates that refer to the same thing are alike.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "services/cloudformation/plan.h"
#include "services/cloudformation/records.h"

namespace usher::cloudformation {

enum class ChangeKind { kAdd, kModify, kRemove };
enum class Replacement { kFalse, kTrue, kConditional };

struct PropertyChange {
  std::string name;
  bool may_replace = false;
  // The name of the resource through which it changes; empty when the template or a parameter did.
  std::string cause;
};

struct ResourceChange {
  ChangeKind kind = ChangeKind::kAdd;
  std::string logical_id, physical_id, type;
  Replacement replacement = Replacement::kFalse;
  std::vector<PropertyChange> properties;
  bool other_attributes = false;  // metadata or a policy
};

struct Changes {
  std::vector<ResourceChange> resources;
  bool outputs = false;
  bool tags = false;

  [[nodiscard]] bool none() const { return resources.empty() && !outputs && !tags; }
};

// From `before` (nullptr: from nothing) to `after`. Errors: as Evaluate.
Result<Changes> ChangesBetween(const Plan* before, const Wanted* wanted_before, const Plan& after,
                               const Wanted& wanted_after,
                               const std::map<std::string, ResourceRecord>& resources);

}  // namespace usher::cloudformation
