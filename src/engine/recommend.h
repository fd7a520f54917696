// Batch recommendation: JSON lines in, JSON lines out, all cores.
//
// Input lines:  {"userId":"4638"}, for ranking recipes {"userId":"891","itemList":["27","886"]}.
// Output lines: {"input":{…},"output":{"recommendedItems":[…],"scores":[…]},"error":null} in the
//               order of the input. A line that cannot be answered keeps its input, has
//               "output":null and says why in "error"; the others are answered all the same.
// Popularity has no "scores". Ranked items that the model does not know come last, with score 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/explore.h"
#include "engine/model_filter.h"
#include "engine/model_folder.h"
#include "engine/one_user.h"
#include "engine/user_events.h"

namespace usher::engine {

inline constexpr std::size_t kMaxNumResults = 500;
inline constexpr std::size_t kMaxRankingList = 500;
inline constexpr std::size_t kMaxRecentItems = 1000;        // of a user, the newest
inline constexpr std::size_t kMaxIdBytes = 1024;            // 256 characters of UTF-8
inline constexpr std::size_t kMaxBatchLineBytes = 1 << 20;  // of one input line

// The situation of a request: a value for each of some context columns. Values that the training
// data did not have change nothing.
using RequestContext = std::map<std::string, std::string, std::less<>>;

struct BatchOptions {
  std::size_t num_results = 25;  // 1 to kMaxNumResults
  bool exclude_seen = true;
  RequestContext context;  // of all users
  // Over the model's items (of segments: its users): others are left out of each answer. A line's
  // `filterValues` are its values. nullptr: none.
  const ModelFilter* filter = nullptr;
  // What users did since the training, for recipes that answer for users. nullptr: nothing.
  const UserEvents* events = nullptr;
  // Of this model; not for ranking recipes. nullptr: the greedy lists.
  const Explorer* explorer = nullptr;
  std::uint64_t exploration_seed = 1;             // with the user's id it decides what is explored
  std::size_t threads = 0;                        // 0: as many as the machine has
  std::function<void(double fraction)> progress;  // from the calling thread; may be empty
  std::stop_token stop;
};

struct BatchCounts {
  std::uint64_t lines = 0;
  std::uint64_t failed = 0;
};

// Takes whole output lines (each with its '\n'), in order.
using LineSink = std::function<Result<void>(std::string_view lines)>;

// One input line after another from a file; an empty last line is no query.
// Errors: kInvalidInput for options; kNotFound, kInternal from the file; what the sink says;
// kCancelled after a stop request.
Result<BatchCounts> RecommendFile(const LoadedModel& model, const std::string& input_path,
                                  const BatchOptions& options, const LineSink& sink);

// A list of user ids; not for ranking recipes.
Result<BatchCounts> RecommendUsers(const LoadedModel& model, std::span<const std::string> user_ids,
                                   const BatchOptions& options, const LineSink& sink);

// Every user of the training data, in the order of the vocabulary.
Result<BatchCounts> RecommendAllUsers(const LoadedModel& model, const BatchOptions& options,
                                      const LineSink& sink);

// One answer, for the real-time calls. Scores are absent where the recipe or the item has none.
struct AnsweredItem {
  std::string_view id;  // lives as long as the model or the request's list
  std::optional<float> score;
  float propensity = 1;   // probability of being in the answer, under exploration
  bool explored = false;  // would not be there without
};

// The numbers of a request's context, for UserQuery.context. Errors: kInvalidInput for a column
// that the model was not trained with.
Result<std::vector<std::uint32_t>> FindContext(const recsys::Model& model,
                                               const RequestContext& context);

struct Exploration {
  const Explorer& explorer;  // of the same model
  std::uint64_t seed = 0;    // the same seed gives the same answer
};

// With recent events the user's factors are folded in, so that new users have a personal answer at
// once. Errors: kInvalidInput for a ranking model, events that CheckEvents refuses, num_results
// over the limit or a context column that the model was not trained with. With `allowed`, a set of
// the model's items, the answer is the best of those.
Result<std::vector<AnsweredItem>> RecommendOne(const LoadedModel& model, std::string_view user_id,
                                               const RecentEvents& recent, std::size_t num_results,
                                               bool exclude_seen,
                                               const Exploration* exploration = nullptr,
                                               const RequestContext& context = {},
                                               const recsys::ItemMask* allowed = nullptr);

// Personalized ranking. Items that the model does not know come last, without a score, in the
// order of the list. Errors: kInvalidInput for another recipe, an empty list or one over the limit,
// and a context column that the model was not trained with.
Result<std::vector<AnsweredItem>> RankOne(const LoadedModel& model, std::string_view user_id,
                                          const RecentEvents& recent,
                                          std::span<const std::string> list,
                                          const RequestContext& context = {});

}  // namespace usher::engine
