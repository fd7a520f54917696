#include "engine/explain.h"

#include <cstdio>
#include <string>
#include <vector>

#include "base/text.h"
#include "cli/options.h"
#include "cli/request_context.h"
#include "engine/recommend.h"
#include "json/json.h"

namespace usher::cli {

int Explain(Arguments arguments) {
  std::string model_folder;
  std::string user;
  std::string item;
  std::string excluded;
  std::uint64_t num_results = 25;
  std::uint64_t top = 10;
  bool include_seen = false;
  bool as_json = false;
  engine::RequestContext context;
  const std::vector<Option> options{
      {"--model", "MODEL_DIR", "folder that `usher train` wrote", TakeText(model_folder),
       Option::kRequired},
      {"--user", "ID", "for whom", TakeText(user), Option::kRequired},
      {"--item", "ID", "the item in question", TakeText(item), Option::kRequired},
      {"--num-results", "N", "length of the list that the item is looked for in (25)",
       TakeCount(num_results, 1, engine::kMaxNumResults)},
      {"--top", "N", "how many of the user's interactions to name (10)",
       TakeCount(top, 0, engine::kMaxExplainedEvents)},
      {"--exclude", "ID,…", "items that a filter leaves out of the list", TakeText(excluded)},
      {"--context", "NAME=VALUE,…",
       "the situation of the request, for models trained with --context",
       [&context](std::string_view text) { return TakeContext(text, context); }},
      {"--include-seen", "", "the list has also what the user has already met",
       TakeSwitch(include_seen)},
      {"--json", "", "one JSON object instead of text", TakeSwitch(as_json)}};
  constexpr CommandHelp kHelp{
      .name = "explain",
      .purpose =
          "Says why a user is recommended an item, or is not: where it stands in the list, and "
          "what each of the user's interactions adds to its score.",
      .examples =
          "  usher explain --model model --user 1 --item 318\n"
          "  usher explain --model model --user 1 --item 318 --json\n"};
  if (const auto exit = ParseOptions(kHelp, options, arguments)) return *exit;

  const auto model = engine::LoadModel(model_folder);
  if (!model) return Fail("explain", model_folder + ": " + model.error().message);
  std::vector<std::string> exclude;
  if (!excluded.empty()) {
    for (const std::string_view id : Split(excluded, ',')) exclude.emplace_back(Trim(id));
  }
  const auto why = engine::ExplainItem(*model, user, item,
                                       {.num_results = num_results,
                                        .top = top,
                                        .exclude_seen = !include_seen,
                                        .recent = {},
                                        .exclude = exclude,
                                        .context = context});
  if (!why) return Fail("explain", why.error().message);
  const std::string text =
      as_json ? json::Write(engine::ToValue(*why)) + "\n" : engine::FormatExplanation(*why);
  std::fputs(text.c_str(), stdout);
  return kExitOk;
}

}  // namespace usher::cli
