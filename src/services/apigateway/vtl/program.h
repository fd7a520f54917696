// A whole parsed template.
#pragma once

#include "services/apigateway/vtl/syntax.h"
#include "services/apigateway/vtl/template.h"

namespace usher::apigateway::vtl {

struct Template::Program {
  std::string source;  // for lines and columns
  Block body;
  std::map<std::string, Macro, std::less<>> macros;
};

// "line 3, column 7: " of a byte of the source; columns count characters.
[[nodiscard]] std::string Place(std::string_view source, std::size_t at);

}  // namespace usher::apigateway::vtl
