#include "engine/model_filter.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace usher::engine {
namespace {

constexpr std::size_t kMaxKeptBytes = std::size_t{16} << 20;  // of masks of one filter
constexpr std::size_t kMinKept = 4;
constexpr std::size_t kMaxKept = 64;

template <typename Visit>
void ForEachValue(std::string_view cell, bool joined, Visit visit) {
  if (!joined) return visit(cell);
  for (const std::string_view value : Split(cell, '|')) visit(Trim(value));
}

bool TextIsIn(std::string_view cell, bool joined, const std::vector<std::string>& texts) {
  bool is_in = false;
  ForEachValue(cell, joined, [&](std::string_view value) {
    is_in = is_in || std::ranges::find(texts, value) != texts.end();
  });
  return is_in;
}

bool Compares(FilterOperator op, double number, double with) {
  switch (op) {
    case FilterOperator::kLess:
      return number < with;
    case FilterOperator::kLessOrEqual:
      return number <= with;
    case FilterOperator::kGreater:
      return number > with;
    case FilterOperator::kGreaterOrEqual:
      return number >= with;
    case FilterOperator::kIn:
    case FilterOperator::kNotIn:
      return number == with;
  }
  return false;
}

// Whether IN or the comparison holds; NOT IN is for the caller.
bool Holds(const FilterCondition& condition, const FilterCell& cell,
           const std::vector<std::string>& texts, const std::vector<double>& numbers) {
  if (!condition.is_number) return cell.text && TextIsIn(*cell.text, condition.joined, texts);
  return std::ranges::any_of(
      numbers, [&](double with) { return Compares(condition.op, cell.number, with); });
}

template <typename Visit>
void ForEachCondition(const FilterClause& clause, Visit visit) {
  std::size_t at = 0;
  for (const auto& alternative : clause.alternatives) {
    for (const FilterCondition& condition : alternative) visit(condition, at++);
  }
}

// Whether one of the alternatives holds, by what `holds` says of each condition.
template <typename HoldsAt>
bool AnyAlternative(const FilterClause& clause, const HoldsAt& holds) {
  std::size_t at = 0;
  bool any = false;
  for (const auto& alternative : clause.alternatives) {
    bool all = true;
    for (const FilterCondition& condition : alternative) all = holds(condition, at++) && all;
    any = any || all;
  }
  return any;
}

// A cell of one record, in the newer records or else in the table, while `visit` runs.
void VisitCell(const RecordTable* table, const NewerRecords* newer, std::string_view id,
               std::string_view field, const std::function<void(const FilterCell&)>& visit) {
  const bool is_newer = newer != nullptr && newer->Visit(id, [&](const ValueMap& columns) {
    visit(CellOf(columns, field));
  });
  if (is_newer) return;
  const auto row = table != nullptr ? table->Find(id) : std::nullopt;
  visit(row ? table->CellOf(*row, field) : FilterCell{});
}

}  // namespace

ModelFilter::ModelFilter(FilterExpression filter, const recsys::Vocabulary& subjects,
                         FilterSources sources)
    : filter_(std::move(filter)), subjects_(subjects), sources_(std::move(sources)) {
  const bool of_items = filter_.target() == FilterTarget::kItems;
  if (const RecordTable* records = Records();
      records != nullptr &&
      (filter_.Uses(FilterDataset::kItems) || filter_.Uses(FilterDataset::kUsers))) {
    row_of_.resize(subjects.size());
    for (std::uint32_t subject = 0; subject < subjects.size(); ++subject) {
      row_of_[subject] = records->Find(subjects[subject]).value_or(RecordTable::kNone);
    }
  }
  if (sources_.histories != nullptr && filter_.Uses(FilterDataset::kInteractions)) {
    const recsys::Vocabulary& names =
        of_items ? sources_.histories->items() : sources_.histories->users();
    subject_of_.resize(names.size());
    for (std::uint32_t name = 0; name < names.size(); ++name) {
      subject_of_[name] = subjects.Find(names[name]).value_or(RecordTable::kNone);
    }
  }
}

