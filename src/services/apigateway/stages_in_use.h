// The stages that are served, each compiled at its first request and kept until something that it
// is made of changes.
//
// Threads: safe from any.
#pragma once

#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>

#include "services/apigateway/catalog.h"
#include "services/apigateway/stage_snapshot.h"

namespace usher::apigateway {

class StagesInUse {
 public:
  explicit StagesInUse(const Catalog& catalog) : catalog_(catalog) {}

  // nullptr: there is no such API or stage. Errors: internal.
  Result<std::shared_ptr<const StageSnapshot>> Find(std::string_view api_id,
                                                    std::string_view stage);
  // After a change to the API's stages, deployments or itself.
  void Forget(std::string_view api_id);

 private:
  using Key = std::pair<std::string, std::string>;

  const Catalog& catalog_;
  std::shared_mutex mutex_;
  std::map<Key, std::shared_ptr<const StageSnapshot>> stages_;
  std::uint64_t changes_ = 0;  // what was read before the last change is not kept
};

}  // namespace usher::apigateway
