// A call of a small API, for tests of what happens to one.
#pragma once

#include <memory>
#include <utility>

#include "services/apigateway/api_call.h"
#include "services/apigateway/stage_snapshot.h"

namespace usher::apigateway {

// An API "Movies" (abcdefghij) with GET on / and on /films/{id}, whose method and integration
// `change` may alter; at stage dev, with the variable table=movies.
struct TestApi {
  Api api;
  api::Stage stage;

  TestApi() {
    api.id = "abcdefghij";
    api.region = "us-east-1";
    api.rest.name = "Movies";
    api::Method method{.http_method = "GET", .authorization_type = "NONE"};
    method.method_integration = api::Integration{.type = "MOCK"};
    api.resources.push_back(
        {.id = "root000000",
         .path = "/",
         .resource_methods = std::map<std::string, api::Method>{{"GET", method}}});
    api.resources.push_back(
        {.id = "films0", .parent_id = "root000000", .path_part = "films", .path = "/films"});
    api.resources.push_back(
        {.id = "film00",
         .parent_id = "films0",
         .path_part = "{id}",
         .path = "/films/{id}",
         .resource_methods = std::map<std::string, api::Method>{{"ANY", method}}});
    stage.stage_name = "dev";
    stage.deployment_id = "dep000";
    stage.variables = std::map<std::string, std::string>{{"table", "movies"}};
  }

  api::Method& root() { return api.resources[0].resource_methods->at("GET"); }
  api::Integration& integration() { return *root().method_integration; }

  // GET / of what the API is now.
  [[nodiscard]] ApiCall Call() const {
    ApiCall call;
    call.stage = CompileStage(api, stage, FromEpochMillis(1'658'451'723'456));
    call.method = FindMethod(call.stage->root, "GET");
    call.resource_path = "/";
    call.resource_id = "root000000";
    call.request_id = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef";
    call.extended_id = "ZXh0ZW5kZWQtaWQ=";
    call.time = FromEpochMillis(1'658'451'723'456);  // 2022-07-22T01:02:03.456Z
    call.verb = "GET";
    call.path = "/";
    call.peer = "127.0.0.1";
    call.domain = "abcdefghij.execute-api.localhost";
    return call;
  }
};

}  // namespace usher::apigateway
