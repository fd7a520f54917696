#include "services/personalize/recommendations.h"

#include "base/random.h"
#include "engine/item_answers.h"
#include "engine/recommend.h"
#include "services/personalize/answer_filter.h"
#include "services/personalize/recent_events.h"

namespace usher::personalize {
namespace {

constexpr std::int64_t kDefaultNumResults = 25;
constexpr std::string_view kExplorationReason = "Exploration";
constexpr std::string_view kPromotedReason = "Promoted item";
constexpr std::int64_t kMaxNumResults = static_cast<std::int64_t>(engine::kMaxNumResults);

std::string NewRecommendationId() { return "RID-" + NewUuid(); }

// What both operations take and this server does not do yet: refused rather than left undone in
// silence.
template <typename Request>
Result<void> RefuseWhatIsNotBuilt(const Request& request) {
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

// A request for recommendations, answered once for the items that it promotes and once for the
// others.
class Answer {
 public:
  Answer(const runtime_api::GetRecommendationsRequest& request, Service& service,
         std::shared_ptr<const Deployment> deployment)
      : request_(request), service_(service), deployment_(std::move(deployment)) {}

  // Whatever all parts of the answer need. Errors: invalid input; not found; corrupt; internal.
  Result<void> Prepare() {
    const Recipe& recipe = *deployment_->recipe;
    const bool same_for_all = deployment_->loaded.kind == engine::RecipeKind::kPopularity ||
                              deployment_->loaded.kind == engine::RecipeKind::kTrendingNow;
    if (relates()) {
      if (request_.item_id) return {};
      return InvalidInput("itemId is required for recipe " + std::string(recipe.name));
    }
    if (!request_.user_id && !same_for_all) {
      return InvalidInput("userId is required for recipe " + std::string(recipe.name));
    }
    if (deployment_->loaded.kind == engine::RecipeKind::kTrendingNow) return {};
    auto recent = RecentItemsOf(service_.live, *deployment_, user());
    if (!recent) return std::move(recent).error();
    recent_ = *std::move(recent);
    return {};
  }

  // The items that a filter allows; nullopt without one. Errors: as AnswerFilter.
  Result<std::optional<recsys::ItemMask>> Allowed(const AnswerFilter& filter) const {
    if (!filter) return std::optional<recsys::ItemMask>();
    auto items = filter.Items(user(), request_.item_id.value_or(""));
    if (!items) return std::move(items).error();
    return std::optional(*std::move(items));
  }

  // `seed` explores; without it the best items.
  Result<std::vector<engine::AnsweredItem>> Best(std::size_t count, const AnswerFilter& filter,
                                                 const recsys::ItemMask* allowed,
                                                 std::optional<std::uint64_t> seed) const {
    if (relates()) {
      return engine::RelatedOne(deployment_->loaded, *request_.item_id, count, allowed);
    }
    std::optional<engine::Exploration> exploration;
    if (seed && deployment_->explorer) exploration.emplace(*deployment_->explorer, *seed);
    const bool exclude_seen = !service_.options.include_seen && !filter.asks_for_met_items();
    return engine::RecommendOne(deployment_->loaded, user(), recent_.events(), count, exclude_seen,
                                exploration ? &*exploration : nullptr, ContextOf(request_),
                                allowed);
  }

  [[nodiscard]] bool explores() const { return !relates() && deployment_->explorer != nullptr; }

 private:
  [[nodiscard]] bool relates() const { return deployment_->recipe->type == kRelatedItems; }
  [[nodiscard]] std::string_view user() const {
    return request_.user_id ? std::string_view(*request_.user_id) : std::string_view();
  }

  const runtime_api::GetRecommendationsRequest& request_;
  Service& service_;
  std::shared_ptr<const Deployment> deployment_;
  RecentItems recent_;
};

// The items that the request's promotion puts into the answer, best first: that share of the
// places, rounded, as far as there are as many. Errors: those of its filter; invalid input for a
// recipe without promotions or a promotion without a filter.
Result<std::vector<engine::AnsweredItem>> Promoted(
    const runtime_api::GetRecommendationsRequest& request, Service& service,
    const std::shared_ptr<const Deployment>& deployment, const Answer& answer, std::int64_t count) {
  std::vector<engine::AnsweredItem> none;
  if (!request.promotions || request.promotions->empty()) return none;
  const runtime_api::Promotion& promotion = request.promotions->front();
  const Recipe& recipe = *deployment->recipe;
  if (deployment->loaded.kind == engine::RecipeKind::kTrendingNow) {
    return InvalidInput("recipe " + std::string(recipe.name) + " takes no promotions");
  }
  if (!promotion.filter_arn) {
    return InvalidInput("promotions[0].filterArn is required: it says what is promoted");
  }
  const auto filter =
      AnswerFilter::Make(service, deployment, promotion.filter_arn, promotion.filter_values);
  if (!filter) return filter.error();
  const auto allowed = answer.Allowed(*filter);
  if (!allowed) return allowed.error();
  if (!promotion.percent_promoted_items) {
    return InvalidInput("promotions[0].percentPromotedItems is required: 1 to 100");
  }
  const auto places =
      static_cast<std::size_t>((count * *promotion.percent_promoted_items + 50) / 100);
  if (places == 0) return none;
  return answer.Best(places, *filter, &**allowed, std::nullopt);
}

// What is promoted is not in the answer a second time.
void LeaveOut(const std::vector<engine::AnsweredItem>& promoted, const recsys::Vocabulary& items,
              std::optional<recsys::ItemMask>& allowed) {
  if (promoted.empty()) return;
  if (!allowed) allowed.emplace(items.size(), true);
  for (const engine::AnsweredItem& item : promoted) allowed->Clear(*items.Find(item.id));
}

// Puts the promoted items among the others at random places, both in their order; says which of the
// list they are.
std::vector<bool> Mix(const std::vector<engine::AnsweredItem>& promoted, std::uint64_t seed,
                      std::vector<engine::AnsweredItem>& items) {
  if (promoted.empty()) return {};
  Random random(seed);
  std::vector<engine::AnsweredItem> mixed;
  std::vector<bool> is_promoted;
  std::size_t next = 0;
  std::size_t other = 0;
  while (next < promoted.size() || other < items.size()) {
    const std::size_t left = promoted.size() - next;
    const bool promotes = random.Below(left + items.size() - other) < left;
    mixed.push_back(promotes ? promoted[next++] : items[other++]);
    is_promoted.push_back(promotes);
  }
  items = std::move(mixed);
  return is_promoted;
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
  Answer answer(request, service, *deployment);
  if (auto prepared = answer.Prepare(); !prepared) return prepared.error();
  const auto filter =
      AnswerFilter::Make(service, *deployment, request.filter_arn, request.filter_values);
  if (!filter) return filter.error();
  auto allowed = answer.Allowed(*filter);
  if (!allowed) return std::move(allowed).error();
  const auto promoted = Promoted(request, service, *deployment, answer, count);
  if (!promoted) return promoted.error();
  runtime_api::GetRecommendationsResponse response{
      .item_list = std::vector<runtime_api::PredictedItem>{},
      .recommendation_id = NewRecommendationId()};
  if (count == 0) return response;
  LeaveOut(*promoted, ItemsOf(**deployment), *allowed);
  // Seeded by the id, so that an answer can be given again.
  const std::uint64_t seed = engine::SeedOf(*response.recommendation_id);
  auto items = answer.Best(static_cast<std::size_t>(count) - promoted->size(), *filter,
                           *allowed ? &**allowed : nullptr, seed);
  if (!items) return std::move(items).error();
  const std::vector<bool> is_promoted = Mix(*promoted, seed, *items);
  response.item_list = Predicted(*items);
  AddReasons(recipe, *items, *response.item_list);
  for (std::size_t i = 0; i < is_promoted.size(); ++i) {
    if (!is_promoted[i]) continue;
    runtime_api::PredictedItem& item = (*response.item_list)[i];
    item.promotion_name = request.promotions->front().name;
    if (recipe.type == kUserPersonalization && !HasExplorationConfig(recipe)) {
      item.reason = {std::string(kPromotedReason)};
    }
  }
  if (answer.explores()) {
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
  const auto filter =
      AnswerFilter::Make(service, *deployment, request.filter_arn, request.filter_values);
  if (!filter) return filter.error();
  const auto list = filter->Among(request.input_list, request.user_id);
  if (!list) return list.error();
  const auto recent = RecentItemsOf(service.live, **deployment, request.user_id);
  if (!recent) return recent.error();
  std::vector<engine::AnsweredItem> ranked;
  if (!list->empty() || request.input_list.empty()) {
    auto items = engine::RankOne((*deployment)->loaded, request.user_id, recent->events(), *list,
                                 ContextOf(request));
    if (!items) return std::move(items).error();
    ranked = *std::move(items);
  }
  return runtime_api::GetPersonalizedRankingResponse{.personalized_ranking = Predicted(ranked),
                                                     .recommendation_id = NewRecommendationId()};
}

}  // namespace usher::personalize
