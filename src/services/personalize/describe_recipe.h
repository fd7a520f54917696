// Operations DescribeRecipe, ListRecipes, DescribeAlgorithm, DescribeFeatureTransformation: what is
// built in. Errors: not found; invalid next token.
#pragma once

#include "base/result.h"
#include "services/personalize/catalog.h"

namespace usher::personalize {

Result<api::DescribeRecipeResponse> DescribeRecipe(const api::DescribeRecipeRequest& request);
Result<api::ListRecipesResponse> ListRecipes(const api::ListRecipesRequest& request);
Result<api::DescribeAlgorithmResponse> DescribeAlgorithm(
    const api::DescribeAlgorithmRequest& request);
Result<api::DescribeFeatureTransformationResponse> DescribeFeatureTransformation(
    const api::DescribeFeatureTransformationRequest& request);

}  // namespace usher::personalize
