// ByteSource: bytes that arrive in order and are read once, in constant memory. Used for object and
// message bodies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/result.h"

namespace usher {

// Where the bytes of a source lie when they lie in a file: lets a job or a send read it directly.
struct FileRange {
  std::string path;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

class ByteSource {
 public:
  virtual ~ByteSource() = default;

  // Fills a part of `buffer` (not empty) and gives the number of bytes; 0 means the end, at which
  // every promised check (length, checksum, signature) has passed. After an error the source must
  // not be read again.
  virtual Result<std::size_t> Read(std::span<char> buffer) = 0;

  // Total number of bytes, where it is known beforehand.
  [[nodiscard]] virtual std::optional<std::uint64_t> size() const { return std::nullopt; }
  [[nodiscard]] virtual std::optional<FileRange> file() const { return std::nullopt; }
};

// A source over bytes that it owns.
class StringSource final : public ByteSource {
 public:
  explicit StringSource(std::string bytes) : bytes_(std::move(bytes)) {}
  Result<std::size_t> Read(std::span<char> buffer) override;
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return bytes_.size(); }

 private:
  std::string bytes_;
  std::size_t at_ = 0;
};

// A source over a part of a file, opened at once; the file may be unlinked afterwards.
class FileSource final : public ByteSource {
 public:
  // `size` of nullopt means up to the end of the file. Errors: internal, when the file cannot be
  // opened or is shorter.
  static Result<std::shared_ptr<ByteSource>> Open(std::string path, std::uint64_t offset = 0,
                                                  std::optional<std::uint64_t> size = std::nullopt);
  ~FileSource() override;
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  Result<std::size_t> Read(std::span<char> buffer) override;
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return range_.size; }
  [[nodiscard]] std::optional<FileRange> file() const override { return range_; }

 private:
  FileSource(int fd, FileRange range) : fd_(fd), range_(std::move(range)) {}
  int fd_;
  FileRange range_;
  std::uint64_t at_ = 0;
};

// Everything that is left, or an error when it is more than `limit` bytes.
Result<std::string> ReadAll(ByteSource& source, std::size_t limit);

}  // namespace usher
