#include "services/personalize/filter_cache.h"

#include "recsys/similar/related_items.h"
#include "services/personalize/filter_schema.h"
#include "services/personalize/live_data.h"

namespace usher::personalize {

const recsys::Vocabulary& ItemsOf(const Deployment& deployment) {
  return deployment.loaded.related != nullptr ? deployment.loaded.related->items()
                                              : deployment.loaded.model->items();
}

Result<std::shared_ptr<const engine::ModelFilter>> FilterCache::Find(
    const std::string& filter_arn, const std::shared_ptr<const Deployment>& deployment) {
  const std::string key = filter_arn + "\n" + deployment->campaign_arn;
  const auto find = [&]() -> std::shared_ptr<const engine::ModelFilter> {
    const std::shared_lock lock(mutex_);
    const auto found = ready_.find(key);
    if (found == ready_.end() || found->second.generation != generation_ ||
        found->second.deployment.lock() != deployment) {
      return nullptr;
    }
    return found->second.filter;
  };
  if (auto ready = find()) return ready;
  const std::lock_guard making(making_);
  if (auto ready = find()) return ready;  // another request made it meanwhile
  // Before the catalog is read: what changes from now on is noticed by the next request.
  const std::uint64_t generation = generation_;
  auto made = Make(filter_arn, *deployment);
  if (!made) return made;
  const std::unique_lock lock(mutex_);
  // What nothing can use any longer goes.
  std::erase_if(ready_, [](const auto& entry) { return entry.second.deployment.expired(); });
  ready_.insert_or_assign(
      key, Ready{.filter = *made, .deployment = deployment, .generation = generation});
  return made;
}

Result<std::shared_ptr<const engine::ModelFilter>> FilterCache::Make(const std::string& filter_arn,
                                                                     const Deployment& deployment) {
  const auto filter = catalog_.Find<api::Filter>(filter_arn);
  if (!filter) return filter.error();
  if (filter->resource.dataset_group_arn != deployment.dataset_group_arn) {
    return InvalidInput("filter " + filter_arn + " belongs to dataset group " +
                        filter->resource.dataset_group_arn.value_or("") + ", but campaign " +
                        deployment.campaign_arn + " to " + deployment.dataset_group_arn);
  }
  auto parsed = engine::ParseFilter(filter->resource.filter_expression.value_or(""));
  if (!parsed) return std::move(parsed).error();
  const auto schema = FilterSchemaOf(catalog_, deployment.dataset_group_arn);
  if (!schema) return schema.error();
  auto bound = engine::BindFilter(*std::move(parsed), *schema);
  if (!bound) return std::move(bound).error();
  if (bound->target() != engine::FilterTarget::kItems) {
    return InvalidInput("filter " + filter_arn +
                        " is about UserID, which batch segment jobs take; recommendations take "
                        "filters about ItemID");
  }
  auto sources = SourcesOf(deployment.dataset_group_arn, *bound);
  if (!sources) return std::move(sources).error();
  return std::make_shared<const engine::ModelFilter>(*std::move(bound), ItemsOf(deployment),
                                                     *std::move(sources));
}

Result<engine::FilterSources> FilterCache::SourcesOf(const std::string& group_arn,
                                                     const engine::FilterExpression& filter) {
  engine::FilterSources sources;
  if (filter.Uses(engine::FilterDataset::kItems) || filter.UsesCurrentItem()) {
    auto items = Records(DatasetArnOf(group_arn, "ITEMS"), "ITEM_ID");
    if (!items) return std::move(items).error();
    sources.items = *std::move(items);
  }
  if (filter.UsesCurrentUser()) {
    auto users = Records(DatasetArnOf(group_arn, "USERS"), "USER_ID");
    if (!users) return std::move(users).error();
    sources.users = *std::move(users);
  }
  if (filter.Uses(engine::FilterDataset::kInteractions)) {
    auto histories = Histories(DatasetArnOf(group_arn, "INTERACTIONS"));
    if (!histories) return std::move(histories).error();
    sources.histories = *std::move(histories);
  }
  return sources;
}

// The imported rows; "" when there are none.
Result<std::string> FilterCache::FileOf(const std::string& dataset_arn) const {
  const auto dataset = catalog_.Find<api::Dataset>(dataset_arn);
  if (!dataset) return dataset.error();
  const Value* file = dataset->extra.Find("file");
  if (!file || !file->as_string()) return std::string();
  return data_folder_ + "/" + *file->as_string();
}

template <typename T, typename LoadFile>
Result<std::shared_ptr<const T>> FilterCache::Load(const std::string& dataset_arn, File<T>& kept,
                                                   const LoadFile& load_file) const {
  for (bool again = false;; again = true) {
    const auto file = FileOf(dataset_arn);
    if (!file) return file.error();
    if (kept.rows && kept.path == *file) return kept.rows;
    auto loaded = load_file(*file);
    if (loaded) {
      kept = {*file, *std::move(loaded)};
      return kept.rows;
    }
    // An import may have replaced the file after its name was read.
    if (again || loaded.error().code != ErrorCode::kNotFound) return std::move(loaded).error();
  }
}

Result<std::shared_ptr<const engine::RecordTable>> FilterCache::Records(
    const std::string& dataset_arn, std::string_view id_column) {
  return Load(dataset_arn, records_[dataset_arn],
              [&](const std::string& file) { return engine::RecordTable::Load(file, id_column); });
}

Result<std::shared_ptr<const engine::HistoryIndex>> FilterCache::Histories(
    const std::string& dataset_arn) {
  return Load(dataset_arn, histories_[dataset_arn], [](const std::string& file) {
    return engine::HistoryIndex::Load(file.empty() ? std::vector<std::string>{}
                                                   : std::vector<std::string>{file});
  });
}

}  // namespace usher::personalize