const RecordTable* ModelFilter::Records() const {
  return filter_.target() == FilterTarget::kItems ? sources_.items.get() : sources_.users.get();
}

const NewerRecords* ModelFilter::Newer(const FilterQuery& query) const {
  return filter_.target() == FilterTarget::kItems ? query.newer_items : query.newer_users;
}

Result<ModelFilter::Wanted> ModelFilter::WantedOf(const FilterClause& clause,
                                                  const FilterCondition& condition,
                                                  const FilterQuery& query) const {
  Wanted wanted;
  const FilterOperand& operand = condition.operand;
  const auto take = [&](const FilterValue& value) -> Result<void> {
    if (!condition.is_number) {
      const bool is_event = condition.dataset == FilterDataset::kInteractions;
      wanted.texts.push_back(is_event ? AsciiLower(value.text) : value.text);
      return {};
    }
    if (!value.number) {
      return InvalidInput("filterValues." + operand.name + ": \"" + value.text +
                          "\" is no number, which " + condition.field + " is compared with");
    }
    wanted.numbers.push_back(*value.number);
    return {};
  };
  switch (operand.kind) {
    case FilterOperand::Kind::kAnything:
      wanted.anything = true;
      break;
    case FilterOperand::Kind::kValues:
      for (const FilterValue& value : operand.values) {
        if (auto taken = take(value); !taken) return taken.error();
      }
      break;
    case FilterOperand::Kind::kCurrentItem:
      VisitCell(sources_.items.get(), query.newer_items, query.item_id, operand.name,
                [&](const FilterCell& cell) {
                  if (cell.text) {
                    ForEachValue(*cell.text, condition.joined,
                                 [&](std::string_view value) { wanted.texts.emplace_back(value); });
                  }
                  if (!std::isnan(cell.number)) wanted.numbers.push_back(cell.number);
                });
      wanted.missing = wanted.texts.empty() && wanted.numbers.empty();
      break;
    case FilterOperand::Kind::kPlaceholder: {
      const std::string* given = nullptr;
      if (query.values != nullptr) {
        const auto found = query.values->find(operand.name);
        if (found != query.values->end()) given = &found->second;
      }
      if (given == nullptr) {
        wanted.missing = true;
        if (!clause.include) break;
        return InvalidInput("filterValues lacks a value for the placeholder $" + operand.name +
                            " of the filter's INCLUDE expression");
      }
      const auto values = ParseFilterValues(*given);
      if (!values) {
        return InvalidInput("filterValues." + operand.name + ": " + values.error().message);
      }
      for (const FilterValue& value : *values) {
        if (auto taken = take(value); !taken) return taken.error();
      }
      break;
    }
  }
  const bool orders = condition.op != FilterOperator::kIn && condition.op != FilterOperator::kNotIn;
  if (orders && wanted.numbers.size() > 1) {
    return InvalidInput("filterValues." + operand.name + " has several values, but " +
                        condition.field + " is compared with one number");
  }
  return wanted;
}

Result<bool> ModelFilter::Applies(const FilterClause& clause, const FilterQuery& query) const {
  for (const FilterCondition& condition : clause.only_if) {
    const auto wanted = WantedOf(clause, condition, query);
    if (!wanted) return wanted.error();
    bool holds = false;
    VisitCell(sources_.users.get(), query.newer_users, query.user_id, condition.field,
              [&](const FilterCell& cell) {
                holds = Holds(condition, cell, wanted->texts, wanted->numbers);
              });
    if (wanted->missing || holds == (condition.op == FilterOperator::kNotIn)) return false;
  }
  return true;
}

