#include <cmath>

#include "services/apigateway/vtl/program.h"

namespace usher::apigateway::vtl {
namespace {

enum class Flow { kOn, kBreak, kStop };

constexpr std::size_t kItemBytes = sizeof(Value) + 16;

// What each name means now.
class Names {
 public:
  [[nodiscard]] const Value* Find(std::string_view name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? nullptr : &found->second;
  }
  void Set(std::string_view name, Value value) {
    const auto found = values_.find(name);
    if (found == values_.end()) {
      values_.emplace(name, std::move(value));
    } else {
      found->second = std::move(value);
    }
  }

 private:
  std::map<std::string, Value, std::less<>> values_;
};

class Evaluation {
 public:
  Evaluation(const Template::Program& program, std::span<const Root> roots, Arena& arena)
      : program_(program), arena_(arena) {
    for (const Root& root : roots) names_.Set(root.name, root.value);
  }

  Result<std::string> Run() {
    std::string out;
    const auto flow = Render(program_.body, out, 0);
    if (!flow) return flow.error();
    return out;
  }

 private:
  // An error with its place, unless one further in has given it already.
  Error At(std::size_t at, Error error) const {
    if (!error.message.starts_with("line ")) {
      error.message = Place(program_.source, at) + error.message;
    }
    return error;
  }

  Result<void> Append(std::string& out, std::string_view text, std::size_t at) {
    if (out.size() + text.size() > arena_.limits().output_bytes) {
      return At(at, LimitExceeded("the output is longer than " +
                                  std::to_string(arena_.limits().output_bytes) + " bytes"));
    }
    out += text;
    return {};
  }

  Result<Flow> Render(const Block& block, std::string& out, std::size_t depth) {
    if (depth > kMaxDepth) return LimitExceeded("the template is nested too deep");
    for (const Node& node : block) {
      if (const auto step = arena_.Step(); !step) return At(node.at, step.error());
      auto flow = RenderNode(node, out, depth);
      if (!flow) return At(node.at, std::move(flow).error());
      if (*flow != Flow::kOn) return flow;
    }
    return Flow::kOn;
  }

  Result<Flow> RenderNode(const Node& node, std::string& out, std::size_t depth) {
    switch (node.kind) {
      case Node::Kind::kText:
        if (const auto added = Append(out, node.text, node.at); !added) return added.error();
        return Flow::kOn;
      case Node::Kind::kReference:
        return Write(*node.reference, out, depth);
      case Node::Kind::kSet:
        return Set(node, depth);
      case Node::Kind::kIf:
        return If(node, out, depth);
      case Node::Kind::kForeach:
        return Foreach(node, out, depth);
      case Node::Kind::kBreak:
        return Flow::kBreak;
      case Node::Kind::kStop:
        return Flow::kStop;
      case Node::Kind::kCall:
        break;
    }
    return CallMacro(node, out, depth);
  }

  Result<Flow> Write(const Reference& reference, std::string& out, std::size_t depth) {
    const auto value = Read(reference, depth);
    if (!value) return value.error();
    std::string text;
    if (value->is_null()) {
      const Value* const root = names_.Find(reference.name);
      const bool is_empty =
          root != nullptr && root->as_object() != nullptr && root->as_object()->null_is_empty();
      if (!reference.quiet && !is_empty) text = reference.source;
    } else if (value->as_text()) {
      if (const auto added = Append(out, *value->as_text(), reference.at); !added) {
        return added.error();
      }
      return Flow::kOn;
    } else {
      auto written = TextOf(*value, arena_);
      if (!written) return written.error();
      text = *std::move(written);
    }
    if (const auto added = Append(out, text, reference.at); !added) return added.error();
    return Flow::kOn;
  }

  Result<Flow> Set(const Node& node, std::size_t depth) {
    auto value = Evaluate(node.expressions.front(), depth);
    if (!value) return value.error();
    const Reference& reference = *node.reference;
    if (reference.accesses.empty()) {
      if (const Value* there = names_.Find(reference.name); there && there->as_object()) {
        return InvalidInput("$" + reference.name + " cannot be set");
      }
      names_.Set(reference.name, *std::move(value));
      return Flow::kOn;
    }
    auto holder = Follow(reference, reference.accesses.size() - 1, depth);
    if (!holder) return holder.error();
    const Access& last = reference.accesses.back();
    Value key(last.name);
    if (last.kind == Access::Kind::kIndex) {
      auto index = Evaluate(last.arguments.front(), depth);
      if (!index) return index.error();
      key = *std::move(index);
    }
    if (holder->as_map()) {
      const Value arguments[] = {key, *value};
      const auto put = CallMethod(*holder, "put", arguments, arena_);
      if (!put) return At(last.at, put.error());
      return Flow::kOn;
    }
    if (holder->as_list()) {
      const Value arguments[] = {key, *value};
      const auto put = CallMethod(*holder, "set", arguments, arena_);
      if (!put) return At(last.at, put.error());
      return Flow::kOn;
    }
    return At(last.at, InvalidInput("nothing can be set in " + std::string(KindOf(*holder))));
  }

