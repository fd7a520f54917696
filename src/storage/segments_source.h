// SegmentsSource: the files of an object, one after the other, as one source of bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/byte_source.h"
#include "storage/data_files.h"
#include "storage/object_store.h"

namespace usher::storage {

class SegmentsSource final : public ByteSource {
 public:
  // The range lies within the object; `hold` keeps `files` and what they hold.
  SegmentsSource(const DataFiles& files, std::shared_ptr<const void> hold,
                 const std::vector<Segment>& segments, std::uint64_t offset, std::uint64_t size);

  // Opens the first file, so that an object that cannot be read fails before its answer begins.
  Result<void> Begin() { return OpenNext(); }

  Result<std::size_t> Read(std::span<char> buffer) override;
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return size_; }
  [[nodiscard]] std::optional<FileRange> file() const override;

 private:
  struct Range {
    DataFile file;
    std::uint64_t offset;
    std::uint64_t size;
  };

  Result<void> OpenNext();

  const DataFiles& files_;  // kept by hold_
  std::shared_ptr<const void> hold_;
  std::uint64_t size_;
  std::vector<Range> ranges_;
  std::size_t next_ = 0;
  std::unique_ptr<ByteSource> current_;
};

}  // namespace usher::storage
