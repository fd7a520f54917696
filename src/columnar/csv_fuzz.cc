// Any bytes as CSV: blocks of any size give the same rows, and nothing crashes.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "columnar/csv_reader.h"

namespace {

using usher::Check;
using usher::StringSource;
using usher::columnar::CsvBlock;
using usher::columnar::CsvCursor;
using usher::columnar::CsvLimits;
using usher::columnar::CsvReader;

// Every field of every record, or nullopt for an error.
std::optional<std::vector<std::string>> Read(const std::string& text, const CsvLimits& limits) {
  auto reader = CsvReader::Open(std::make_shared<StringSource>(text), limits);
  if (!reader) return std::nullopt;
  std::vector<std::string> fields = (*reader)->header();
  const std::size_t width = fields.size();
  CsvCursor cursor(width, limits.max_record_bytes);
  CsvBlock block;
  while (true) {
    const auto more = (*reader)->NextBlock(block);
    if (!more) return std::nullopt;
    if (!*more) return fields;
    cursor.Begin(block);
    while (cursor.Next()) {
      for (std::size_t i = 0; i < width; ++i) {
        std::string_view field;
        if (!cursor.Field(i, field)) return std::nullopt;
        fields.emplace_back(field);
      }
    }
    if (cursor.error()) return std::nullopt;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t block_bytes = std::size_t{1} + data[0];
  const auto small = Read(text, {.block_bytes = block_bytes, .max_record_bytes = 1 << 16});
  const auto large = Read(text, {.block_bytes = 1 << 20, .max_record_bytes = 1 << 16});
  Check(small == large, "the size of blocks does not show");
  return 0;
}
