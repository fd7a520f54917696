// Operations CreateSolution, DescribeSolution, ListSolutions, UpdateSolution, DeleteSolution.
// Errors: invalid input, not found, already exists, in use; limits as tags.h says.
#pragma once

#include "base/result.h"
#include "services/personalize/service.h"

namespace usher::personalize {

Result<api::CreateSolutionResponse> CreateSolution(const api::CreateSolutionRequest& request,
                                                   Service& service, wire::CallContext& context);
Result<api::DescribeSolutionResponse> DescribeSolution(const api::DescribeSolutionRequest& request,
                                                       Service& service,
                                                       wire::CallContext& context);
Result<api::ListSolutionsResponse> ListSolutions(const api::ListSolutionsRequest& request,
                                                 Service& service, wire::CallContext& context);
Result<api::UpdateSolutionResponse> UpdateSolution(const api::UpdateSolutionRequest& request,
                                                   Service& service, wire::CallContext& context);
Result<api::DeleteSolutionResponse> DeleteSolution(const api::DeleteSolutionRequest& request,
                                                   Service& service, wire::CallContext& context);

}  // namespace usher::personalize
