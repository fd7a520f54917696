#include "recsys/sequence/transitions.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/check.h"

namespace usher::recsys {
namespace {

constexpr std::size_t kItemsPerChunk = 64;
// g is read from a table of this many steps over the gaps that weigh something.
constexpr std::size_t kGapSteps = 1024;
constexpr float kLargestGap = 8;  // in time scales; exp(-8) is 0.0003

// Where events of each item stand in the histories laid end to end.
Lists PlacesOfItems(const Interactions& interactions) {
  Lists places;
  places.offsets.assign(interactions.item_count + 1, 0);
  const std::vector<std::uint32_t>& values = interactions.by_user.values;
  for (const std::uint32_t item : values) ++places.offsets[item + 1];
  for (std::size_t i = 0; i < interactions.item_count; ++i) {
    places.offsets[i + 1] += places.offsets[i];
  }
  std::vector<std::int64_t> next(places.offsets.begin(), places.offsets.end() - 1);
  places.values.resize(values.size());
  for (std::size_t place = 0; place < values.size(); ++place) {
    places.values[static_cast<std::size_t>(next[values[place]]++)] =
        static_cast<std::uint32_t>(place);
  }
  return places;
}

// f(d) at d - 1.
std::vector<float> DistanceWeights(const TransitionOptions& options) {
  std::vector<float> weights(options.window);
  for (std::size_t d = 0; d < weights.size(); ++d) {
    weights[d] = std::exp2(-static_cast<float>(d) / options.distance_half_life);
  }
  return weights;
}

// g by steps.
class GapWeights {
 public:
  explicit GapWeights(float time_scale)
      : steps_per_second_(kGapSteps / (kLargestGap * time_scale)), table_(kGapSteps + 1, 0.0F) {
    for (std::size_t k = 0; k < kGapSteps; ++k) {
      table_[k] = std::exp(-kLargestGap * static_cast<float>(k) / kGapSteps);
    }
  }

  [[nodiscard]] float operator()(std::uint32_t gap) const {
    const float step = static_cast<float>(gap) * steps_per_second_;
    return table_[static_cast<std::size_t>(std::min(step, static_cast<float>(kGapSteps)))];
  }

 private:
  float steps_per_second_;
  std::vector<float> table_;  // the last step weighs nothing
};

struct Neighbour {
  std::uint32_t item;
  float weight;
};

// Working memory of one thread.
struct Scratch {
  std::vector<float> sums;             // of each item
  std::vector<std::uint32_t> touched;  // the first touched_count are the items with a sum
  std::size_t touched_count = 0;
  std::vector<Neighbour> row;
};

class Counter {
 public:
  Counter(const Interactions& interactions, const TransitionOptions& options)
      : interactions_(interactions),
        options_(options),
        places_(PlacesOfItems(interactions)),
        user_of_place_(interactions.size()),
        distance_(DistanceWeights(options)),
        uses_time_(options.time_scale > 0 && !interactions.times.empty()),
        gap_(uses_time_ ? options.time_scale : 1.0F),
        discount_(interactions.item_count) {
    const auto& offsets = interactions.by_user.offsets;
    for (std::size_t user = 0; user < interactions.user_count; ++user) {
      std::fill(user_of_place_.begin() + offsets[user], user_of_place_.begin() + offsets[user + 1],
                static_cast<std::uint32_t>(user));
    }
    for (std::size_t item = 0; item < interactions.item_count; ++item) {
      discount_[item] = std::pow(EventsOf(item) + options.shrink, -options.target_exponent);
    }
  }

  // Leaves the row of an item in scratch.row.
  void CountRow(std::uint32_t item, Scratch& scratch) const {
    scratch.sums.resize(interactions_.item_count, 0.0F);
    scratch.touched.resize(interactions_.item_count + 1);
    scratch.touched_count = 0;
    scratch.row.clear();
    const auto places = places_[item];
    if (places.empty()) return;
    const std::size_t step = (places.size() + kMaxEventsPerItem - 1) / kMaxEventsPerItem;
    std::size_t counted = 0;
    for (std::size_t k = 0; k < places.size(); k += step, ++counted) AddEvent(places[k], scratch);
    const float scale = static_cast<float>(places.size()) / static_cast<float>(counted) *
                        std::pow(EventsOf(item) + options_.shrink, -options_.source_exponent);
    for (const std::uint32_t other : std::span(scratch.touched).first(scratch.touched_count)) {
      if (other != item) {
        scratch.row.push_back({other, scratch.sums[other] * scale * discount_[other]});
      }
      scratch.sums[other] = 0;
    }
    KeepLargest(scratch.row);
  }

