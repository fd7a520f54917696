// Answers of the models of engine/item_model.h, one at a time and in batches.
//
// Input lines:  {"itemId":"105"}; for aws-item-attribute-affinity
//               {"itemAttributes":"ITEMS.genres = \"Comedy\" AND ITEMS.year = 1995"}.
// Output lines: {"input":{…},"output":{"recommendedItems":[…]},"error":null} for items like an
//               item; {"input":{…},"output":{"usersList":[…]},"error":null} for users. No scores.
//               A line that cannot be answered has "output":null and says why in "error".
// An item that a related-items model does not know gets popular items; a segment for an item that
// was not trained on is an error of its line.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/recommend.h"

namespace usher::engine {

inline constexpr std::size_t kMaxSegmentUsers = 5'000'000;  // that one line may ask for

// Whether the model answers for items rather than for users.
[[nodiscard]] bool AnswersForItems(const LoadedModel& model);

// The most results that one question to the model may ask for.
[[nodiscard]] std::size_t MaxResults(const LoadedModel& model);

// As RecommendFile, for a model that answers for items.
Result<BatchCounts> AnswerItemFile(const LoadedModel& model, const std::string& input_path,
                                   const BatchOptions& options, const LineSink& sink);

// As RecommendUsers and RecommendAllUsers, for items by id. Errors: kInvalidInput for a model that
// wants attributes.
Result<BatchCounts> AnswerItems(const LoadedModel& model, std::span<const std::string> item_ids,
                                const BatchOptions& options, const LineSink& sink);
Result<BatchCounts> AnswerAllItems(const LoadedModel& model, const BatchOptions& options,
                                   const LineSink& sink);

// Items like `item_id`, without scores; with `allowed`, a set of the model's items, of those alone.
// Errors: kInvalidInput for another model or num_results over the limit.
Result<std::vector<AnsweredItem>> RelatedOne(const LoadedModel& model, std::string_view item_id,
                                             std::size_t num_results,
                                             const recsys::ItemMask* allowed = nullptr);

}  // namespace usher::engine
