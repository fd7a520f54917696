#include "base/error.h"

#include <system_error>

namespace usher {

Error SystemError(std::string_view what, int error_number) {
  return Internal(std::string(what) + ": " + std::generic_category().message(error_number));
}

}  // namespace usher
