#include "jobs/child_result.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "base/byte_source.h"
#include "json/json.h"

namespace usher::jobs {
namespace {

constexpr std::array<std::pair<ErrorCode, std::string_view>, 12> kCodeNames = {{
    {ErrorCode::kInvalidInput, "InvalidInput"},
    {ErrorCode::kNotFound, "NotFound"},
    {ErrorCode::kAlreadyExists, "AlreadyExists"},
    {ErrorCode::kInUse, "InUse"},
    {ErrorCode::kLimitExceeded, "LimitExceeded"},
    {ErrorCode::kInvalidNextToken, "InvalidNextToken"},
    {ErrorCode::kAccessDenied, "AccessDenied"},
    {ErrorCode::kUnsupported, "Unsupported"},
    {ErrorCode::kThrottled, "Throttled"},
    {ErrorCode::kCancelled, "Cancelled"},
    {ErrorCode::kCorrupt, "Corrupt"},
    {ErrorCode::kInternal, "Internal"},
}};

std::string Text(const Value* value) {
  const std::string* text = value ? value->as_string() : nullptr;
  return text ? *text : std::string();
}

}  // namespace

std::string_view ErrorCodeName(ErrorCode code) {
  for (const auto& [known, name] : kCodeNames) {
    if (known == code) return name;
  }
  return "Internal";
}

ErrorCode ErrorCodeOf(std::string_view name) {
  for (const auto& [code, known] : kCodeNames) {
    if (known == name) return code;
  }
  return ErrorCode::kInternal;
}

Value ErrorToValue(const Error& error) {
  ValueMap map;
  map.Append("code", ErrorCodeName(error.code));
  map.Append("message", error.message);
  return map;
}

Error ErrorFromValue(const Value& value) {
  return {ErrorCodeOf(Text(value.Find("code"))), Text(value.Find("message"))};
}

Result<void> WriteFileAtomically(const std::string& folder, const std::string& name,
                                 std::string_view bytes) {
  const std::string file = folder + "/" + name;
  const std::string temporary = file + ".new";
  const int fd =
      open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return SystemError("cannot create " + name, errno);
  while (!bytes.empty()) {
    const ssize_t size = write(fd, bytes.data(), bytes.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) {
      const int error_number = errno;
      close(fd);
      return SystemError("cannot write " + name, error_number);
    }
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  if (close(fd) != 0) return SystemError("cannot write " + name, errno);
  if (rename(temporary.c_str(), file.c_str()) != 0) {
    return SystemError("cannot rename " + name, errno);
  }
  return {};
}

Result<std::string> ReadWholeFile(const std::string& file, std::size_t limit) {
  const auto source = FileSource::Open(file);
  if (!source) return source.error();
  return ReadAll(**source, limit);
}

Result<void> WriteChildResult(const std::string& work_folder, const Result<Value>& result) {
  ValueMap map;
  if (result) {
    map.Append("ok", *result);
  } else {
    map.Append("error", ErrorToValue(result.error()));
  }
  return WriteFileAtomically(work_folder, "result.json", json::Write(map));
}

Result<std::optional<Result<std::string>>> ReadChildResult(const std::string& work_folder) {
  const std::string file = work_folder + "/result.json";
  if (access(file.c_str(), F_OK) != 0 && errno == ENOENT) {
    return std::optional<Result<std::string>>();
  }
  const auto text = ReadWholeFile(file, kMaxResultBytes);
  if (!text) return text.error();
  const auto value = json::Parse(*text);
  if (!value) return Internal("result.json is no JSON: " + value.error().message);
  if (const Value* ok = value->Find("ok")) {
    return std::optional<Result<std::string>>(Result<std::string>(json::Write(*ok)));
  }
  if (const Value* error = value->Find("error")) {
    return std::optional<Result<std::string>>(Result<std::string>(ErrorFromValue(*error)));
  }
  return Internal("result.json holds neither an answer nor an error");
}

}  // namespace usher::jobs
