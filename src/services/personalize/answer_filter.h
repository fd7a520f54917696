// What a request's filterArn and filterValues let into its answer.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/model_filter.h"
#include "services/personalize/service.h"

namespace usher::personalize {

class AnswerFilter {
 public:
  // Errors: those of FilterCache; invalid input for values without a filter, or for a filter that
  // asks about the current item of a recipe that has none.
  static Result<AnswerFilter> Make(
      Service& service, std::shared_ptr<const Deployment> deployment,
      const std::optional<std::string>& filter_arn,
      const std::optional<std::map<std::string, std::string>>& filter_values);

  // Whether there is a filter at all.
  explicit operator bool() const { return filter_ != nullptr; }
  // Whether it lets items in because the user met them, so that they must not be left out.
  [[nodiscard]] bool asks_for_met_items() const {
    return filter_ != nullptr && filter_->expression().IncludesByInteractions();
  }

  // Of the deployment's items; only with a filter. Errors: invalid input for the values; corrupt;
  // internal.
  Result<recsys::ItemMask> Items(std::string_view user_id, std::string_view item_id) const;
  // Those of `ids` that may be in the answer, in their order; all of them without a filter.
  Result<std::vector<std::string>> Among(const std::vector<std::string>& ids,
                                         std::string_view user_id) const;

 private:
  // A query with what came one by one, which must live as long.
  struct Live {
    LiveDatasetPtr interactions;
    LiveDatasetPtr items;
    LiveDatasetPtr users;
    engine::FilterQuery query;
  };

  AnswerFilter(Service& service, std::shared_ptr<const Deployment> deployment)
      : service_(&service), deployment_(std::move(deployment)) {}
  Result<Live> Ask(std::string_view user_id, std::string_view item_id) const;

  Service* service_;
  std::shared_ptr<const Deployment> deployment_;
  std::shared_ptr<const engine::ModelFilter> filter_;
  engine::FilterValues values_;
};

}  // namespace usher::personalize
