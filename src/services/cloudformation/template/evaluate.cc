#include "services/cloudformation/template/evaluate.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <set>

#include "base/encoding.h"
#include "base/text.h"
#include "services/cloudformation/template/parameters.h"

namespace usher::cloudformation {
namespace {

constexpr int kMaxSubnets = 256;  // as Fn::Cidr is limited

std::optional<std::int64_t> IntegerOf(std::string_view text) {
  std::int64_t number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || rest != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::uint32_t> Ipv4Of(std::string_view text) {
  std::uint32_t address = 0;
  const auto parts = Split(text, '.');
  if (parts.size() != 4) return std::nullopt;
  for (const std::string_view part : parts) {
    const auto number = IntegerOf(part);
    if (!number || *number < 0 || *number > 255) return std::nullopt;
    address = (address << 8) | static_cast<std::uint32_t>(*number);
  }
  return address;
}

std::string Ipv4Text(std::uint32_t address) {
  return std::to_string(address >> 24) + "." + std::to_string((address >> 16) & 255) + "." +
         std::to_string((address >> 8) & 255) + "." + std::to_string(address & 255);
}

class Evaluator {
 public:
  Evaluator(const Scope& scope, std::string_view path) : scope_(scope), path_(path) {}

  Result<Node> Of(const Node& node) {
    if (const Member* function = FunctionOf(node); function != nullptr) {
      const bool is_ours = function->name != "Condition";  // policies have a member of this name
      if (is_ours) return Call(function->name, function->value);
    }
    if (node.is_list()) {
      Node out(Node::Kind::kList, node.line);
      for (const Node& item : node.items) {
        auto value = Of(item);
        if (!value) return value;
        if (value->kind != Node::Kind::kAbsent) out.items.push_back(*std::move(value));
      }
      return out;
    }
    if (node.is_map()) {
      Node out = Node::Map(node.line);
      for (const Member& member : node.members) {
        const std::size_t length = path_.size();
        path_ += "/" + member.name;
        auto value = Of(member.value);
        path_.resize(length);
        if (!value) return value;
        if (value->kind == Node::Kind::kAbsent) continue;
        out.members.push_back({member.name, member.line, *std::move(value)});
      }
      return out;
    }
    if (node.is_text() && node.text.find("{{resolve:") != std::string::npos) {
      return Fail(node,
                  "dynamic references ({{resolve:…}}) need Systems Manager or Secrets "
                  "Manager, which Usher does not have");
    }
    return node;
  }

  // A function of conditions.
  Result<bool> Decide(const Node& node,
                      const std::function<Result<bool>(const std::string&)>& ask) {
    const Member* function = FunctionOf(node);
    if (function == nullptr) {
      return Fail(node, "a condition should be here, not " + Describe(node));
    }
    const Node& value = function->value;
    if (function->name == "Condition") return ask(value.text);
    if (function->name == "Fn::Equals") {
      if (!value.is_list() || value.items.size() != 2) {
        return Fail(value, "Fn::Equals takes two values");
      }
      const auto a = Of(value.items[0]);
      if (!a) return a.error();
      const auto b = Of(value.items[1]);
      if (!b) return b.error();
      return IsSame(*a, *b);
    }
    if (function->name == "Fn::Contains") return EachIsIn(function->name, value, 1, 0);
    if (function->name == "Fn::EachMemberIn") return EachIsIn(function->name, value, 0, 1);
    if (function->name == "Fn::EachMemberEquals") return EachIsIn(function->name, value, 0, 1);
    const bool is_not = function->name == "Fn::Not";
    if (!is_not && function->name != "Fn::And" && function->name != "Fn::Or") {
      return Fail(value, function->name + " decides nothing");
    }
    const std::size_t least = is_not ? 1 : 2;
    const std::size_t most = is_not ? 1 : 10;
    if (!value.is_list() || value.items.size() < least || value.items.size() > most) {
      return Fail(value, is_not ? "Fn::Not takes a list of one condition"
                                : function->name + " takes 2 to 10 conditions");
    }
    bool all = true;
    bool any = false;
    for (const Node& item : value.items) {
      const auto holds = Decide(item, ask);
      if (!holds) return holds;
      all = all && *holds;
      any = any || *holds;
    }
    if (is_not) return !any;
    return function->name == "Fn::And" ? all : any;
  }

 private:
  [[nodiscard]] Error Fail(const Node& node, const std::string& what) const {
    return TemplateError(path_, node.line, what);
  }

  // Of two values, each a list or taken as a list of one: whether every member of one is in the
  // other.
  Result<bool> EachIsIn(const std::string& name, const Node& value, std::size_t members,
                        std::size_t among) {
    if (!value.is_list() || value.items.size() != 2) return Fail(value, name + " takes two values");
    std::array<std::vector<Node>, 2> lists;
    for (std::size_t i = 0; i < 2; ++i) {
      const auto evaluated = Of(value.items[i]);
      if (!evaluated) return evaluated.error();
      lists[i] = evaluated->is_list() ? evaluated->items : std::vector<Node>{*evaluated};
    }
    return std::ranges::all_of(lists[members], [&](const Node& member) {
      return std::ranges::any_of(lists[among],
                                 [&](const Node& other) { return IsSame(member, other); });
    });
  }

  Result<Node> Call(const std::string& name, const Node& value) {
    if (name == "Ref") return Ref(value);
    if (name == "Fn::GetAtt") return GetAtt(value);
    if (name == "Fn::Sub") return Sub(value);
    if (name == "Fn::Join") return Join(value);
    if (name == "Fn::If") return If(value);
    if (name == "Fn::Select") return Select(value);
    if (name == "Fn::Split") return SplitText(value);
    if (name == "Fn::FindInMap") return FindInMap(value);
    if (name == "Fn::ImportValue") return ImportValue(value);
    if (name == "Fn::Base64") return Base64(value);
    if (name == "Fn::GetAZs") return GetAZs(value);
    if (name == "Fn::Cidr") return Cidr(value);
    if (name == "Fn::Length") return Length(value);
    if (name == "Fn::ToJsonString") return ToJsonString(value);
    return Fail(value, name + " cannot stand here");
  }

  // A text, whatever functions make it.
  Result<std::string> Text(const Node& node, std::string_view what) {
    const auto value = Of(node);
    if (!value) return value.error();
    if (!value->is_scalar()) {
      return Fail(node, std::string(what) + " should be a text, not " + Describe(*value));
    }
    return value->text;
  }

  Result<Node> ListOf(const Node& node, std::string_view what) {
    auto value = Of(node);
    if (!value) return value;
    if (!value->is_list()) {
      return Fail(node, std::string(what) + " should be a list, not " + Describe(*value));
    }
    return value;
  }

  Result<Node> Made(std::string text, const Node& at) {
    if (text.size() > kMaxTextBytes) {
      return Fail(at, "the text would be longer than " + std::to_string(kMaxTextBytes) + " bytes");
    }
    return Node::Text(std::move(text), at.line);
  }

  Result<Node> Ref(const Node& value) {
    Result<Node> found = [&]() -> Result<Node> {
      if (value.text == "AWS::NoValue") return Node(Node::Kind::kAbsent, value.line);
      const auto known = scope_.values.find(value.text);
      if (known != scope_.values.end()) return known->second;
      if (scope_.ref) return scope_.ref(value.text);
      return Fail(value, "a resource cannot be asked here: " + value.text);
    }();
    if (found) found->line = value.line;
    return found;
  }

  Result<Node> AttributeOf(const std::string& resource, const std::string& attribute,
                           const Node& at) {
    if (!scope_.get_att) return Fail(at, "a resource cannot be asked here: " + resource);
    auto found = scope_.get_att(resource, attribute);
    if (found) found->line = at.line;
    return found;
  }

  Result<Node> GetAtt(const Node& value) {
    if (value.is_text()) {
      const std::size_t dot = value.text.find('.');
      return AttributeOf(value.text.substr(0, dot), value.text.substr(dot + 1), value);
    }
    const auto attribute = Text(value.items[1], "the attribute of Fn::GetAtt");
    if (!attribute) return attribute.error();
    return AttributeOf(value.items[0].text, *attribute, value);
  }

  Result<Node> Sub(const Node& value) {
    const Node& pattern = value.is_list() ? value.items[0] : value;
    const auto parts = SplitSub(pattern.text);
    if (!parts) return Fail(value, parts.error().message);
    std::string text;
    for (const SubPart& part : *parts) {
      if (!part.is_name) {
        text += part.text;
        continue;
      }
      auto found = SubValue(part.text, value);
      if (!found) return found;
      if (!found->is_scalar()) {
        return Fail(value,
                    "${" + part.text + "} in Fn::Sub is " + Describe(*found) + ", not a text");
      }
      text += found->text;
    }
    return Made(std::move(text), value);
  }

  Result<Node> SubValue(const std::string& name, const Node& value) {
    if (value.is_list()) {
      if (const Node* own = value.items[1].Find(name); own != nullptr) return Of(*own);
    }
    const std::size_t dot = name.find('.');
    if (dot == std::string::npos) return Ref(Node::Text(name, value.line));
    return AttributeOf(name.substr(0, dot), name.substr(dot + 1), value);
  }

  Result<Node> Join(const Node& value) {
    if (!value.is_list() || value.items.size() != 2) {
      return Fail(value, "Fn::Join takes a delimiter and a list");
    }
    const auto delimiter = Text(value.items[0], "the delimiter of Fn::Join");
    if (!delimiter) return delimiter.error();
    const auto list = ListOf(value.items[1], "what Fn::Join joins");
    if (!list) return list;
    std::string text;
    for (std::size_t i = 0; i < list->items.size(); ++i) {
      const Node& item = list->items[i];
      if (!item.is_scalar()) return Fail(value, "Fn::Join joins texts, not " + Describe(item));
      if (i > 0) text += *delimiter;
      text += item.text;
      if (text.size() > kMaxTextBytes) break;
    }
    return Made(std::move(text), value);
  }

  Result<Node> If(const Node& value) {
    const auto condition = scope_.conditions.find(value.items[0].text);
    if (condition == scope_.conditions.end()) {
      return Fail(value, "the condition '" + value.items[0].text + "' is not in Conditions");
    }
    return Of(value.items[condition->second ? 1 : 2]);
  }

  Result<Node> Select(const Node& value) {
    if (!value.is_list() || value.items.size() != 2) {
      return Fail(value, "Fn::Select takes an index and a list");
    }
    const auto text = Text(value.items[0], "the index of Fn::Select");
    if (!text) return text.error();
    const auto list = ListOf(value.items[1], "what Fn::Select selects from");
    if (!list) return list;
    const auto index = IntegerOf(*text);
    if (!index || *index < 0 || static_cast<std::size_t>(*index) >= list->items.size()) {
      return Fail(value, "Fn::Select cannot select '" + *text + "' of a list of " +
                             std::to_string(list->items.size()));
    }
    return list->items[static_cast<std::size_t>(*index)];
  }

  Result<Node> SplitText(const Node& value) {
    if (!value.is_list() || value.items.size() != 2) {
      return Fail(value, "Fn::Split takes a delimiter and a text");
    }
    const auto delimiter = Text(value.items[0], "the delimiter of Fn::Split");
    if (!delimiter) return delimiter.error();
    const auto text = Text(value.items[1], "what Fn::Split splits");
    if (!text) return text.error();
    if (delimiter->empty()) return Fail(value, "the delimiter of Fn::Split is empty");
    Node list(Node::Kind::kList, value.line);
    for (std::size_t at = 0;;) {
      const std::size_t end = text->find(*delimiter, at);
      list.items.push_back(Node::Text(text->substr(at, end - at), value.line));
      if (end == std::string::npos) return list;
      at = end + delimiter->size();
    }
  }

  Result<Node> FindInMap(const Node& value) {
    std::array<std::string, 3> keys;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      auto key = Text(value.items[i], "a key of Fn::FindInMap");
      if (!key) return key.error();
      keys[i] = *std::move(key);
    }
    const auto mapping = scope_.mappings.find(keys[0]);
    const Node* first = mapping == scope_.mappings.end() ? nullptr : mapping->second.Find(keys[1]);
    const Node* second = first == nullptr ? nullptr : first->Find(keys[2]);
    if (second != nullptr) return *second;
    const Node* fallback = value.items.size() == 4 ? value.items[3].Find("DefaultValue") : nullptr;
    if (fallback != nullptr) return Of(*fallback);
    return Fail(value, "Unable to get mapping for " + keys[0] + "::" + keys[1] + "::" + keys[2]);
  }

  Result<Node> ImportValue(const Node& value) {
    const auto name = Text(value, "the name in Fn::ImportValue");
    if (!name) return name.error();
    if (!scope_.import_value) return Fail(value, "Fn::ImportValue cannot stand here");
    auto found = scope_.import_value(*name);
    if (found) found->line = value.line;
    return found;
  }

  Result<Node> Base64(const Node& value) {
    const auto text = Text(value, "what Fn::Base64 encodes");
    if (!text) return text.error();
    return Made(Base64Encode(*text), value);
  }

  Result<Node> GetAZs(const Node& value) {
    const auto text = Text(value, "the region of Fn::GetAZs");
    if (!text) return text.error();
    const std::string region = text->empty() ? scope_.values.at("AWS::Region").text : *text;
    Node list(Node::Kind::kList, value.line);
    for (const char* zone : {"a", "b", "c"}) list.items.push_back(Node::Text(region + zone));
    return list;
  }

  // [block, count, bits of each subnet]; bits default to 8.
  Result<Node> Cidr(const Node& value) {
    if (!value.is_list() || value.items.size() < 2 || value.items.size() > 3) {
      return Fail(value, "Fn::Cidr takes a block, a count and the bits of a subnet");
    }
    const auto block = Text(value.items[0], "the block of Fn::Cidr");
    if (!block) return block.error();
    const auto count = Text(value.items[1], "the count of Fn::Cidr");
    if (!count) return count.error();
    const auto bits = value.items.size() == 3 ? Text(value.items[2], "the bits of Fn::Cidr")
                                              : Result<std::string>("8");
    if (!bits) return bits.error();
    const std::size_t slash = block->find('/');
    const auto address = Ipv4Of(std::string_view(*block).substr(0, slash));
    const std::int64_t prefix =
        slash == std::string::npos
            ? -1
            : IntegerOf(std::string_view(*block).substr(slash + 1)).value_or(-1);
    const auto subnets = IntegerOf(*count);
    const auto host_bits = IntegerOf(*bits);
    if (!address || prefix < 0 || prefix > 32) {
      return Fail(value, "Fn::Cidr takes an IPv4 block such as 10.0.0.0/16, not '" + *block + "'");
    }
    if (!subnets || *subnets < 1 || *subnets > kMaxSubnets || !host_bits || *host_bits < 1 ||
        *host_bits > 31) {
      return Fail(value, "Fn::Cidr makes 1 to 256 subnets of 1 to 31 bits");
    }
    const std::uint64_t size = std::uint64_t{1} << *host_bits;
    const std::uint64_t whole = std::uint64_t{1} << (32 - prefix);
    if (size * static_cast<std::uint64_t>(*subnets) > whole) {
      return Fail(value, "Fn::Cidr: " + *count + " subnets of " + *bits + " bits do not fit into " +
                             *block);
    }
    const auto base = static_cast<std::uint32_t>(*address / whole * whole);
    Node list(Node::Kind::kList, value.line);
    for (std::int64_t i = 0; i < *subnets; ++i) {
      list.items.push_back(Node::Text(
          Ipv4Text(base + static_cast<std::uint32_t>(static_cast<std::uint64_t>(i) * size)) + "/" +
              std::to_string(32 - *host_bits),
          value.line));
    }
    return list;
  }

  Result<Node> Length(const Node& value) {
    const auto list = ListOf(value, "what Fn::Length counts");
    if (!list) return list;
    Node number(Node::Kind::kNumber, value.line);
    number.text = std::to_string(list->items.size());
    return number;
  }

  Result<Node> ToJsonString(const Node& value) {
    const auto evaluated = Of(value);
    if (!evaluated) return evaluated;
    return Made(ToJson(*evaluated), value);
  }

  const Scope& scope_;
  std::string path_;
};

}  // namespace

Result<Scope> MakeScope(const Template& read, const std::map<std::string, std::string>& parameters,
                        const PseudoParameters& pseudo) {
  Scope scope;
  for (const ParameterRule& rule : read.parameters) {
    const auto value = parameters.find(rule.name);
    if (value != parameters.end()) scope.values[rule.name] = ParameterNode(rule, value->second);
  }
  std::vector<Node> topics;
  for (const std::string& arn : pseudo.notification_arns) topics.push_back(Node::Text(arn));
  scope.values["AWS::AccountId"] = Node::Text(pseudo.account_id);
  scope.values["AWS::Region"] = Node::Text(pseudo.region);
  scope.values["AWS::StackName"] = Node::Text(pseudo.stack_name);
  scope.values["AWS::StackId"] = Node::Text(pseudo.stack_id);
  scope.values["AWS::Partition"] = Node::Text("aws");
  scope.values["AWS::URLSuffix"] = Node::Text("amazonaws.com");
  scope.values["AWS::NotificationARNs"] = Node::List(std::move(topics));
  scope.mappings = read.mappings;

  std::set<std::string> asked;
  std::function<Result<bool>(const std::string&)> decide =
      [&](const std::string& name) -> Result<bool> {
    if (const auto known = scope.conditions.find(name); known != scope.conditions.end()) {
      return known->second;
    }
    const std::string path = "/Conditions/" + name;
    const Node& node = read.conditions.at(name);
    if (!asked.insert(name).second) {
      return TemplateError(path, node.line, "the condition depends on itself");
    }
    const auto holds = Evaluator(scope, path).Decide(node, decide);
    if (holds) scope.conditions[name] = *holds;
    return holds;
  };
  for (const auto& [name, node] : read.conditions) {
    if (const auto decided = decide(name); !decided) return decided.error();
  }
  return scope;
}

Result<void> CheckRules(const Template& read, const Scope& scope) {
  const auto ask = [&](const std::string& name) -> Result<bool> {
    const auto condition = scope.conditions.find(name);
    return condition != scope.conditions.end() && condition->second;
  };
  for (const TemplateRule& rule : read.rules) {
    const std::string path = "/Rules/" + rule.name;
    if (rule.condition) {
      const auto holds = Evaluator(scope, path).Decide(*rule.condition, ask);
      if (!holds) return holds.error();
      if (!*holds) continue;
    }
    for (const TemplateRule::Assertion& assertion : rule.assertions) {
      const auto holds = Evaluator(scope, path).Decide(assertion.holds, ask);
      if (!holds) return holds.error();
      if (*holds) continue;
      return TemplateError(path, assertion.holds.line,
                           "the parameters break this rule" +
                               (assertion.description.empty() ? "" : ": " + assertion.description));
    }
  }
  return {};
}

Result<Node> Evaluate(const Node& node, const Scope& scope, std::string_view path) {
  return Evaluator(scope, path).Of(node);
}

Node ChooseBranches(const Node& node, const Scope& scope) {
  const Member* function = FunctionOf(node);
  if (function != nullptr && function->name == "Fn::If" && function->value.items.size() == 3) {
    const auto condition = scope.conditions.find(function->value.items[0].text);
    const bool holds = condition != scope.conditions.end() && condition->second;
    return ChooseBranches(function->value.items[holds ? 1 : 2], scope);
  }
  Node out = node;
  for (Node& item : out.items) item = ChooseBranches(item, scope);
  for (Member& member : out.members) member.value = ChooseBranches(member.value, scope);
  return out;
}

}  // namespace usher::cloudformation
