#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/options.h"

namespace usher::cli {
namespace {

constexpr std::array<Command, 13> kCommands{{
    {"serve", "start the server that AWS clients talk to", Serve},
    {"demo", "how to see everything at work on real movie ratings", Demo},
    {"env", "print the exports that point awscli and boto3 at the server", Env},
    {"console", "print the link that opens the console of a running server", Console},
    {"deploy", "create or update a campaign of a running server", Deploy},
    {"mail", "list and show the mails that the server has kept", Mail},
    {"train", "train a model from an interactions file", Train},
    {"recommend", "recommend items to users with a trained model", Recommend},
    {"explain", "say why a user is recommended an item, or is not", Explain},
    {"evaluate", "measure a recipe on an interactions file", Evaluate},
    {"generate", "make up movie ratings to try things with", Generate},
    {"version", "print the version", Version},
    {"job", "run one of the server's jobs", Job, true},
}};

std::string Overview() {
  std::string text =
      "Usher recommends: a server that Amazon Personalize clients can talk to, and the\n"
      "engine behind it as commands on plain files.\n\n"
      "Usage: usher COMMAND [OPTION]...\n\nCommands:\n";
  for (const Command& command : kCommands) {
    if (command.is_internal) continue;
    std::string name(command.name);
    name.resize(12, ' ');
    text += "  " + name + std::string(command.summary) + "\n";
  }
  text +=
      "\n`usher COMMAND --help` explains a command. To begin:\n"
      "  usher generate --rows 100000 --out ratings\n"
      "  usher train --interactions ratings/ratings.csv --out model\n"
      "  usher recommend --model model --users 1,2,3 --num-results 10\n";
  return text;
}

}  // namespace

std::span<const Command> Commands() { return kCommands; }

int Main(Arguments arguments) {
  if (arguments.empty()) {
    std::fputs(Overview().c_str(), stderr);
    return kExitUsage;
  }
  std::string_view name = arguments.front();
  if (name == "--version") name = "version";
  if (name == "--help" || name == "-h" || name == "help") {
    if (arguments.size() > 1 && name == "help") {
      const std::array<std::string_view, 2> help{arguments[1], "--help"};
      return Main(help);
    }
    std::fputs(Overview().c_str(), stdout);
    return kExitOk;
  }
  const auto command = std::ranges::find(kCommands, name, &Command::name);
  if (command != kCommands.end()) return command->run(arguments.subspan(1));

  std::vector<std::string_view> names;
  for (const Command& known : kCommands) {
    if (!known.is_internal) names.push_back(known.name);
  }
  const auto nearest = Nearest(name, names);
  std::fprintf(stderr, "usher: unknown command \"%s\"%s\nTry: usher --help\n",
               std::string(name).c_str(),
               nearest ? ("; did you mean " + std::string(*nearest) + "?").c_str() : "");
  return kExitUsage;
}

}  // namespace usher::cli
