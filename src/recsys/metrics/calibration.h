// Calibration: how far probabilities of the next item are from how often it was that item.
//
// Source:  expected calibration error of Guo et al., "On Calibration of Modern Neural Networks",
// ICML
//          2017, with bins of equal mass (Nixon et al., "Measuring Calibration in Deep Learning",
//          CVPR workshops 2019).
// Symbols: of each shown item p the probability given, y what happened: 1 / (number of held-out
//          items) when it is one of them, the chance that the next of these, drawn at random, is
//          it; otherwise 0. The error is the mean over all shown items of |mean p - mean y| of
//          their bin.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "recsys/interactions/lists.h"
#include "recsys/ranking/scored_item.h"

namespace usher::recsys {

inline constexpr std::size_t kCalibrationBins = 15;

// lists[j] was shown to the user whose held-out items are held_out[j]. 0 when nothing was shown.
[[nodiscard]] double ExpectedCalibrationError(std::span<const std::vector<ScoredItem>> lists,
                                              const ListsView& held_out);

}  // namespace usher::recsys
