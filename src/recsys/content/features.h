// Features of items or users from their metadata: sparse rows, weighted by TF-IDF.
//
// Source:  Salton, Buckley, "Term-weighting approaches in automatic text retrieval", Information
//          Processing & Management 24(5), 1988; Weinberger et al., "Feature Hashing for Large Scale
//          Multitask Learning", ICML 2009 (text terms by hash).
// Columns: a categorical column has a feature for each value, a numeric one for each of
//          kNumericBuckets quantiles (a row has also the two beside its own, at half weight), a
//          text one for each hash of a word, of a pair of words that follow one another and, in
//          words outside ASCII, of three characters. HTML tags are no words.
// Weights: (1 + log tf) log(1 + n / df), n rows that have the column and df those that have the
//          feature. Each column's part of a row has length 1, and so has the whole row. Features of
//          a single row are dropped: they compare to nothing.
// Cost:    linear in the size of the data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/parallel.h"
#include "recsys/interactions/lists.h"
#include "recsys/sequence/weighted_lists.h"

namespace usher::recsys {

inline constexpr std::size_t kNumericBuckets = 16;
inline constexpr std::size_t kTextHashes = std::size_t{1} << 18;
inline constexpr std::size_t kMaxTermsOfAText = 4096;  // words and so on; more are not read

struct Features {
  std::size_t count = 0;
  WeightedLists rows;  // features of each row, ascending, with weights over 0; length 1 or empty
};

class FeatureBuilder {
 public:
  explicit FeatureBuilder(std::size_t rows) : rows_(rows) {}

  // One list for each row; values below value_count.
  void AddCategorical(const ListsView& values, std::size_t value_count);
  // NaN where a row has no number.
  void AddNumeric(std::span<const double> numbers);
  void AddText(std::span<const std::string> texts);

  [[nodiscard]] Features Finish() const;

 private:
  struct Entry {
    std::uint32_t feature;
    float tf;
  };
  // A column's features before weighting.
  struct Column {
    std::size_t feature_count = 0;
    std::vector<std::size_t> offsets{0};
    std::vector<Entry> entries;
    void EndRow() { offsets.push_back(entries.size()); }
    [[nodiscard]] std::span<const Entry> Row(std::size_t row) const {
      return std::span(entries).subspan(offsets[row], offsets[row + 1] - offsets[row]);
    }
  };

  std::size_t rows_;
  std::vector<Column> columns_;
};

// Hashes of the terms of a text, below kTextHashes, in order of the text and with repeats.
[[nodiscard]] std::vector<std::uint32_t> HashTerms(std::string_view text);

// Rows like each row by the cosine of their features, for "items like this one" by content: at most
// `count` for each, best first, equal ones by index, cosines over 0.
// Features are taken from the rarest on until the work of the next would pass kMaxCosineWork
// products in all: on large catalogues the commonest, which say least, do not count.
inline constexpr double kMaxCosineWork = 2e10;
[[nodiscard]] WeightedLists FindSimilarRows(const Features& features, std::size_t count,
                                            ThreadPool& pool);

}  // namespace usher::recsys
