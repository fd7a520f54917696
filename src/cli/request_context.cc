#include "cli/request_context.h"

#include <string>

#include "base/text.h"

namespace usher::cli {

Result<void> TakeContext(std::string_view text, engine::RequestContext& context) {
  for (const std::string_view pair : Split(text, ',')) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      return InvalidInput("give NAME=VALUE, got '" + std::string(pair) + "'");
    }
    context[std::string(pair.substr(0, equals))] = pair.substr(equals + 1);
  }
  return {};
}

}  // namespace usher::cli
