// What the console's pages may ask of the services: operations that read, and no others.
#pragma once

#include <string_view>

#include "wire/shape.h"

namespace usher::console {

// `service` as botocore's folder is called. nullptr when there is no such operation, when it is not
// built, or when it is not one of those that the pages need.
[[nodiscard]] const wire::Operation* FindAllowed(std::string_view service,
                                                 std::string_view operation);

}  // namespace usher::console
