#include "services/iam/tags.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "services/iam/role_store.h"

namespace usher::iam {
namespace {

constexpr std::size_t kMaxTags = 50;

}  // namespace

Result<void> CheckTags(const std::vector<api::Tag>& tags) {
  std::set<std::string> keys;
  for (const api::Tag& tag : tags) {
    if (!keys.insert(AsciiLower(tag.key)).second) {
      return Named("InvalidInput", ErrorCode::kInvalidInput,
                   "Duplicate tag keys found: '" + tag.key +
                       "'. Please note that Tag keys are case insensitive.",
                   400);
    }
  }
  if (tags.size() > kMaxTags) {
    return Named(
        "LimitExceeded", ErrorCode::kLimitExceeded,
        "The number of tags has reached the maximum limit of " + std::to_string(kMaxTags) + ".",
        409);
  }
  return {};
}

Result<void> AddTags(std::optional<std::vector<api::Tag>>& tags,
                     const std::vector<api::Tag>& added) {
  if (auto checked = CheckTags(added); !checked) return checked;
  std::vector<std::string> keys;
  for (const api::Tag& tag : added) keys.push_back(tag.key);
  std::optional<std::vector<api::Tag>> all = tags;
  RemoveTags(all, keys);
  if (!all) all.emplace();
  all->insert(all->end(), added.begin(), added.end());
  if (auto checked = CheckTags(*all); !checked) return checked;
  tags = std::move(all);
  return {};
}

void RemoveTags(std::optional<std::vector<api::Tag>>& tags, const std::vector<std::string>& keys) {
  if (!tags) return;
  std::erase_if(*tags, [&](const api::Tag& tag) {
    return std::ranges::any_of(
        keys, [&](const std::string& key) { return EqualsIgnoreCase(key, tag.key); });
  });
  if (tags->empty()) tags.reset();
}

Result<TagPage> PageOfTags(const std::optional<std::vector<api::Tag>>& tags,
                           const std::optional<std::string>& marker,
                           std::optional<std::int64_t> max_items) {
  std::map<std::string, api::Tag> by_key;
  if (tags) {
    for (const api::Tag& tag : *tags) by_key.emplace(tag.key, tag);
  }
  std::vector<std::string> keys;
  for (const auto& [key, tag] : by_key) keys.push_back(key);
  auto names = PageOf(keys, marker, max_items);
  if (!names) return names.error();
  TagPage page{.tags = {}, .marker = std::move(names->marker)};
  for (const std::string& key : names->names) page.tags.push_back(by_key.at(key));
  return page;
}

}  // namespace usher::iam
