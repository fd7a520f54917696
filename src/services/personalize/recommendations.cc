#include "services/personalize/recommendations.h"

#include "base/random.h"
#include "engine/item_answers.h"
#include "engine/recommend.h"
#include "services/personalize/recent_events.h"

namespace usher::personalize {
namespace {

constexpr std::int64_t kDefaultNumResults = 25;
constexpr std::string_view kExplorationReason = "Exploration";
constexpr std::int64_t kMaxNumResults = static_cast<std::int64_t>(engine::kMaxNumResults);

std::string NewRecommendationId() { return "RID-" + NewUuid(); }

// What both operations take and this server does not do yet: refused rather than left undone in
// silence.
template <typename Request>
Result<void> RefuseWhatIsNotBuilt(const Request& request) {
  if (request.filter_arn || (request.filter_values && !request.filter_values->empty())) {
    return InvalidInput(
        "filters are not supported by Usher yet: leave filterArn and filterValues out");
  }
  if (request.metadata_columns && !request.metadata_columns->empty()) {
    return InvalidInput("metadataColumns are not supported by Usher yet");
  }
  return {};
}

template <typename Request>
engine::RequestContext ContextOf(const Request& request) {
  if (!request.context) return {};
  return {request.context->begin(), request.context->end()};
}

std::vector<runtime_api::PredictedItem> Predicted(const std::vector<engine::AnsweredItem>& items) {
  std::vector<runtime_api::PredictedItem> predicted;
  predicted.reserve(items.size());
  for (const engine::AnsweredItem& item : items) {
    auto& entry = predicted.emplace_back();
    entry.item_id = std::string(item.id);
    if (item.score) entry.score = *item.score;
  }
  return predicted;
}

// The second recipe tells which items only exploration put into the answer.
void AddReasons(const Recipe& recipe, const std::vector<engine::AnsweredItem>& items,
                std::vector<runtime_api::PredictedItem>& predicted) {
  if (HasExplorationConfig(recipe)) return;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].explored) predicted[i].reason = {std::string(kExplorationReason)};
  }
}

// Keeps what an explored answer showed, for the events that will name its id.
void RecordImpression(Service& service, const Deployment& deployment,
                      std::string_view recommendation_id, std::string user_id,
                      const std::vector<engine::AnsweredItem>& items) {
  Impression impression{.campaign_arn = deployment.campaign_arn,
                        .solution_version_arn = deployment.solution_version_arn,
                        .user_id = std::move(user_id),
                        .time = service.clock.Now(),
                        .items = {}};
  for (const engine::AnsweredItem& item : items) {
    impression.items.push_back({.id = std::string(item.id),
                                .propensity = double{item.propensity},
                                .explored = item.explored});
  }
  service.impressions.Record(recommendation_id, impression);
}

// Items like the one that the request names. Who asks makes no difference.
Result<runtime_api::GetRecommendationsResponse> RelatedItems(
    const runtime_api::GetRecommendationsRequest& request, std::int64_t count,
    const engine::LoadedModel& loaded, const Recipe& recipe) {
  if (!request.item_id) {
    return InvalidInput("itemId is required for recipe " + std::string(recipe.name));
  }
  const auto items = engine::RelatedOne(loaded, *request.item_id, static_cast<std::size_t>(count));
  if (!items) return items.error();
  return runtime_api::GetRecommendationsResponse{.item_list = Predicted(*items),
                                                 .recommendation_id = NewRecommendationId()};
}

}  // namespace

Result<runtime_api::GetRecommendationsResponse> GetRecommendations(
    const runtime_api::GetRecommendationsRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  if (request.recommender_arn) {
    return InvalidInput(
        "recommenders are not supported by Usher yet: create a campaign and give its campaignArn");
  }
  if (!request.campaign_arn) return InvalidInput("campaignArn is required");
  if (const auto built = RefuseWhatIsNotBuilt(request); !built) return built.error();
  if (request.promotions && !request.promotions->empty()) {
    return InvalidInput("promotions are not supported by Usher yet");
  }
  const std::int64_t count = request.num_results.value_or(kDefaultNumResults);
  if (count > kMaxNumResults) {
    return InvalidInput("numResults is " + std::to_string(count) + ", but must be at most " +
                        std::to_string(kMaxNumResults));
  }
  const auto deployment = service.deployments.Find(*request.campaign_arn);
  if (!deployment) return deployment.error();
  const Recipe& recipe = *(*deployment)->recipe;
  if (recipe.type == kPersonalizedRanking) {
    return InvalidInput("campaign " + *request.campaign_arn + " ranks lists (recipe " +
                        std::string(recipe.name) + "): call GetPersonalizedRanking");
  }
  const engine::LoadedModel& loaded = (*deployment)->loaded;
  if (recipe.type == kRelatedItems) return RelatedItems(request, count, loaded, recipe);
  const bool same_for_all = loaded.kind == engine::RecipeKind::kPopularity ||
                            loaded.kind == engine::RecipeKind::kTrendingNow;
  if (!request.user_id && !same_for_all) {
    return InvalidInput("userId is required for recipe " + std::string(recipe.name));
  }
  runtime_api::GetRecommendationsResponse response{
      .item_list = std::vector<runtime_api::PredictedItem>{},
      .recommendation_id = NewRecommendationId()};
  if (count == 0) return response;
  // Seeded by the id, so that an answer can be given again.
  std::optional<engine::Exploration> exploration;
  if ((*deployment)->explorer) {
    exploration.emplace(*(*deployment)->explorer, engine::SeedOf(*response.recommendation_id));
  }
  RecentItems recent;
  if (loaded.kind != engine::RecipeKind::kTrendingNow) {
    auto found = RecentItemsOf(service.live, **deployment, request.user_id.value_or(""));
    if (!found) return std::move(found).error();
    recent = *std::move(found);
  }
  const auto items = engine::RecommendOne(
      loaded, request.user_id.value_or(""), recent.events(), static_cast<std::size_t>(count),
      !service.options.include_seen, exploration ? &*exploration : nullptr, ContextOf(request));
  if (!items) return items.error();
  response.item_list = Predicted(*items);
  if (exploration) {
    AddReasons(recipe, *items, *response.item_list);
    RecordImpression(service, **deployment, *response.recommendation_id,
                     request.user_id.value_or(""), *items);
  }
  return response;
}

Result<runtime_api::GetPersonalizedRankingResponse> GetPersonalizedRanking(
    const runtime_api::GetPersonalizedRankingRequest& request, Service& service,
    wire::CallContext& /*context*/) {
  if (const auto built = RefuseWhatIsNotBuilt(request); !built) return built.error();
  const auto deployment = service.deployments.Find(request.campaign_arn);
  if (!deployment) return deployment.error();
  const Recipe& recipe = *(*deployment)->recipe;
  if (recipe.type != kPersonalizedRanking) {
    return InvalidInput("campaign " + request.campaign_arn + " recommends items (recipe " +
                        std::string(recipe.name) + "): call GetRecommendations");
  }
  const auto recent = RecentItemsOf(service.live, **deployment, request.user_id);
  if (!recent) return recent.error();
  const auto items = engine::RankOne((*deployment)->loaded, request.user_id, recent->events(),
                                     request.input_list, ContextOf(request));
  if (!items) return items.error();
  return runtime_api::GetPersonalizedRankingResponse{.personalized_ranking = Predicted(*items),
                                                     .recommendation_id = NewRecommendationId()};
}

}  // namespace usher::personalize
