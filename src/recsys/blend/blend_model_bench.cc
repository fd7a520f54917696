#include <benchmark/benchmark.h>

#include <cmath>
#include <memory>
#include <unordered_set>
#include <vector>

#include "base/random.h"
#include "recsys/als/als.h"
#include "recsys/blend/blend_model.h"

namespace usher::recsys {
namespace {

// A catalogue of MovieLens' shape: popularity falls like a power, users keep to a few of 40 genres,
// histories are long-tailed with a median near 70.
struct World {
  Interactions interactions;
  AlsFactors factors;
  std::shared_ptr<const Model> model;
};

constexpr std::size_t kUsers = 20000;
constexpr std::size_t kItems = 60000;
constexpr std::size_t kGenres = 40;

Interactions MovieShaped() {
  Interactions all{.user_count = kUsers, .item_count = kItems, .by_user = {}};
  Random random(42);
  for (std::size_t u = 0; u < kUsers; ++u) {
    const double length = 70 * std::exp(1.0 * random.Normal());
    const auto count = static_cast<std::size_t>(std::min(3000.0, std::max(20.0, length)));
    const std::size_t tastes[3] = {random.Below(kGenres), random.Below(kGenres),
                                   random.Below(kGenres)};
    std::unordered_set<std::uint32_t> met;
    std::vector<std::uint32_t> list;
    while (list.size() < count) {
      // Rank by popularity with density ~ 1 / rank; the genre is the rank modulo kGenres.
      const double rank = std::exp(random.Uniform() * std::log(double{kItems} / kGenres)) - 1;
      const std::size_t genre =
          random.Uniform() < 0.8 ? tastes[random.Below(3)] : random.Below(kGenres);
      const auto item =
          static_cast<std::uint32_t>(static_cast<std::size_t>(rank) * kGenres + genre);
      if (item < kItems && met.insert(item).second) list.push_back(item);
    }
    all.by_user.Append(list);
  }
  return all;
}

const World& WorldOf(std::size_t rank) {
  static World worlds[257];
  World& world = worlds[rank];
  if (world.model) return world;
  world.interactions = MovieShaped();
  const AlsOptions options{
      .rank = rank, .sweeps = 4, .unobserved_weight = 0.05F, .regularization = 0.005F};
  ThreadPool pool;
  world.factors = *TrainAls(world.interactions, options, pool);
  std::vector<std::string> users, items;
  for (std::size_t u = 0; u < kUsers; ++u) users.push_back(std::to_string(u));
  for (std::size_t i = 0; i < kItems; ++i) items.push_back(std::to_string(i));
  world.model = MakeBlendModel({.users = Vocabulary(users),
                                .items = Vocabulary(items),
                                .histories = world.interactions.by_user.view(),
                                .user_factors = world.factors.users.view(),
                                .item_factors = world.factors.items.view(),
                                .als = options,
                                .temperature = 0.1F,
                                .owner = nullptr});
  return world;
}

// A complete answer to a user who did something since training: fold-in, exact top 25, scores.
void BM_RecommendFoldedIn(benchmark::State& state) {
  const World& world = WorldOf(static_cast<std::size_t>(state.range(0)));
  std::vector<ScoredItem> out;
  std::uint32_t user = 0;
  for (auto _ : state) {
    user = (user + 7919) % kUsers;
    world.model->Recommend({.user = {}, .history = world.model->History(user), .exclude = {}}, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_RecommendFoldedIn)->ArgName("rank")->Arg(64)->Arg(128)->Unit(benchmark::kMicrosecond);

void BM_RecommendKnown(benchmark::State& state) {
  const World& world = WorldOf(static_cast<std::size_t>(state.range(0)));
  std::vector<ScoredItem> out;
  std::uint32_t user = 0;
  for (auto _ : state) {
    user = (user + 7919) % kUsers;
    world.model->Recommend({.user = user, .history = {}, .exclude = {}}, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_RecommendKnown)->ArgName("rank")->Arg(64)->Arg(128)->Unit(benchmark::kMicrosecond);

// Complete answers for all users; items are users.
void BM_RecommendAll(benchmark::State& state) {
  const World& world = WorldOf(static_cast<std::size_t>(state.range(0)));
  ThreadPool pool(static_cast<std::size_t>(state.range(1)));
  std::vector<UserQuery> queries;
  for (std::uint32_t user = 0; user < kUsers; ++user) {
    queries.push_back({.user = user, .history = {}, .exclude = {}});
  }
  std::vector<std::vector<ScoredItem>> out;
  for (auto _ : state) {
    world.model->RecommendMany(queries, pool, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kUsers));
}
BENCHMARK(BM_RecommendAll)
    ->ArgNames({"rank", "threads"})
    ->Args({64, 1})
    ->Args({64, 2})
    ->Args({128, 1})
    ->Unit(benchmark::kMillisecond);

// One sweep, both sides; items are interactions.
void BM_Sweep(benchmark::State& state) {
  const Interactions interactions = MovieShaped();
  ThreadPool pool(static_cast<std::size_t>(state.range(1)));
  const AlsOptions options{.rank = static_cast<std::size_t>(state.range(0)), .sweeps = 1};
  for (auto _ : state) {
    auto factors = TrainAls(interactions, options, pool);
    benchmark::DoNotOptimize(factors->items.Row(0));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(interactions.size()));
}
BENCHMARK(BM_Sweep)
    ->ArgNames({"rank", "threads"})
    ->Args({64, 1})
    ->Args({128, 1})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace usher::recsys
