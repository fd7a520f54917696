#include "engine/trending_model.h"

#include <cstdlib>
#include <utility>
#include <vector>

#include "engine/item_metrics.h"
#include "engine/model_arrays.h"
#include "engine/model_writer.h"
#include "recsys/popularity/popularity_model.h"
#include "recsys/trending/trending.h"

namespace usher::engine {
namespace {

constexpr std::string_view kOrderFile = "order.arrow";

// "2 hours" in seconds.
std::int64_t IntervalSeconds(std::string_view text) {
  const auto count = std::strtol(std::string(text).c_str(), nullptr, 10);
  if (text.find("minute") != std::string_view::npos) return count * 60;
  if (text.find("hour") != std::string_view::npos) return count * 3600;
  return count * 86400;
}

}  // namespace

Result<void> TrainTrending(const TrainingData& data, const std::string& model_folder,
                           const TrainOptions& options, ModelInfo& info) {
  const std::int64_t interval =
      IntervalSeconds(info.hyperparameters.at("trend_discovery_frequency"));
  const std::vector<std::uint32_t> counts = CountOfItems(data.interactions);
  const std::size_t item_count = data.catalogue.item_ids.size();
  if (options.hold_out) {
    const std::int64_t latest = std::ranges::max(data.row_time);
    std::vector<std::uint32_t> items;
    std::vector<std::int64_t> times;
    for (std::size_t row = 0; row < data.row_item.size(); ++row) {
      if (data.row_time[row] > latest - interval) continue;
      items.push_back(data.row_item[row]);
      times.push_back(data.row_time[row]);
    }
    const std::vector<std::int64_t> before =
        recsys::CountIncrease(item_count, items, times, interval);
    const std::vector<std::int64_t> after =
        recsys::CountIncrease(item_count, data.row_item, data.row_time, interval);
    info.metrics = TrendingMetrics(recsys::OrderByIncrease(before, counts), after);
  }
  const std::vector<std::uint32_t> order = recsys::OrderByIncrease(
      recsys::CountIncrease(item_count, data.row_item, data.row_time, interval), counts);
  return PublishModel(model_folder, info, [&](const std::string& part, ModelInfo& noted) {
    if (auto written = WriteIds(part, data, noted); !written) return written;
    return WriteArrays(part, kOrderFile, noted, [&](columnar::ArrayFileWriter& file) {
      file.Add("order", std::span<const std::uint32_t>(order));
    });
  });
}

Result<LoadedModel> LoadTrending(const std::string& folder, LoadedModel loaded,
                                 recsys::Vocabulary items) {
  const auto file = OpenArrays(folder, kOrderFile, loaded.info);
  if (!file) return file.error();
  const auto order = (*file)->UInt32s("order");
  if (!order) return order.error();
  std::vector<bool> seen(loaded.info.items, false);
  bool good = order->size() == seen.size();
  for (std::size_t place = 0; good && place < order->size(); ++place) {
    const std::uint32_t item = (*order)[place];
    good = item < seen.size() && !seen[item];
    if (good) seen[item] = true;
  }
  if (!good) return Corrupt("the model's order does not hold each item once");
  loaded.model = recsys::MakeFixedOrderModel(std::move(items), *order, *file);
  return loaded;
}

}  // namespace usher::engine
