// What tags of a topic may be.
#pragma once

#include <vector>

#include "base/result.h"
#include "services/sns/catalog.h"
#include "wire/sns.h"

namespace usher::sns {

inline constexpr std::size_t kMaxTags = 50;
inline constexpr std::size_t kMaxTagKeyBytes = 512;     // 128 characters
inline constexpr std::size_t kMaxTagValueBytes = 1024;  // 256 characters

// Adds them, replacing the values of keys that are there. Errors: invalid input for a key twice or
// one that is too long; limit exceeded.
Result<void> AddTags(const std::vector<usher::api::sns::Tag>& tags, Texts& to);

}  // namespace usher::sns
