#include "services/states/language/compile.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <set>
#include <span>

#include "json/json.h"

namespace usher::states {
namespace {

constexpr std::string_view kSchema = "SCHEMA_VALIDATION_FAILED";
constexpr std::string_view kTransition = "MISSING_TRANSITION_TARGET";
constexpr std::int64_t kMaxSeconds = 99'999'999;

using Names = std::initializer_list<std::string_view>;

struct TypeRow {
  std::string_view name;
  StateType type;
  bool has_next;  // Next or End
  std::vector<std::string_view> members;
};

const std::vector<TypeRow>& Types() {
  static const std::vector<TypeRow> types{
      {"Pass", StateType::kPass, true, {"Result", "Parameters", "ResultPath"}},
      {"Task",
       StateType::kTask,
       true,
       {"Resource", "Parameters", "ResultSelector", "ResultPath", "TimeoutSeconds",
        "TimeoutSecondsPath", "HeartbeatSeconds", "HeartbeatSecondsPath", "Retry", "Catch",
        "Credentials"}},
      {"Choice", StateType::kChoice, false, {"Choices", "Default"}},
      {"Wait", StateType::kWait, true, {"Seconds", "SecondsPath", "Timestamp", "TimestampPath"}},
      {"Succeed", StateType::kSucceed, false, {}},
      {"Fail", StateType::kFail, false, {"Error", "Cause", "ErrorPath", "CausePath"}},
      {"Parallel",
       StateType::kParallel,
       true,
       {"Branches", "Parameters", "ResultSelector", "ResultPath", "Retry", "Catch"}},
      {"Map",
       StateType::kMap,
       true,
       {"ItemProcessor", "Iterator", "ItemsPath", "ItemSelector", "Parameters", "MaxConcurrency",
        "MaxConcurrencyPath", "ToleratedFailureCount", "ToleratedFailureCountPath",
        "ToleratedFailurePercentage", "ToleratedFailurePercentagePath", "ResultSelector",
        "ResultPath", "Retry", "Catch"}},
  };
  return types;
}

constexpr std::array kJsonataMembers{"Arguments", "Output", "Items", "Condition"};
constexpr std::array kDistributedMembers{"ItemReader", "ItemBatcher", "ResultWriter", "Label"};

std::string Quoted(std::string_view text) { return "'" + std::string(text.substr(0, 128)) + "'"; }

std::size_t CodePoints(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

class Compiler {
 public:
  explicit Compiler(const TaskChecker& check_task) : check_task_(check_task) {}

  Compiled Run(std::string_view definition) {
    const auto parsed = json::Parse(definition);
    if (!parsed) {
      Add("INVALID_JSON_DESCRIPTION", "the definition is not JSON: " + parsed.error().message, "");
    } else if (!parsed->as_map()) {
      Add(kSchema, "the definition must be a JSON object", "");
    } else {
      TopLevel(*parsed);
    }
    Compiled compiled;
    compiled.diagnostics = std::move(diagnostics_);
    if (compiled.diagnostics.empty()) {
      compiled.machine = std::make_shared<const Machine>(std::move(machine_));
    }
    return compiled;
  }

 private:
  void Add(std::string_view code, std::string message, std::string location) {
    if (diagnostics_.size() < kMaxDiagnostics) {
      diagnostics_.push_back({std::string(code), std::move(message), std::move(location)});
    }
  }
  // For what lies within the state that is being read.
  void Wrong(std::string_view member, const std::string& message) {
    Add(kSchema, "state " + Quoted(state_) + ": " + message,
        at_ + (member.empty() ? "" : "/" + std::string(member)));
  }

  void TopLevel(const Value& value) {
    if (const Value* version = value.Find("Version");
        version && (!version->as_string() || *version->as_string() != "1.0")) {
      Add(kSchema, "Version must be \"1.0\"", "/Version");
    }
    if (IsJsonata(value)) {
      Add(kSchema, "the query language JSONata is not supported by Usher: write JSONPath",
          "/QueryLanguage");
    }
    if (const Value* timeout = value.Find("TimeoutSeconds")) {
      if (timeout->as_int() && *timeout->as_int() >= 1 && *timeout->as_int() <= kMaxSeconds) {
        machine_.timeout_seconds = *timeout->as_int();
      } else {
        Add(kSchema, "TimeoutSeconds must be a whole number from 1 to 99999999", "/TimeoutSeconds");
      }
    }
    ReadBlock(value, "",
              {"Comment", "StartAt", "States", "Version", "TimeoutSeconds", "QueryLanguage"}, 0);
  }

  static bool IsJsonata(const Value& value) {
    const Value* language = value.Find("QueryLanguage");
    return language && (!language->as_string() || *language->as_string() != "JSONPath");
  }

  // Gives the block's number; a block that cannot be read has one all the same.
  int ReadBlock(const Value& value, const std::string& at, Names members, int depth) {
    const auto number = static_cast<int>(machine_.blocks.size());
    machine_.blocks.emplace_back();
    if (depth > kMaxBlockDepth || machine_.blocks.size() > kMaxBlocks) {
      Add(kSchema, "there are too many blocks of states within each other", at);
      return number;
    }
    const ValueMap* map = value.as_map();
    if (!map) {
      Add(kSchema, "an object with StartAt and States must stand here", at);
      return number;
    }
    for (const auto& [name, member] : *map) {
      if (std::ranges::find(members, name) == members.end()) {
        Add(kSchema, "the field " + Quoted(name) + " is not supported here", at + "/" + name);
      }
    }
    const Value* states = value.Find("States");
    const Value* start = value.Find("StartAt");
    if (!states || !states->as_map() || states->as_map()->empty()) {
      Add(kSchema, "States must be an object with at least one state", at + "/States");
      return number;
    }
    Block block;
    for (const auto& [name, state] : *states->as_map()) {
      if (++state_count_ > kMaxStates) {
        Add(kSchema, "the machine has more than 10000 states", at + "/States");
        return number;
      }
      state_ = name;
      at_ = at + "/States/" + name;
      State read = ReadState(name, state, depth);
      block.states.emplace(name, std::move(read));
    }
    if (!start || !start->as_string()) {
      Add(kSchema, "StartAt is missing", at + "/StartAt");
    } else if (!block.states.contains(*start->as_string())) {
      Add(kTransition,
          "StartAt names the state " + Quoted(*start->as_string()) + ", which does not exist",
          at + "/StartAt");
    } else {
      block.start_at = *start->as_string();
      CheckTransitions(block, at);
    }
    machine_.blocks[static_cast<std::size_t>(number)] = std::move(block);
    return number;
  }

  void CheckTransitions(const Block& block, const std::string& at) {
    std::set<std::string_view> reached{block.start_at};
    std::vector<std::string_view> open{block.start_at};
    const auto reach = [&](const std::string& target) {
      const auto found = block.states.find(target);
      if (found != block.states.end() && reached.insert(found->first).second) {
        open.push_back(found->first);
      }
    };
    while (!open.empty()) {
      const State& state = block.states.find(open.back())->second;
      open.pop_back();
      ForEachTarget(state, [&](const std::string& target, const std::string&) { reach(target); });
    }
    for (const auto& [name, state] : block.states) {
      const std::string place = at + "/States/" + name;
      ForEachTarget(state, [&](const std::string& target, const std::string& member) {
        if (block.states.contains(target)) return;
        Add(kTransition,
            "state " + Quoted(name) + " leads to the state " + Quoted(target) +
                ", which does not exist",
            place + "/" + member);
      });
      if (!reached.contains(name)) {
        Add(kTransition, "state " + Quoted(name) + " is not reachable", place);
      }
    }
  }

  static void ForEachTarget(const State& state, const auto& visit) {
    if (!state.next.empty()) visit(state.next, "Next");
    if (!state.otherwise.empty()) visit(state.otherwise, "Default");
    for (std::size_t i = 0; i < state.choices.size(); ++i) {
      if (!state.choices[i].next.empty()) {
        visit(state.choices[i].next, "Choices/" + std::to_string(i) + "/Next");
      }
    }
    for (std::size_t i = 0; i < state.catchers.size(); ++i) {
      if (!state.catchers[i].next.empty()) {
        visit(state.catchers[i].next, "Catch/" + std::to_string(i) + "/Next");
      }
    }
  }

  State ReadState(const std::string& name, const Value& value, int depth) {
    State state;
    state.name = name;
    if (name.empty() || CodePoints(name) > kMaxStateName) {
      Wrong("", "a state's name has 1 to 80 characters");
    }
    const Value* type = value.Find("Type");
    const std::string* type_name = type ? type->as_string() : nullptr;
    const auto row = std::ranges::find_if(
        Types(), [&](const TypeRow& one) { return type_name && one.name == *type_name; });
    if (row == Types().end()) {
      Wrong("Type", "Type must be Pass, Task, Choice, Wait, Succeed, Fail, Parallel or Map" +
                        (type_name ? ", not " + Quoted(*type_name) : std::string()));
      return state;
    }
    state.type = row->type;
    if (IsJsonata(value)) {
      Wrong("QueryLanguage",
            "the query language JSONata is not supported by Usher: write JSONPath");
      return state;
    }
    CheckMembers(value, *row);
    ReadNext(value, *row, state);
    state.input_path = ReadDataPath(value, "InputPath");
    state.output_path = ReadDataPath(value, "OutputPath");
    state.result_path = ReadResultPath(value, "ResultPath", "ResultPath");
    state.parameters = ReadTemplate(value, "Parameters");
    state.result_selector = ReadTemplate(value, "ResultSelector");
    if (const Value* result = value.Find("Result")) state.result = *result;
    ReadRetriers(value, state);
    ReadCatchers(value, state);
    switch (state.type) {
      case StateType::kTask:
        ReadTask(value, state);
        break;
      case StateType::kChoice:
        ReadChoices(value, state);
        break;
      case StateType::kWait:
        ReadWait(value, state);
        break;
      case StateType::kFail:
        ReadFail(value, state);
        break;
      case StateType::kParallel:
        ReadBranches(value, state, depth);
        break;
      case StateType::kMap:
        ReadMap(value, state, depth);
        break;
      case StateType::kPass:
      case StateType::kSucceed:
        break;
    }
    return state;
  }

  void CheckMembers(const Value& value, const TypeRow& row) {
    constexpr std::array kEverywhere{"Type", "Comment", "QueryLanguage"};
    for (const auto& [name, member] : *value.as_map()) {
      const bool known =
          std::ranges::find(kEverywhere, name) != kEverywhere.end() ||
          std::ranges::find(row.members, name) != row.members.end() ||
          (row.has_next && (name == "Next" || name == "End")) ||
          (row.type != StateType::kFail && (name == "InputPath" || name == "OutputPath"));
      if (known) continue;
      if (std::ranges::find(kJsonataMembers, name) != kJsonataMembers.end()) {
        Wrong(name, Quoted(name) +
                        " belongs to the query language JSONata, which is not "
                        "supported by Usher: write JSONPath");
      } else if (name == "Assign") {
        Wrong(name, "variables (Assign) are not supported by Usher");
      } else if (row.type == StateType::kMap &&
                 std::ranges::find(kDistributedMembers, name) != kDistributedMembers.end()) {
        Wrong(name, Quoted(name) +
                        " belongs to distributed maps, which are not supported by "
                        "Usher: use the mode INLINE");
      } else {
        Wrong(name, "a " + std::string(row.name) + " state has no field " + Quoted(name));
      }
    }
  }

  void ReadNext(const Value& value, const TypeRow& row, State& state) {
    const Value* next = value.Find("Next");
    const Value* end = value.Find("End");
    if (!row.has_next) return;
    const bool ends = end && end->as_bool() && *end->as_bool();
    if (end && !end->as_bool()) Wrong("End", "End must be true");
    if (next && (!next->as_string() || next->as_string()->empty())) {
      Wrong("Next", "Next must be the name of a state");
    } else if (static_cast<bool>(next) == ends) {
      Wrong("", "either Next, with the name of a state, or \"End\": true must be given");
    } else if (next) {
      state.next = *next->as_string();
    }
  }

  std::optional<ScopedPath> ReadScopedPath(const Value& value, const std::string& member) {
    const Value* found = value.Find(member);
    if (!found) return std::nullopt;
    if (!found->as_string()) {
      Wrong(member, member + " must be a path");
      return std::nullopt;
    }
    auto path = ScopedPath::Parse(*found->as_string());
    if (!path) {
      Wrong(member, member + ": " + path.error().message);
      return std::nullopt;
    }
    return *std::move(path);
  }

  // InputPath and OutputPath: the whole when they are not given.
  std::optional<ScopedPath> ReadDataPath(const Value& value, const std::string& member) {
    const Value* found = value.Find(member);
    if (found && found->is_null()) return std::nullopt;
    if (!found) return *ScopedPath::Parse("$");
    return ReadScopedPath(value, member);
  }

  std::optional<Path> ReadResultPath(const Value& value, const std::string& member,
                                     const std::string& place) {
    const Value* found = value.Find(member);
    if (found && found->is_null()) return std::nullopt;
    if (!found) return *Path::Parse("$");
    auto path = found->as_string() ? Path::Parse(*found->as_string())
                                   : Result<Path>(InvalidInput("it must be a path or null"));
    if (path && !path->is_reference()) {
      path = InvalidInput("it must name one place: " + path->text() + " may name several");
    }
    if (path) return *std::move(path);
    Wrong(place, member + ": " + path.error().message);
    return std::nullopt;
  }

  std::optional<PayloadTemplate> ReadTemplate(const Value& value, const std::string& member) {
    const Value* found = value.Find(member);
    if (!found) return std::nullopt;
    auto parsed = PayloadTemplate::Parse(*found);
    if (!parsed) {
      Wrong(member, member + ": " + parsed.error().message);
      return std::nullopt;
    }
    return *std::move(parsed);
  }

  // `member`, a number within the bounds, or `member`Path.
  std::optional<Quantity> ReadQuantity(const Value& value, const std::string& member, double min,
                                       double max, bool whole = true) {
    const Value* number = value.Find(member);
    auto path = ReadScopedPath(value, member + "Path");
    if (number && path) {
      Wrong(member, member + " and " + member + "Path exclude each other");
      return std::nullopt;
    }
    if (path) return Quantity{.number = std::nullopt, .path = std::move(path)};
    if (!number) return std::nullopt;
    std::optional<double> given;
    if (number->as_int()) given = static_cast<double>(*number->as_int());
    if (number->as_double()) given = *number->as_double();
    if (!given || *given < min || *given > max || (whole && *given != std::floor(*given))) {
      Wrong(member, member + " must be a " + (whole ? "whole " : "") + "number from " +
                        json::Write(Value(static_cast<std::int64_t>(min))) + " to " +
                        json::Write(Value(static_cast<std::int64_t>(max))));
      return std::nullopt;
    }
    return Quantity{.number = given, .path = std::nullopt};
  }

  void ReadTask(const Value& value, State& state) {
    state.timeout = ReadQuantity(value, "TimeoutSeconds", 1, kMaxSeconds);
    state.heartbeat = ReadQuantity(value, "HeartbeatSeconds", 1, kMaxSeconds);
    if (state.heartbeat && state.heartbeat->number && state.timeout && state.timeout->number &&
        *state.heartbeat->number >= *state.timeout->number) {
      Wrong("HeartbeatSeconds", "HeartbeatSeconds must be less than TimeoutSeconds");
    }
    const Value* resource = value.Find("Resource");
    if (!resource || !resource->as_string()) {
      Wrong("Resource", "Resource, the ARN of what the task does, is missing");
      return;
    }
    state.resource = *resource->as_string();
    if (const auto good = check_task_(state.resource, value.Find("Parameters")); !good) {
      const bool of_parameters = good.error().wire_name == "Parameters";
      Wrong(of_parameters ? "Parameters" : "Resource", good.error().message);
    }
  }

  std::vector<std::string> ReadErrors(const Value& value, const std::string& place, bool last) {
    const Value* names = value.Find("ErrorEquals");
    std::vector<std::string> errors;
    if (!names || !names->as_list() || names->as_list()->empty()) {
      Wrong(place, "ErrorEquals must be an array of error names that is not empty");
      return errors;
    }
    for (const Value& name : *names->as_list()) {
      if (name.as_string()) {
        errors.push_back(*name.as_string());
      } else {
        Wrong(place, "ErrorEquals must hold strings");
      }
    }
    const bool all = std::ranges::find(errors, kAll) != errors.end();
    if (all && (errors.size() > 1 || !last)) {
      Wrong(place, "States.ALL must stand alone in ErrorEquals, and in the last entry");
    }
    return errors;
  }

  void CheckEntry(const Value& entry, const std::string& place, Names members) {
    if (!entry.as_map()) {
      Wrong(place, "an object must stand here");
      return;
    }
    for (const auto& [name, member] : *entry.as_map()) {
      if (std::ranges::find(members, name) == members.end()) {
        Wrong(place, "the field " + Quoted(name) + " is not supported here");
      }
    }
  }

  const ValueList* ReadList(const Value& value, const std::string& member) {
    const Value* found = value.Find(member);
    if (!found) return nullptr;
    if (!found->as_list()) Wrong(member, member + " must be an array");
    return found->as_list();
  }

  void ReadRetriers(const Value& value, State& state) {
    const ValueList* list = ReadList(value, "Retry");
    for (std::size_t i = 0; list && i < list->size(); ++i) {
      const Value& entry = (*list)[i];
      const std::string place = "Retry/" + std::to_string(i);
      CheckEntry(entry, place,
                 {"ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds",
                  "JitterStrategy", "Comment"});
      Retrier retrier;
      retrier.errors = ReadErrors(entry, place, i + 1 == list->size());
      const auto interval = ReadQuantity(entry, "IntervalSeconds", 1, kMaxSeconds);
      const auto attempts = ReadQuantity(entry, "MaxAttempts", 0, kMaxSeconds);
      const auto rate = ReadQuantity(entry, "BackoffRate", 1, 1000, false);
      const auto delay = ReadQuantity(entry, "MaxDelaySeconds", 1, 31'622'400);
      if (interval && interval->number)
        retrier.interval_seconds = static_cast<std::int64_t>(*interval->number);
      if (attempts && attempts->number)
        retrier.max_attempts = static_cast<std::int64_t>(*attempts->number);
      if (rate && rate->number) retrier.backoff_rate = *rate->number;
      if (delay && delay->number)
        retrier.max_delay_seconds = static_cast<std::int64_t>(*delay->number);
      if (const Value* jitter = entry.Find("JitterStrategy")) {
        const std::string* text = jitter->as_string();
        if (!text || (*text != "FULL" && *text != "NONE")) {
          Wrong(place, "JitterStrategy must be FULL or NONE");
        } else {
          retrier.full_jitter = *text == "FULL";
        }
      }
      state.retriers.push_back(std::move(retrier));
    }
  }

  void ReadCatchers(const Value& value, State& state) {
    const ValueList* list = ReadList(value, "Catch");
    for (std::size_t i = 0; list && i < list->size(); ++i) {
      const Value& entry = (*list)[i];
      const std::string place = "Catch/" + std::to_string(i);
      CheckEntry(entry, place, {"ErrorEquals", "Next", "ResultPath", "Comment"});
      Catcher catcher;
      catcher.errors = ReadErrors(entry, place, i + 1 == list->size());
      catcher.result_path = ReadResultPath(entry, "ResultPath", place);
      const Value* next = entry.Find("Next");
      if (next && next->as_string() && !next->as_string()->empty()) {
        catcher.next = *next->as_string();
      } else {
        Wrong(place, "Next, the name of a state, is missing");
      }
      state.catchers.push_back(std::move(catcher));
    }
  }

  void ReadChoices(const Value& value, State& state) {
    const ValueList* list = ReadList(value, "Choices");
    if (!list || list->empty()) {
      Wrong("Choices", "Choices must be an array of rules that is not empty");
    }
    for (std::size_t i = 0; list && i < list->size(); ++i) {
      const std::string place = "Choices/" + std::to_string(i);
      auto rule = ChoiceRule::Parse((*list)[i]);
      if (!rule) {
        Wrong(place, rule.error().message);
        continue;
      }
      const Value* next = (*list)[i].Find("Next");
      if (!next || !next->as_string() || next->as_string()->empty()) {
        Wrong(place, "Next, the name of a state, is missing");
        continue;
      }
      state.choices.push_back({*std::move(rule), *next->as_string()});
    }
    if (const Value* otherwise = value.Find("Default")) {
      if (otherwise->as_string() && !otherwise->as_string()->empty()) {
        state.otherwise = *otherwise->as_string();
      } else {
        Wrong("Default", "Default must be the name of a state");
      }
    }
  }

  void ReadWait(const Value& value, State& state) {
    int given = 0;
    for (const char* member : {"Seconds", "SecondsPath", "Timestamp", "TimestampPath"}) {
      given += value.Find(member) ? 1 : 0;
    }
    if (given != 1) {
      Wrong("", "one of Seconds, SecondsPath, Timestamp and TimestampPath must be given");
      return;
    }
    state.wait_seconds = ReadQuantity(value, "Seconds", 0, kMaxSeconds);
    if (const Value* time = value.Find("Timestamp")) {
      const auto millis = time->as_string() ? ParseTimestamp(*time->as_string()) : std::nullopt;
      if (millis) {
        state.wait_until = *millis;
      } else {
        Wrong("Timestamp", "Timestamp must be a time such as 2030-01-31T12:00:00Z");
      }
    }
    if (auto path = ReadScopedPath(value, "TimestampPath")) state.wait_until = *std::move(path);
  }

  std::optional<Expression> ReadExpression(const Value& value, const std::string& member) {
    const Value* found = value.Find(member);
    if (!found) return std::nullopt;
    auto parsed = found->as_string()
                      ? Expression::Parse(*found->as_string())
                      : Result<Expression>(InvalidInput("it must be a path or a function call"));
    if (parsed) return *std::move(parsed);
    Wrong(member, member + ": " + parsed.error().message);
    return std::nullopt;
  }

  void ReadFail(const Value& value, State& state) {
    const auto text = [&](const std::string& member, std::string& to) {
      const Value* found = value.Find(member);
      if (!found) return;
      if (value.Find(member + "Path")) {
        Wrong(member, member + " and " + member + "Path exclude each other");
      } else if (found->as_string()) {
        to = *found->as_string();
      } else {
        Wrong(member, member + " must be a string");
      }
    };
    text("Error", state.error);
    text("Cause", state.cause);
    state.error_path = ReadExpression(value, "ErrorPath");
    state.cause_path = ReadExpression(value, "CausePath");
  }

  // Reads a block below the state at hand and comes back to it.
  int ReadInner(const Value& value, const std::string& place, Names members, int depth) {
    const std::string state = state_;
    const std::string at = at_;
    const int number = ReadBlock(value, at + "/" + place, members, depth + 1);
    state_ = state;
    at_ = at;
    return number;
  }

  void ReadBranches(const Value& value, State& state, int depth) {
    const ValueList* list = ReadList(value, "Branches");
    if (!list || list->empty()) {
      Wrong("Branches", "Branches must be an array that is not empty");
    }
    for (std::size_t i = 0; list && i < list->size(); ++i) {
      state.blocks.push_back(ReadInner((*list)[i], "Branches/" + std::to_string(i),
                                       {"Comment", "StartAt", "States"}, depth));
    }
  }

  void ReadMap(const Value& value, State& state, int depth) {
    const Value* processor = value.Find("ItemProcessor");
    const Value* iterator = value.Find("Iterator");
    if (static_cast<bool>(processor) == static_cast<bool>(iterator)) {
      Wrong("", "either ItemProcessor or, as it was called, Iterator must be given");
      return;
    }
    if (processor) {
      const Value* config = processor->Find("ProcessorConfig");
      const Value* mode = config ? config->Find("Mode") : nullptr;
      if (mode && (!mode->as_string() || *mode->as_string() != "INLINE")) {
        Wrong("ItemProcessor/ProcessorConfig/Mode",
              "distributed maps are not supported by Usher: use the mode INLINE");
      }
      state.blocks.push_back(ReadInner(*processor, "ItemProcessor",
                                       {"Comment", "StartAt", "States", "ProcessorConfig"}, depth));
    } else {
      state.blocks.push_back(
          ReadInner(*iterator, "Iterator", {"Comment", "StartAt", "States"}, depth));
    }
    state.items_path = value.Find("ItemsPath") ? ReadScopedPath(value, "ItemsPath")
                                               : std::optional(*ScopedPath::Parse("$"));
    state.item_selector = ReadTemplate(value, "ItemSelector");
    if (state.item_selector && state.parameters) {
      Wrong("ItemSelector", "ItemSelector and, as it was called, Parameters exclude each other");
    }
    if (state.parameters) state.item_selector = std::move(state.parameters);
    state.parameters.reset();
    state.max_concurrency = ReadQuantity(value, "MaxConcurrency", 0, kMaxSeconds);
    state.tolerated_count = ReadQuantity(value, "ToleratedFailureCount", 0, kMaxSeconds);
    state.tolerated_percentage = ReadQuantity(value, "ToleratedFailurePercentage", 0, 100, false);
  }

  const TaskChecker& check_task_;
  Machine machine_;
  std::vector<Diagnostic> diagnostics_;
  std::size_t state_count_ = 0;
  std::string state_;  // at hand: its name
  std::string at_;     // and its place
};

}  // namespace

Compiled Compile(std::string_view definition, const TaskChecker& check_task) {
  return Compiler(check_task).Run(definition);
}

std::string Describe(const std::vector<Diagnostic>& diagnostics) {
  std::string text;
  for (const Diagnostic& one : diagnostics) {
    if (!text.empty()) text += ", ";
    text += one.code + ": " + one.message + " at " + (one.location.empty() ? "/" : one.location);
  }
  return text;
}

}  // namespace usher::states
