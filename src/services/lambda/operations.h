// The operations of the service. Each is a plain function over its request; what can go wrong is
// named in the file that holds it.
#pragma once

#include "base/result.h"
#include "services/lambda/service.h"
#include "wire/dispatcher.h"
#include "wire/lambda.h"

namespace usher::lambda {

// functions.cc
Result<api::FunctionConfiguration> CreateFunction(const api::CreateFunctionRequest& request,
                                                  Service& service, wire::CallContext& context);
Result<api::GetFunctionResponse> GetFunction(const api::GetFunctionRequest& request,
                                             Service& service, wire::CallContext& context);
Result<api::FunctionConfiguration> GetFunctionConfiguration(
    const api::GetFunctionConfigurationRequest& request, Service& service,
    wire::CallContext& context);
Result<api::ListFunctionsResponse> ListFunctions(const api::ListFunctionsRequest& request,
                                                 Service& service, wire::CallContext& context);
Result<api::DeleteFunctionResponse> DeleteFunction(const api::DeleteFunctionRequest& request,
                                                   Service& service, wire::CallContext& context);

// update_function.cc
Result<api::FunctionConfiguration> UpdateFunctionCode(const api::UpdateFunctionCodeRequest& request,
                                                      Service& service, wire::CallContext& context);
Result<api::FunctionConfiguration> UpdateFunctionConfiguration(
    const api::UpdateFunctionConfigurationRequest& request, Service& service,
    wire::CallContext& context);

// versions.cc
Result<api::FunctionConfiguration> PublishVersion(const api::PublishVersionRequest& request,
                                                  Service& service, wire::CallContext& context);
Result<api::ListVersionsByFunctionResponse> ListVersionsByFunction(
    const api::ListVersionsByFunctionRequest& request, Service& service,
    wire::CallContext& context);

// aliases.cc
Result<api::AliasConfiguration> CreateAlias(const api::CreateAliasRequest& request,
                                            Service& service, wire::CallContext& context);
Result<api::AliasConfiguration> GetAlias(const api::GetAliasRequest& request, Service& service,
                                         wire::CallContext& context);
Result<api::ListAliasesResponse> ListAliases(const api::ListAliasesRequest& request,
                                             Service& service, wire::CallContext& context);
Result<api::AliasConfiguration> UpdateAlias(const api::UpdateAliasRequest& request,
                                            Service& service, wire::CallContext& context);
Result<api::DeleteAliasResponse> DeleteAlias(const api::DeleteAliasRequest& request,
                                             Service& service, wire::CallContext& context);

// policies.cc
Result<api::AddPermissionResponse> AddPermission(const api::AddPermissionRequest& request,
                                                 Service& service, wire::CallContext& context);
Result<api::RemovePermissionResponse> RemovePermission(const api::RemovePermissionRequest& request,
                                                       Service& service,
                                                       wire::CallContext& context);
Result<api::GetPolicyResponse> GetPolicy(const api::GetPolicyRequest& request, Service& service,
                                         wire::CallContext& context);

// event_invoke_configs.cc
Result<api::FunctionEventInvokeConfig> PutFunctionEventInvokeConfig(
    const api::PutFunctionEventInvokeConfigRequest& request, Service& service,
    wire::CallContext& context);
Result<api::FunctionEventInvokeConfig> UpdateFunctionEventInvokeConfig(
    const api::UpdateFunctionEventInvokeConfigRequest& request, Service& service,
    wire::CallContext& context);
Result<api::FunctionEventInvokeConfig> GetFunctionEventInvokeConfig(
    const api::GetFunctionEventInvokeConfigRequest& request, Service& service,
    wire::CallContext& context);
Result<api::ListFunctionEventInvokeConfigsResponse> ListFunctionEventInvokeConfigs(
    const api::ListFunctionEventInvokeConfigsRequest& request, Service& service,
    wire::CallContext& context);
Result<api::DeleteFunctionEventInvokeConfigResponse> DeleteFunctionEventInvokeConfig(
    const api::DeleteFunctionEventInvokeConfigRequest& request, Service& service,
    wire::CallContext& context);

// concurrency.cc
Result<api::Concurrency> PutFunctionConcurrency(const api::PutFunctionConcurrencyRequest& request,
                                                Service& service, wire::CallContext& context);
Result<api::GetFunctionConcurrencyResponse> GetFunctionConcurrency(
    const api::GetFunctionConcurrencyRequest& request, Service& service,
    wire::CallContext& context);
Result<api::DeleteFunctionConcurrencyResponse> DeleteFunctionConcurrency(
    const api::DeleteFunctionConcurrencyRequest& request, Service& service,
    wire::CallContext& context);
Result<api::GetAccountSettingsResponse> GetAccountSettings(
    const api::GetAccountSettingsRequest& request, Service& service, wire::CallContext& context);

// tags.cc
Result<api::ListTagsResponse> ListTags(const api::ListTagsRequest& request, Service& service,
                                       wire::CallContext& context);
Result<api::TagResourceResponse> TagResource(const api::TagResourceRequest& request,
                                             Service& service, wire::CallContext& context);
Result<api::UntagResourceResponse> UntagResource(const api::UntagResourceRequest& request,
                                                 Service& service, wire::CallContext& context);

// layer_versions.cc
Result<api::PublishLayerVersionResponse> PublishLayerVersion(
    const api::PublishLayerVersionRequest& request, Service& service, wire::CallContext& context);
Result<api::GetLayerVersionResponse> GetLayerVersion(const api::GetLayerVersionRequest& request,
                                                     Service& service, wire::CallContext& context);
Result<api::GetLayerVersionResponse> GetLayerVersionByArn(
    const api::GetLayerVersionByArnRequest& request, Service& service, wire::CallContext& context);
Result<api::ListLayersResponse> ListLayers(const api::ListLayersRequest& request, Service& service,
                                           wire::CallContext& context);
Result<api::ListLayerVersionsResponse> ListLayerVersions(
    const api::ListLayerVersionsRequest& request, Service& service, wire::CallContext& context);
Result<api::DeleteLayerVersionResponse> DeleteLayerVersion(
    const api::DeleteLayerVersionRequest& request, Service& service, wire::CallContext& context);

// invoke.cc
Result<api::InvocationResponse> Invoke(const api::InvocationRequest& request, Service& service,
                                       wire::CallContext& context);
Result<api::InvokeAsyncResponse> InvokeAsync(const api::InvokeAsyncRequest& request,
                                             Service& service, wire::CallContext& context);

}  // namespace usher::lambda