Result<std::vector<ModelFilter::Part>> ModelFilter::PartsOf(const FilterQuery& query) const {
  if (query.values != nullptr) {
    const auto known = filter_.Placeholders();
    for (const auto& [name, value] : *query.values) {
      if (std::ranges::find(known, name) != known.end()) continue;
      std::string names;
      for (const std::string& placeholder : known)
        names += (names.empty() ? "$" : ", $") + placeholder;
      return InvalidInput("filterValues." + name + ": the filter has no placeholder $" + name +
                          (names.empty() ? "; it has none" : "; it has " + names));
    }
  }
  std::vector<Part> parts;
  for (const FilterClause& clause : filter_.clauses) {
    Part part{.clause = &clause, .wanted = {}};
    Result<void> read;
    ForEachCondition(clause, [&](const FilterCondition& condition, std::size_t) {
      auto wanted = WantedOf(clause, condition, query);
      if (!wanted) {
        if (read) read = wanted.error();
      } else {
        part.wanted.push_back(*std::move(wanted));
      }
    });
    if (!read) return read.error();
    const auto applies = Applies(clause, query);
    if (!applies) return applies.error();
    if (*applies) parts.push_back(std::move(part));
  }
  return parts;
}

template <typename CellOfField>
bool ModelFilter::MatchesRecord(const Part& part, const CellOfField& cell_of) {
  return AnyAlternative(*part.clause, [&](const FilterCondition& condition, std::size_t at) {
    const Wanted& wanted = part.wanted[at];
    if (wanted.missing) return false;
    return Holds(condition, cell_of(condition.field), wanted.texts, wanted.numbers) !=
           (condition.op == FilterOperator::kNotIn);
  });
}

recsys::ItemMask ModelFilter::EvaluateRecords(const Part& part, const FilterQuery& query) const {
  recsys::ItemMask out(subjects_.size());
  const RecordTable* records = Records();
  std::size_t at = 0;
  for (const auto& alternative : part.clause->alternatives) {
    recsys::ItemMask all(subjects_.size(), true);
    for (const FilterCondition& condition : alternative) {
      const Wanted& wanted = part.wanted[at++];
      recsys::ItemMask holds(subjects_.size());
      const RecordTable::Column* column =
          records != nullptr && !wanted.missing ? records->FindColumn(condition.field) : nullptr;
      // Each different text is looked at once.
      std::vector<bool> text_holds;
      if (column != nullptr && !column->is_number) {
        for (std::size_t code = 0; code < column->texts.size(); ++code) {
          text_holds.push_back(TextIsIn(column->texts[code], condition.joined, wanted.texts));
        }
      }
      for (std::uint32_t subject = 0; column != nullptr && subject < row_of_.size(); ++subject) {
        const std::uint32_t row = row_of_[subject];
        if (row == RecordTable::kNone) continue;
        bool is_in = false;
        if (column->is_number) {
          is_in = Holds(condition, {.text = std::nullopt, .number = column->numbers[row]},
                        wanted.texts, wanted.numbers);
        } else if (column->codes[row] != RecordTable::kNone) {
          is_in = text_holds[column->codes[row]];
        }
        if (is_in) holds.Set(subject);
      }
      if (condition.op == FilterOperator::kNotIn && !wanted.missing) holds.Complement();
      all.And(holds);
    }
    out.Or(all);
  }
  if (const NewerRecords* newer = Newer(query)) {
    newer->ForEach([&](const std::string& id, const ValueMap& columns) {
      const auto subject = subjects_.Find(id);
      if (!subject) return;
      const bool matches =
          MatchesRecord(part, [&](const std::string& field) { return CellOf(columns, field); });
      if (matches) {
        out.Set(*subject);
      } else {
        out.Clear(*subject);
      }
    });
  }
  return out;
}

std::shared_ptr<const recsys::ItemMask> ModelFilter::RecordsMask(const Part& part,
                                                                 const FilterQuery& query) const {
  const NewerRecords* newer = Newer(query);
  // Read before the records are: what comes meanwhile makes the mask stale, not wrong for ever.
  const std::uint64_t version = newer != nullptr ? newer->version() : 0;
  std::string key = std::to_string(part.clause - filter_.clauses.data());
  for (const Wanted& wanted : part.wanted) {
    key += wanted.missing ? "\n?" : "\n";
    for (const std::string& text : wanted.texts) key += std::to_string(text.size()) + ":" + text;
    for (const double number : wanted.numbers) {
      key.append(reinterpret_cast<const char*>(&number), sizeof number);
    }
  }
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(kept_, key, &Kept::key);
    if (found != kept_.end() && found->version == version) {
      kept_.splice(kept_.begin(), kept_, found);
      return found->mask;
    }
  }
  auto mask = std::make_shared<const recsys::ItemMask>(EvaluateRecords(part, query));
  const std::lock_guard lock(mutex_);
  kept_.remove_if([&](const Kept& other) { return other.key == key; });
  kept_.push_front({.key = std::move(key), .version = version, .mask = mask});
  const std::size_t room = kMaxKeptBytes / (subjects_.size() / 8 + 1);
  if (kept_.size() > std::clamp(room, kMinKept, kMaxKept)) kept_.pop_back();
  return mask;
}

