#include "recsys/content/features.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <numeric>

#include "recsys/ranking/top_k.h"
#include "recsys/similar/neighbours.h"

namespace usher::recsys {
namespace {

constexpr std::size_t kRowsPerChunk = 64;
constexpr std::size_t kGram = 3;  // characters, in words outside ASCII

// FNV-1a.
class Hash {
 public:
  void Add(std::string_view text) {
    for (const char byte : text) {
      value_ = (value_ ^ static_cast<unsigned char>(byte)) * 0x100000001b3ULL;
    }
  }
  [[nodiscard]] std::uint32_t Term() const {
    return static_cast<std::uint32_t>((value_ ^ (value_ >> 32)) % kTextHashes);
  }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325ULL;
};

bool IsWordByte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || std::isalnum(byte) != 0;
}

// Runs of letters, digits and whatever is not ASCII, in lower case; tags are skipped.
std::vector<std::string> WordsOf(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
  };
  for (std::size_t at = 0; at < text.size() && words.size() < kMaxTermsOfAText; ++at) {
    const bool opens_tag =
        text[at] == '<' && at + 1 < text.size() &&
        (std::isalpha(static_cast<unsigned char>(text[at + 1])) != 0 || text[at + 1] == '/');
    if (opens_tag) {
      const std::size_t close = text.find('>', at);
      if (close != std::string_view::npos) at = close;
      end_word();
    } else if (IsWordByte(text[at])) {
      const auto byte = static_cast<unsigned char>(text[at]);
      word += byte < 0x80 ? static_cast<char>(std::tolower(byte)) : text[at];
    } else if (text[at] != '\'') {
      end_word();
    }
  }
  end_word();
  return words;
}

// Where the characters of UTF-8 begin, and the end.
std::vector<std::size_t> CharacterStarts(std::string_view word) {
  std::vector<std::size_t> starts;
  for (std::size_t at = 0; at < word.size(); ++at) {
    if ((static_cast<unsigned char>(word[at]) & 0xC0) != 0x80) starts.push_back(at);
  }
  starts.push_back(word.size());
  return starts;
}

