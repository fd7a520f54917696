#include "services/cloudformation/resources/source_zip.h"

#include <zip.h>

#include <ctime>

namespace usher::cloudformation {
namespace {

constexpr zip_uint32_t kReadable = 0644U << 16;      // rw-r--r--
constexpr std::time_t kTimeOfEntries = 315'619'200;  // 1980-01-02: the format knows none before

Error Failed(zip_error_t* error) {
  Error made = Internal(std::string("a zip cannot be made: ") + zip_error_strerror(error));
  zip_error_fini(error);
  return made;
}

}  // namespace

Result<std::string> ZipOf(std::string_view file_name, std::string_view text) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* target = zip_source_buffer_create(nullptr, 0, 0, &error);
  if (target == nullptr) return Failed(&error);
  zip_source_keep(target);  // read back after the archive is closed
  zip_t* archive = zip_open_from_source(target, ZIP_CREATE | ZIP_TRUNCATE, &error);
  if (archive == nullptr) {
    zip_source_free(target);
    zip_source_free(target);
    return Failed(&error);
  }
  zip_source_t* content = zip_source_buffer(archive, text.data(), text.size(), 0);
  const zip_int64_t index =
      zip_file_add(archive, std::string(file_name).c_str(), content, ZIP_FL_ENC_UTF_8);
  if (index >= 0) {
    const auto at = static_cast<zip_uint64_t>(index);
    zip_file_set_external_attributes(archive, at, 0, ZIP_OPSYS_UNIX, kReadable);
    zip_file_set_mtime(archive, at, kTimeOfEntries, 0);
  }
  if (index < 0 || zip_close(archive) != 0) {
    zip_discard(archive);
    zip_source_free(target);
    return Internal("a zip cannot be made of inline code");
  }
  std::string bytes;
  zip_stat_t stat;
  zip_stat_init(&stat);
  if (zip_source_stat(target, &stat) == 0 && zip_source_open(target) == 0) {
    bytes.resize(stat.size);
    const zip_int64_t read = zip_source_read(target, bytes.data(), bytes.size());
    zip_source_close(target);
    if (read < 0 || static_cast<zip_uint64_t>(read) != stat.size) bytes.clear();
  }
  zip_source_free(target);
  if (bytes.empty()) return Internal("a zip of inline code cannot be read back");
  return bytes;
}

}  // namespace usher::cloudformation
