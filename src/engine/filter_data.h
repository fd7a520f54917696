// What filters look at: the records of items or users, and who did what with which item.
//
// Threads: immutable once loaded; safe to read from any thread.
// Errors:  kNotFound, kCorrupt, kInternal; kInvalidInput for a file without its id column.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/value.h"
#include "columnar/table.h"
#include "recsys/vocabulary/vocabulary.h"

namespace usher::engine {

// One cell of a record: a text, a number or nothing.
struct FilterCell {
  std::optional<std::string_view> text;
  double number = std::numeric_limits<double>::quiet_NaN();
};

// The Parquet file of an Items or Users dataset, columns of texts and numbers. Memory: 4 bytes a
// text and 8 a number, and each different text and id once.
class RecordTable {
 public:
  // An empty path gives no records. `id_column` is "ITEM_ID" or "USER_ID".
  static Result<std::shared_ptr<const RecordTable>> Load(const std::string& path,
                                                         std::string_view id_column);

  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

  struct Column {
    std::string name;
    bool is_number = false;
    std::vector<std::uint32_t> codes;  // of texts, kNone where there is none
    columnar::StringList texts;        // each once
    std::vector<double> numbers;       // NaN where there is none
  };

  [[nodiscard]] std::optional<std::uint32_t> Find(std::string_view id) const {
    return ids_.Find(id);
  }
  // nullptr when there is none, as of a file that was imported before the schema had it.
  [[nodiscard]] const Column* FindColumn(std::string_view name) const;
  [[nodiscard]] FilterCell CellOf(std::uint32_t row, std::string_view column) const;

 private:
  recsys::Vocabulary ids_;
  std::vector<Column> columns_;
};

// Records that came after the file of a table: each replaces the whole of the one with its id.
class NewerRecords {
 public:
  virtual ~NewerRecords() = default;
  // Grows whenever a record comes; what was made of the records of one version stays true of it.
  [[nodiscard]] virtual std::uint64_t version() const = 0;
  // The record's columns while `visit` runs; false when there is none.
  virtual bool Visit(std::string_view id,
                     const std::function<void(const ValueMap&)>& visit) const = 0;
  virtual void ForEach(
      const std::function<void(const std::string& id, const ValueMap&)>& visit) const = 0;
};

[[nodiscard]] FilterCell CellOf(const ValueMap& columns, std::string_view column);

// Which user met which item by events of which type: of each user the different pairs of item and
// type. Memory: 8 bytes a pair, and the ids.
class HistoryIndex {
 public:
  // Parquet files of interactions, one after another; none gives nobody.
  static Result<std::shared_ptr<const HistoryIndex>> Load(const std::vector<std::string>& paths);

  static constexpr std::uint32_t kNoType = std::numeric_limits<std::uint32_t>::max();

  struct Pair {
    std::uint32_t item = 0;
    std::uint32_t type = kNoType;
    auto operator<=>(const Pair&) const = default;
  };

  [[nodiscard]] const recsys::Vocabulary& users() const { return users_; }
  [[nodiscard]] const recsys::Vocabulary& items() const { return items_; }
  [[nodiscard]] const std::vector<std::string>& types() const { return types_; }
  [[nodiscard]] std::span<const Pair> Of(std::uint32_t user) const {
    return std::span(pairs_).subspan(offsets_[user], offsets_[user + 1] - offsets_[user]);
  }

 private:
  recsys::Vocabulary users_;
  recsys::Vocabulary items_;
  std::vector<std::string> types_;
  std::vector<std::size_t> offsets_;  // one more than users
  std::vector<Pair> pairs_;
};

}  // namespace usher::engine
