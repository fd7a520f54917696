// Operations on filters: which items (or users) an answer may hold. A filter is ACTIVE at once and
// sees every row that was acknowledged before a request.
// Source: Amazon Personalize API, CreateFilter, and developer guide, "Filter expressions" and
//         "Endpoints and quotas".
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"
#include "engine/filter_expression.h"
#include "services/personalize/service.h"

namespace usher::personalize {

inline constexpr std::size_t kMaxFiltersOfGroup = 30;
inline constexpr std::size_t kMaxFilterFieldsOfGroup = 20;  // different ones, over all its filters

// Errors: invalid input, saying at which character of the expression; not found; in use for a group
// that is not ACTIVE; already exists; limit exceeded.
Result<api::CreateFilterResponse> CreateFilter(const api::CreateFilterRequest& request,
                                               Service& service, wire::CallContext& context);
Result<api::DescribeFilterResponse> DescribeFilter(const api::DescribeFilterRequest& request,
                                                   Service& service, wire::CallContext& context);
Result<api::ListFiltersResponse> ListFilters(const api::ListFiltersRequest& request,
                                             Service& service, wire::CallContext& context);
// Errors: in use while a batch job that reads it has not ended.
Result<api::DeleteFilterResponse> DeleteFilter(const api::DeleteFilterRequest& request,
                                               Service& service, wire::CallContext& context);

}  // namespace usher::personalize
