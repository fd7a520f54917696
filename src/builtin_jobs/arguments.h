// A job's arguments, read as what they mean.
//
// Errors: invalid input that names the argument, what it holds and what is accepted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "builtin_jobs/builtin_job.h"

namespace usher::builtin_jobs {

// Also an error when it is empty.
Result<std::string> RequireText(const JobArguments& arguments, std::string_view name);
// "s3://bucket/key"; the key may be empty.
Result<ObjectName> RequireObject(const JobArguments& arguments, std::string_view name);
[[nodiscard]] std::string TextOr(const JobArguments& arguments, std::string_view name,
                                 std::string_view otherwise);
// Within [least, most]; `otherwise` when it is not given.
Result<double> NumberOr(const JobArguments& arguments, std::string_view name, double otherwise,
                        double least, double most);
Result<std::int64_t> IntegerOr(const JobArguments& arguments, std::string_view name,
                               std::int64_t otherwise, std::int64_t least, std::int64_t most);

}  // namespace usher::builtin_jobs
