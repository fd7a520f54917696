// Why a user is recommended an item, or is not.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/value.h"
#include "engine/model_folder.h"
#include "engine/one_user.h"
#include "engine/recommend.h"
#include "recsys/model.h"

namespace usher::engine {

inline constexpr std::size_t kMaxExplainedEvents = 1000;

struct ExplainOptions {
  std::size_t num_results = 25;  // of the list that the item is looked for in; 1 to kMaxNumResults
  std::size_t top = 10;          // interactions named one by one; up to kMaxExplainedEvents
  bool exclude_seen = true;
  RecentEvents recent;
  std::span<const std::string> exclude;  // ids that a filter leaves out
  RequestContext context = {};           // the situation of the request
};

enum class Standing {
  kShown,     // in the list
  kBelow,     // ranked after the last one shown
  kSeen,      // left out because the user has met it
  kExcluded,  // left out by `exclude`
  kUnknown,   // nobody met it in the training data
};

// One interaction of the user and what it adds to the score.
struct ExplainedEvent {
  std::string_view id;
  double factors = 0;
  double transitions = 0;
};

// One value of the request's context, and what it adds.
struct ExplainedContext {
  std::string column;
  std::string value;
  double adds = 0;
};

struct ItemExplanation {
  std::string user_id;
  std::string item_id;
  bool user_known = false;  // from the training data
  Standing standing = Standing::kUnknown;
  std::size_t num_results = 0;
  // What follows is there for items that the model knows.
  recsys::Explanation::Basis basis = recsys::Explanation::Basis::kHistory;
  double score = 0;                   // by which the list is ordered
  std::optional<double> probability;  // the score that clients see; of a shown item with one
  std::size_t rank = 0;               // where it stands, or would if it were not left out; from 1
  std::string_view last_shown;        // id and score of the end of the list
  double last_score = 0;
  std::vector<ExplainedEvent> because;    // those that add most or take away most, largest first
  std::vector<ExplainedContext> context;  // of the values that the model knows, if it heeds any
  std::size_t others = 0;                 // interactions beside those, and what they add together
  double others_total = 0;
};

// `model` must outlive the answer. Errors: kInvalidInput for options; kUnsupported for a recipe
// that does not answer for users. A context column that the model does not know is kInvalidInput.
Result<ItemExplanation> ExplainItem(const LoadedModel& model, std::string_view user_id,
                                    std::string_view item_id, const ExplainOptions& options);

[[nodiscard]] Value ToValue(const ItemExplanation& explanation);
// For people.
[[nodiscard]] std::string FormatExplanation(const ItemExplanation& explanation);

}  // namespace usher::engine
