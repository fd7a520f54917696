#include "engine/context.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "recsys/context/context_lift.h"

namespace usher::engine {
namespace {

constexpr std::array<float, 7> kWeights{0, 0.25F, 0.5F, 0.75F, 1, 1.25F, 1.5F};
constexpr std::size_t kMaxEvents = 2000;         // held out, that the weight is chosen by
constexpr std::size_t kMaxScores = 100'000'000;  // that are computed for them

// The most frequent values of a column, at most `count`.
ContextColumn MostFrequent(const ContextColumn& column, std::size_t count) {
  std::vector<std::size_t> rows(column.values.size(), 0);
  for (const std::uint32_t code : column.codes) {
    if (code != kNoContext) ++rows[code];
  }
  std::vector<std::uint32_t> order(column.values.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, [&](auto a, auto b) { return rows[a] > rows[b]; });
  order.resize(std::min(order.size(), count));
  ContextColumn kept{column.name, {}, {}};
  std::vector<std::uint32_t> code_of(column.values.size(), kNoContext);
  for (const std::uint32_t value : order) {
    code_of[value] = static_cast<std::uint32_t>(kept.values.size());
    kept.values.push_back(column.values[value]);
  }
  kept.codes.reserve(column.codes.size());
  for (const std::uint32_t code : column.codes) {
    kept.codes.push_back(code == kNoContext ? kNoContext : code_of[code]);
  }
  return kept;
}

// One held-out event: the case of the split, the item and the lifts of its situation.
struct Event {
  std::size_t which;
  std::uint32_t item;
  std::vector<std::size_t> values;  // rows of the lift
};

std::vector<Event> EventsInContext(const recsys::Split& split, const ContextModel& context,
                                   const ContextTable& table, std::size_t limit) {
  // The first row of each pair that was held out.
  std::unordered_map<std::uint64_t, std::size_t> row_of;
  const auto key = [](std::uint32_t user, std::uint32_t item) {
    return (std::uint64_t{user} << 32) | item;
  };
  for (std::size_t j = 0; j < split.users.size(); ++j) {
    for (const std::uint32_t item : split.held_out[j]) {
      row_of.emplace(key(split.users[j], item), table.user.size());
    }
  }
  for (std::size_t row = 0; row < table.user.size(); ++row) {
    const auto found = row_of.find(key(table.user[row], table.item[row]));
    if (found != row_of.end()) found->second = std::min(found->second, row);
  }
  std::vector<Event> events;
  for (std::size_t j = 0; j < split.users.size() && events.size() < limit; ++j) {
    for (const std::uint32_t item : split.held_out[j]) {
      const std::size_t row = row_of.at(key(split.users[j], item));
      if (row == table.user.size() || events.size() >= limit) continue;
      Event event{.which = j, .item = item, .values = {}};
      for (std::size_t c = 0; c < table.columns.size(); ++c) {
        const std::uint32_t code = table.columns[c].codes[row];
        if (code != kNoContext) event.values.push_back(context.offsets[c] + code);
      }
      if (!event.values.empty()) events.push_back(std::move(event));
    }
  }
  return events;
}

}  // namespace

ContextTable CopyContext(const InteractionTable& table, std::size_t item_count) {
  ContextTable copy;
  if (table.context.empty()) return copy;
  const std::size_t values = std::max<std::size_t>(
      1, kMaxLiftCells / std::max<std::size_t>(1, item_count) / table.context.size());
  for (const ContextColumn& column : table.context) {
    copy.columns.push_back(MostFrequent(column, values));
  }
  copy.user = table.user;
  copy.item = table.item;
  return copy;
}

ContextModel FitContext(const ContextTable& table, std::size_t item_count,
                        const std::vector<std::uint32_t>& except) {
  ContextModel model;
  std::size_t value_count = 0;
  for (const ContextColumn& column : table.columns) value_count += column.values.size();
  model.lift = linalg::Matrix(value_count, item_count);
  for (const ContextColumn& column : table.columns) {
    std::vector<std::uint32_t> codes = column.codes;
    for (std::size_t row = 0; row < codes.size() && !except.empty(); ++row) {
      if (std::ranges::binary_search(except, table.user[row])) codes[row] = kNoContext;
    }
    const linalg::Matrix lift =
        recsys::FitContextLift(table.item, codes, item_count, column.values.size());
    const std::size_t offset = model.values.size();
    for (std::size_t v = 0; v < column.values.size(); ++v) {
      std::copy_n(lift.Row(v), lift.stride(), model.lift.Row(offset + v));
    }
    model.columns.push_back(column.name);
    model.values.insert(model.values.end(), column.values.begin(), column.values.end());
    model.offsets.push_back(model.values.size());
  }
  return model;
}

float ChooseContextWeight(const Fitted& fitted, const recsys::Split& split, float temperature,
                          const ContextTable& table, ThreadPool& pool) {
  const ContextModel& context = fitted.context;
  const std::size_t items = fitted.interactions.item_count;
  const std::size_t limit = std::clamp<std::size_t>(
      kMaxScores / kWeights.size() / std::max<std::size_t>(1, items), 1, kMaxEvents);
  const std::vector<Event> events = EventsInContext(split, context, table, limit);
  HeldOutScores scorer(fitted, split, pool);
  std::vector<std::array<double, kWeights.size()>> log_likelihood(events.size());
  std::vector<std::vector<float>> scores(pool.thread_count(), std::vector<float>(items));
  std::vector<std::vector<float>> lifts(pool.thread_count(), std::vector<float>(items));
  pool.ParallelFor(events.size(), 1, [&](const ChunkRange& range) {
    const Event& event = events[range.begin];
    auto& score = scores[range.worker];
    auto& lift = lifts[range.worker];
    scorer.Score(event.which, range.worker, score);
    std::ranges::fill(lift, 0.0F);
    for (const std::size_t value : event.values) {
      for (std::size_t i = 0; i < items; ++i) lift[i] += context.lift.Row(value)[i];
    }
    const float largest = *std::ranges::max_element(score);
    for (std::size_t w = 0; w < kWeights.size(); ++w) {
      const auto logit = [&](std::size_t i) {
        return (score[i] - largest) / temperature + kWeights[w] * lift[i];
      };
      double z = 0;
      for (std::size_t i = 0; i < items; ++i) z += std::exp(logit(i));
      log_likelihood[range.begin][w] = logit(event.item) - std::log(z);
    }
  });
  std::array<double, kWeights.size()> total{};
  for (const auto& one : log_likelihood) {
    for (std::size_t w = 0; w < total.size(); ++w) total[w] += one[w];
  }
  return kWeights[static_cast<std::size_t>(std::ranges::max_element(total) - total.begin())];
}

}  // namespace usher::engine
