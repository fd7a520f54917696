// What this folder's own sources share towards Arrow. Not for other folders: it includes Arrow.
#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/result.h>
#include <arrow/status.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "columnar/output_file.h"

namespace usher::columnar {

// Arrow's status as our error; `what` says what was being done. Bad bytes become kCorrupt, a failed
// disk or want of memory kInternal. Names no host path.
Error FromArrow(const arrow::Status& status, std::string_view what);

// An Arrow stream into an OutputFile; optionally told of every piece. Closing it does not publish.
class OutputFileStream final : public arrow::io::OutputStream {
 public:
  using Observer = void (*)(void* context, std::string_view piece);
  explicit OutputFileStream(OutputFile& file, Observer observer = nullptr, void* context = nullptr)
      : file_(file), observer_(observer), context_(context) {}

  arrow::Status Write(const void* data, std::int64_t size) override;
  using arrow::io::OutputStream::Write;
  arrow::Status Close() override;
  [[nodiscard]] bool closed() const override { return closed_; }
  [[nodiscard]] arrow::Result<std::int64_t> Tell() const override;

  // The error of the file that made a write fail, if one did.
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

 private:
  OutputFile& file_;
  Observer observer_;
  void* context_;
  std::optional<Error> failure_;
  bool closed_ = false;
};

}  // namespace usher::columnar
