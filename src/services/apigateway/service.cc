#include "services/apigateway/service.h"

#include "services/apigateway/operations.h"

namespace usher::apigateway {

Result<void> Service::Start() {
  if (auto started = usage.Start(); !started) return started;
  logs.Start();
  return {};
}

void Service::Stop() {
  functions.Stop();
  usage.Stop();
  logs.Stop();
}

void Register(wire::Dispatcher& dispatcher, Service& service) {
  const auto add = [&]<typename Op>(auto function, Op* /*tag*/) {
    dispatcher.Handle<Op>(
        [&service, function](const typename Op::Request& request, wire::CallContext& context) {
          return function(request, service, context);
        });
  };
  add(CreateApiKey, static_cast<api::CreateApiKey*>(nullptr));
  add(CreateDeployment, static_cast<api::CreateDeployment*>(nullptr));
  add(CreateModel, static_cast<api::CreateModel*>(nullptr));
  add(CreateRequestValidator, static_cast<api::CreateRequestValidator*>(nullptr));
  add(CreateResource, static_cast<api::CreateResource*>(nullptr));
  add(CreateRestApi, static_cast<api::CreateRestApi*>(nullptr));
  add(CreateStage, static_cast<api::CreateStage*>(nullptr));
  add(CreateUsagePlan, static_cast<api::CreateUsagePlan*>(nullptr));
  add(CreateUsagePlanKey, static_cast<api::CreateUsagePlanKey*>(nullptr));
  add(DeleteApiKey, static_cast<api::DeleteApiKey*>(nullptr));
  add(DeleteDeployment, static_cast<api::DeleteDeployment*>(nullptr));
  add(DeleteGatewayResponse, static_cast<api::DeleteGatewayResponse*>(nullptr));
  add(DeleteIntegration, static_cast<api::DeleteIntegration*>(nullptr));
  add(DeleteIntegrationResponse, static_cast<api::DeleteIntegrationResponse*>(nullptr));
  add(DeleteMethod, static_cast<api::DeleteMethod*>(nullptr));
  add(DeleteMethodResponse, static_cast<api::DeleteMethodResponse*>(nullptr));
  add(DeleteModel, static_cast<api::DeleteModel*>(nullptr));
  add(DeleteRequestValidator, static_cast<api::DeleteRequestValidator*>(nullptr));
  add(DeleteResource, static_cast<api::DeleteResource*>(nullptr));
  add(DeleteRestApi, static_cast<api::DeleteRestApi*>(nullptr));
  add(DeleteStage, static_cast<api::DeleteStage*>(nullptr));
  add(DeleteUsagePlan, static_cast<api::DeleteUsagePlan*>(nullptr));
  add(DeleteUsagePlanKey, static_cast<api::DeleteUsagePlanKey*>(nullptr));
  add(GetAccount, static_cast<api::GetAccount*>(nullptr));
  add(GetApiKey, static_cast<api::GetApiKey*>(nullptr));
  add(GetApiKeys, static_cast<api::GetApiKeys*>(nullptr));
  add(GetDeployment, static_cast<api::GetDeployment*>(nullptr));
  add(GetDeployments, static_cast<api::GetDeployments*>(nullptr));
  add(GetExport, static_cast<api::GetExport*>(nullptr));
  add(GetGatewayResponse, static_cast<api::GetGatewayResponse*>(nullptr));
  add(GetGatewayResponses, static_cast<api::GetGatewayResponses*>(nullptr));
  add(GetIntegration, static_cast<api::GetIntegration*>(nullptr));
  add(GetIntegrationResponse, static_cast<api::GetIntegrationResponse*>(nullptr));
  add(GetMethod, static_cast<api::GetMethod*>(nullptr));
  add(GetMethodResponse, static_cast<api::GetMethodResponse*>(nullptr));
  add(GetModel, static_cast<api::GetModel*>(nullptr));
  add(GetModels, static_cast<api::GetModels*>(nullptr));
  add(GetRequestValidator, static_cast<api::GetRequestValidator*>(nullptr));
  add(GetRequestValidators, static_cast<api::GetRequestValidators*>(nullptr));
  add(GetResource, static_cast<api::GetResource*>(nullptr));
  add(GetResources, static_cast<api::GetResources*>(nullptr));
  add(GetRestApi, static_cast<api::GetRestApi*>(nullptr));
  add(GetRestApis, static_cast<api::GetRestApis*>(nullptr));
  add(GetStage, static_cast<api::GetStage*>(nullptr));
  add(GetStages, static_cast<api::GetStages*>(nullptr));
  add(GetTags, static_cast<api::GetTags*>(nullptr));
  add(GetUsage, static_cast<api::GetUsage*>(nullptr));
  add(GetUsagePlan, static_cast<api::GetUsagePlan*>(nullptr));
  add(GetUsagePlanKey, static_cast<api::GetUsagePlanKey*>(nullptr));
  add(GetUsagePlanKeys, static_cast<api::GetUsagePlanKeys*>(nullptr));
  add(GetUsagePlans, static_cast<api::GetUsagePlans*>(nullptr));
  add(PutGatewayResponse, static_cast<api::PutGatewayResponse*>(nullptr));
  add(PutIntegration, static_cast<api::PutIntegration*>(nullptr));
  add(PutIntegrationResponse, static_cast<api::PutIntegrationResponse*>(nullptr));
  add(PutMethod, static_cast<api::PutMethod*>(nullptr));
  add(PutMethodResponse, static_cast<api::PutMethodResponse*>(nullptr));
  add(TagResource, static_cast<api::TagResource*>(nullptr));
  add(TestInvokeMethod, static_cast<api::TestInvokeMethod*>(nullptr));
  add(UntagResource, static_cast<api::UntagResource*>(nullptr));
  add(UpdateAccount, static_cast<api::UpdateAccount*>(nullptr));
  add(UpdateApiKey, static_cast<api::UpdateApiKey*>(nullptr));
  add(UpdateDeployment, static_cast<api::UpdateDeployment*>(nullptr));
  add(UpdateGatewayResponse, static_cast<api::UpdateGatewayResponse*>(nullptr));
  add(UpdateIntegration, static_cast<api::UpdateIntegration*>(nullptr));
  add(UpdateIntegrationResponse, static_cast<api::UpdateIntegrationResponse*>(nullptr));
  add(UpdateMethod, static_cast<api::UpdateMethod*>(nullptr));
  add(UpdateMethodResponse, static_cast<api::UpdateMethodResponse*>(nullptr));
  add(UpdateModel, static_cast<api::UpdateModel*>(nullptr));
  add(UpdateRequestValidator, static_cast<api::UpdateRequestValidator*>(nullptr));
  add(UpdateResource, static_cast<api::UpdateResource*>(nullptr));
  add(UpdateRestApi, static_cast<api::UpdateRestApi*>(nullptr));
  add(UpdateStage, static_cast<api::UpdateStage*>(nullptr));
  add(UpdateUsagePlan, static_cast<api::UpdateUsagePlan*>(nullptr));
}

}  // namespace usher::apigateway
