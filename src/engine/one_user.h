// OneUser: a user with what they did lately, as a query.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/model_folder.h"
#include "recsys/model.h"

namespace usher::engine {

// What a user did since the training.
struct RecentEvents {
  std::span<const std::string> items;   // ids, oldest first; unknown ones do not count
  std::span<const std::int64_t> times;  // Unix seconds, one for each item; or empty: they are taken
                                        // to follow at once what the model knows of the user
};

// Errors: kInvalidInput for times that are not as many as the items.
Result<void> CheckEvents(const RecentEvents& recent);

class OneUser {
 public:
  // The events go in among the user's history by time, each item once, at its first time. Without
  // any that the model did not know, the query names the user. `recent` has been checked; `model`
  // must outlive the query.
  OneUser(const LoadedModel& model, std::string_view user_id, const RecentEvents& recent);
  OneUser(const OneUser&) = delete;
  OneUser& operator=(const OneUser&) = delete;

  recsys::UserQuery query;  // points into this object

 private:
  std::vector<std::uint32_t> history_;
  std::vector<std::uint32_t> times_;
  std::vector<float> weights_;
};

}  // namespace usher::engine
