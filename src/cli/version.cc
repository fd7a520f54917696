#include <cstdio>

#include "cli/options.h"

namespace usher::cli {

std::string_view VersionNumber() { return USHER_VERSION; }

int Version(Arguments arguments) {
  constexpr CommandHelp kHelp{.name = "version", .purpose = "Prints the version of Usher."};
  if (const auto exit = ParseOptions(kHelp, {}, arguments)) return *exit;
  std::puts("usher " USHER_VERSION);
  return kExitOk;
}

}  // namespace usher::cli
