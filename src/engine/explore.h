// Explorer: exploration for the answers of one model, as `explorationWeight` and
// `explorationItemAgeCutOff` of Amazon Personalize ask for it.
//
// Source:  Amazon Personalize developer guide, "User-Personalization recipe": names, ranges and
//          defaults. How: recsys/exploration/explore.h.
// Age:     against the latest interaction that the model was trained on; an item is born at its
//          CREATION_TIMESTAMP, without one with its first interaction, and with neither it is new.
// Cost:    O(interactions) to make; about 10 microseconds an answer of 25, and scoring up to 64
//          items; with a filter, a look at every new item. Memory: 24 bytes an item.
// Threads: Apply may be called from any number of threads.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/model_folder.h"
#include "recsys/exploration/explore.h"
#include "recsys/ranking/scratch_pool.h"

namespace usher::engine {

struct ExplorationOptions {
  double weight = 0.3;                // 0 to 1; 0: the greedy list
  double item_age_cut_off_days = 30;  // over 0, at most kMaxItemAgeCutOffDays

  bool operator==(const ExplorationOptions&) const = default;
};

inline constexpr double kMaxItemAgeCutOffDays = 1e6;

// Errors: kInvalidInput, naming the option, its value and what is accepted.
Result<void> CheckExploration(const ExplorationOptions& options);

// Whether the model is of a user personalisation recipe.
[[nodiscard]] bool CanExplore(const LoadedModel& loaded);

class Explorer {
 public:
  // nullptr when there is nothing to explore with: the weight is 0, no item is new, or the model
  // is of another recipe or does not know times. `model` must outlive the explorer. `options` are
  // checked.
  static std::unique_ptr<const Explorer> Make(const LoadedModel& model,
                                              const ExplorationOptions& options);

  // Overwrites `out` with the explored form of `greedy`, which is the model's answer to `query`.
  // The same seed gives the same list.
  void Apply(const recsys::UserQuery& query, std::span<const recsys::ScoredItem> greedy,
             std::uint64_t seed, std::vector<recsys::ExploredItem>& out) const;

  [[nodiscard]] std::size_t new_item_count() const { return new_items_.size(); }

 private:
  struct Scratch {
    recsys::CandidatePicker picker;
    recsys::ExploreScratch explore;
    std::vector<recsys::Candidate> candidates;
    std::vector<std::uint32_t> barred;       // beside the seen ones
    std::vector<std::uint32_t> list;         // what the model is asked to score
    std::vector<recsys::ScoredItem> scored;  // its answer
  };

  Explorer(const recsys::Model& model, recsys::NewItems new_items, double weight);

  void Score(const recsys::UserQuery& query, std::span<const recsys::ScoredItem> greedy,
             Scratch& scratch) const;

  const recsys::Model& model_;
  const recsys::NewItems new_items_;
  const double weight_;
  mutable recsys::ScratchPool<Scratch> scratches_;
};

// A seed from a text, such as a recommendation id: FNV-1a, 64 bits.
[[nodiscard]] std::uint64_t SeedOf(std::string_view text);

}  // namespace usher::engine
