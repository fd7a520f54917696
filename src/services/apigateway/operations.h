// The operations of the service. Each is a plain function over its request; what can go wrong is
// named in the file that holds it.
#pragma once

#include "base/result.h"
#include "services/apigateway/service.h"
#include "wire/apigateway.h"
#include "wire/dispatcher.h"

namespace usher::apigateway {

// rest_apis.cc
Result<api::RestApi> CreateRestApi(const api::CreateRestApiRequest& request, Service& service,
                                   wire::CallContext& context);
Result<api::RestApi> GetRestApi(const api::GetRestApiRequest& request, Service& service,
                                wire::CallContext& context);
Result<api::RestApis> GetRestApis(const api::GetRestApisRequest& request, Service& service,
                                  wire::CallContext& context);
Result<api::RestApi> UpdateRestApi(const api::UpdateRestApiRequest& request, Service& service,
                                   wire::CallContext& context);
Result<api::DeleteRestApiResponse> DeleteRestApi(const api::DeleteRestApiRequest& request,
                                                 Service& service, wire::CallContext& context);

// resources.cc
Result<api::Resource> CreateResource(const api::CreateResourceRequest& request, Service& service,
                                     wire::CallContext& context);
Result<api::Resource> GetResource(const api::GetResourceRequest& request, Service& service,
                                  wire::CallContext& context);
Result<api::Resources> GetResources(const api::GetResourcesRequest& request, Service& service,
                                    wire::CallContext& context);
Result<api::Resource> UpdateResource(const api::UpdateResourceRequest& request, Service& service,
                                     wire::CallContext& context);
Result<api::DeleteResourceResponse> DeleteResource(const api::DeleteResourceRequest& request,
                                                   Service& service, wire::CallContext& context);

// methods.cc
Result<api::Method> PutMethod(const api::PutMethodRequest& request, Service& service,
                              wire::CallContext& context);
Result<api::Method> GetMethod(const api::GetMethodRequest& request, Service& service,
                              wire::CallContext& context);
Result<api::Method> UpdateMethod(const api::UpdateMethodRequest& request, Service& service,
                                 wire::CallContext& context);
Result<api::DeleteMethodOutput> DeleteMethod(const api::DeleteMethodRequest& request,
                                             Service& service, wire::CallContext& context);
Result<api::MethodResponse> PutMethodResponse(const api::PutMethodResponseRequest& request,
                                              Service& service, wire::CallContext& context);
Result<api::MethodResponse> GetMethodResponse(const api::GetMethodResponseRequest& request,
                                              Service& service, wire::CallContext& context);
Result<api::MethodResponse> UpdateMethodResponse(const api::UpdateMethodResponseRequest& request,
                                                 Service& service, wire::CallContext& context);
Result<api::DeleteMethodResponseResponse> DeleteMethodResponse(
    const api::DeleteMethodResponseRequest& request, Service& service, wire::CallContext& context);

// integrations.cc
Result<api::Integration> PutIntegration(const api::PutIntegrationRequest& request, Service& service,
                                        wire::CallContext& context);
Result<api::Integration> GetIntegration(const api::GetIntegrationRequest& request, Service& service,
                                        wire::CallContext& context);
Result<api::Integration> UpdateIntegration(const api::UpdateIntegrationRequest& request,
                                           Service& service, wire::CallContext& context);
Result<api::DeleteIntegrationOutput> DeleteIntegration(const api::DeleteIntegrationRequest& request,
                                                       Service& service,
                                                       wire::CallContext& context);
Result<api::IntegrationResponse> PutIntegrationResponse(
    const api::PutIntegrationResponseRequest& request, Service& service,
    wire::CallContext& context);
Result<api::IntegrationResponse> GetIntegrationResponse(
    const api::GetIntegrationResponseRequest& request, Service& service,
    wire::CallContext& context);
Result<api::IntegrationResponse> UpdateIntegrationResponse(
    const api::UpdateIntegrationResponseRequest& request, Service& service,
    wire::CallContext& context);
Result<api::DeleteIntegrationResponseResponse> DeleteIntegrationResponse(
    const api::DeleteIntegrationResponseRequest& request, Service& service,
    wire::CallContext& context);

// models.cc
Result<api::Model> CreateModel(const api::CreateModelRequest& request, Service& service,
                               wire::CallContext& context);
Result<api::Model> GetModel(const api::GetModelRequest& request, Service& service,
                            wire::CallContext& context);
Result<api::Models> GetModels(const api::GetModelsRequest& request, Service& service,
                              wire::CallContext& context);
Result<api::Model> UpdateModel(const api::UpdateModelRequest& request, Service& service,
                               wire::CallContext& context);
Result<api::DeleteModelResponse> DeleteModel(const api::DeleteModelRequest& request,
                                             Service& service, wire::CallContext& context);
Result<api::RequestValidator> CreateRequestValidator(
    const api::CreateRequestValidatorRequest& request, Service& service,
    wire::CallContext& context);
Result<api::RequestValidator> GetRequestValidator(const api::GetRequestValidatorRequest& request,
                                                  Service& service, wire::CallContext& context);
Result<api::RequestValidators> GetRequestValidators(const api::GetRequestValidatorsRequest& request,
                                                    Service& service, wire::CallContext& context);
Result<api::RequestValidator> UpdateRequestValidator(
    const api::UpdateRequestValidatorRequest& request, Service& service,
    wire::CallContext& context);
Result<api::DeleteRequestValidatorResponse> DeleteRequestValidator(
    const api::DeleteRequestValidatorRequest& request, Service& service,
    wire::CallContext& context);

// deployments.cc
Result<api::Deployment> CreateDeployment(const api::CreateDeploymentRequest& request,
                                         Service& service, wire::CallContext& context);
Result<api::Deployment> GetDeployment(const api::GetDeploymentRequest& request, Service& service,
                                      wire::CallContext& context);
Result<api::Deployments> GetDeployments(const api::GetDeploymentsRequest& request, Service& service,
                                        wire::CallContext& context);
Result<api::Deployment> UpdateDeployment(const api::UpdateDeploymentRequest& request,
                                         Service& service, wire::CallContext& context);
Result<api::DeleteDeploymentResponse> DeleteDeployment(const api::DeleteDeploymentRequest& request,
                                                       Service& service,
                                                       wire::CallContext& context);

// stages.cc
Result<api::Stage> CreateStage(const api::CreateStageRequest& request, Service& service,
                               wire::CallContext& context);
Result<api::Stage> GetStage(const api::GetStageRequest& request, Service& service,
                            wire::CallContext& context);
Result<api::Stages> GetStages(const api::GetStagesRequest& request, Service& service,
                              wire::CallContext& context);
Result<api::Stage> UpdateStage(const api::UpdateStageRequest& request, Service& service,
                               wire::CallContext& context);
Result<api::DeleteStageResponse> DeleteStage(const api::DeleteStageRequest& request,
                                             Service& service, wire::CallContext& context);

// gateway_responses.cc
Result<api::GatewayResponse> PutGatewayResponse(const api::PutGatewayResponseRequest& request,
                                                Service& service, wire::CallContext& context);
Result<api::GatewayResponse> GetGatewayResponse(const api::GetGatewayResponseRequest& request,
                                                Service& service, wire::CallContext& context);
Result<api::GatewayResponses> GetGatewayResponses(const api::GetGatewayResponsesRequest& request,
                                                  Service& service, wire::CallContext& context);
Result<api::GatewayResponse> UpdateGatewayResponse(const api::UpdateGatewayResponseRequest& request,
                                                   Service& service, wire::CallContext& context);
Result<api::DeleteGatewayResponseResponse> DeleteGatewayResponse(
    const api::DeleteGatewayResponseRequest& request, Service& service, wire::CallContext& context);

// api_keys.cc
Result<api::ApiKey> CreateApiKey(const api::CreateApiKeyRequest& request, Service& service,
                                 wire::CallContext& context);
Result<api::ApiKey> GetApiKey(const api::GetApiKeyRequest& request, Service& service,
                              wire::CallContext& context);
Result<api::ApiKeys> GetApiKeys(const api::GetApiKeysRequest& request, Service& service,
                                wire::CallContext& context);
Result<api::ApiKey> UpdateApiKey(const api::UpdateApiKeyRequest& request, Service& service,
                                 wire::CallContext& context);
Result<api::DeleteApiKeyResponse> DeleteApiKey(const api::DeleteApiKeyRequest& request,
                                               Service& service, wire::CallContext& context);

// usage_plans.cc
Result<api::UsagePlan> CreateUsagePlan(const api::CreateUsagePlanRequest& request, Service& service,
                                       wire::CallContext& context);
Result<api::UsagePlan> GetUsagePlan(const api::GetUsagePlanRequest& request, Service& service,
                                    wire::CallContext& context);
Result<api::UsagePlans> GetUsagePlans(const api::GetUsagePlansRequest& request, Service& service,
                                      wire::CallContext& context);
Result<api::UsagePlan> UpdateUsagePlan(const api::UpdateUsagePlanRequest& request, Service& service,
                                       wire::CallContext& context);
Result<api::DeleteUsagePlanResponse> DeleteUsagePlan(const api::DeleteUsagePlanRequest& request,
                                                     Service& service, wire::CallContext& context);
Result<api::UsagePlanKey> CreateUsagePlanKey(const api::CreateUsagePlanKeyRequest& request,
                                             Service& service, wire::CallContext& context);
Result<api::UsagePlanKey> GetUsagePlanKey(const api::GetUsagePlanKeyRequest& request,
                                          Service& service, wire::CallContext& context);
Result<api::UsagePlanKeys> GetUsagePlanKeys(const api::GetUsagePlanKeysRequest& request,
                                            Service& service, wire::CallContext& context);
Result<api::DeleteUsagePlanKeyResponse> DeleteUsagePlanKey(
    const api::DeleteUsagePlanKeyRequest& request, Service& service, wire::CallContext& context);
Result<api::Usage> GetUsage(const api::GetUsageRequest& request, Service& service,
                            wire::CallContext& context);

// account.cc
Result<api::Account> GetAccount(const api::GetAccountRequest& request, Service& service,
                                wire::CallContext& context);
Result<api::Account> UpdateAccount(const api::UpdateAccountRequest& request, Service& service,
                                   wire::CallContext& context);

// tags.cc
Result<api::TagResourceResponse> TagResource(const api::TagResourceRequest& request,
                                             Service& service, wire::CallContext& context);
Result<api::UntagResourceResponse> UntagResource(const api::UntagResourceRequest& request,
                                                 Service& service, wire::CallContext& context);
Result<api::Tags> GetTags(const api::GetTagsRequest& request, Service& service,
                          wire::CallContext& context);

// test_invoke.cc
Result<api::TestInvokeMethodResponse> TestInvokeMethod(const api::TestInvokeMethodRequest& request,
                                                       Service& service,
                                                       wire::CallContext& context);

// export.cc
Result<api::ExportResponse> GetExport(const api::GetExportRequest& request, Service& service,
                                      wire::CallContext& context);

}  // namespace usher::apigateway
