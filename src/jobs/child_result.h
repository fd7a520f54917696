// result.json: how a child process tells its answer, as {"ok": <any>} or
// {"error": {"code": "InvalidInput", "message": "…"}}. Written to a temporary name and renamed, so
// that it is there wholly or not at all.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/value.h"

namespace usher::jobs {

inline constexpr std::size_t kMaxRequestBytes = 64U << 20;
inline constexpr std::size_t kMaxResultBytes = 16U << 20;

// "InvalidInput", "NotFound" … as stored in documents and results.
[[nodiscard]] std::string_view ErrorCodeName(ErrorCode code);
// Internal for a name that is not known.
[[nodiscard]] ErrorCode ErrorCodeOf(std::string_view name);
[[nodiscard]] Value ErrorToValue(const Error& error);
[[nodiscard]] Error ErrorFromValue(const Value& value);

// Replaces the file `folder`/`name` in one step. Not synced: a job's work folder needs to outlive
// the process, not the machine.
Result<void> WriteFileAtomically(const std::string& folder, const std::string& name,
                                 std::string_view bytes);
Result<std::string> ReadWholeFile(const std::string& file, std::size_t limit);

Result<void> WriteChildResult(const std::string& work_folder, const Result<Value>& result);
// What the child recorded, its "ok" as JSON; nullopt when it recorded nothing. Errors (outer): the
// file is there but is no result.
Result<std::optional<Result<std::string>>> ReadChildResult(const std::string& work_folder);

}  // namespace usher::jobs
