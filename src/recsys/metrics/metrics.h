// Metrics of ranked lists against held-out items.
//
// Source:  the definitions that Amazon Personalize publishes for its offline metrics (NDCG with
//          gain 1 / log2(1 + position), precision over K, reciprocal rank within 25) and, for
//          comparisons of our own, recall and mean average precision with full ranking.
// Symbols: K the length looked at; relevant items of one user: those held out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace usher::recsys {

// Which places of a list, best first, hold a relevant item.
using Hits = std::vector<bool>;

// `relevant` in any order, each item once.
[[nodiscard]] Hits FindHits(std::span<const std::uint32_t> recommended,
                            std::span<const std::uint32_t> relevant);

// Discounted gain over that of the best order of min(K, relevant_count) hits.
[[nodiscard]] double NdcgAt(std::size_t K, const Hits& hits, std::size_t relevant_count);
// The same with hits that are worth more or less: `gains` has one entry for each of `relevant`, and
// the best order has the largest gains first. Only the ratios of the gains matter.
[[nodiscard]] double NdcgWithGainsAt(std::size_t K, std::span<const std::uint32_t> recommended,
                                     std::span<const std::uint32_t> relevant,
                                     std::span<const float> gains);
[[nodiscard]] double PrecisionAt(std::size_t K, const Hits& hits);
[[nodiscard]] double RecallAt(std::size_t K, const Hits& hits, std::size_t relevant_count);
// 1 / place of the first hit within K; 0 when there is none.
[[nodiscard]] double ReciprocalRankAt(std::size_t K, const Hits& hits);
// Sum of the precision at each hit over min(K, relevant_count).
[[nodiscard]] double AveragePrecisionAt(std::size_t K, const Hits& hits,
                                        std::size_t relevant_count);

// A mean over users and the standard error of that mean.
struct MeanAndError {
  double mean = 0;
  double standard_error = 0;
};
[[nodiscard]] MeanAndError Summarize(std::span<const double> values);

}  // namespace usher::recsys