  Result<Flow> If(const Node& node, std::string& out, std::size_t depth) {
    for (std::size_t i = 0; i < node.expressions.size(); ++i) {
      const auto holds = Evaluate(node.expressions[i], depth);
      if (!holds) return holds.error();
      if (holds->IsTrue()) return Render(node.blocks[i], out, depth + 1);
    }
    if (node.blocks.size() > node.expressions.size()) {
      return Render(node.blocks.back(), out, depth + 1);
    }
    return Flow::kOn;
  }

  Result<Flow> Foreach(const Node& node, std::string& out, std::size_t depth) {
    const auto list = Evaluate(node.expressions.front(), depth);
    if (!list) return list.error();
    // The items as they are now: the body may change the list.
    std::vector<Value> items;
    if (list->as_list()) {
      items = list->as_list()->items;
    } else if (list->as_map()) {
      for (const auto& [key, value] : list->as_map()->entries) items.push_back(value);
    } else if (!list->is_null()) {
      return InvalidInput("#foreach goes over a list or a map, not " + std::string(KindOf(*list)));
    }
    if (const auto made = arena_.Make(items.size() * kItemBytes); !made) return made.error();
    const std::string& name = node.reference->name;
    const Value before = names_.Find(name) ? *names_.Find(name) : Value();
    const Value outer = names_.Find("foreach") ? *names_.Find("foreach") : Value();
    Map* const loop = arena_.NewMap();
    Flow flow = Flow::kOn;
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (const auto step = arena_.Step(); !step) return step.error();
      const auto index = static_cast<std::int64_t>(i);
      loop->Set("index", Value(index));
      loop->Set("count", Value(index + 1));
      loop->Set("hasNext", Value(i + 1 < items.size()));
      loop->Set("first", Value(i == 0));
      loop->Set("last", Value(i + 1 == items.size()));
      loop->Set("parent", outer);
      names_.Set("foreach", Value(loop));
      names_.Set("velocityCount", Value(index + 1));
      names_.Set(name, items[i]);
      const auto went = Render(node.blocks.front(), out, depth + 1);
      if (!went) return went.error();
      flow = *went;
      if (flow != Flow::kOn) break;
    }
    names_.Set(name, before);
    names_.Set("foreach", outer);
    return flow == Flow::kStop ? Flow::kStop : Flow::kOn;
  }

  Result<Flow> CallMacro(const Node& node, std::string& out, std::size_t depth) {
    const Macro& macro = program_.macros.find(node.text)->second;
    if (node.expressions.size() > macro.parameters.size()) {
      return InvalidInput("the macro " + node.text + " takes " +
                          std::to_string(macro.parameters.size()) + " arguments, not " +
                          std::to_string(node.expressions.size()));
    }
    std::vector<std::pair<std::string, Value>> before;
    std::vector<Value> arguments;
    for (const Expression& expression : node.expressions) {
      auto argument = Evaluate(expression, depth);
      if (!argument) return argument.error();
      arguments.push_back(*std::move(argument));
    }
    arguments.resize(macro.parameters.size());
    for (std::size_t i = 0; i < macro.parameters.size(); ++i) {
      const Value* const there = names_.Find(macro.parameters[i]);
      before.emplace_back(macro.parameters[i], there ? *there : Value());
      names_.Set(macro.parameters[i], arguments[i]);
    }
    const auto flow = Render(macro.body, out, depth + 1);
    for (auto& [name, value] : before) names_.Set(name, std::move(value));
    if (!flow) return flow;
    return *flow == Flow::kStop ? Flow::kStop : Flow::kOn;
  }

  // ---- values ----

  Result<Value> Read(const Reference& reference, std::size_t depth) {
    return Follow(reference, reference.accesses.size(), depth);
  }

  // The value that the first `count` accesses lead to.
  Result<Value> Follow(const Reference& reference, std::size_t count, std::size_t depth) {
    const Value* const root = names_.Find(reference.name);
    if (root == nullptr) return Value();
    Value value = *root;
    for (std::size_t i = 0; i < count; ++i) {
      if (value.is_null()) return Value();
      const Access& access = reference.accesses[i];
      auto next = Step(value, access, depth);
      if (!next) return At(access.at, std::move(next).error());
      value = *std::move(next);
    }
    return value;
  }

