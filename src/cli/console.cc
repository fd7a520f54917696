#include <cstdio>
#include <vector>

#include "cli/options.h"
#include "cli/serve_settings.h"
#include "server/console_link.h"

namespace usher::cli {

int Console(Arguments arguments) {
  std::string data;
  const std::vector<Option> options{
      {"--data", "DIR", "data folder of the server (~/.local/share/usher)", TakeText(data)}};
  constexpr CommandHelp kHelp{
      .name = "console",
      .purpose =
          "Prints the link that opens the console of the server that runs on a data folder. A link "
          "works once; when it has been used, this prints the next.",
      .examples = "  usher console\n  xdg-open \"$(usher console)\"\n"};
  if (const auto exit = ParseOptions(kHelp, options, arguments)) return *exit;
  const auto folder = DataFolderPath(data);
  if (!folder) return FailUsage("console", folder.error().message);
  const auto link = server::ReadConsoleLink(*folder);
  if (!link && link.error().code == ErrorCode::kNotFound) {
    return Fail("console", "no server with a console runs on the data folder " + *folder +
                               ": start one with `usher serve`, and without --console off");
  }
  if (!link) return Fail("console", link.error().message);
  std::printf("%s\n", link->c_str());
  return kExitOk;
}

}  // namespace usher::cli
