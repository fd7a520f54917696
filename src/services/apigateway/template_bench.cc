// What a mapping template costs for one request: the reference one, and the service's own
// passthrough template, which lists every parameter and variable; parsing is apart.
#include <benchmark/benchmark.h>

#include "services/apigateway/template_objects.h"

namespace usher::apigateway {
namespace {

constexpr std::string_view kReference = R"x({ "user_id" : "$input.params('user_id')" })x";

constexpr std::string_view kPassthrough = R"x(#set($allParams = $input.params())
{
"body-json" : $input.json('$'),
"params" : {
#foreach($type in $allParams.keySet())
    #set($params = $allParams.get($type))
"$type" : {
    #foreach($paramName in $params.keySet())
    "$paramName" : "$util.escapeJavaScript($params.get($paramName))"
        #if($foreach.hasNext),#end
    #end
}
    #if($foreach.hasNext),#end
#end
},
"context" : {
    "api-id" : "$context.apiId",
    "http-method" : "$context.httpMethod",
    "stage" : "$context.stage",
    "source-ip" : "$context.identity.sourceIp",
    "user-agent" : "$context.identity.userAgent",
    "request-id" : "$context.requestId"
    }
}
)x";

ApiCall Request() {
  ApiCall call;
  auto stage = std::make_shared<StageSnapshot>();
  stage->api_id = "abcdefghij";
  stage->stage = "dev";
  call.stage = std::move(stage);
  call.verb = "GET";
  call.path = "/";
  call.query = {{"user_id", "5"}, {"DEVICE", "phone"}};
  for (const auto& [name, value] :
       {std::pair("Host", "127.0.0.1:4566"),
        std::pair("User-Agent", "Mozilla/5.0 (X11; Linux x86_64)"),
        std::pair("Accept", "text/html,application/xhtml+xml"),
        std::pair("Accept-Language", "en-GB,en;q=0.5"), std::pair("X-Forwarded-For", "127.0.0.1"),
        std::pair("X-Forwarded-Proto", "http")}) {
    call.headers.Add(name, value);
  }
  return call;
}

void Render(benchmark::State& state, std::string_view text) {
  const auto code = vtl::Template::Parse(text);
  const ApiCall call = Request();
  for (auto _ : state) benchmark::DoNotOptimize(RenderTemplate(*code, call, call.body));
}

void BM_RenderReference(benchmark::State& state) { Render(state, kReference); }
BENCHMARK(BM_RenderReference);

void BM_RenderPassthrough(benchmark::State& state) { Render(state, kPassthrough); }
BENCHMARK(BM_RenderPassthrough);

void BM_ParsePassthrough(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(vtl::Template::Parse(kPassthrough));
}
BENCHMARK(BM_ParsePassthrough);

}  // namespace
}  // namespace usher::apigateway
