#include "cli/options.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <numeric>
#include <set>

#include "base/text.h"

namespace usher::cli {
namespace {

constexpr std::size_t kLineWidth = 80;
constexpr std::size_t kHelpColumn = 30;  // where the explanations of options begin

// Appends `text` broken between words; lines after the first begin with `indent` spaces.
void AppendWrapped(std::string& out, std::string_view text, std::size_t column,
                   std::size_t indent) {
  for (const std::string_view word : Split(text, ' ')) {
    if (column + word.size() > kLineWidth && column > indent) {
      while (out.ends_with(' ')) out.pop_back();
      out += "\n" + std::string(indent, ' ');
      column = indent;
    }
    out += std::string(word) + " ";
    column += word.size() + 1;
  }
  while (out.ends_with(' ')) out.pop_back();
  out += "\n";
}

std::string Usage(const CommandHelp& help, std::span<const Option> options) {
  std::string usage = "usher " + std::string(help.name);
  for (const Option& option : options) {
    const std::string flag =
        std::string(option.name) + (option.value.empty() ? "" : " " + std::string(option.value));
    usage += option.required ? " " + flag : " [" + flag + "]";
  }
  if (!help.positionals.empty()) usage += " " + std::string(help.positionals);
  return usage;
}

// Least number of insertions, deletions and changes (Levenshtein) that make one from the other.
std::size_t Distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t change = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({change, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string HelpText(const CommandHelp& help, std::span<const Option> options) {
  std::string text = "Usage: ";
  AppendWrapped(text, Usage(help, options), 7, 7);
  text += "\n";
  AppendWrapped(text, help.purpose, 0, 0);
  text += "\nOptions:\n";
  for (const Option& option : options) {
    std::string line = "  " + std::string(option.name) +
                       (option.value.empty() ? "" : " " + std::string(option.value));
    line += line.size() + 2 > kHelpColumn ? "\n" + std::string(kHelpColumn, ' ')
                                          : std::string(kHelpColumn - line.size(), ' ');
    text += line;
    AppendWrapped(text, option.help + (option.required ? " (required)" : ""), kHelpColumn,
                  kHelpColumn);
  }
  text += "  --help" + std::string(kHelpColumn - 8, ' ') + "this text\n";
  if (!help.examples.empty()) text += "\nExamples:\n" + std::string(help.examples);
  if (!text.ends_with('\n')) text += "\n";
  return text;
}

std::optional<std::string_view> Nearest(std::string_view given,
                                        std::span<const std::string_view> names) {
  std::optional<std::string_view> nearest;
  // A third of the letters may be wrong.
  std::size_t least = given.size() / 3 + 2;
  for (const std::string_view name : names) {
    const std::size_t distance = Distance(given, name);
    const bool is_beginning = given.size() >= 3 && name.starts_with(given);
    if (is_beginning || distance < least) {
      nearest = name;
      least = is_beginning ? 0 : distance;
    }
  }
  return nearest;
}

std::optional<int> ParseOptions(const CommandHelp& help, std::span<const Option> options,
                                Arguments arguments, std::vector<std::string>* positionals) {
  std::set<std::string_view> given;
  bool options_ended = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    if (!options_ended && argument == "--") {
      options_ended = true;
      continue;
    }
    if (!options_ended && (argument == "--help" || argument == "-h")) {
      std::fputs(HelpText(help, options).c_str(), stdout);
      return kExitOk;
    }
    if (options_ended || !argument.starts_with('-') || argument == "-") {
      if (positionals == nullptr) {
        return FailUsage(help.name, "unexpected argument \"" + std::string(argument) + "\"");
      }
      positionals->emplace_back(argument);
      continue;
    }

    const std::size_t equals = argument.find('=');
    const std::string_view name = argument.substr(0, equals);
    const auto option = std::ranges::find(options, name, &Option::name);
    if (option == options.end()) {
      std::vector<std::string_view> names;
      for (const Option& known : options) names.push_back(known.name);
      const auto nearest = Nearest(name, names);
      return FailUsage(help.name, "unknown option " + std::string(name) +
                                      (nearest ? "; did you mean " + std::string(*nearest) + "?"
                                               : std::string()));
    }
    std::string_view value;
    if (!option->value.empty()) {
      if (equals != std::string_view::npos) {
        value = argument.substr(equals + 1);
      } else if (i + 1 < arguments.size()) {
        value = arguments[++i];
      } else {
        return FailUsage(help.name, std::string(name) + " wants a value: " + std::string(name) +
                                        " " + std::string(option->value));
      }
    } else if (equals != std::string_view::npos) {
      return FailUsage(help.name, std::string(name) + " takes no value");
    }
    if (!given.insert(option->name).second) {
      return FailUsage(help.name, std::string(name) + " is given twice");
    }
    if (const auto taken = option->take(value); !taken) {
      return FailUsage(help.name, std::string(name) + ": " + taken.error().message);
    }
  }
  for (const Option& option : options) {
    if (option.required && !given.contains(option.name)) {
      return FailUsage(help.name,
                       std::string(option.name) + " " + std::string(option.value) + " is missing");
    }
  }
  return std::nullopt;
}

std::function<Result<void>(std::string_view)> TakeText(std::string& target) {
  return [&target](std::string_view value) -> Result<void> {
    if (value.empty()) return InvalidInput("the value is empty");
    target = value;
    return {};
  };
}

std::function<Result<void>(std::string_view)> TakeCount(std::uint64_t& target, std::uint64_t min,
                                                        std::uint64_t max) {
  return [&target, min, max](std::string_view value) -> Result<void> {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size() || number < min ||
        number > max) {
      const bool is_bounded = max != std::numeric_limits<std::uint64_t>::max();
      return InvalidInput("\"" + std::string(value) + "\" is not a whole number" +
                          (is_bounded
                               ? " between " + std::to_string(min) + " and " + std::to_string(max)
                               : " of at least " + std::to_string(min)));
    }
    target = number;
    return {};
  };
}

std::function<Result<void>(std::string_view)> TakeNumber(std::optional<double>& target) {
  return [&target](std::string_view value) -> Result<void> {
    double number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size() || number - number != 0) {
      return InvalidInput("\"" + std::string(value) + "\" is not a number");
    }
    target = number;
    return {};
  };
}

std::function<Result<void>(std::string_view)> TakeSwitch(bool& target) {
  return [&target](std::string_view) -> Result<void> {
    target = true;
    return {};
  };
}

std::function<Result<void>(std::string_view)> TakeChoice(std::string& target,
                                                         std::vector<std::string_view> choices) {
  return [&target, choices = std::move(choices)](std::string_view value) -> Result<void> {
    if (std::ranges::find(choices, value) == choices.end()) {
      std::string list;
      for (const std::string_view choice : choices) {
        list += (list.empty() ? "" : ", ") + std::string(choice);
      }
      return InvalidInput("\"" + std::string(value) + "\" is not one of: " + list);
    }
    target = value;
    return {};
  };
}

int Fail(std::string_view command, std::string_view message) {
  std::fprintf(stderr, "usher %s: %s\n", std::string(command).c_str(),
               std::string(message).c_str());
  return kExitFailed;
}

int FailUsage(std::string_view command, std::string_view message) {
  Fail(command, message);
  std::fprintf(stderr, "Try: usher %s --help\n", std::string(command).c_str());
  return kExitUsage;
}

}  // namespace usher::cli
