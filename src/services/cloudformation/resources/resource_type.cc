#include "services/cloudformation/resources/resource_type.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "services/cloudformation/template/template.h"

namespace usher::cloudformation {
namespace {

const wire::Operation* FindOperation(std::string_view service, std::string_view operation) {
  const wire::Service* found = wire::FindService(service);
  return found == nullptr ? nullptr : wire::FindOperation(*found, operation);
}

bool HasMember(const wire::Operation* operation, std::string_view name) {
  if (operation == nullptr || operation->input == nullptr) return false;
  return std::ranges::find(operation->input->members, name, &wire::Member::name) !=
         operation->input->members.end();
}

const std::vector<ResourceType>& Types() {
  static const std::vector<ResourceType> types = [] {
    std::vector<ResourceType> made;
    AddApiGatewayTypes(made);
    AddIamTypes(made);
    AddLambdaTypes(made);
    AddLogsTypes(made);
    AddPersonalizeTypes(made);
    AddS3Types(made);
    AddSnsTypes(made);
    AddSqsTypes(made);
    AddStackTypes(made);
    AddStatesTypes(made);
    AddGlueTypes(made);
    return made;
  }();
  return types;
}

ValueMap InputOf(const Step& step, const Action& action) {
  ValueMap input;
  for (const auto& [member, pattern] : step.input) input.Set(member, action.Expand(pattern));
  const wire::Operation* operation = FindOperation(step.service, step.operation);
  for (const auto& [member, value] : action.inputs) {
    if (HasMember(operation, member) && input.Find(member) == nullptr) input.Append(member, value);
  }
  return input;
}

Result<Value> Do(const Step& step, const Action& action) {
  return action.Call(step.service, step.operation, InputOf(step, action));
}

bool IsMissing(const Error& error) { return error.code == ErrorCode::kNotFound; }

}  // namespace

const Value* Action::Find(std::string_view property) const { return properties.Find(property); }

std::string Action::Text(std::string_view property) const {
  const Value* value = properties.Find(property);
  const std::string* text = value == nullptr ? nullptr : value->as_string();
  return text == nullptr ? "" : *text;
}

bool Action::Changed(std::string_view property) const {
  const Value* now_is = properties.Find(property);
  const Value* was = before ? before->Find(property) : nullptr;
  if (now_is == nullptr || was == nullptr) return now_is != was;
  return !(*now_is == *was);
}

Result<Value> Action::Call(std::string_view service, std::string_view operation,
                           ValueMap input) const {
  const wire::Operation* found = FindOperation(service, operation);
  if (found == nullptr || !found->implemented) {
    return Unsupported(std::string(service) + " " + std::string(operation) +
                       " is not supported by Usher");
  }
  wire::CallContext context;
  context.region = stack.region;
  context.now = now;
  return dispatcher.Call(*found, Value(std::move(input)), context);
}

std::string Action::Expand(std::string_view pattern) const {
  std::string out;
  while (!pattern.empty()) {
    const std::size_t begin = pattern.find("${");
    out += pattern.substr(0, begin);
    if (begin == std::string_view::npos) break;
    const std::size_t end = pattern.find('}', begin);
    const std::string_view key = pattern.substr(begin + 2, end - begin - 2);
    pattern.remove_prefix(end + 1);
    if (key == "Id") out += physical_id;
    if (key == "Region") out += stack.region;
    if (key == "Account") out += wire::kAccountId;
    if (key == "Stack") out += stack.name;
    if (key == "Name") out += name;
    if (key.starts_with("P:")) out += Text(key.substr(2));
    if (key.starts_with("A:")) {
      const auto found = attributes.find(std::string(key.substr(2)));
      if (found != attributes.end()) out += found->second;
    }
  }
  return out;
}

const Property* ResourceType::FindProperty(std::string_view property) const {
  const auto found = std::ranges::find(properties, property, &Property::name);
  return found == properties.end() ? nullptr : &*found;
}

bool ResourceType::HasAttribute(std::string_view attribute) const {
  return std::ranges::any_of(attributes,
                             [&](const auto& entry) { return entry.first == attribute; });
}

const ResourceType* FindResourceType(std::string_view name) {
  const auto found = std::ranges::find(Types(), name, &ResourceType::name);
  return found == Types().end() ? nullptr : &*found;
}

std::vector<std::string> MissingOperations(const ResourceType& type) {
  std::vector<std::string> missing;
  for (const std::string& need : type.needs) {
    const std::size_t space = need.find(' ');
    const wire::Operation* operation =
        FindOperation(std::string_view(need).substr(0, space), need.substr(space + 1));
    if (operation == nullptr || !operation->implemented) missing.push_back(need);
  }
  return missing;
}

const Value* At(const Value& value, std::string_view path) {
  const Value* at = &value;
  for (const std::string_view name : Split(path, '.')) {
    at = at == nullptr ? nullptr : at->Find(name);
  }
  return at;
}

ResourceType::Act Create(Step step, std::string id_path) {
  return [step = std::move(step), id_path = std::move(id_path)](Action& action) -> Result<void> {
    const auto answer = Do(step, action);
    if (!answer) return answer.error();
    if (id_path.empty()) {
      action.physical_id = action.name;
      return {};
    }
    const Value* id = At(*answer, id_path);
    if (id == nullptr || id->as_string() == nullptr) {
      return Internal(step.operation + " gave no " + id_path);
    }
    action.physical_id = *id->as_string();
    return {};
  };
}

ResourceType::Act Call(Step step) {
  return [step = std::move(step)](Action& action) -> Result<void> {
    const auto answer = Do(step, action);
    if (!answer) return answer.error();
    return {};
  };
}

ResourceType::Act Remove(Step step) {
  return [step = std::move(step)](Action& action) -> Result<void> {
    const auto answer = Do(step, action);
    if (!answer && !IsMissing(answer.error())) return answer.error();
    return {};
  };
}

ResourceType::Act Sequence(std::vector<ResourceType::Act> acts) {
  return [acts = std::move(acts)](Action& action) -> Result<void> {
    for (const auto& act : acts) {
      if (auto done = act(action); !done) return done;
    }
    return {};
  };
}

Value TagsFor(const Action& action, std::string_view service, std::string_view operation) {
  const Value* tags = action.Find("Tags");
  if (tags == nullptr || tags->as_map()->empty()) return {};
  const wire::Operation* found = FindOperation(service, operation);
  Check(found != nullptr && found->input != nullptr, "tags are given to an operation");
  const auto member = std::ranges::find_if(found->input->members, [](const wire::Member& one) {
    return EqualsIgnoreCase(one.name, "Tags");
  });
  Check(member != found->input->members.end(), "the operation takes tags");
  if (member->shape->kind == wire::ShapeKind::kMap) return *tags;
  const auto& names = member->shape->element->shape->members;  // of the key, of the value
  ValueList list;
  for (const auto& [key, value] : *tags->as_map()) {
    ValueMap pair;
    pair.Append(std::string(names[0].name), key);
    pair.Append(std::string(names[1].name), value);
    list.push_back(std::move(pair));
  }
  return list;
}

ResourceType::Act ChangeTags(Step tag, std::string untag_operation) {
  return [tag = std::move(tag),
          untag_operation = std::move(untag_operation)](Action& action) -> Result<void> {
    if (!action.Changed("Tags")) return {};
    const auto [owner, pattern] = tag.input.front();
    const bool is_small = owner[0] >= 'a' && owner[0] <= 'z';  // so are the others' names then
    const Value* before = action.before ? action.before->Find("Tags") : nullptr;
    const Value* now = action.Find("Tags");
    ValueList old_keys;
    if (before != nullptr) {
      for (const auto& [key, value] : *before->as_map()) {
        if (now == nullptr || now->Find(key) == nullptr) old_keys.emplace_back(key);
      }
    }
    ValueMap input;
    input.Append(owner, action.Expand(pattern));
    if (!old_keys.empty()) {
      ValueMap untag = input;
      untag.Append(is_small ? "tagKeys" : "TagKeys", std::move(old_keys));
      const auto done = action.Call(tag.service, untag_operation, std::move(untag));
      if (!done) return done.error();
    }
    Value tags = TagsFor(action, tag.service, tag.operation);
    if (tags.is_null()) return {};
    input.Append(is_small ? "tags" : "Tags", std::move(tags));
    const auto done = action.Call(tag.service, tag.operation, std::move(input));
    if (!done) return done.error();
    return {};
  };
}

ResourceType::Question Find(Step step, std::string id) {
  return [step = std::move(step), id = std::move(id)](Action& action) -> Result<bool> {
    const auto answer = Do(step, action);
    if (!answer && IsMissing(answer.error())) return false;
    if (!answer) return answer.error();
    action.physical_id = action.Expand(id);
    return true;
  };
}

ResourceType::Question Ready(Step step, std::string status_path, std::string reason_path) {
  return [step = std::move(step), status_path = std::move(status_path),
          reason_path = std::move(reason_path)](Action& action) -> Result<bool> {
    const auto answer = Do(step, action);
    if (!answer) return answer.error();
    const Value* status = At(*answer, status_path);
    const std::string* text = status == nullptr ? nullptr : status->as_string();
    if (text == nullptr) return Internal(step.operation + " gave no " + status_path);
    if (text->ends_with("FAILED") || text->ends_with("STOPPED")) {
      const Value* reason = At(*answer, reason_path);
      const std::string* why = reason == nullptr ? nullptr : reason->as_string();
      return InUse(*text + (why == nullptr ? "" : ": " + *why));
    }
    return *text == "ACTIVE";
  };
}

ResourceType::Question Gone(Step step) {
  return [step = std::move(step)](Action& action) -> Result<bool> {
    const auto answer = Do(step, action);
    if (answer) return false;
    if (IsMissing(answer.error())) return true;
    return answer.error();
  };
}

}  // namespace usher::cloudformation
