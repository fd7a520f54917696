// TailSums: the sum of exp(b u.v) over all items from a cut on, without looking at most of them.
//
// Method:  beyond the first items, which lie in falling order of norm, x = b u.v is mostly small:
//          sum exp(x) = n + sum x + sum x^2 / 2 + rest. The first two sums are exact, from moments
//          kept for a few cuts: u . sum v and u^T (sum v v^T) u. The rest is estimated from a
//          sample, stratified by norm, with the expansion as control variate (regression estimator
//          and Neyman allocation; Cochran, "Sampling Techniques", 3rd ed., sections 5.5, 7.2 and
//          8.1). How large a sample each stratum needs follows from the root mean square of x in
//          the tail, which the moments give, and from the stratum's norms. When three standard
//          errors still exceed kNormalizerTolerance of the whole sum, larger samples are taken.
// Symbols: u query [stride], v items [count x stride], b inverse temperature, b > 0.
// Cost:    O(rank^2) for the moments and O(rank) for each sampled item, 1,000 to 2,000 of them for
//          most queries over a large catalogue.
// Threads: reading is safe from any number of threads.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "linalg/matrix.h"
#include "linalg/packed_rows.h"

namespace usher::recsys {

// Relative error of a normaliser allowed at three standard errors.
inline constexpr double kNormalizerTolerance = 0.008;

class TailSums {
 public:
  static constexpr std::size_t kLevels = 3;   // nested samples: every 64th, 16th and 4th tile
  static constexpr std::size_t kStrata = 16;  // at most; from one cut to the next, or to the end

  // One sum under way.
  struct Sum {
    // Of the sampled values of exp(x) - 1 - x - x^2 / 2 in one stratum.
    struct Stratum {
      std::uint32_t level = 0;  // largest sample wanted
      std::uint32_t taken = 0;  // samples looked at: all before this level
      double sum = 0;
      double squares = 0;
    };

    const float* u = nullptr;
    float scale = 0;         // b
    double head = 0;         // sum of exp(b u.v) over the items before the cut
    std::size_t cut = 0;     // number of the cut
    double expansion = 0;    // n + sum x + sum x^2 / 2
    double mean_square = 0;  // of x over the tail
    double total = 0;        // out: the tail's sum
    bool sure = false;       // out: whether the tolerance is kept; without it `total` means nothing
    std::array<Stratum, kStrata> strata{};
    alignas(64) float lane_sums[linalg::kTileWidth] = {};
    alignas(64) float lane_squares[linalg::kTileWidth] = {};
  };

  struct Scratch {
    std::vector<Sum*> active;
    std::vector<linalg::ScanVector> vectors;
    linalg::FloatVector panel;
  };

  TailSums() = default;
  // `order` names the items by falling norm; cuts are placed only where one of the tiles in `tiles`
  // (rising) begins.
  TailSums(const linalg::MatrixView& items, std::span<const std::uint32_t> order,
           std::span<const std::size_t> tiles);

  [[nodiscard]] Scratch NewScratch() const;

  // Tiles where a cut may be made, rising.
  [[nodiscard]] std::span<const std::size_t> cuts() const { return cut_tiles_; }

  // Prepares `sum` (u, scale, head given) for an estimate from cut number `cut` on. False when no
  // sample is likely to be large enough there; a later cut may do.
  [[nodiscard]] bool Begin(std::size_t cut, Sum& sum) const;

  // Estimates sums that were begun.
  void Estimate(std::span<Sum* const> sums, Scratch& scratch) const;

 private:
  // The items from a cut to the next one.
  struct Stratum {
    std::size_t count = 0;
    double square_norms = 0;                        // sum |v|^2
    std::array<std::size_t, kLevels> begin{};       // first tile in each level's sample
    std::array<std::size_t, kLevels> end{};         // after the last
    std::array<std::size_t, kLevels> item_count{};  // sampled up to each level
  };
  // The items from a cut to the end.
  struct Tail {
    std::size_t count = 0;
    linalg::FloatVector first;   // sum v, [stride]
    linalg::FloatVector second;  // sum v v^T, [stride x stride]
    // Of each stratum: what its norms make of the cube of the root mean square of x in the tail.
    std::array<double, kStrata> cube_factors{};
  };

  void PlaceCuts(std::size_t item_count, std::span<const std::size_t> tiles);
  void BuildMoments(const linalg::MatrixView& items, std::span<const std::uint32_t> order);
  void BuildSamples(const linalg::MatrixView& items, std::span<const std::uint32_t> order);
  [[nodiscard]] double Deviation(const Sum& sum, std::size_t stratum) const;
  [[nodiscard]] bool ChooseLevels(double allowed_error, Sum& sum) const;
  void ScanStratum(std::size_t stratum, std::uint32_t level, std::span<Sum* const> sums,
                   Scratch& scratch) const;
  void Judge(Sum& sum) const;

  std::size_t stride_ = 0;
  std::vector<std::size_t> cut_tiles_;
  std::vector<Stratum> strata_;                      // one for each cut
  std::vector<Tail> tails_;                          // likewise
  std::array<linalg::PackedRows, kLevels> samples_;  // what each level adds to those before it
};

}  // namespace usher::recsys
