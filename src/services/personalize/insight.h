// What people want to know of a model that AWS's operations do not tell: for the console. Each is a
// plain function from JSON to JSON, as the pages take it.
//
// Errors: invalid input naming the member that is missing or wrong; not found and invalid input as
// GetRecommendations has them for a campaign; unsupported for a recipe that does not answer for
// users.
// Threads: safe from any thread.
#pragma once

#include "base/result.h"
#include "base/value.h"
#include "services/personalize/service.h"

namespace usher::personalize {

inline constexpr std::size_t kMaxShownHistory = 200;
inline constexpr std::size_t kMaxProgressArns = 50;
inline constexpr std::size_t kSampleUsers = 8;

// {"campaignArn"} -> {"recipe", "users", "items", "contextColumns": […], "sampleUsers": […]}. The
// sample are users spread over the training data.
Result<Value> DescribeModel(const Value& request, Service& service);

// {"campaignArn", "userId"} -> {"known", "total", "items": [{"itemId", "time", "recent"}, …]}: what
// the user did, newest first, at most kMaxShownHistory. What came by PutEvents and is not in the
// training data is "recent" and comes first. Times in Unix seconds, left out when the model does
// not know them. "known": from the training data.
Result<Value> UserHistory(const Value& request, Service& service);

// {"campaignArn", "userId", "itemId", "context": {…}} -> engine::ToValue of the explanation, with
// the user's recent events, in the situation that the context tells, if it is given.
Result<Value> ExplainRecommendation(const Value& request, Service& service);

// {"arns": […]} -> {"progress": {arn: {"fraction", "stage"}}}: of import jobs, solution versions,
// batch jobs and campaigns that are being worked on; others are left out.
Result<Value> ProgressOf(const Value& request, Service& service);

// {"solutionVersionArn"} -> {"people", "points": [{"sweep", "ndcgAt10"}, …]}: how good the model
// was after each sweep over the data, on so many people who were held out (engine/sweep_curve.h).
// No points of a recipe without sweeps, an update, or a training that has not ended.
Result<Value> TrainingCurve(const Value& request, Service& service);

}  // namespace usher::personalize
