// Times reading, training and answering on a file of ratings: what the scripts in bench/ compare
// with other programs. Prints one JSON line for each step.

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/parallel.h"
#include "base/random.h"
#include "engine/interactions_file.h"
#include "recsys/als/als.h"
#include "recsys/blend/blend_model.h"
#include "recsys/interactions/interactions.h"

namespace usher::engine {
namespace {

constexpr std::string_view kUsage =
    "Usage: engine_bench RATINGS [rank=64] [sweeps=0] [unobserved=0.08] [regularization=0.005]\n"
    "                    [start=0] [temperature=0.11] [threads=0] [single=2000] [factors=FILE]\n"
    "                    [solver=direct|gradient|blocks] [steps=3] [width=32]\n"
    "Reads RATINGS; with sweeps > 0 trains ALS, answers all users, then some one by one, and "
    "writes\n"
    "the factors: two numbers of 64 bits (users, items), then the rows of both as floats.\n";

class Options {
 public:
  Options(int count, char** words) {
    for (int i = 2; i < count; ++i) words_.emplace_back(words[i]);
  }
  [[nodiscard]] std::string Text(std::string_view name) const {
    for (const std::string_view word : words_) {
      if (word.starts_with(name) && word.substr(name.size()).starts_with('=')) {
        return std::string(word.substr(name.size() + 1));
      }
    }
    return "";
  }
  [[nodiscard]] double Number(std::string_view name, double otherwise) const {
    const std::string text = Text(name);
    return text.empty() ? otherwise : std::strtod(text.c_str(), nullptr);
  }

 private:
  std::vector<std::string_view> words_;
};

recsys::AlsSolver SolverOf(std::string_view name) {
  if (name == "gradient") return recsys::AlsSolver::kConjugateGradient;
  if (name == "blocks") return recsys::AlsSolver::kBlocks;
  return recsys::AlsSolver::kDirect;
}

struct Stopwatch {
  std::chrono::steady_clock::time_point wall = std::chrono::steady_clock::now();
  double cpu = Cpu();

  static double Cpu() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
      return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
  }
  [[nodiscard]] double Wall() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - wall).count();
  }
  void Print(std::string_view step) const {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    std::printf(R"({"step":"%.*s","wall_s":%.3f,"cpu_s":%.3f,"peak_rss_gb":%.3f})"
                "\n",
                static_cast<int>(step.size()), step.data(), Wall(), Cpu() - cpu,
                static_cast<double>(usage.ru_maxrss) / 1e6);
    std::fflush(stdout);
  }
};

Result<recsys::Interactions> Read(const std::string& path, ThreadPool& pool,
                                  std::vector<std::string>& users,
                                  std::vector<std::string>& items) {
  const Stopwatch all;
  auto table = LoadInteractions(path, {.threads = static_cast<int>(pool.thread_count())});
  if (!table) return table.error();
  all.Print("parse");
  users = std::move(table->user_ids);
  items = std::move(table->item_ids);
  auto interactions =
      recsys::BuildInteractions(users.size(), items.size(), std::move(table->user),
                                std::move(table->item), std::move(table->timestamp), pool);
  all.Print("read");
  return interactions;
}

Result<recsys::AlsFactors> TrainSweeps(const recsys::Interactions& interactions,
                                       const recsys::AlsOptions& options, ThreadPool& pool) {
  Stopwatch sweep;
  recsys::AlsHooks hooks;
  hooks.after_sweep = [&](std::size_t, const linalg::Matrix&) -> Result<void> {
    sweep.Print("sweep");
    sweep = {};
    return {};
  };
  const Stopwatch all;
  auto factors = recsys::TrainAls(interactions, options, pool, hooks);
  all.Print("train");
  return factors;
}

void AnswerAll(const recsys::Model& model, ThreadPool& pool) {
  std::vector<recsys::UserQuery> queries;
  for (std::uint32_t user = 0; user < model.users().size(); ++user) {
    queries.push_back({.user = user, .history = {}, .exclude = {}});
  }
  std::vector<std::vector<recsys::ScoredItem>> answers;
  const Stopwatch all;
  model.RecommendMany(queries, pool, answers);
  all.Print("top 25 for all users");
}

