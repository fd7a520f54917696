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
#include "columnar/output_file.h"
#include "engine/explore.h"
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

Result<engine::BatchCounts> Answer(const engine::LoadedModel& model, const std::string& users,
                                   const engine::BatchOptions& options,
                                   const engine::LineSink& sink) {
  std::error_code error;
  if (users == "all") return engine::RecommendAllUsers(model, options, sink);
  if (std::filesystem::is_regular_file(users, error)) {
    const auto ids = ReadIds(users);
    if (!ids) return ids.error();
    return *ids ? engine::RecommendUsers(model, **ids, options, sink)
                : engine::RecommendFile(model, users, options, sink);
  }
  if (users.find('/') != std::string::npos) return NotFound("there is no file " + users);
  std::vector<std::string> ids;
  for (const std::string_view id : Split(users, ',')) {
    if (Trim(id).empty()) return InvalidInput("--users has an empty id: " + users);
    ids.emplace_back(Trim(id));
  }
  return engine::RecommendUsers(model, ids, options, sink);
}

}  // namespace

int Recommend(Arguments arguments) {
  std::string model_folder;
  std::string users;
  std::uint64_t num_results = 25;
  bool include_seen = false;
  std::optional<double> exploration_weight;
  std::optional<double> exploration_cut_off;
  std::uint64_t exploration_seed = 1;
  std::string out;
  const std::vector<Option> options{
      {"--model", "MODEL_DIR", "folder that `usher train` wrote", TakeText(model_folder),
       Option::kRequired},
      {"--users", "all|ID,…|FILE",
       "every user of the training data; some ids; or a file with an id on each line or with JSON "
       "lines: {\"userId\": \"1\"}, and for ranking recipes {\"userId\": \"1\", \"itemList\": "
       "[\"10\", \"20\"]}",
       TakeText(users), Option::kRequired},
      {"--num-results", "N", "items for each user (25)",
       TakeCount(num_results, 1, engine::kMaxNumResults)},
      {"--include-seen", "", "recommend also what the user has already interacted with",
       TakeSwitch(include_seen)},
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
          "job's output. A user that the model does not know gets popular items.",
      .examples =
          "  usher recommend --model model --users 1,2,3 --num-results 10\n"
          "  usher recommend --model model --users all --out all.jsonl\n"};
  if (const auto exit = ParseOptions(kHelp, options, arguments)) return *exit;

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
                                   .explorer = explorer.get(),
                                   .exploration_seed = exploration_seed,
                                   .progress = [&](double fraction) { bar.Update(fraction); }};
  const auto counts =
      Answer(*model, users, batch, [&](std::string_view lines) { return output.Write(lines); });
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