ModelFilter::Deeds ModelFilter::DeedsOf(const FilterQuery& query) const {
  Deeds deeds;
  const auto number_of = [&](const std::string& type) {
    const auto found = std::ranges::find(deeds.types, type);
    const auto number = static_cast<std::uint32_t>(found - deeds.types.begin());
    if (found == deeds.types.end()) deeds.types.push_back(type);
    return number;
  };
  if (const HistoryIndex* histories = sources_.histories.get()) {
    std::vector<std::uint32_t> numbers;
    for (const std::string& type : histories->types())
      numbers.push_back(number_of(AsciiLower(type)));
    const auto number_at = [&](std::uint32_t type) {
      return type == HistoryIndex::kNoType ? number_of("") : numbers[type];
    };
    if (filter_.target() == FilterTarget::kItems) {
      if (const auto user = histories->users().Find(query.user_id)) {
        for (const HistoryIndex::Pair& pair : histories->Of(*user)) {
          const std::uint32_t subject = subject_of_[pair.item];
          if (subject != RecordTable::kNone) deeds.list.push_back({subject, number_at(pair.type)});
        }
      }
    } else if (const auto item = histories->items().Find(query.item_id)) {
      for (std::uint32_t user = 0; user < histories->users().size(); ++user) {
        if (subject_of_[user] == RecordTable::kNone) continue;
        for (const HistoryIndex::Pair& pair : histories->Of(user)) {
          if (pair.item == *item) deeds.list.push_back({subject_of_[user], number_at(pair.type)});
        }
      }
    }
  }
  if (query.newer_events) {
    query.newer_events([&](std::string_view item, std::string_view type) {
      if (const auto subject = subjects_.Find(item)) {
        deeds.list.push_back({*subject, number_of(AsciiLower(type))});
      }
    });
  }
  std::ranges::sort(deeds.list);
  return deeds;
}

// Of each condition, whether each type is one that it names.
std::vector<std::vector<bool>> ModelFilter::TypesWanted(const Part& part, const Deeds& deeds) {
  std::vector<std::vector<bool>> of_type;
  for (const Wanted& wanted : part.wanted) {
    std::vector<bool>& named = of_type.emplace_back();
    for (const std::string& type : deeds.types) {
      named.push_back(wanted.anything ||
                      std::ranges::find(wanted.texts, type) != wanted.texts.end());
    }
  }
  return of_type;
}

bool ModelFilter::MatchesDeeds(const Part& part, std::span<const Deed> deeds,
                               const std::vector<std::vector<bool>>& of_type) {
  return AnyAlternative(*part.clause, [&](const FilterCondition& condition, std::size_t at) {
    if (part.wanted[at].missing) return false;
    const bool done =
        std::ranges::any_of(deeds, [&](const Deed& deed) { return bool{of_type[at][deed.type]}; });
    return done != (condition.op == FilterOperator::kNotIn);
  });
}

void ModelFilter::EvaluateDeeds(const Part& part, const Deeds& deeds, recsys::ItemMask& out) const {
  const auto of_type = TypesWanted(part, deeds);
  out.Reset(subjects_.size(), MatchesDeeds(part, {}, of_type));
  for (std::size_t begin = 0, end = 0; begin < deeds.list.size(); begin = end) {
    const std::uint32_t subject = deeds.list[begin].subject;
    while (end < deeds.list.size() && deeds.list[end].subject == subject) ++end;
    if (MatchesDeeds(part, std::span(deeds.list).subspan(begin, end - begin), of_type)) {
      out.Set(subject);
    } else {
      out.Clear(subject);
    }
  }
}