  Result<Value> Step(Value& value, const Access& access, std::size_t depth) {
    if (const auto step = arena_.Step(); !step) return step.error();
    if (access.kind == Access::Kind::kCall) {
      std::vector<Value> arguments;
      arguments.reserve(access.arguments.size());
      for (const Expression& expression : access.arguments) {
        auto argument = Evaluate(expression, depth + 1);
        if (!argument) return argument;
        arguments.push_back(*std::move(argument));
      }
      return CallMethod(value, access.name, arguments, arena_);
    }
    Value key(access.name);
    if (access.kind == Access::Kind::kIndex) {
      auto index = Evaluate(access.arguments.front(), depth + 1);
      if (!index) return index;
      key = *std::move(index);
      if (value.as_list() && key.as_int() && *key.as_int() < 0) {
        key = Value(*key.as_int() + static_cast<std::int64_t>(value.as_list()->items.size()));
      }
    }
    if (value.as_map()) return CallMethod(value, "get", {&key, 1}, arena_);
    if (value.as_list() && access.kind == Access::Kind::kIndex) {
      return CallMethod(value, "get", {&key, 1}, arena_);
    }
    if (const Object* const object = value.as_object()) {
      if (!key.as_text()) return InvalidInput("an object's members are named by texts");
      return object->Member(*key.as_text(), arena_);
    }
    return InvalidInput(std::string(KindOf(value)) + " has no member " + access.name);
  }

  Result<Value> Evaluate(const Expression& expression, std::size_t depth) {
    if (depth > kMaxDepth) return LimitExceeded("the template is nested too deep");
    if (const auto step = arena_.Step(); !step) return At(expression.at, step.error());
    auto value = EvaluateHere(expression, depth);
    if (!value) return At(expression.at, std::move(value).error());
    return value;
  }

  Result<Value> EvaluateHere(const Expression& expression, std::size_t depth) {
    switch (expression.kind) {
      case Expression::Kind::kConstant:
        return expression.constant;
      case Expression::Kind::kText: {
        std::string text;
        const auto flow = Render(*expression.block, text, depth + 1);
        if (!flow) return flow.error();
        if (const auto made = arena_.Make(text.size()); !made) return made.error();
        return Value(std::move(text));
      }
      case Expression::Kind::kReference:
        return Read(*expression.reference, depth);
      case Expression::Kind::kList: {
        if (const auto made = arena_.Make(expression.parts.size() * kItemBytes); !made) {
          return made.error();
        }
        List* const list = arena_.NewList();
        for (const Expression& part : expression.parts) {
          auto item = Evaluate(part, depth + 1);
          if (!item) return item;
          list->items.push_back(*std::move(item));
        }
        return Value(list);
      }
      case Expression::Kind::kRange:
        return Range(expression, depth);
      case Expression::Kind::kMap: {
        Value map(arena_.NewMap());
        for (std::size_t i = 0; i + 1 < expression.parts.size(); i += 2) {
          Value entry[2];
          for (std::size_t j = 0; j < 2; ++j) {
            auto part = Evaluate(expression.parts[i + j], depth + 1);
            if (!part) return part;
            entry[j] = *std::move(part);
          }
          if (const auto put = CallMethod(map, "put", entry, arena_); !put) return put.error();
        }
        return map;
      }
      case Expression::Kind::kNot: {
        const auto operand = Evaluate(expression.parts.front(), depth + 1);
        if (!operand) return operand;
        return Value(!operand->IsTrue());
      }
      case Expression::Kind::kNegative: {
        const auto operand = Evaluate(expression.parts.front(), depth + 1);
        if (!operand) return operand;
        return Compute(Value(std::int64_t{0}), "-", *operand);
      }
      case Expression::Kind::kChain:
        break;
    }
    return Chain(expression, depth);
  }

  Result<Value> Range(const Expression& expression, std::size_t depth) {
    const auto first = Evaluate(expression.parts[0], depth + 1);
    if (!first) return first;
    const auto last = Evaluate(expression.parts[1], depth + 1);
    if (!last) return last;
    if (!first->as_int() || !last->as_int()) {
      return InvalidInput("a range goes from a whole number to a whole number");
    }
    const std::int64_t from = *first->as_int();
    const std::int64_t to = *last->as_int();
    const auto distance = static_cast<std::uint64_t>(from < to ? to : from) -
                          static_cast<std::uint64_t>(from < to ? from : to);
    if (distance > static_cast<std::uint64_t>(arena_.limits().steps)) {
      return LimitExceeded("the range is too long");
    }
    if (const auto step = arena_.Step(static_cast<std::int64_t>(distance)); !step) {
      return step.error();
    }
    if (const auto made = arena_.Make((distance + 1) * kItemBytes); !made) return made.error();
    List* const list = arena_.NewList();
    for (std::uint64_t i = 0; i <= distance; ++i) {
      const auto away = static_cast<std::int64_t>(i);
      list->items.emplace_back(from < to ? from + away : from - away);
    }
    return Value(list);
  }

