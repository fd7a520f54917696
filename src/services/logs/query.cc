#include "services/logs/query.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>

#include "base/text.h"
#include "json/json.h"
#include "services/logs/query_plan.h"

namespace usher::logs {
namespace {

constexpr std::size_t kMaxDistinct = 1'000'000;  // values of a count_distinct
constexpr std::size_t kMaxMessageDepth = 64;

// 2022-07-21 01:02:03.456
std::string ShownTime(std::int64_t ms) {
  std::string text = FormatIso8601(FromEpochMillis(ms));
  std::ranges::replace(text, 'T', ' ');
  text.pop_back();
  return text;
}

std::optional<double> NumberOf(const std::string& text) {
  double number = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || bad != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string ShownNumber(double number) {
  std::string text;
  json::AppendNumber(text, number);
  return text;
}

// Less, equal or greater: as numbers when both are, else as text.
int Compare(const std::string& a, const std::string& b) {
  const auto left = NumberOf(a);
  const auto right = NumberOf(b);
  if (left && right) return *left < *right ? -1 : *left > *right ? 1 : 0;
  return a.compare(b);
}

// The fields of one event; the message is parsed when a member of it is asked for.
class Fields {
 public:
  explicit Fields(const QueryEvent& event) : event_(event) {}

  [[nodiscard]] const QueryEvent& event() const { return event_; }

  std::optional<std::string> Get(const std::string& name) {
    if (name == "@timestamp") return ShownTime(event_.time);
    if (name == "@ingestionTime") return ShownTime(event_.ingested);
    if (name == "@message") return std::string(event_.message);
    if (name == "@logStream") return std::string(event_.stream);
    if (name == "@log") return std::string(event_.log);
    if (name == "@ptr") return event_.ptr;
    const Value* value = Member(name);
    if (!value || value->is_null()) return std::nullopt;
    return value->as_string() ? *value->as_string() : json::Write(*value);
  }

 private:
  const Value* Member(const std::string& name) {
    if (!parsed_) {
      parsed_ = true;
      const std::string_view text = Trim(event_.message);
      if (text.starts_with('{')) {
        if (auto value = json::Parse(text, kMaxMessageDepth)) message_ = *std::move(value);
      }
    }
    if (const Value* whole = message_.Find(name)) return whole;
    const Value* at = &message_;
    for (const std::string_view part : Split(name, '.')) {
      at = at->Find(part);
      if (!at) return nullptr;
    }
    return at;
  }

  const QueryEvent& event_;
  bool parsed_ = false;
  Value message_;
};

bool Holds(const QueryFilter& filter, Fields& fields) {
  using Kind = QueryFilter::Kind;
  const auto holds = [&](const QueryFilter& part) { return Holds(part, fields); };
  switch (filter.kind) {
    case Kind::kAnd:
      return std::ranges::all_of(filter.parts, holds);
    case Kind::kOr:
      return std::ranges::any_of(filter.parts, holds);
    case Kind::kNot:
      return !holds(filter.parts.front());
    default:
      break;
  }
  const auto value = fields.Get(filter.field);
  if (filter.kind == Kind::kIsPresent) return value.has_value();
  if (!value) return false;
  const auto order = [&](const std::string& other) { return Compare(*value, other); };
  switch (filter.kind) {
    case Kind::kLike:
      return filter.regex ? filter.regex->Finds(*value)
                          : value->find(filter.values.front()) != std::string::npos;
    case Kind::kIn:
      return std::ranges::any_of(filter.values, [&](const auto& one) { return order(one) == 0; });
    case Kind::kEqual:
      return order(filter.values.front()) == 0;
    case Kind::kNotEqual:
      return order(filter.values.front()) != 0;
    case Kind::kLess:
      return order(filter.values.front()) < 0;
    case Kind::kLessOrEqual:
      return order(filter.values.front()) <= 0;
    case Kind::kGreater:
      return order(filter.values.front()) > 0;
    default:
      return order(filter.values.front()) >= 0;
  }
}

struct Aggregated {
  std::uint64_t count = 0;
  double sum = 0;
  double least = std::numeric_limits<double>::infinity();
  double greatest = -std::numeric_limits<double>::infinity();
  std::set<std::string> distinct;

  void Add(const QueryAggregate& aggregate, Fields& fields) {
    using Kind = QueryAggregate::Kind;
    if (aggregate.field.empty()) {
      ++count;
      return;
    }
    const auto value = fields.Get(aggregate.field);
    if (!value) return;
    if (aggregate.kind == Kind::kCount) {
      ++count;
    } else if (aggregate.kind == Kind::kCountDistinct) {
      if (distinct.size() < kMaxDistinct) distinct.insert(*value);
    } else if (const auto number = NumberOf(*value)) {
      ++count;
      sum += *number;
      least = std::min(least, *number);
      greatest = std::max(greatest, *number);
    }
  }

  // nullopt where there was nothing to make it of.
  [[nodiscard]] std::optional<std::string> Shown(QueryAggregate::Kind kind) const {
    using Kind = QueryAggregate::Kind;
    if (kind == Kind::kCount) return std::to_string(count);
    if (kind == Kind::kCountDistinct) return std::to_string(distinct.size());
    if (count == 0) return std::nullopt;
    if (kind == Kind::kSum) return ShownNumber(sum);
    if (kind == Kind::kAverage) return ShownNumber(sum / static_cast<double>(count));
    return ShownNumber(kind == Kind::kLeast ? least : greatest);
  }
};

struct SortedRow {
  std::vector<std::optional<std::string>> keys;  // what it is sorted by
  QueryRow row;
};

const std::string* FieldOf(const QueryRow& row, const std::string& name) {
  const auto found = std::ranges::find(row, name, &QueryRow::value_type::first);
  return found == row.end() ? nullptr : &found->second;
}

}  // namespace

struct Query::Plan {
  QueryPlan plan;
  std::vector<SortedRow> rows;
  std::map<std::vector<std::string>, std::vector<Aggregated>> groups;  // by the values of the keys

