// Vocabulary: public ids and the indices 0, 1, 2 … that stand for them inside a model.
//
// Cost:    find is one hash and, almost always, one comparison; 8 to 16 bytes an id beside the ids.
// Threads: safe to read from any number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace usher::recsys {

class Vocabulary {
 public:
  Vocabulary() = default;
  // Ids must differ from one another.
  explicit Vocabulary(const std::vector<std::string>& ids);
  // Borrows the ids (from a mapped file): `offsets` has one entry more than there are ids.
  Vocabulary(std::span<const std::int64_t> offsets, const char* bytes,
             std::shared_ptr<const void> owner);

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::string_view operator[](std::uint32_t index) const {
    return {bytes_ + offsets_[index],
            static_cast<std::size_t>(offsets_[index + 1] - offsets_[index])};
  }
  [[nodiscard]] std::optional<std::uint32_t> Find(std::string_view id) const;

 private:
  void BuildTable();

  std::size_t size_ = 0;
  std::span<const std::int64_t> offsets_;
  const char* bytes_ = nullptr;
  std::shared_ptr<const void> owner_;  // of offsets and bytes
  std::vector<std::uint32_t> table_;   // open addressing: index + 1, 0 where free
};

}  // namespace usher::recsys
