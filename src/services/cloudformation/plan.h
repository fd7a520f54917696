// Plan: a template with its parameters, ready to be carried out. Everything that can be refused
// before anything is created is refused here.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "services/cloudformation/records.h"
#include "services/cloudformation/resources/resource_type.h"
#include "services/cloudformation/schedule.h"
#include "services/cloudformation/template/evaluate.h"
#include "services/cloudformation/template/template.h"

namespace usher::cloudformation {

// Parses and checks a template: every type is known and its operations are built, every property
// is one of its type's, every attribute that is asked for is given. Errors: invalid input, with
// path and line.
Result<Template> ReadAndCheck(std::string_view text);

struct Plan {
  Template read;
  Scope scope;                             // without resources
  std::map<std::string, Node> properties;  // of the resources whose condition holds
  Order order;                             // what each of them waits for
  std::set<std::string> imports;           // names of exports
};

// Errors: invalid input: conditions or names of exports that cannot be evaluated, and "Circular
// dependency between resources: [A, B]".
Result<Plan> MakePlan(Template read, const std::map<std::string, std::string>& parameters,
                      const PseudoParameters& pseudo);

[[nodiscard]] PseudoParameters PseudoOf(const StackRecord& stack, const Wanted& wanted);

// What a template asks the caller to acknowledge: "CAPABILITY_IAM" or "CAPABILITY_NAMED_IAM", and
// the types that do; empty when nothing.
struct Capability {
  std::string name;
  std::string reason;
};
[[nodiscard]] Capability CapabilityOf(const Template& read);
// Errors: InsufficientCapabilitiesException.
Result<void> CheckCapability(const Template& read, const std::vector<std::string>& given);

}  // namespace usher::cloudformation
