#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <vector>

#include "base/error.h"
#include "cli/options.h"

namespace usher::cli {
namespace {

namespace fs = std::filesystem;

// The script of the checkout that this binary was built in, if it lies in one.
fs::path FindScript() {
  std::error_code error;
  fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
  while (!error && folder.has_relative_path()) {
    if (fs::is_regular_file(folder / "demo", error) && fs::is_directory(folder / "src", error)) {
      return folder / "demo";
    }
    folder = folder.parent_path();
  }
  return {};
}

}  // namespace

int Demo(Arguments arguments) {
  std::string data;
  std::string port;
  bool stop = false;
  const std::vector<Option> options{
      {"--data", "DIR", "folder with MovieLens' ratings.csv and movies.csv", TakeText(data)},
      {"--port", "N", "port of the server (4566)", TakeText(port)},
      {"--stop", "", "end the server that a demo left running", TakeSwitch(stop)}};
  constexpr CommandHelp kHelp{
      .name = "demo",
      .purpose =
          "Runs ./demo of the checkout: starts a server on a fresh data folder, loads movie "
          "ratings into a bucket, imports them, trains a model, deploys it and prints "
          "recommendations with titles. The server is left running."};
  if (const auto exit = ParseOptions(kHelp, options, arguments)) return *exit;

  const fs::path script = FindScript();
  if (script.empty()) {
    return Fail("demo",
                "this binary does not lie in a checkout of Usher, which has the script "
                "./demo; run that one");
  }
  std::vector<std::string> words{script.string()};
  for (const std::string_view argument : arguments) words.emplace_back(argument);
  std::vector<char*> raw;
  for (std::string& word : words) raw.push_back(word.data());
  raw.push_back(nullptr);
  ::execv(script.c_str(), raw.data());
  return Fail("demo", SystemError("starting ./demo", errno).message);
}

}  // namespace usher::cli
