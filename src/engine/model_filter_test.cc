#include "engine/model_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/random.h"
#include "base/temp_folder.h"
#include "base/text.h"
#include "engine/row_file.h"

namespace usher::engine {
namespace {

using columnar::ColumnSpec;
using columnar::ColumnType;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Record {
  std::optional<std::string> genres;
  std::optional<double> price;
};
struct Event {
  std::string user;
  std::string item;
  std::string type;
};

class NewRecords final : public NewerRecords {
 public:
  void Put(const std::string& id, const Record& record) {
    ValueMap columns;
    if (record.genres) columns.Set("GENRES", *record.genres);
    if (record.price) columns.Set("PRICE", *record.price);
    records_[id] = columns;
    ++version_;
  }
  std::uint64_t version() const override { return version_; }
  bool Visit(std::string_view id,
             const std::function<void(const ValueMap&)>& visit) const override {
    const auto found = records_.find(std::string(id));
    if (found == records_.end()) return false;
    visit(found->second);
    return true;
  }
  void ForEach(
      const std::function<void(const std::string& id, const ValueMap&)>& visit) const override {
    for (const auto& [id, columns] : records_) visit(id, columns);
  }

 private:
  std::map<std::string, ValueMap> records_;
  std::uint64_t version_ = 0;
};

// Items i0 … of a model and what is known of them and of users; rows of the files and newer ones.
class ModelFilterTest : public testing::Test {
 protected:
  static FilterSchema Schema() {
    using Type = FilterField::Type;
    return {.interactions = {{{.name = "EVENT_TYPE"}}},
            .items = {{{.name = "GENRES", .categorical = true},
                       {.name = "PRICE", .type = Type::kNumber}}},
            .users = {{{.name = "PRICE", .type = Type::kNumber}, {.name = "GENRES"}}}};
  }

  std::shared_ptr<const RecordTable> Table(const std::map<std::string, Record>& records,
                                           const std::string& id_column) {
    const std::string path = folder_.path() + "/" + id_column + ".parquet";
    auto file = RowFile::Create(path, {{id_column, ColumnType::kString, false},
                                       {"GENRES", ColumnType::kString, true},
                                       {"PRICE", ColumnType::kDouble, true}});
    for (const auto& [id, record] : records) {
      const std::vector<Value> row{Value(id), record.genres ? Value(*record.genres) : Value(),
                                   record.price ? Value(*record.price) : Value()};
      EXPECT_TRUE((*file)->Add(row));
    }
    EXPECT_TRUE((*file)->Finish());
    auto table = RecordTable::Load(path, id_column);
    EXPECT_TRUE(table) << table.error().message;
    return *table;
  }

  std::shared_ptr<const HistoryIndex> Histories(const std::vector<Event>& events) {
    const std::string path = folder_.path() + "/interactions.parquet";
    auto file = RowFile::Create(path, {{"USER_ID", ColumnType::kString, false},
                                       {"ITEM_ID", ColumnType::kString, false},
                                       {"TIMESTAMP", ColumnType::kInt64, false},
                                       {"EVENT_TYPE", ColumnType::kString, false}});
    for (const Event& event : events) {
      const std::vector<Value> row{Value(event.user), Value(event.item), Value(std::int64_t{1}),
                                   Value(event.type)};
      EXPECT_TRUE((*file)->Add(row));
    }
    EXPECT_TRUE((*file)->Finish());
    auto index = HistoryIndex::Load({path});
    EXPECT_TRUE(index) << index.error().message;
    return *index;
  }

  void Make(const std::string& text) {
    auto parsed = ParseFilter(text);
    ASSERT_TRUE(parsed) << parsed.error().message;
    auto bound = BindFilter(*std::move(parsed), Schema());
    ASSERT_TRUE(bound) << bound.error().message;
    filter_ = std::make_unique<ModelFilter>(*std::move(bound), names_, sources_);
  }

  FilterQuery Query(const std::string& user, const FilterValues* values = nullptr) {
    FilterQuery query{.user_id = user,
                      .item_id = current_,
                      .values = values,
                      .newer_items = &newer_,
                      .newer_users = nullptr,
                      .newer_events = {}};
    query.newer_events = [this, user](const auto& visit) {
      for (const Event& event : newer_events_) {
        if (event.user == user) visit(event.item, event.type);
      }
    };
    return query;
  }

  std::vector<std::string> Select(const std::string& user, const FilterValues& values = {}) {
    recsys::ItemMask mask;
    const auto selected = filter_->Select(Query(user, &values), mask);
    EXPECT_TRUE(selected) << selected.error().message;
    std::vector<std::string> items;
    if (selected) mask.ForEach([&](std::uint32_t item) { items.emplace_back(names_[item]); });
    return items;
  }
  std::string Complaint(const FilterValues& values) {
    recsys::ItemMask mask;
    const auto selected = filter_->Select(Query("u", &values), mask);
    return selected ? "" : selected.error().message;
  }

