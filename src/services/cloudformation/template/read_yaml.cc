#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <sstream>

#include "base/text.h"
#include "services/cloudformation/template/reader.h"

namespace usher::cloudformation {
namespace {

constexpr std::array<std::string_view, 24> kFunctions{
    "And",          "Base64",       "Cidr",        "Equals",    "FindInMap",
    "GetAZs",       "GetAtt",       "If",          "Join",      "Not",
    "Or",           "Select",       "ImportValue", "Split",     "Sub",
    "Length",       "ToJsonString", "Transform",   "Contains",  "EachMemberEquals",
    "EachMemberIn", "RefAll",       "ValueOf",     "ValueOfAll"};

struct Refused {
  int line;
  std::string what;
};

int LineOf(const YAML::Mark& mark) { return mark.line + 1; }

// What a tag makes of its value; nullopt when it is unknown.
std::optional<Node> Tagged(const std::string& tag, Node value) {
  if (tag.empty() || tag == "?") return value;
  if (tag == "!" || tag.starts_with("tag:yaml.org,2002:")) {
    if (value.is_scalar() && (tag == "!" || tag.ends_with(":str"))) value.kind = Node::Kind::kText;
    return value;
  }
  const std::string_view name = std::string_view(tag).substr(1);
  std::string function;
  if (name == "Ref" || name == "Condition") {
    function = name;
  } else if (std::ranges::find(kFunctions, name) != kFunctions.end()) {
    function = "Fn::" + std::string(name);
  } else {
    return std::nullopt;
  }
  if (name == "GetAtt" && value.is_scalar()) {
    const std::size_t dot = value.text.find('.');
    std::vector<Node> parts{Node::Text(value.text.substr(0, dot), value.line)};
    if (dot != std::string::npos) {
      parts.push_back(Node::Text(value.text.substr(dot + 1), value.line));
    }
    value = Node::List(std::move(parts), value.line);
  }
  Node call = Node::Map(value.line);
  call.Add(std::move(function), std::move(value));
  return call;
}

// Builds nodes of the parser's events. Throws Refused, which ReadYaml turns into an error: the
// library offers no other way out of its parser.
class Builder final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Finish({Node::Kind::kNull, LineOf(mark)}, anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw Refused{LineOf(mark), "an alias within its own anchor"};
    nodes_ += found->second.second;
    CheckSize(LineOf(mark));
    if (depth_ + DepthOf(found->second.first) > kMaxDepth) TooDeep(LineOf(mark));
    Put(found->second.first);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node = Node::Text(value, LineOf(mark));
    const std::string lower = AsciiLower(value);
    if (tag == "?" && (value == "~" || lower == "null")) {
      node = {Node::Kind::kNull, LineOf(mark)};
    } else if (tag != "!" && (lower == "true" || lower == "false")) {
      node.kind = Node::Kind::kBoolean;
    } else if (tag != "!" && IsJsonNumber(value)) {
      node.kind = Node::Kind::kNumber;
    }
    const bool is_key = !open_.empty() && open_.back().node.is_map() && !open_.back().name;
    if (is_key) {
      node.text = value;
      node.kind = Node::Kind::kText;
    }
    if (depth_ + WeightOf(tag) > kMaxDepth) TooDeep(node.line);
    Finish(WithTag(tag, std::move(node)), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    Open({Node::Kind::kList, LineOf(mark)}, tag, anchor);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    Open(Node::Map(LineOf(mark)), tag, anchor);
  }
  void OnMapEnd() override { Close(); }

  std::optional<Node> root;

 private:
  struct Level {
    Node node;
    std::string tag;
    YAML::anchor_t anchor;
    std::size_t nodes_before;
    std::optional<std::string> name = std::nullopt;  // maps: of the value that comes next
    int name_line = 0;
  };

  [[noreturn]] static void TooDeep(int line) {
    throw Refused{line, "nested deeper than " + std::to_string(kMaxDepth)};
  }

  static std::size_t DepthOf(const Node& node) {
    std::size_t deepest = 0;
    for (const Node& item : node.items) deepest = std::max(deepest, DepthOf(item));
    for (const Member& member : node.members) deepest = std::max(deepest, DepthOf(member.value));
    return deepest + 1;
  }

  // Levels that a value adds: itself, and what its tag puts around it.
  static std::size_t WeightOf(const std::string& tag) {
    const bool is_function = tag.size() > 1 && tag[0] == '!';
    return is_function ? (tag == "!GetAtt" ? 3 : 2) : 1;
  }

  void CheckSize(int line) const {
    if (nodes_ > kMaxNodes) {
      throw Refused{line, "more than " + std::to_string(kMaxNodes) + " values"};
    }
  }

  static Node WithTag(const std::string& tag, Node node) {
    const int line = node.line;
    auto tagged = Tagged(tag, std::move(node));
    if (!tagged) throw Refused{line, "the tag " + tag + " is unknown"};
    return *std::move(tagged);
  }

  void Open(Node node, const std::string& tag, YAML::anchor_t anchor) {
    depth_ += WeightOf(tag);
    if (depth_ > kMaxDepth) TooDeep(node.line);
    open_.push_back({std::move(node), tag, anchor, nodes_});
  }

  void Close() {
    Level level = std::move(open_.back());
    open_.pop_back();
    depth_ -= WeightOf(level.tag);
    Node node = WithTag(level.tag, std::move(level.node));
    ++nodes_;
    CheckSize(node.line);
    if (level.anchor != 0) anchors_[level.anchor] = {node, nodes_ - level.nodes_before};
    Put(std::move(node));
  }

  void Finish(Node node, YAML::anchor_t anchor) {
    ++nodes_;
    CheckSize(node.line);
    if (anchor != 0) anchors_[anchor] = {node, 1};
    Put(std::move(node));
  }

  void Put(Node node) {
    if (open_.empty()) {
      root = std::move(node);
      return;
    }
    Level& level = open_.back();
    if (level.node.is_list()) {
      level.node.items.push_back(std::move(node));
    } else if (!level.name) {
      if (!node.is_scalar()) throw Refused{node.line, "a name in a map must be a text"};
      if (level.node.Find(node.text) != nullptr) {
        throw Refused{node.line, "the name '" + node.text + "' occurs twice"};
      }
      level.name = std::move(node.text);
      level.name_line = node.line;
    } else {
      level.node.members.push_back({*std::move(level.name), level.name_line, std::move(node)});
      level.name.reset();
    }
  }

  std::vector<Level> open_;
  std::map<YAML::anchor_t, std::pair<Node, std::size_t>> anchors_;  // with their count of nodes
  std::size_t nodes_ = 0;
  std::size_t depth_ = 0;
};

Error NotWellFormed(int line, const std::string& what) {
  return InvalidInput("Template format error: YAML not well-formed. (line " + std::to_string(line) +
                      "): " + what);
}

}  // namespace

Result<Node> ReadYaml(std::string_view text) {
  if (!IsUtf8(text) || text.find('\0') != std::string_view::npos) {
    return InvalidInput("Template format error: it is not UTF-8 text");
  }
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    Builder builder;
    parser.HandleNextDocument(builder);
    if (!builder.root) return InvalidInput("Template format error: the template is empty");
    Builder second;
    parser.HandleNextDocument(second);
    if (second.root) return NotWellFormed(second.root->line, "a template is one document");
    return *std::move(builder.root);
  } catch (const Refused& refused) {
    return NotWellFormed(refused.line, refused.what);
  } catch (const YAML::Exception& error) {
    return NotWellFormed(LineOf(error.mark), error.msg);
  }
}

}  // namespace usher::cloudformation
