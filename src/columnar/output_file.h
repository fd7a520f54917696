// OutputFile: a file that appears whole or not at all: temporary sibling, fsync, rename, fsync of
// the folder.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace usher::columnar {

class OutputFile {
 public:
  // Opens `path`.part, replacing one that a crash left behind. One writer per path at a time.
  static Result<std::unique_ptr<OutputFile>> Create(std::string path);
  // Removes the temporary file when it was not published.
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // Not buffered: give it large pieces. After an error the file must be given up.
  Result<void> Write(std::string_view bytes);
  // After this, `path` holds exactly what was written, also after a power cut.
  Result<void> Publish();

  [[nodiscard]] std::uint64_t bytes_written() const { return bytes_written_; }

 private:
  OutputFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

  int fd_;
  std::string path_;
  std::uint64_t bytes_written_ = 0;
  bool published_ = false;
};

}  // namespace usher::columnar