  // i0: a|b for 1; i1: b for 2; i2: nothing known; i3: c for 3.
  void FourItems() {
    names_ = recsys::Vocabulary(std::vector<std::string>{"i0", "i1", "i2", "i3"});
    sources_.items = Table({{"i0", {"a|b", 1}}, {"i1", {"b", 2}}, {"i3", {"c", 3}}}, "ITEM_ID");
    sources_.users = Table({{"u", {"gold", 30}}}, "USER_ID");
    sources_.histories =
        Histories({{"u", "i0", "Click"}, {"u", "i3", "buy"}, {"u", "gone", "buy"}});
  }

  TempFolder folder_;
  recsys::Vocabulary names_;
  FilterSources sources_;
  NewRecords newer_;
  std::vector<Event> newer_events_;
  std::string current_;
  std::unique_ptr<ModelFilter> filter_;
};

TEST_F(ModelFilterTest, LooksAtEachOfJoinedValues) {
  FourItems();
  Make(R"(INCLUDE ItemID WHERE Items.GENRES IN ("b"))");
  EXPECT_THAT(Select("u"), ElementsAre("i0", "i1"));
  Make(R"(INCLUDE ItemID WHERE Items.GENRES NOT IN ("b"))");
  EXPECT_THAT(Select("u"), ElementsAre("i2", "i3"));
  Make(R"(EXCLUDE ItemID WHERE Items.GENRES IN ("B"))");
  EXPECT_THAT(Select("u"), ElementsAre("i0", "i1", "i2", "i3"));
}

TEST_F(ModelFilterTest, ComparesNumbersAndNothingIsNoNumber) {
  FourItems();
  Make("INCLUDE ItemID WHERE Items.PRICE < 3");
  EXPECT_THAT(Select("u"), ElementsAre("i0", "i1"));
  Make("EXCLUDE ItemID WHERE Items.PRICE >= 2");
  EXPECT_THAT(Select("u"), ElementsAre("i0", "i2"));
  Make("INCLUDE ItemID WHERE Items.PRICE != 2");
  EXPECT_THAT(Select("u"), ElementsAre("i0", "i2", "i3"));
}

TEST_F(ModelFilterTest, EventTypesHaveNoCaseAndTheWholeHistoryCounts) {
  FourItems();
  Make(R"(EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("CLICK"))");
  EXPECT_THAT(Select("u"), ElementsAre("i1", "i2", "i3"));
  EXPECT_THAT(Select("somebody"), ElementsAre("i0", "i1", "i2", "i3"));
  newer_events_ = {{"u", "i1", "click"}, {"u", "unknown", "click"}, {"v", "i2", "click"}};
  EXPECT_THAT(Select("u"), ElementsAre("i2", "i3"));
  Make("INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (*)");
  EXPECT_THAT(Select("u"), ElementsAre("i0", "i1", "i3"));
  EXPECT_THAT(Select("somebody"), IsEmpty());
}

TEST_F(ModelFilterTest, IncludesThenExcludesWhateverTheOrder) {
  FourItems();
  for (const char* text :
       {R"(INCLUDE ItemID WHERE Items.GENRES IN ("b") | INCLUDE ItemID WHERE
                              Items.PRICE = 3 | EXCLUDE ItemID WHERE Items.PRICE = 2)",
        R"(EXCLUDE ItemID WHERE Items.PRICE = 2 | INCLUDE ItemID WHERE Items.PRICE
                              = 3 | INCLUDE ItemID WHERE Items.GENRES IN ("b"))"}) {
    Make(text);
    EXPECT_THAT(Select("u"), ElementsAre("i0", "i3"));
  }
}

TEST_F(ModelFilterTest, APartWhoseIfDoesNotHoldDoesNothing) {
  FourItems();
  Make("EXCLUDE ItemID WHERE Items.PRICE > 1 IF CurrentUser.PRICE = $AGE");
  EXPECT_THAT(Select("u", {{"AGE", "30"}}), ElementsAre("i0", "i2"));
  EXPECT_THAT(Select("u", {{"AGE", "31"}}), ElementsAre("i0", "i1", "i2", "i3"));
  EXPECT_THAT(Select("u"), ElementsAre("i0", "i1", "i2", "i3")) << "no value, no part";
  EXPECT_THAT(Select("somebody", {{"AGE", "30"}}), ElementsAre("i0", "i1", "i2", "i3"));
  Make(R"(INCLUDE ItemID WHERE Items.PRICE > 1 IF CurrentUser.GENRES != "gold")");
  EXPECT_THAT(Select("u"), ElementsAre("i0", "i1", "i2", "i3"));
}

TEST_F(ModelFilterTest, NewerRecordsReplaceWholeOnes) {
  FourItems();
  Make(R"(INCLUDE ItemID WHERE Items.GENRES IN ("b"))");
  EXPECT_THAT(Select("u"), ElementsAre("i0", "i1"));
  newer_.Put("i1", {std::nullopt, 2});
  newer_.Put("i2", {"b", std::nullopt});
  EXPECT_THAT(Select("u"), ElementsAre("i0", "i2"));
}

TEST_F(ModelFilterTest, TheCurrentItemGivesItsValues) {
  FourItems();
  Make(
      "INCLUDE ItemID WHERE Items.GENRES IN CurrentItem.GENRES AND Items.PRICE > "
      "CurrentItem.PRICE");
  current_ = "i0";
  EXPECT_THAT(Select("u"), ElementsAre("i1"));
  current_ = "nowhere";
  EXPECT_THAT(Select("u"), IsEmpty());
}

TEST_F(ModelFilterTest, SaysWhatIsWrongWithValues) {
  FourItems();
  Make("INCLUDE ItemID WHERE Items.PRICE < $P | EXCLUDE ItemID WHERE Items.GENRES IN ($G)");
  EXPECT_THAT(Complaint({}), HasSubstr("lacks a value for the placeholder $P"));
  EXPECT_THAT(Complaint({{"P", "\"cheap\""}}), HasSubstr("\"cheap\" is no number"));
  EXPECT_THAT(Complaint({{"P", "1,2"}}), HasSubstr("has several values"));
  EXPECT_THAT(Complaint({{"P", "1"}, {"X", "1"}}), HasSubstr("no placeholder $X; it has $P, $G"));
  EXPECT_THAT(Complaint({{"P", "1"}, {"G", "\"a"}}), HasSubstr("does not end"));
  EXPECT_THAT(Select("u", {{"P", "9"}}), ElementsAre("i0", "i1", "i3"))
      << "what has no value excludes nothing";
}

TEST_F(ModelFilterTest, JudgesItemsThatTheModelDoesNotKnow) {
  FourItems();
  newer_.Put("fresh", {"a", 1});
  newer_events_ = {{"u", "fresh", "click"}};
  Make(R"(INCLUDE ItemID WHERE Items.GENRES IN ("a"))");
  const std::vector<std::string> ids{"i0", "i1", "fresh", "nowhere"};
  EXPECT_THAT(*filter_->SelectOf(Query("u"), ids), ElementsAre(true, false, true, false));
  Make(R"(EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click", "buy"))");
  const std::vector<std::string> met{"i0", "i1", "fresh", "gone"};
  EXPECT_THAT(*filter_->SelectOf(Query("u"), met), ElementsAre(false, true, false, false));
}

