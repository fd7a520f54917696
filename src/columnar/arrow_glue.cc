#include "columnar/arrow_glue.h"

#include <string>

namespace usher::columnar {

Error FromArrow(const arrow::Status& status, std::string_view what) {
  const std::string message = std::string(what) + ": " + status.message();
  if (status.IsIOError() || status.IsInvalid() || status.IsSerializationError() ||
      status.IsTypeError() || status.IsKeyError() || status.IsIndexError() ||
      status.IsNotImplemented()) {
    return Corrupt(message);
  }
  return Internal(message);
}

arrow::Status OutputFileStream::Write(const void* data, std::int64_t size) {
  const std::string_view piece(static_cast<const char*>(data), static_cast<std::size_t>(size));
  if (const auto written = file_.Write(piece); !written) {
    failure_ = written.error();
    return arrow::Status::IOError(written.error().message);
  }
  if (observer_ != nullptr) observer_(context_, piece);
  return arrow::Status::OK();
}

arrow::Status OutputFileStream::Close() {
  closed_ = true;
  return arrow::Status::OK();
}

arrow::Result<std::int64_t> OutputFileStream::Tell() const {
  return static_cast<std::int64_t>(file_.bytes_written());
}

}  // namespace usher::columnar
