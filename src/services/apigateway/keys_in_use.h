// API keys with their plans, as requests look for them: read at the first request with a key, kept
// until a key or a plan changes.
//
// Threads: safe from any.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "services/apigateway/catalog.h"

namespace usher::apigateway {

struct KeyInUse {
  std::string id;
  bool enabled = false;
  std::vector<api::UsagePlan> plans;
};

class KeysInUse {
 public:
  explicit KeysInUse(const Catalog& catalog) : catalog_(catalog) {}

  // nullptr: no key has this value. Errors: internal.
  Result<std::shared_ptr<const KeyInUse>> Find(const std::string& value);
  // After a change to any key or plan.
  void Forget();

 private:
  static constexpr std::size_t kMaxKept = 10'000;

  const Catalog& catalog_;
  std::shared_mutex mutex_;
  std::map<std::string, std::shared_ptr<const KeyInUse>> keys_;
  std::uint64_t changes_ = 0;
};

}  // namespace usher::apigateway
