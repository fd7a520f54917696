#include "services/iam/policy_document.h"

#include <algorithm>
#include <array>
#include <string>

#include "json/json.h"

namespace usher::iam {
namespace {

constexpr std::array<std::string_view, 3> kTopElements = {"Version", "Id", "Statement"};
constexpr std::array<std::string_view, 9> kStatementElements = {
    "Sid",       "Effect",   "Principal",   "NotPrincipal", "Action",
    "NotAction", "Resource", "NotResource", "Condition"};

Error Malformed(std::string message) {
  return Named("MalformedPolicyDocument", ErrorCode::kInvalidInput, std::move(message), 400);
}

// A text, or a list of texts, with at least one.
bool IsTexts(const Value& value) {
  if (value.as_string()) return true;
  const ValueList* list = value.as_list();
  return list && !list->empty() &&
         std::ranges::all_of(*list, [](const Value& element) { return element.as_string(); });
}

Result<void> CheckOneOf(const ValueMap& statement, std::string_view name) {
  const Value* plain = statement.Find(name);
  const Value* negated = statement.Find("Not" + std::string(name));
  if (!plain == !negated) {
    return Malformed("A statement must have " + std::string(name) + " or Not" + std::string(name) +
                     ", and not both.");
  }
  const bool is_principal = name == "Principal";
  const Value& value = plain ? *plain : *negated;
  if (is_principal ? !value.as_map() && value != Value("*") : !IsTexts(value)) {
    return Malformed("A statement's " + std::string(name) + " is not of the kind expected.");
  }
  return {};
}

Result<void> CheckAbsent(const ValueMap& statement, std::string_view name) {
  for (const std::string& element : {std::string(name), "Not" + std::string(name)}) {
    if (statement.Find(element)) return Malformed("Has prohibited field " + element);
  }
  return {};
}

Result<void> CheckStatement(const Value& value, PolicyUse use) {
  const ValueMap* statement = value.as_map();
  if (!statement) return Malformed("A statement must be an object.");
  for (const auto& [name, element] : *statement) {
    if (std::ranges::find(kStatementElements, name) == kStatementElements.end()) {
      return Malformed("A statement has an unknown element '" + name + "'.");
    }
  }
  const Value* effect = statement->Find("Effect");
  if (!effect || (*effect != Value("Allow") && *effect != Value("Deny"))) {
    return Malformed("A statement's Effect must be Allow or Deny.");
  }
  if (const Value* condition = statement->Find("Condition"); condition && !condition->as_map()) {
    return Malformed("A statement's Condition must be an object.");
  }
  if (auto action = CheckOneOf(*statement, "Action"); !action) return action;
  const bool trust = use == PolicyUse::kTrust;
  if (auto absent = CheckAbsent(*statement, trust ? "Resource" : "Principal"); !absent) {
    return absent;
  }
  return CheckOneOf(*statement, trust ? "Principal" : "Resource");
}

}  // namespace

Result<void> CheckPolicyDocument(std::string_view document, PolicyUse use) {
  const auto policy = json::Parse(document);
  if (!policy || !policy->as_map()) return Malformed("This policy contains invalid Json");
  for (const auto& [name, element] : *policy->as_map()) {
    if (std::ranges::find(kTopElements, name) == kTopElements.end()) {
      return Malformed("The policy has an unknown element '" + name + "'.");
    }
  }
  if (const Value* version = policy->Find("Version");
      version && *version != Value("2012-10-17") && *version != Value("2008-10-17")) {
    return Malformed("The policy's Version must be 2012-10-17 or 2008-10-17.");
  }
  const Value* statements = policy->Find("Statement");
  if (!statements) return Malformed("The policy must have a Statement.");
  const ValueList* list = statements->as_list();
  if (!list) return CheckStatement(*statements, use);
  if (list->empty()) return Malformed("The policy must have a Statement.");
  for (const Value& statement : *list) {
    if (auto checked = CheckStatement(statement, use); !checked) return checked;
  }
  return {};
}

std::size_t CountCharacters(std::string_view document) {
  std::size_t count = 0;
  for (const char c : document) {
    const bool continues = (static_cast<unsigned char>(c) & 0xC0) == 0x80;
    count += c != ' ' && c != '\t' && c != '\r' && c != '\n' && !continues;
  }
  return count;
}

}  // namespace usher::iam
