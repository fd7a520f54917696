#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace usher {

void Check(bool holds, std::string_view promise, std::source_location where) {
  if (holds) [[likely]] {
    return;
  }
  std::fprintf(stderr, "%s:%u: broken promise in %s: %.*s\n", where.file_name(), where.line(),
               where.function_name(), static_cast<int>(promise.size()), promise.data());
  std::abort();
}

}  // namespace usher
