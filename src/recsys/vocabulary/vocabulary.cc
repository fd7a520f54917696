#include "recsys/vocabulary/vocabulary.h"

#include <bit>
#include <limits>

#include "base/check.h"

namespace usher::recsys {
namespace {

// Ids copied into one buffer.
struct OwnedIds {
  std::vector<std::int64_t> offsets;
  std::string bytes;
};

}  // namespace

Vocabulary::Vocabulary(const std::vector<std::string>& ids) {
  auto owned = std::make_shared<OwnedIds>();
  std::size_t byte_count = 0;
  for (const std::string& id : ids) byte_count += id.size();
  owned->bytes.reserve(byte_count);
  owned->offsets.reserve(ids.size() + 1);
  owned->offsets.push_back(0);
  for (const std::string& id : ids) {
    owned->bytes += id;
    owned->offsets.push_back(static_cast<std::int64_t>(owned->bytes.size()));
  }
  offsets_ = owned->offsets;
  bytes_ = owned->bytes.data();
  size_ = ids.size();
  owner_ = std::move(owned);
  BuildTable();
}

Vocabulary::Vocabulary(std::span<const std::int64_t> offsets, const char* bytes,
                       std::shared_ptr<const void> owner)
    : size_(offsets.empty() ? 0 : offsets.size() - 1),
      offsets_(offsets),
      bytes_(bytes),
      owner_(std::move(owner)) {
  BuildTable();
}

void Vocabulary::BuildTable() {
  Check(size_ < std::numeric_limits<std::uint32_t>::max(), "indices fit 32 bits");
  if (size_ == 0) return;
  table_.assign(std::bit_ceil(size_ * 2), 0);
  const std::size_t mask = table_.size() - 1;
  for (std::uint32_t index = 0; index < size_; ++index) {
    std::size_t slot = std::hash<std::string_view>{}((*this)[index]) & mask;
    while (table_[slot] != 0) slot = (slot + 1) & mask;
    table_[slot] = index + 1;
  }
}

std::optional<std::uint32_t> Vocabulary::Find(std::string_view id) const {
  if (size_ == 0) return std::nullopt;
  const std::size_t mask = table_.size() - 1;
  std::size_t slot = std::hash<std::string_view>{}(id)&mask;
  while (table_[slot] != 0) {
    const std::uint32_t index = table_[slot] - 1;
    if ((*this)[index] == id) return index;
    slot = (slot + 1) & mask;
  }
  return std::nullopt;
}

}  // namespace usher::recsys