  Result<Value> Chain(const Expression& expression, std::size_t depth) {
    auto left = Evaluate(expression.parts.front(), depth + 1);
    if (!left) return left;
    for (std::size_t i = 0; i < expression.signs.size(); ++i) {
      const std::string& sign = expression.signs[i];
      if (sign == "||" && left->IsTrue()) return Value(true);
      if (sign == "&&" && !left->IsTrue()) return Value(false);
      const auto right = Evaluate(expression.parts[i + 1], depth + 1);
      if (!right) return right;
      auto value = Compute(*left, sign, *right);
      if (!value) return At(expression.parts[i + 1].at, std::move(value).error());
      left = std::move(value);
    }
    return left;
  }

  Result<Value> Compute(const Value& left, std::string_view sign, const Value& right) {
    if (sign == "||" || sign == "&&") return Value(right.IsTrue());
    if (sign == "==" || sign == "!=") {
      const auto same = AreEqual(left, right, arena_);
      if (!same) return same.error();
      return Value(*same == (sign == "=="));
    }
    if (sign == "+" && (left.as_text() || right.as_text())) {
      auto text = TextOf(left, arena_);
      if (!text) return text.error();
      const auto more = TextOf(right, arena_);
      if (!more) return more.error();
      if (text->size() + more->size() > arena_.limits().output_bytes) {
        return LimitExceeded("the text is too long");
      }
      if (const auto made = arena_.Make(more->size()); !made) return made.error();
      return Value(*text + *more);
    }
    if (left.as_text() && right.as_text()) {
      const int order = left.as_text()->compare(*right.as_text());
      if (sign == "<") return Value(order < 0);
      if (sign == "<=") return Value(order <= 0);
      if (sign == ">") return Value(order > 0);
      if (sign == ">=") return Value(order >= 0);
    }
    if (left.as_int() && right.as_int()) return Whole(*left.as_int(), sign, *right.as_int());
    const auto number = [](const Value& value) -> std::optional<double> {
      if (value.as_int()) return static_cast<double>(*value.as_int());
      if (value.as_double()) return *value.as_double();
      return std::nullopt;
    };
    const auto a = number(left);
    const auto b = number(right);
    if (!a || !b) {
      return InvalidInput("'" + std::string(sign) + "' takes numbers, not " +
                          std::string(KindOf(a ? right : left)));
    }
    if (sign == "<") return Value(*a < *b);
    if (sign == "<=") return Value(*a <= *b);
    if (sign == ">") return Value(*a > *b);
    if (sign == ">=") return Value(*a >= *b);
    if (sign == "+") return Value(*a + *b);
    if (sign == "-") return Value(*a - *b);
    if (sign == "*") return Value(*a * *b);
    if (*b == 0) return InvalidInput("a number cannot be divided by 0");
    return Value(sign == "/" ? *a / *b : std::fmod(*a, *b));
  }

  static Result<Value> Whole(std::int64_t a, std::string_view sign, std::int64_t b) {
    std::int64_t out = 0;
    bool overflows = false;
    if (sign == "<") return Value(a < b);
    if (sign == "<=") return Value(a <= b);
    if (sign == ">") return Value(a > b);
    if (sign == ">=") return Value(a >= b);
    if (sign == "+") overflows = __builtin_add_overflow(a, b, &out);
    if (sign == "-") overflows = __builtin_sub_overflow(a, b, &out);
    if (sign == "*") overflows = __builtin_mul_overflow(a, b, &out);
    if (sign == "/" || sign == "%") {
      if (b == 0) return InvalidInput("a number cannot be divided by 0");
      if (b == -1) {
        overflows = sign == "/" && __builtin_sub_overflow(std::int64_t{0}, a, &out);
      } else {
        out = sign == "/" ? a / b : a % b;
      }
    }
    if (overflows) return InvalidInput("the number is too large");
    return Value(out);
  }

  const Template::Program& program_;
  Arena& arena_;
  Names names_;
};

}  // namespace

Result<std::string> Template::Render(std::span<const Root> roots, Arena& arena) const {
  return Evaluation(*program_, roots, arena).Run();
}

}  // namespace usher::apigateway::vtl
