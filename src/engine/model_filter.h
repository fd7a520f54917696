// ModelFilter: a filter over the items of one model (or, for a filter of users, over its users):
// which of them an answer may hold.
//
// Source:  Amazon Personalize developer guide, "Filter expressions".
// Meaning: INCLUDE parts let in what matches one of them, all when there is none that applies;
//          EXCLUDE parts take out what matches one of them; their order does not matter. A part
//          whose IF does not hold, or that has no values for a condition, does nothing.
// Values:  IN on a categorical field holds when one of the values that '|' joins is in the list;
//          NOT IN when IN does not, also where there is no value. Other comparisons do not hold
//          where there is no number.
// Events:  a filter of items asks what the user of the query did with an item: IN when one of the
//          events is of a type in the list, NOT IN when none is, also without any event. A filter
//          of users asks the same of the item of the query.
// Cost:    a part on records is evaluated once for the same values (O(catalogue)) and kept until
//          records change: afterwards some microseconds for 100,000 items; a part on events
//          O(events of the user).
// Threads: safe from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "engine/filter_data.h"
#include "engine/filter_expression.h"
#include "recsys/ranking/item_mask.h"

namespace usher::engine {

// The rows of a dataset group's datasets, as far as the filter looks at them; nullptr: none.
struct FilterSources {
  std::shared_ptr<const RecordTable> items;
  std::shared_ptr<const RecordTable> users;
  std::shared_ptr<const HistoryIndex> histories;
};

using FilterValues = std::map<std::string, std::string>;  // by placeholder, as a request gives them

struct FilterQuery {
  std::string_view user_id;              // who asks; of a filter of users nobody
  std::string_view item_id;              // the current item, or the item for which users are wanted
  const FilterValues* values = nullptr;  // nullptr: none
  // What came after the sources; nullptr, or empty: nothing.
  const NewerRecords* newer_items = nullptr;
  const NewerRecords* newer_users = nullptr;
  // Calls the function with item and type of each newer event of the query's user.
  std::function<void(const std::function<void(std::string_view item, std::string_view type)>&)>
      newer_events;
};

class ModelFilter {
 public:
  // `filter` is bound; `subjects` are the model's items (or users) and must outlive this.
  ModelFilter(FilterExpression filter, const recsys::Vocabulary& subjects, FilterSources sources);

  [[nodiscard]] const FilterExpression& expression() const { return filter_; }

  // Overwrites `out` with those that may be in the answer. Errors: kInvalidInput when a value is
  // missing in an INCLUDE part, unknown, no number where one must be, or more than one where one
  // must be.
  Result<void> Select(const FilterQuery& query, recsys::ItemMask& out) const;

  // Whether each of the ids may be in the answer, also of those that the model does not know.
  Result<std::vector<bool>> SelectOf(const FilterQuery& query,
                                     std::span<const std::string> ids) const;

 private:
  // The values of a condition, for one query.
  struct Wanted {
    bool missing = false;   // nothing matches
    bool anything = false;  // any event type
    std::vector<std::string> texts;
    std::vector<double> numbers;
  };
  // An applying part with the values of its conditions, in their order.
  struct Part {
    const FilterClause* clause = nullptr;
    std::vector<Wanted> wanted;
  };
  // What was done with one subject by an event of one type.
  struct Deed {
    std::uint32_t subject = 0;
    std::uint32_t type = 0;  // in Deeds::types
    auto operator<=>(const Deed&) const = default;
  };
  struct Deeds {
    std::vector<std::string> types;  // in lower case
    std::vector<Deed> list;          // by subject
  };

  Result<std::vector<Part>> PartsOf(const FilterQuery& query) const;
  Result<Wanted> WantedOf(const FilterClause& clause, const FilterCondition& condition,
                          const FilterQuery& query) const;
  Result<bool> Applies(const FilterClause& clause, const FilterQuery& query) const;
  [[nodiscard]] const RecordTable* Records() const;
  [[nodiscard]] const NewerRecords* Newer(const FilterQuery& query) const;

  std::shared_ptr<const recsys::ItemMask> RecordsMask(const Part& part,
                                                      const FilterQuery& query) const;
  [[nodiscard]] recsys::ItemMask EvaluateRecords(const Part& part, const FilterQuery& query) const;
  void EvaluateDeeds(const Part& part, const Deeds& deeds, recsys::ItemMask& out) const;
  [[nodiscard]] Deeds DeedsOf(const FilterQuery& query) const;
  // Of an id that the model may not know.
  [[nodiscard]] bool RecordMatches(const Part& part, const FilterQuery& query,
                                   const std::string& id) const;
  [[nodiscard]] bool DeedsMatchUnknown(const Part& part, const FilterQuery& query,
                                       const std::string& id) const;

  template <typename CellOfField>
  static bool MatchesRecord(const Part& part, const CellOfField& cell_of);
  static bool MatchesDeeds(const Part& part, std::span<const Deed> deeds,
                           const std::vector<std::vector<bool>>& of_type);
  static std::vector<std::vector<bool>> TypesWanted(const Part& part, const Deeds& deeds);

  const FilterExpression filter_;
  const recsys::Vocabulary& subjects_;
  const FilterSources sources_;
  std::vector<std::uint32_t> row_of_;      // of each subject in the records
  std::vector<std::uint32_t> subject_of_;  // of each item (or user) of the histories

  struct Kept {
    std::string key;
    std::uint64_t version = 0;  // of the newer records
    std::shared_ptr<const recsys::ItemMask> mask;
  };
  mutable std::mutex mutex_;
  mutable std::list<Kept> kept_;  // guarded; the latest used first
};

}  // namespace usher::engine