 private:
  [[nodiscard]] float EventsOf(std::size_t item) const {
    return static_cast<float>(places_.offsets[item + 1] - places_.offsets[item]);
  }

  // Without a branch, which would be foreseen badly.
  static void Add(std::uint32_t other, float weight, Scratch& scratch) {
    float& sum = scratch.sums[other];
    scratch.touched[scratch.touched_count] = other;
    scratch.touched_count += sum == 0 && weight > 0 ? 1 : 0;
    sum += weight;
  }

  void AddEvent(std::uint32_t place, Scratch& scratch) const {
    const auto& offsets = interactions_.by_user.offsets;
    const std::uint32_t user = user_of_place_[place];
    const std::uint32_t* item = interactions_.by_user.values.data() + place;
    const std::uint32_t* time = uses_time_ ? interactions_.times.data() + place : nullptr;
    const float* counts =
        interactions_.weights.empty() ? nullptr : interactions_.weights.data() + place;
    const std::size_t after = static_cast<std::size_t>(offsets[user + 1]) - place - 1;
    const std::size_t before = place - static_cast<std::size_t>(offsets[user]);
    const std::size_t window = distance_.size();
    for (std::size_t d = 1; d <= std::min(after, window); ++d) {
      float weight = distance_[d - 1];
      if (uses_time_) weight *= gap_(time[d] - time[0]);
      if (counts != nullptr) weight *= counts[d];
      Add(item[d], weight, scratch);
    }
    if (options_.backward <= 0) return;
    for (std::size_t d = 1; d <= std::min(before, window); ++d) {
      float weight = options_.backward * distance_[d - 1];
      if (uses_time_) weight *= gap_(*time - *(time - d));
      if (counts != nullptr) weight *= *(counts - d);
      Add(*(item - d), weight, scratch);
    }
  }

  void KeepLargest(std::vector<Neighbour>& row) const {
    if (row.size() > options_.neighbours) {
      std::ranges::nth_element(
          row, row.begin() + options_.neighbours, [](const Neighbour& a, const Neighbour& b) {
            return a.weight != b.weight ? a.weight > b.weight : a.item < b.item;
          });
      row.resize(options_.neighbours);
    }
  }

  const Interactions& interactions_;
  const TransitionOptions& options_;
  Lists places_;
  std::vector<std::uint32_t> user_of_place_;
  std::vector<float> distance_;
  bool uses_time_;
  GapWeights gap_;
  std::vector<float> discount_;  // (n_j + shrink)^-target_exponent
};

}  // namespace

WeightedLists CountTransitions(const Interactions& interactions, const TransitionOptions& options,
                               ThreadPool& pool) {
  Check(options.window >= 1 && options.window <= kMaxWindow, "the window is in its limits");
  Check(options.distance_half_life > 0 && options.shrink > 0, "half-life and shrink are over 0");
  const Counter counter(interactions, options);
  const std::size_t chunks = (interactions.item_count + kItemsPerChunk - 1) / kItemsPerChunk;
  std::vector<std::vector<Neighbour>> rows(chunks);  // of a chunk, laid end to end
  WeightedLists lists;
  lists.offsets.assign(interactions.item_count + 1, 0);
  std::vector<Scratch> scratches(pool.thread_count());
  pool.ParallelFor(interactions.item_count, kItemsPerChunk, [&](const ChunkRange& range) {
    Scratch& scratch = scratches[range.worker];
    for (std::size_t item = range.begin; item < range.end; ++item) {
      counter.CountRow(static_cast<std::uint32_t>(item), scratch);
      auto& laid = rows[range.chunk];
      laid.insert(laid.end(), scratch.row.begin(), scratch.row.end());
      lists.offsets[item + 1] = static_cast<std::int64_t>(scratch.row.size());
    }
  });
  for (std::size_t item = 0; item < interactions.item_count; ++item) {
    lists.offsets[item + 1] += lists.offsets[item];
  }
  lists.items.reserve(static_cast<std::size_t>(lists.offsets.back()));
  lists.weights.reserve(static_cast<std::size_t>(lists.offsets.back()));
  for (auto& laid : rows) {
    for (const Neighbour& neighbour : laid) {
      lists.items.push_back(neighbour.item);
      lists.weights.push_back(neighbour.weight);
    }
    std::vector<Neighbour>().swap(laid);
  }
  return lists;
}

}  // namespace usher::recsys
