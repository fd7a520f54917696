#include "services/apigateway/keys_in_use.h"

#include <algorithm>
#include <mutex>

namespace usher::apigateway {

Result<std::shared_ptr<const KeyInUse>> KeysInUse::Find(const std::string& value) {
  std::uint64_t before = 0;
  {
    const std::shared_lock lock(mutex_);
    const auto found = keys_.find(value);
    if (found != keys_.end()) return found->second;
    before = changes_;
  }
  const auto key = catalog_.FindKeyByValue(value);
  if (!key) return key.error();
  if (!*key) return std::shared_ptr<const KeyInUse>();
  auto made = std::make_shared<KeyInUse>();
  made->id = (*key)->id.value_or("");
  made->enabled = (*key)->enabled.value_or(false);
  const auto plans = catalog_.AllPlans();
  if (!plans) return plans.error();
  for (const Plan& plan : *plans) {
    if (std::ranges::find(plan.keys, made->id) != plan.keys.end()) made->plans.push_back(plan.plan);
  }
  const std::shared_ptr<const KeyInUse> kept = std::move(made);
  const std::unique_lock lock(mutex_);
  if (changes_ == before) {
    if (keys_.size() >= kMaxKept) keys_.clear();
    keys_[value] = kept;
  }
  return kept;
}

void KeysInUse::Forget() {
  const std::unique_lock lock(mutex_);
  ++changes_;
  keys_.clear();
}

}  // namespace usher::apigateway