bool IsAscii(std::string_view word) {
  return std::ranges::all_of(word, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

std::vector<std::uint32_t> HashTerms(std::string_view text) {
  std::vector<std::uint32_t> terms;
  const std::vector<std::string> words = WordsOf(text);
  for (std::size_t j = 0; j < words.size() && terms.size() < kMaxTermsOfAText; ++j) {
    Hash one;
    one.Add(words[j]);
    terms.push_back(one.Term());
    if (j + 1 < words.size()) {
      one.Add(" ");
      one.Add(words[j + 1]);
      terms.push_back(one.Term());
    }
    if (IsAscii(words[j])) continue;
    const std::vector<std::size_t> starts = CharacterStarts(words[j]);
    for (std::size_t c = 0; c + kGram < starts.size() && terms.size() < kMaxTermsOfAText; ++c) {
      Hash gram;
      gram.Add("#");  // apart from the word of the same letters
      gram.Add(std::string_view(words[j]).substr(starts[c], starts[c + kGram] - starts[c]));
      terms.push_back(gram.Term());
    }
  }
  return terms;
}

void FeatureBuilder::AddCategorical(const ListsView& values, std::size_t value_count) {
  Column& column = columns_.emplace_back();
  column.feature_count = value_count;
  for (std::size_t row = 0; row < rows_; ++row) {
    for (const std::uint32_t value : values[row]) column.entries.push_back({value, 1.0F});
    column.EndRow();
  }
}

void FeatureBuilder::AddNumeric(std::span<const double> numbers) {
  std::vector<double> sorted;
  for (const double number : numbers) {
    if (std::isfinite(number)) sorted.push_back(number);
  }
  std::ranges::sort(sorted);
  Column& column = columns_.emplace_back();
  column.feature_count = kNumericBuckets;
  for (std::size_t row = 0; row < rows_; ++row) {
    if (std::isfinite(numbers[row])) {
      const auto below = std::ranges::lower_bound(sorted, numbers[row]) - sorted.begin();
      const auto bucket = static_cast<std::size_t>(below) * kNumericBuckets / sorted.size();
      const std::size_t first = bucket == 0 ? 0 : bucket - 1;
      const std::size_t last = std::min(bucket + 1, kNumericBuckets - 1);
      for (std::size_t near = first; near <= last; ++near) {
        column.entries.push_back({static_cast<std::uint32_t>(near), near == bucket ? 1.0F : 0.5F});
      }
    }
    column.EndRow();
  }
}

void FeatureBuilder::AddText(std::span<const std::string> texts) {
  Column& column = columns_.emplace_back();
  column.feature_count = kTextHashes;
  for (std::size_t row = 0; row < rows_; ++row) {
    std::vector<std::uint32_t> terms = HashTerms(texts[row]);
    std::ranges::sort(terms);
    for (std::size_t at = 0; at < terms.size();) {
      const std::size_t begin = at;
      while (at < terms.size() && terms[at] == terms[begin]) ++at;
      column.entries.push_back({terms[begin], 1.0F + std::log(static_cast<float>(at - begin))});
    }
    column.EndRow();
  }
}

Features FeatureBuilder::Finish() const {
  Features features;
  std::vector<std::vector<ScoredItem>> rows(rows_);
  for (const Column& column : columns_) {
    std::vector<std::uint32_t> df(column.feature_count, 0);
    for (const Entry& entry : column.entries) ++df[entry.feature];
    std::size_t present = 0;
    for (std::size_t row = 0; row < rows_; ++row) present += column.Row(row).empty() ? 0 : 1;
    constexpr std::uint32_t kDropped = std::numeric_limits<std::uint32_t>::max();
    std::vector<std::uint32_t> number(column.feature_count, kDropped);
    for (std::size_t feature = 0; feature < df.size(); ++feature) {
      if (df[feature] > 1) number[feature] = static_cast<std::uint32_t>(features.count++);
    }
    for (std::size_t row = 0; row < rows_; ++row) {
      const std::size_t first = rows[row].size();
      double squares = 0;
      for (const Entry& entry : column.Row(row)) {
        if (number[entry.feature] == kDropped) continue;
        const double idf =
            std::log(1 + static_cast<double>(present) / static_cast<double>(df[entry.feature]));
        const double weight = entry.tf * idf;
        squares += weight * weight;
        rows[row].push_back({number[entry.feature], static_cast<float>(weight)});
      }
      const auto scale = static_cast<float>(squares > 0 ? 1 / std::sqrt(squares) : 0);
      for (std::size_t j = first; j < rows[row].size(); ++j) rows[row][j].score *= scale;
    }
  }
  // Each part has length 1 by now, or is empty.
  for (std::vector<ScoredItem>& row : rows) {
    double squares = 0;
    for (const ScoredItem& entry : row) squares += double{entry.score} * entry.score;
    const auto scale = static_cast<float>(squares > 0 ? 1 / std::sqrt(squares) : 0);
    for (ScoredItem& entry : row) entry.score *= scale;
    std::ranges::sort(row, {}, &ScoredItem::item);
  }
  features.rows = ListsOf(rows);
  return features;
}

WeightedLists FindSimilarRows(const Features& features, std::size_t count, ThreadPool& pool) {
  const std::size_t row_count = features.rows.size();
  // Rows of each feature, with weights.
  std::vector<std::vector<ScoredItem>> postings(features.count);
  for (std::uint32_t row = 0; row < row_count; ++row) {
    const auto entries = features.rows.view()[row];
    for (std::size_t j = 0; j < entries.items.size(); ++j) {
      postings[entries.items[j]].push_back({row, entries.weights[j]});
    }
  }
  std::vector<std::uint32_t> by_rarity(features.count);
  std::iota(by_rarity.begin(), by_rarity.end(), 0U);
  std::ranges::stable_sort(by_rarity, {},
                           [&](std::uint32_t feature) { return postings[feature].size(); });
  double work = 0;
  for (const std::uint32_t feature : by_rarity) {
    const auto length = static_cast<double>(postings[feature].size());
    work += length * length;
    if (work > kMaxCosineWork) postings[feature].clear();
  }

  struct Scratch {
    std::vector<float> cosines;
    std::vector<std::uint32_t> touched;
    TopK best;
  };
  std::vector<Scratch> scratches(pool.thread_count());
  std::vector<std::vector<ScoredItem>> similar(row_count);
  pool.ParallelFor(row_count, kRowsPerChunk, [&](const ChunkRange& range) {
    Scratch& scratch = scratches[range.worker];
    scratch.cosines.resize(row_count, 0.0F);
    for (std::size_t i = range.begin; i < range.end; ++i) {
      const auto entries = features.rows.view()[i];
      for (std::size_t j = 0; j < entries.items.size(); ++j) {
        for (const ScoredItem& other : postings[entries.items[j]]) {
          float& cosine = scratch.cosines[other.item];
          if (cosine == 0.0F) scratch.touched.push_back(other.item);
          cosine += entries.weights[j] * other.score;
        }
      }
      scratch.best.Reset(count);
      for (const std::uint32_t other : scratch.touched) {
        if (other != i) scratch.best.Offer({other, scratch.cosines[other]});
        scratch.cosines[other] = 0;
      }
      scratch.touched.clear();
      scratch.best.Take(similar[i]);
    }
  });
  return ListsOf(similar);
}

}  // namespace usher::recsys