TEST_F(ModelFilterTest, AFilterOfUsersAsksWhatTheyDidWithTheItem) {
  FourItems();
  names_ = recsys::Vocabulary(std::vector<std::string>{"u", "v"});
  Make(R"(EXCLUDE UserID WHERE Interactions.EVENT_TYPE IN ("click"))");
  current_ = "i0";
  EXPECT_THAT(Select(""), ElementsAre("v"));
  current_ = "i3";
  EXPECT_THAT(Select(""), ElementsAre("u", "v"));
  Make("INCLUDE UserID WHERE Users.PRICE > 20");
  EXPECT_THAT(Select(""), ElementsAre("u"));
}

// Random filters over random rows, against a reading of the same text that evaluates every item by
// itself.
class Twin {
 public:
  struct Condition {
    std::string kind;  // "genre", "price", "event"
    std::string op;    // "IN", "NOT IN", "<", ">="
    std::vector<std::string> values;
  };
  struct Clause {
    bool include = false;
    std::vector<std::vector<Condition>> alternatives;
  };

  static bool Holds(const Condition& condition, const Record* record,
                    const std::set<std::string>& types) {
    std::set<std::string> have;
    if (condition.kind == "event") have = types;
    if (condition.kind == "genre" && record != nullptr && record->genres) {
      for (const auto part : Split(*record->genres, '|')) have.insert(std::string(part));
    }
    if (condition.kind == "price") {
      if (record == nullptr || !record->price) return false;
      const double with = std::stod(condition.values.front());
      return condition.op == "<" ? *record->price < with : *record->price >= with;
    }
    const bool in = std::ranges::any_of(
        condition.values, [&](const std::string& value) { return have.contains(value); });
    return in == (condition.op == "IN");
  }

  static bool Allows(const std::vector<Clause>& clauses, const Record* record,
                     const std::set<std::string>& types) {
    bool has_include = false;
    bool included = false;
    bool excluded = false;
    for (const Clause& clause : clauses) {
      bool matches = false;
      for (const auto& alternative : clause.alternatives) {
        bool all = true;
        for (const Condition& condition : alternative) all = all && Holds(condition, record, types);
        matches = matches || all;
      }
      has_include = has_include || clause.include;
      (clause.include ? included : excluded) |= matches;
    }
    return (!has_include || included) && !excluded;
  }