Result<void> ModelFilter::Select(const FilterQuery& query, recsys::ItemMask& out) const {
  const auto parts = PartsOf(query);
  if (!parts) return parts.error();
  std::optional<Deeds> deeds;
  if (filter_.Uses(FilterDataset::kInteractions)) deeds = DeedsOf(query);
  const bool includes =
      std::ranges::any_of(*parts, [](const Part& p) { return p.clause->include; });
  out.Reset(subjects_.size(), !includes);
  recsys::ItemMask by_deeds;
  for (const bool include : {true, false}) {
    for (const Part& part : *parts) {
      if (part.clause->include != include) continue;
      std::shared_ptr<const recsys::ItemMask> by_records;
      if (part.clause->dataset == FilterDataset::kInteractions) {
        EvaluateDeeds(part, *deeds, by_deeds);
      } else {
        by_records = RecordsMask(part, query);
      }
      const recsys::ItemMask& matches = by_records ? *by_records : by_deeds;
      if (include) {
        out.Or(matches);
      } else {
        out.Without(matches);
      }
    }
  }
  return {};
}

bool ModelFilter::RecordMatches(const Part& part, const FilterQuery& query,
                                const std::string& id) const {
  bool matches = false;
  const NewerRecords* newer = Newer(query);
  const bool is_newer = newer != nullptr && newer->Visit(id, [&](const ValueMap& columns) {
    matches = MatchesRecord(part, [&](const std::string& field) { return CellOf(columns, field); });
  });
  if (is_newer) return matches;
  const RecordTable* records = Records();
  const auto row = records != nullptr ? records->Find(id) : std::nullopt;
  return MatchesRecord(part, [&](const std::string& field) {
    return row ? records->CellOf(*row, field) : FilterCell{};
  });
}

bool ModelFilter::DeedsMatchUnknown(const Part& part, const FilterQuery& query,
                                    const std::string& id) const {
  Deeds deeds;
  const auto add = [&](std::string_view type) {
    deeds.list.push_back({0, static_cast<std::uint32_t>(deeds.types.size())});
    deeds.types.push_back(AsciiLower(type));
  };
  if (const HistoryIndex* histories = sources_.histories.get()) {
    const auto user = histories->users().Find(query.user_id);
    const auto item = histories->items().Find(id);
    if (user && item) {
      for (const HistoryIndex::Pair& pair : histories->Of(*user)) {
        if (pair.item != *item) continue;
        add(pair.type == HistoryIndex::kNoType ? "" : histories->types()[pair.type]);
      }
    }
  }
  if (query.newer_events) {
    query.newer_events([&](std::string_view item, std::string_view type) {
      if (item == id) add(type);
    });
  }
  return MatchesDeeds(part, deeds.list, TypesWanted(part, deeds));
}

Result<std::vector<bool>> ModelFilter::SelectOf(const FilterQuery& query,
                                                std::span<const std::string> ids) const {
  recsys::ItemMask known;
  if (auto selected = Select(query, known); !selected) return selected.error();
  const auto parts = PartsOf(query);
  if (!parts) return parts.error();
  const bool includes =
      std::ranges::any_of(*parts, [](const Part& p) { return p.clause->include; });
  std::vector<bool> may;
  for (const std::string& id : ids) {
    if (const auto subject = subjects_.Find(id)) {
      may.push_back(known.Has(*subject));
      continue;
    }
    bool allowed = !includes;
    bool excluded = false;
    for (const Part& part : *parts) {
      const bool matches = part.clause->dataset == FilterDataset::kInteractions
                               ? DeedsMatchUnknown(part, query, id)
                               : RecordMatches(part, query, id);
      (part.clause->include ? allowed : excluded) |= matches;
    }
    may.push_back(allowed && !excluded);
  }
  return may;
}

}  // namespace usher::engine
