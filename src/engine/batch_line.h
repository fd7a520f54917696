// One line of a batch: what it asks for, and its answer as a line.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/value.h"
#include "engine/model_filter.h"
#include "engine/recipes.h"
#include "recsys/model.h"

namespace usher::engine {

// What one input line asks for, or why it cannot be answered.
struct BatchLine {
  std::string echo;  // JSON of the input
  std::string error;
  std::string user_id;
  std::vector<std::string> list;  // ranking recipes
  FilterValues filter_values;
  std::vector<std::uint32_t> known;     // items of the list that the model knows
  std::vector<std::uint32_t> known_at;  // their places in the list
};

// The JSON object of an input line; `echo` gets JSON of the input, or as much of a line as a text
// that is none. Errors: what is wrong with the line.
Result<Value> ParseBatchObject(std::string_view line, std::string& echo);

// The id that a line gives. Errors: none, no string or too long.
Result<std::string> IdMember(const Value& query, std::string_view name);

// The line's `filterValues`, a map of texts; none is fine. Errors: another type.
Result<FilterValues> FilterValuesMember(const Value& query);

// Reads an input line. Whatever is wrong with it is in `error`.
[[nodiscard]] BatchLine ParseBatchLine(std::string_view line, RecipeKind kind);

// The line for a user given by id alone.
[[nodiscard]] BatchLine BatchLineOf(std::string user_id);

// The items of a list that the model knows, with their places.
void FindKnown(const recsys::Model& model, std::span<const std::string> list,
               std::vector<std::uint32_t>& known, std::vector<std::uint32_t>& known_at);

// The items of `list` at other places than those of `known_at`, which ascend.
[[nodiscard]] std::vector<std::string_view> UnknownOf(std::span<const std::string> list,
                                                      std::span<const std::uint32_t> known_at);

// Appends {"input":…,"output":{"recommendedItems":[…],"scores":[…]},"error":null} and a line end.
// Listed items that the model does not know come last, with score 0.
void AppendAnswer(const recsys::Model& model, const BatchLine& line,
                  const std::vector<recsys::ScoredItem>& answer, std::string& out);

}  // namespace usher::engine