  static std::string TextOf(const std::vector<Clause>& clauses) {
    std::string text;
    for (const Clause& clause : clauses) {
      if (!text.empty()) text += " | ";
      text += clause.include ? "INCLUDE ItemID WHERE " : "EXCLUDE ItemID WHERE ";
      for (std::size_t a = 0; a < clause.alternatives.size(); ++a) {
        if (a > 0) text += " OR ";
        for (std::size_t c = 0; c < clause.alternatives[a].size(); ++c) {
          if (c > 0) text += " AND ";
          const Condition& condition = clause.alternatives[a][c];
          text += condition.kind == "event"   ? "Interactions.EVENT_TYPE "
                  : condition.kind == "genre" ? "Items.GENRES "
                                              : "Items.PRICE ";
          text += condition.op + " ";
          if (condition.kind == "price") {
            text += condition.values.front();
            continue;
          }
          text += "(";
          for (std::size_t v = 0; v < condition.values.size(); ++v) {
            text += (v > 0 ? ",\"" : "\"") + condition.values[v] + "\"";
          }
          text += ")";
        }
      }
    }
    return text;
  }
};

TEST_F(ModelFilterTest, AgreesWithAReadingItemByItem) {
  Random random(7);
  const auto pick = [&](std::size_t n) { return static_cast<std::size_t>(random.Below(n)); };
  constexpr std::size_t kItems = 150;
  const std::vector<std::string> genres{"a", "b", "c", "d"};
  const std::vector<std::string> types{"click", "buy", "view"};
  std::vector<std::string> ids;
  std::map<std::string, Record> records;
  std::vector<Event> events;
  for (std::size_t i = 0; i < kItems; ++i) {
    ids.push_back("i" + std::to_string(i));
    if (pick(10) == 0) continue;
    Record record;
    for (const std::string& genre : genres) {
      if (pick(3) == 0) record.genres = record.genres ? *record.genres + "|" + genre : genre;
    }
    if (pick(4) != 0) record.price = static_cast<double>(pick(10));
    records[ids.back()] = record;
  }
  for (int e = 0; e < 400; ++e) {
    events.push_back({"u" + std::to_string(pick(5)), ids[pick(kItems)], types[pick(3)]});
  }
  names_ = recsys::Vocabulary(ids);
  sources_.items = Table(records, "ITEM_ID");
  sources_.histories = Histories(std::vector<Event>(events.begin(), events.begin() + 200));
  newer_events_.assign(events.begin() + 200, events.end());

  for (int round = 0; round < 300; ++round) {
    const std::string changed = ids[pick(kItems)];
    records[changed] = {genres[pick(4)], static_cast<double>(pick(10))};
    newer_.Put(changed, records[changed]);

    std::vector<Twin::Clause> clauses(1 + pick(3));
    for (Twin::Clause& clause : clauses) {
      clause.include = pick(2) == 0;
      const bool on_events = pick(2) == 0;
      clause.alternatives.resize(1 + pick(2));
      for (auto& alternative : clause.alternatives) {
        for (std::size_t c = 1 + pick(2); c > 0; --c) {
          Twin::Condition& condition = alternative.emplace_back();
          condition.kind = on_events ? "event" : pick(2) == 0 ? "genre" : "price";
          if (condition.kind == "price") {
            condition.op = pick(2) == 0 ? "<" : ">=";
            condition.values = {std::to_string(pick(10))};
            continue;
          }
          condition.op = pick(3) == 0 ? "NOT IN" : "IN";
          for (std::size_t v = 1 + pick(2); v > 0; --v) {
            condition.values.push_back(on_events ? types[pick(3)] : genres[pick(4)]);
          }
        }
      }
    }
    const std::string user = "u" + std::to_string(pick(5));
    std::vector<std::string> expected;
    for (const std::string& id : ids) {
      std::set<std::string> done;
      for (const Event& event : events) {
        if (event.user == user && event.item == id) done.insert(event.type);
      }
      const auto record = records.find(id);
      if (Twin::Allows(clauses, record == records.end() ? nullptr : &record->second, done)) {
        expected.push_back(id);
      }
    }
    const std::string text = Twin::TextOf(clauses);
    Make(text);
    ASSERT_EQ(Select(user), expected) << text << " for " << user;
    ASSERT_EQ(Select(user), expected) << "the second time, from what was kept: " << text;
    std::vector<bool> may(ids.size(), false);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      may[i] = std::ranges::find(expected, ids[i]) != expected.end();
    }
    ASSERT_EQ(*filter_->SelectOf(Query(user), ids), may) << text;
  }
}

}  // namespace
}  // namespace usher::engine
