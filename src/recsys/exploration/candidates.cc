#include "recsys/exploration/candidates.h"

#include <algorithm>

namespace usher::recsys {

bool CandidatePicker::Mark(std::uint32_t place) {
  if (marks_[place] == call_) return false;
  marks_[place] = call_;
  return true;
}

void CandidatePicker::Pick(const NewItems& new_items, std::span<const ScoredItem> greedy,
                           std::span<const std::uint32_t> exclude,
                           std::span<const std::uint32_t> exclude_too, Random& random,
                           std::vector<Candidate>& out) {
  out.clear();
  if (new_items.empty()) return;
  if (marks_.size() != new_items.size() || ++call_ == 0) {
    marks_.assign(new_items.size(), 0);
    call_ = 1;
  }
  std::size_t free = new_items.size();  // not marked
  for (std::size_t at = 0; at < greedy.size(); ++at) {
    const std::uint32_t place = new_items.PlaceOf(greedy[at].item);
    if (place == NewItems::kNoPlace || !Mark(place)) continue;
    --free;
    out.push_back({.item = greedy[at].item,
                   .count = new_items.count(place),
                   .greedy_at = static_cast<std::uint32_t>(at),
                   .inclusion = 1,
                   .score = greedy[at].score});
  }
  for (const auto& items : {exclude, exclude_too}) {
    for (const std::uint32_t item : items) {
      const std::uint32_t place = new_items.PlaceOf(item);
      if (place != NewItems::kNoPlace && Mark(place)) --free;
    }
  }

  const std::size_t listed = out.size();
  const std::size_t sampled = std::min(free, kMaxSampledCandidates);
  const double inclusion = free == 0 ? 0 : static_cast<double>(sampled) / static_cast<double>(free);
  const auto take = [&](std::size_t place) {
    out.push_back({.item = new_items.item(place),
                   .count = new_items.count(place),
                   .greedy_at = static_cast<std::uint32_t>(greedy.size()),
                   .inclusion = inclusion,
                   .score = 0});
  };
  if (free > 2 * sampled && 2 * free > new_items.size()) {
    // Most draws hit a free item that was not drawn before.
    while (out.size() < listed + sampled) {
      const auto place = static_cast<std::uint32_t>(random.Below(new_items.size()));
      if (Mark(place)) take(place);
    }
    std::sort(out.begin() + static_cast<std::ptrdiff_t>(listed), out.end(),
              [](const Candidate& a, const Candidate& b) { return a.item < b.item; });
    return;
  }
  // Selection sampling (Knuth, "The Art of Computer Programming", volume 2, 3.4.2, algorithm S).
  std::size_t wanted = sampled;
  for (std::size_t place = 0; place < new_items.size() && wanted > 0; ++place) {
    if (marks_[place] == call_) continue;
    if (random.Below(free) < wanted) {
      take(place);
      --wanted;
    }
    --free;
  }
}

}  // namespace usher::recsys
