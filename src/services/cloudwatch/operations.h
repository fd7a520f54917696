// The operations of the service: plain functions over typed values.
#pragma once

#include "base/result.h"
#include "services/cloudwatch/service.h"
#include "wire/cloudwatch.h"
#include "wire/dispatcher.h"

namespace usher::cloudwatch {

namespace api = usher::api::cloudwatch;

// put_metric_data.cc. Errors: invalid input; limit exceeded. No output.
Result<api::PutMetricData::Response> PutMetricData(const api::PutMetricDataInput& request,
                                                   Service& service, wire::CallContext& context);
// read_metrics.cc. Errors: invalid input; invalid token.
Result<api::ListMetricsOutput> ListMetrics(const api::ListMetricsInput& request, Service& service,
                                           wire::CallContext& context);
Result<api::GetMetricStatisticsOutput> GetMetricStatistics(
    const api::GetMetricStatisticsInput& request, Service& service, wire::CallContext& context);
Result<api::GetMetricDataOutput> GetMetricData(const api::GetMetricDataInput& request,
                                               Service& service, wire::CallContext& context);

}  // namespace usher::cloudwatch