  [[nodiscard]] std::size_t limit() const {
    return std::min(plan.limit.value_or(kMaxQueryRows), kMaxQueryRows);
  }
  [[nodiscard]] bool newest_first() const {
    return plan.order.front().field == "@timestamp" && plan.order.front().descending;
  }
  void AddRow(Fields& fields);
  void AddToGroup(Fields& fields);
  void Sort();
};

Query::Query(std::unique_ptr<Plan> plan) : plan_(std::move(plan)) {}
Query::~Query() = default;
Query::Query(Query&&) noexcept = default;
Query& Query::operator=(Query&&) noexcept = default;

Result<Query> Query::Parse(std::string_view text) {
  auto parsed = ParseQuery(text);
  if (!parsed) return parsed.error();
  auto plan = std::make_unique<Plan>();
  plan->plan = *std::move(parsed);
  if (plan->plan.fields.empty()) plan->plan.fields = {"@timestamp", "@message"};
  if (plan->plan.order.empty() && plan->plan.aggregates.empty()) {
    plan->plan.order = {{.field = "@timestamp"}};
  }
  return Query(std::move(plan));
}

// Rows that are sorted by something are kept up to twice as many as will be given.
void Query::Plan::Sort() {
  const auto before = [this](const SortedRow& a, const SortedRow& b) {
    for (std::size_t i = 0; i < plan.order.size(); ++i) {
      if (a.keys[i].has_value() != b.keys[i].has_value()) return a.keys[i].has_value();
      if (!a.keys[i]) continue;
      const int order = Compare(*a.keys[i], *b.keys[i]);
      if (order != 0) return plan.order[i].descending ? order > 0 : order < 0;
    }
    return false;
  };
  std::ranges::stable_sort(rows, before);
  if (rows.size() > limit()) rows.resize(limit());
}

void Query::Plan::AddRow(Fields& fields) {
  SortedRow sorted;
  for (const QueryOrder& order : plan.order) sorted.keys.push_back(fields.Get(order.field));
  for (const std::string& field : plan.fields) {
    if (auto value = fields.Get(field)) sorted.row.emplace_back(field, *std::move(value));
  }
  sorted.row.emplace_back("@ptr", fields.event().ptr);
  rows.push_back(std::move(sorted));
  if (rows.size() >= 2 * limit()) Sort();
}

void Query::Plan::AddToGroup(Fields& fields) {
  std::vector<std::string> keys;
  for (const QueryKey& key : plan.keys) {
    if (key.interval_ms > 0) {
      const std::int64_t time = fields.event().time;
      std::int64_t past = time % key.interval_ms;
      if (past < 0) past += key.interval_ms;
      keys.push_back(ShownTime(time - past));
    } else {
      keys.push_back(fields.Get(key.field).value_or(""));
    }
  }
  if (groups.size() >= kMaxQueryGroups && !groups.contains(keys)) return;
  auto& group = groups[std::move(keys)];
  group.resize(plan.aggregates.size());
  for (std::size_t i = 0; i < group.size(); ++i) group[i].Add(plan.aggregates[i], fields);
}

bool Query::Add(const QueryEvent& event) {
  Fields fields(event);
  const auto passes = [&](const QueryFilter& filter) { return Holds(filter, fields); };
  if (!std::ranges::all_of(plan_->plan.filters, passes)) return false;
  if (plan_->plan.aggregates.empty()) {
    plan_->AddRow(fields);
  } else {
    plan_->AddToGroup(fields);
  }
  return true;
}

bool Query::is_full() const {
  return plan_->plan.aggregates.empty() && plan_->newest_first() &&
         plan_->rows.size() >= plan_->limit();
}

std::vector<QueryRow> Query::Finish(std::optional<std::size_t> limit) {
  const QueryPlan& plan = plan_->plan;
  if (!plan.aggregates.empty()) {
    if (plan.keys.empty()) plan_->groups[{}].resize(plan.aggregates.size());
    for (const auto& [keys, group] : plan_->groups) {
      SortedRow sorted;
      for (std::size_t i = 0; i < keys.size(); ++i) {
        if (!keys[i].empty()) sorted.row.emplace_back(plan.keys[i].name, keys[i]);
      }
      for (std::size_t i = 0; i < group.size(); ++i) {
        if (auto shown = group[i].Shown(plan.aggregates[i].kind)) {
          sorted.row.emplace_back(plan.aggregates[i].name, *std::move(shown));
        }
      }
      for (const QueryOrder& order : plan.order) {
        const std::string* value = FieldOf(sorted.row, order.field);
        sorted.keys.push_back(value ? std::optional(*value) : std::nullopt);
      }
      plan_->rows.push_back(std::move(sorted));
    }
  }
  if (limit) plan_->plan.limit = std::min(plan.limit.value_or(*limit), *limit);
  plan_->Sort();
  std::vector<QueryRow> rows;
  for (SortedRow& sorted : plan_->rows) rows.push_back(std::move(sorted.row));
  return rows;
}

}  // namespace usher::logs
