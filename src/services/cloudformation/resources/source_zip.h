// A zip with one file: what the inline code of a template's function becomes.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace usher::cloudformation {

// Errors: internal when the archive cannot be made. The same text gives the same bytes.
Result<std::string> ZipOf(std::string_view file_name, std::string_view text);

}  // namespace usher::cloudformation
