// UserEvents: what each user did since a model was trained, from a file of interactions, for
// batches.
//
// Memory:  8 bytes an event beside the ids.
// Threads: immutable once loaded; safe to read from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/event_rules.h"
#include "engine/interactions_file.h"
#include "engine/one_user.h"
#include "recsys/vocabulary/vocabulary.h"

namespace usher::engine {

// Whether a model with these rules learns from an event: `rules` may be empty, which is all types;
// `value_threshold` is for types without one of their own; `value` is NaN where there is none.
[[nodiscard]] bool LearnsFrom(std::span<const EventRule> rules,
                              std::optional<double> value_threshold, std::string_view type,
                              double value);

class UserEvents {
 public:
  // The newest of a user's events, oldest first.
  struct Events {
    std::vector<std::string> items;
    std::vector<std::int64_t> times;  // Unix seconds

    [[nodiscard]] RecentEvents recent() const { return {.items = items, .times = times}; }
  };

  // Of a Parquet file of interactions, those that a model with these rules learns from. Errors:
  // those of LoadInteractions.
  static Result<std::unique_ptr<const UserEvents>> Load(const std::string& path,
                                                        std::span<const EventRule> rules,
                                                        std::optional<double> value_threshold);

  // At most `limit` of them; none of a user whom the file does not know.
  [[nodiscard]] Events Of(std::string_view user_id, std::size_t limit) const;

 private:
  InteractionTable table_;
  recsys::Vocabulary users_;
  std::vector<std::size_t> offsets_;  // one more than users
  std::vector<std::uint32_t> rows_;   // of each user, oldest first
};

}  // namespace usher::engine