void AnswerSome(const recsys::Model& model, std::size_t count) {
  std::vector<double> folded;
  std::vector<double> known;
  std::vector<recsys::ScoredItem> out;
  Random random(1);
  const std::size_t warm_up = 50;
  for (std::size_t j = 0; j < count + warm_up; ++j) {
    const auto user = static_cast<std::uint32_t>(random.Below(model.users().size()));
    const Stopwatch fold;
    model.Recommend({.user = {}, .history = model.History(user), .exclude = {}}, out);
    if (j >= warm_up) folded.push_back(fold.Wall());
    const Stopwatch one;
    model.Recommend({.user = user, .history = {}, .exclude = {}}, out);
    if (j >= warm_up) known.push_back(one.Wall());
  }
  for (auto* times : {&folded, &known}) {
    std::ranges::sort(*times);
    const auto at = [&](double share) {
      return 1e3 * (*times)[static_cast<std::size_t>(share * static_cast<double>(times->size()))];
    };
    std::printf(R"({"step":"one user, %s","p50_ms":%.4f,"p90_ms":%.4f,"p99_ms":%.4f})"
                "\n",
                times == &folded ? "fold-in + top 25" : "known, top 25", at(0.5), at(0.9),
                at(0.99));
  }
}

void Write(const recsys::AlsFactors& factors, const std::string& path) {
  std::ofstream file(path, std::ios::binary);
  const auto put = [&](const void* from, std::size_t bytes) {
    file.write(static_cast<const char*>(from), static_cast<std::streamsize>(bytes));
  };
  for (const auto* side : {&factors.users, &factors.items}) {
    const std::uint64_t rows = side->rows();
    put(&rows, sizeof(rows));
  }
  for (const auto* side : {&factors.users, &factors.items}) {
    for (std::size_t row = 0; row < side->rows(); ++row) {
      put(side->Row(row), side->cols() * sizeof(float));
    }
  }
}

int Run(int count, char** words) {
  if (count < 2) {
    std::fwrite(kUsage.data(), 1, kUsage.size(), stderr);
    return 2;
  }
  const Options given(count, words);
  ThreadPool pool(static_cast<std::size_t>(given.Number("threads", 0)));
  std::vector<std::string> users;
  std::vector<std::string> items;
  auto interactions = Read(words[1], pool, users, items);
  if (!interactions) {
    std::fprintf(stderr, "%s\n", interactions.error().message.c_str());
    return 1;
  }
  const recsys::AlsOptions options{
      .rank = static_cast<std::size_t>(given.Number("rank", 64)),
      .sweeps = static_cast<std::size_t>(given.Number("sweeps", 0)),
      .unobserved_weight = static_cast<float>(given.Number("unobserved", 0.08)),
      .regularization = static_cast<float>(given.Number("regularization", 0.005)),
      .start_iterations = static_cast<std::size_t>(given.Number("start", 0)),
      .solver = SolverOf(given.Text("solver")),
      .gradient_steps = static_cast<std::size_t>(given.Number("steps", 3)),
      .block_width = static_cast<std::size_t>(given.Number("width", 32))};
  if (options.sweeps == 0) return 0;
  const auto factors = TrainSweeps(*interactions, options, pool);
  if (!factors) return 1;
  const Stopwatch index;
  const auto model =
      recsys::MakeBlendModel({.users = recsys::Vocabulary(users),
                              .items = recsys::Vocabulary(items),
                              .histories = interactions->by_user.view(),
                              .user_factors = factors->users.view(),
                              .item_factors = factors->items.view(),
                              .als = options,
                              .temperature = static_cast<float>(given.Number("temperature", 0.11)),
                              .owner = nullptr});
  index.Print("index");
  AnswerAll(*model, pool);
  AnswerSome(*model, static_cast<std::size_t>(given.Number("single", 2000)));
  if (const std::string path = given.Text("factors"); !path.empty()) Write(*factors, path);
  return 0;
}

}  // namespace
}  // namespace usher::engine

int main(int count, char** words) { return usher::engine::Run(count, words); }
