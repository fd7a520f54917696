// RecentEvents of a user for a deployed model: what came by PutEvents and the model would learn
// from.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/one_user.h"
#include "services/personalize/deployments.h"
#include "services/personalize/live_data.h"

namespace usher::personalize {

struct RecentItems {
  std::vector<std::string> items;   // oldest first
  std::vector<std::int64_t> times;  // Unix seconds

  [[nodiscard]] engine::RecentEvents events() const { return {.items = items, .times = times}; }
};

// `user_id` may name a session of which no user is known. Events that the solution does not learn
// from (by type or value) are left out. Errors: corrupt; internal.
Result<RecentItems> RecentItemsOf(LiveData& live, const Deployment& deployment,
                                  std::string_view user_id);

}  // namespace usher::personalize
