// Finds a structure's members by name. Documents mostly follow the order of the model, so the
// member after the last one found is tried first.
#pragma once

#include <span>
#include <string_view>

#include "wire/shape.h"

namespace usher::wire {

class MemberFinder {
 public:
  explicit MemberFinder(const Shape& shape) : members_(shape.members) {}

  // nullptr when there is none.
  const Member* ByName(std::string_view name) { return Find(name, &Member::name); }
  const Member* ByWireName(std::string_view name) { return Find(name, &Member::wire_name); }

 private:
  const Member* Find(std::string_view name, std::string_view Member::* key) {
    for (std::size_t step = 0; step < members_.size(); ++step) {
      std::size_t at = next_ + step;
      if (at >= members_.size()) at -= members_.size();
      if (members_[at].*key != name) continue;
      next_ = at + 1 < members_.size() ? at + 1 : 0;
      return &members_[at];
    }
    return nullptr;
  }

  std::span<const Member> members_;
  std::size_t next_ = 0;
};

}  // namespace usher::wire
