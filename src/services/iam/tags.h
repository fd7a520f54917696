// Tags of roles and policies: their rules are the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "wire/iam.h"

namespace usher::iam {

namespace api = usher::api::iam;

// Errors: invalid input for a key that is given twice (keys are told apart without case), limit
// exceeded beyond 50.
Result<void> CheckTags(const std::vector<api::Tag>& tags);

// `added` beside, or in place of, those of `tags` with the same keys. Errors: as CheckTags.
Result<void> AddTags(std::optional<std::vector<api::Tag>>& tags,
                     const std::vector<api::Tag>& added);
// Keys that are not there are passed over.
void RemoveTags(std::optional<std::vector<api::Tag>>& tags, const std::vector<std::string>& keys);

struct TagPage {
  std::vector<api::Tag> tags;  // by key
  std::optional<std::string> marker;
};
// Errors: invalid input for a foreign marker.
Result<TagPage> PageOfTags(const std::optional<std::vector<api::Tag>>& tags,
                           const std::optional<std::string>& marker,
                           std::optional<std::int64_t> max_items);

}  // namespace usher::iam
