#include "engine/recommend.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/byte_source.h"
#include "base/text.h"
#include "cli/options.h"
#include "cli/progress_bar.h"
#include "cli/request_context.h"
#include "columnar/output_file.h"
#include "engine/explore.h"
#include "engine/item_answers.h"
#include "engine/model_folder.h"

namespace usher::cli {
namespace {

constexpr std::size_t kMaxIdFileBytes = std::size_t{256} << 20;

// Lines to standard output, or to a file that appears when all are there.
class Output {
 public:
  Result<void> Open(const std::string& path) {
    if (path.empty()) return {};
    auto file = columnar::OutputFile::Create(path);
    if (!file) return file.error();
    file_ = *std::move(file);
    return {};
  }
  Result<void> Write(std::string_view lines) {
    if (file_ != nullptr) return file_->Write(lines);
    if (std::fwrite(lines.data(), 1, lines.size(), stdout) == lines.size()) return {};
    return SystemError("writing to standard output", errno);
  }
  Result<void> Finish() {
    if (file_ != nullptr) return file_->Publish();
    if (std::fflush(stdout) == 0) return {};
    return SystemError("writing to standard output", errno);
  }

 private:
  std::unique_ptr<columnar::OutputFile> file_;
};

// A file of ids, one a line; nullopt when it holds JSON lines instead.
Result<std::optional<std::vector<std::string>>> ReadIds(const std::string& path) {
  auto source = FileSource::Open(path);
  if (!source) return source.error();
  if ((*source)->size().value_or(0) > kMaxIdFileBytes) {
    return std::optional<std::vector<std::string>>();  // a file of ids is not that large
  }
  const auto text = ReadAll(**source, kMaxIdFileBytes);
  if (!text) return text.error();
  if (Trim(*text).starts_with('{')) return std::optional<std::vector<std::string>>();
  std::vector<std::string> ids;
  for (const std::string_view line : Split(*text, '\n')) {
    if (!Trim(line).empty()) ids.emplace_back(Trim(line));
  }
  return std::optional(std::move(ids));
}

// `which` are ids of items or of users: "all", some with commas between them, or a file.
Result<engine::BatchCounts> Answer(const engine::LoadedModel& model, bool of_items,
                                   const std::string& which, const engine::BatchOptions& options,
                                   const engine::LineSink& sink) {
  std::error_code error;
  if (which == "all") {
    return of_items ? engine::AnswerAllItems(model, options, sink)
                    : engine::RecommendAllUsers(model, options, sink);
  }
  const auto answer = [&](const std::vector<std::string>& ids) {
    return of_items ? engine::AnswerItems(model, ids, options, sink)
                    : engine::RecommendUsers(model, ids, options, sink);
  };
  if (std::filesystem::is_regular_file(which, error)) {
    const auto ids = ReadIds(which);
    if (!ids) return ids.error();
    return *ids ? answer(**ids) : engine::RecommendFile(model, which, options, sink);
  }
  if (which.find('/') != std::string::npos) return NotFound("there is no file " + which);
  std::vector<std::string> ids;
  for (const std::string_view id : Split(which, ',')) {
    if (Trim(id).empty()) return InvalidInput("there is an empty id among " + which);
    ids.emplace_back(Trim(id));
  }
  return answer(ids);
}

}  // namespace

int Recommend(Arguments arguments) {
  std::string model_folder;
  std::string users;
  std::string items;
  std::uint64_t num_results = 25;
  bool include_seen = false;
  std::optional<double> exploration_weight;
  std::optional<double> exploration_cut_off;
  std::uint64_t exploration_seed = 1;
  engine::RequestContext context;
  std::string out;
  const std::vector<Option> options{
      {"--model", "MODEL_DIR", "folder that `usher train` wrote", TakeText(model_folder),
       Option::kRequired},
      {"--users", "all|ID,…|FILE",
       "every user of the training data; some ids; or a file with an id on each line or with JSON "
       "lines: {\"userId\": \"1\"}, and for ranking recipes {\"userId\": \"1\", \"itemList\": "
       "[\"10\", \"20\"]}",
       TakeText(users)},
      {"--items", "all|ID,…|FILE",
       "likewise, for recipes that answer for items; JSON lines are {\"itemId\": \"10\"}, and for "
       "aws-item-attribute-affinity {\"itemAttributes\": \"ITEMS.genres = \\\"Comedy\\\"\"}",
       TakeText(items)},
      {"--num-results", "N", "length of each list (25); at most 500, for lists of users 5,000,000",
       TakeCount(num_results, 1, engine::kMaxSegmentUsers)},
      {"--include-seen", "", "recommend also what the user has already interacted with",
       TakeSwitch(include_seen)},
      {"--context", "NAME=VALUE,…",
       "the situation of all requests, for models trained with --context",
       [&context](std::string_view text) { return TakeContext(text, context); }},
      {"--exploration-weight", "W",
       "share of each list's places that items with little data compete for, 0 to 1 (0; campaigns "
       "of the server have 0.3)",
       TakeNumber(exploration_weight)},
      {"--exploration-item-age-cut-off", "DAYS",
       "only items that first appeared at most so many days before the latest interaction (30)",
       TakeNumber(exploration_cut_off)},
      {"--exploration-seed", "N", "the same seed gives the same lists (1)",
       TakeCount(exploration_seed)},
      {"--out", "FILE", "write here instead of to standard output", TakeText(out)}};
  constexpr CommandHelp kHelp{
      .name = "recommend",
      .purpose =
          "Recommends items, one JSON line for each user, in the form of a batch inference "
          "job's output. A user that the model does not know gets popular items. For an item, "
          "gives items like it or users for it, by the model's recipe.",
      .examples =
          "  usher recommend --model model --users 1,2,3 --num-results 10\n"
          "  usher recommend --model model --users all --out all.jsonl\n"
          "  usher recommend --model similar --items 1,2\n"};
  if (const auto exit = ParseOptions(kHelp, options, arguments)) return *exit;
  if (users.empty() == items.empty()) {
    return FailUsage("recommend", "give either --users or --items");
  }

  const auto model = engine::LoadModel(model_folder);
  if (!model) return Fail("recommend", model_folder + ": " + model.error().message);
  const engine::ExplorationOptions exploration{
      .weight = exploration_weight.value_or(0),
      .item_age_cut_off_days =
          exploration_cut_off.value_or(engine::ExplorationOptions().item_age_cut_off_days)};
  if (const auto checked = engine::CheckExploration(exploration); !checked) {
    return FailUsage("recommend", checked.error().message);
  }
  if (exploration.weight > 0 && !engine::CanExplore(*model)) {
    return Fail("recommend", "a model of recipe " + model->info.recipe + " does not explore");
  }
  const auto explorer = engine::Explorer::Make(*model, exploration);
  Output output;
  if (const auto opened = output.Open(out); !opened) {
    return Fail("recommend", out + ": " + opened.error().message);
  }
  ProgressBar bar("Recommending");
  const engine::BatchOptions batch{.num_results = num_results,
                                   .exclude_seen = !include_seen,
                                   .context = context,
                                   .explorer = explorer.get(),
                                   .exploration_seed = exploration_seed,
                                   .progress = [&](double fraction) { bar.Update(fraction); }};
  const auto counts = Answer(*model, !items.empty(), items.empty() ? users : items, batch,
                             [&](std::string_view lines) { return output.Write(lines); });
  bar.Finish();
  if (!counts) return Fail("recommend", counts.error().message);
  if (const auto finished = output.Finish(); !finished) {
    return Fail("recommend", finished.error().message);
  }
  if (counts->failed > 0) {
    return Fail("recommend", std::to_string(counts->failed) + " of " +
                                 std::to_string(counts->lines) +
                                 " lines could not be answered; their \"error\" says why");
  }
  return kExitOk;
}

}  // namespace usher::cli
