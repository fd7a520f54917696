// What becomes of one request, part by part: mappings, templates, proxy events and answers,
// validation, responses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/json.h"
#include "services/apigateway/execution_log.h"
#include "services/apigateway/integration_request.h"
#include "services/apigateway/integration_response.h"
#include "services/apigateway/proxy_event.h"
#include "services/apigateway/reasons.h"
#include "services/apigateway/template_objects.h"
#include "services/apigateway/test_call.h"
#include "services/apigateway/throttle.h"
#include "services/apigateway/usage.h"
#include "services/apigateway/validate_call.h"

namespace usher::apigateway {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

std::string Render(const ApiCall& call, std::string_view text) {
  const auto code = vtl::Template::Parse(text);
  if (!code) return "ERROR " + code.error().message;
  const auto out = RenderTemplate(*code, call, call.body);
  return out ? out->text : "ERROR " + out.error().message;
}

// ---- the tree ----

TEST(FindResource, TriesLiteralsBeforeVariablesBeforeTheRest) {
  TestApi test;
  const auto add = [&](const std::string& id, const std::string& path) {
    test.api.resources.push_back({.id = id, .path = path});
  };
  add("new", "/films/new");
  add("all", "/films/{rest+}");
  add("deep", "/films/new/{x}/y");
  const auto stage = CompileStage(test.api, test.stage, Time());
  const auto find = [&](const std::vector<std::string>& parts) {
    wire::Parameters variables;
    const PathNode* const node = FindResource(stage->root, parts, variables);
    std::string out = node != nullptr ? node->resource_id : "none";
    for (const auto& [name, value] : variables) out += " " + name + "=" + value;
    return out;
  };
  EXPECT_EQ(find({}), "root000000");
  EXPECT_EQ(find({"films"}), "films0");
  EXPECT_EQ(find({"films", "new"}), "new");
  EXPECT_EQ(find({"films", "7"}), "film00 id=7");
  EXPECT_EQ(find({"films", "7", "cast"}), "all rest=7/cast");
  EXPECT_EQ(find({"films", "new", "a", "y"}), "deep x=a");
  EXPECT_EQ(find({"films", "new", "a", "z"}), "all rest=new/a/z");
  EXPECT_EQ(find({"actors"}), "none");
}

TEST(FindMethod, FallsBackToAny) {
  const TestApi test;
  const auto stage = CompileStage(test.api, test.stage, Time());
  wire::Parameters variables;
  const PathNode* const film = FindResource(stage->root, {"films", "1"}, variables);
  EXPECT_EQ(FindMethod(*film, "PATCH")->verb, "ANY");
  EXPECT_EQ(FindMethod(stage->root, "POST"), nullptr);
}

TEST(CompileStage, FillsInStageVariables) {
  TestApi test;
  test.integration() = {.type = "HTTP",
                        .http_method = "GET",
                        .uri = "http://h/${stageVariables.table}/x${stageVariables.none}"};
  EXPECT_EQ(test.Call().method->uri, "http://h/movies/x");
}

TEST(CompileStage, TakesSettingsOfAllMethodsWhereTheMethodHasNone) {
  TestApi test;
  for (const char* key : {"~1/GET", "/GET"}) {
    test.stage.method_settings = std::map<std::string, api::MethodSetting>{
        {"*/*", {.logging_level = "INFO", .throttling_rate_limit = 5.0}},
        {key, {.throttling_rate_limit = 7.0}},
        {"~1other/GET", {.throttling_rate_limit = 9.0}}};
    const ApiCall call = test.Call();
    EXPECT_EQ(call.method->settings.log_level, ExecutionLevel::kInfo);
    EXPECT_EQ(call.method->settings.rate_limit, 7.0) << key;
  }
  test.stage.method_settings =
      std::map<std::string, api::MethodSetting>{{"*/*", {.data_trace_enabled = true}}};
  EXPECT_EQ(test.Call().method->settings.log_level, ExecutionLevel::kInfo);
  test.stage.method_settings = std::map<std::string, api::MethodSetting>{
      {"*/*", {.logging_level = "OFF", .data_trace_enabled = true}}};
  EXPECT_EQ(test.Call().method->settings.log_level, ExecutionLevel::kOff);
}

// ---- templates ----

TEST(RenderTemplate, GivesTheReferenceEvent) {
  const TestApi test;
  ApiCall call = test.Call();
  call.query = {{"user_id", "5"}};
  constexpr std::string_view kTemplate = R"x({ "user_id" : "$input.params('user_id')" })x";
  EXPECT_EQ(Render(call, kTemplate), R"({ "user_id" : "5" })");
  call.query.clear();
  EXPECT_EQ(Render(call, kTemplate), R"({ "user_id" : "" })");
}

TEST(RenderTemplate, LooksForParametersInPathThenQueryThenHeader) {
  const TestApi test;
  ApiCall call = test.Call();
  call.headers.Add("Id", "header");
  EXPECT_EQ(Render(call, "$input.params('id')"), "header");
  call.query = {{"id", "first"}, {"id", "query"}};
  EXPECT_EQ(Render(call, "$input.params('id')"), "query");
  call.path_parameters = {{"id", "path"}};
  EXPECT_EQ(Render(call, "$input.params('id')"), "path");
  EXPECT_EQ(Render(call,
                   "$input.params().path.id $input.params().querystring.get('id') "
                   "$input.params().header.Id"),
            "path query header");
}

TEST(RenderTemplate, FindsPartsOfTheBody) {
  const TestApi test;
  ApiCall call = test.Call();
  call.body = R"({"user":{"id":5,"tags":["a","b"]},"text":"it's"})";
  EXPECT_EQ(Render(call, "$input.json('$.user')"), R"({"id":5,"tags":["a","b"]})");
  EXPECT_EQ(Render(call, "$input.json('$')"), call.body);
  EXPECT_EQ(Render(call, "$input.path('$.user.id') $input.path('$').user.tags[1] $input.body"),
            "5 b " + call.body);
  EXPECT_EQ(Render(call, "$input.json('$.none')|$input.path('$.none')|"), "\"\"||");
  EXPECT_EQ(Render(call, "#foreach($t in $input.path('$.user.tags'))<$t>#end"), "<a><b>");
  EXPECT_THAT(Render(call, "$input.json('$[')"), HasSubstr("cannot be read at character 3"));
}

TEST(RenderTemplate, TakesAnEmptyBodyForAnEmptyObject) {
  const TestApi test;
  const ApiCall call = test.Call();
  EXPECT_EQ(Render(call, "$input.json('$')|$input.body|"), "{}||");
}

TEST(RenderTemplate, KnowsTheContextAndTheStage) {
  const TestApi test;
  ApiCall call = test.Call();
  call.headers.Add("User-Agent", "test");
  EXPECT_EQ(Render(call,
                   "$context.apiId $context.stage $context.httpMethod $context.resourcePath "
                   "$context.identity.sourceIp $context.identity.userAgent "
                   "$context.requestTimeEpoch $context.path"),
            "abcdefghij dev GET / 127.0.0.1 test 1658451723456 /dev/");
  EXPECT_EQ(Render(call, "$context.requestTime"), "22/Jul/2022:01:02:03 +0000");
  EXPECT_EQ(Render(call, "[$context.identity.userArn$context.nothing$stageVariables.none]"), "[]");
  EXPECT_EQ(Render(call, "$stageVariables.table $stageVariables.keySet()"), "movies [table]");
}

TEST(RenderTemplate, HasTheFunctionsOfUtil) {
  const TestApi test;
  ApiCall call = test.Call();
  call.body = R"({"t":"it's \"quoted\"\n\u00fc\ud83c\udfac</a>"})";
  EXPECT_EQ(Render(call, "$util.escapeJavaScript($input.path('$.t'))"),
            R"(it\'s \"quoted\"\n\u00FC\uD83C\uDFAC<\/a>)");
  EXPECT_EQ(Render(call, "$util.base64Encode('film') $util.base64Decode('ZmlsbQ==')"),
            "ZmlsbQ== film");
  EXPECT_EQ(Render(call, "$util.urlEncode('a b&c/*~') $util.urlDecode('a+b%26c')"),
            "a+b%26c%2F*%7E a b&c");
  EXPECT_EQ(Render(call, "#set($o = $util.parseJson('{\"a\":[1,2]}'))$o.a.size()"), "2");
  EXPECT_THAT(Render(call, "$util.parseJson('{')"), HasSubstr("line 1, column 6: $util.parseJson"));
  EXPECT_THAT(Render(call, "$util.base64Decode('?')"), HasSubstr("cannot be decoded"));
}

TEST(RenderTemplate, OverridesStatusAndHeaders) {
  const TestApi test;
  const ApiCall call = test.Call();
  const auto code = vtl::Template::Parse(
      "#set($context.responseOverride.status = 404)"
      "#set($context.responseOverride.header.X-A = 'b')");
  const auto out = RenderTemplate(*code, call, "");
  EXPECT_EQ(out->response.status, 404);
  EXPECT_THAT(out->response.headers, ElementsAre(Pair("X-A", "b")));
  const auto bad = vtl::Template::Parse("#set($context.responseOverride.status = 9)");
  EXPECT_FALSE(RenderTemplate(*bad, call, ""));
}

// ---- the request to the backend ----

TEST(MapRequestBody, ChoosesByContentType) {
  TestApi test;
  test.integration().request_templates =
      std::map<std::string, std::string>{{"application/json", "json"}, {"text/plain", "text"}};
  ApiCall call = test.Call();
  const auto body = [&] { return std::get<MappedBody>(MapRequestBody(call)).text; };
  call.body = "as it came";
  EXPECT_EQ(body(), "json");  // without a type
  call.headers.Set("Content-Type", "TEXT/plain; charset=utf-8");
  EXPECT_EQ(body(), "text");
  call.headers.Set("Content-Type", "text/html");
  EXPECT_EQ(body(), "as it came");
}

// The table of requests in "Content type conversions in API Gateway".
TEST(MapRequestBody, ConvertsBetweenBytesAndText) {
  const std::string bytes = "\xff\x01";
  const auto body = [&](const char* handling, const char* type, const std::string& sent,
                        const char* mapped = nullptr) {
    TestApi test;
    test.api.rest.binary_media_types = std::vector<std::string>{"image/png"};
    if (*handling != '\0') test.integration().content_handling = handling;
    if (mapped != nullptr) {
      test.integration().request_templates = std::map<std::string, std::string>{{type, mapped}};
    }
    ApiCall call = test.Call();
    call.headers.Set("Content-Type", type);
    call.body = sent;
    const auto mapped_body = MapRequestBody(call);
    if (const auto* failed = std::get_if<Failure>(&mapped_body)) return failed->log;
    return std::get<MappedBody>(mapped_body).text;
  };
  EXPECT_EQ(body("", "image/png", bytes), bytes);
  EXPECT_EQ(body("CONVERT_TO_BINARY", "image/png", bytes), bytes);
  EXPECT_EQ(body("CONVERT_TO_BINARY", "image/png", "/wE="), "/wE=");  // bytes that look so
  EXPECT_EQ(body("CONVERT_TO_TEXT", "image/png", bytes), "/wE=");
  EXPECT_EQ(body("CONVERT_TO_TEXT", "image/png", bytes, "{\"image\": \"$input.body\"}"),
            R"({"image": "/wE="})");
  EXPECT_EQ(body("", "text/plain", "/wE="), "/wE=");
  EXPECT_EQ(body("CONVERT_TO_TEXT", "text/plain", "/wE="), "/wE=");
  EXPECT_EQ(body("CONVERT_TO_BINARY", "text/plain", "/wE="), bytes);
  EXPECT_THAT(body("CONVERT_TO_BINARY", "text/plain", "no base64!"),
              HasSubstr("Unable to base64 decode the body"));
}

TEST(MapRequestBody, RefusesByPassthroughBehavior) {
  TestApi test;
  const auto status = [&](const std::string& behavior, bool with_template) {
    test.integration().passthrough_behavior = behavior;
    test.integration().request_templates.reset();
    if (with_template) {
      test.integration().request_templates =
          std::map<std::string, std::string>{{"text/plain", "x"}};
    }
    const ApiCall call = test.Call();
    const auto mapped = MapRequestBody(call);
    const auto* const failure = std::get_if<Failure>(&mapped);
    return failure != nullptr ? failure->status : 200;
  };
  EXPECT_EQ(status("WHEN_NO_MATCH", true), 200);
  EXPECT_EQ(status("WHEN_NO_TEMPLATES", true), 415);
  EXPECT_EQ(status("WHEN_NO_TEMPLATES", false), 200);
  EXPECT_EQ(status("NEVER", true), 415);
  EXPECT_EQ(status("NEVER", false), 415);
}

TEST(EndpointRequest, MapsParameters) {
  TestApi test;
  test.integration() = {
      .type = "HTTP",
      .http_method = "POST",
      .uri = "http://h/{key}?v=1",
      .request_parameters = std::map<std::string, std::string>{
          {"integration.request.path.key", "method.request.querystring.k"},
          {"integration.request.querystring.stage", "context.stage"},
          {"integration.request.header.X-Body", "method.request.body.a[0]"},
          {"integration.request.header.X-All", "method.request.multivaluequerystring.k"},
          {"integration.request.header.X-None", "method.request.header.Missing"}}};
  ApiCall call = test.Call();
  call.query = {{"k", "1"}, {"k", "a b"}};
  call.body = R"({"a":["x\r\nEvil: 1"]})";
  const auto request = EndpointRequest(call, {.text = "b", .type = "t/t", .overrides = {}});
  EXPECT_EQ(request.url, "http://h/a%20b?v=1&stage=dev");
  EXPECT_EQ(request.method, "POST");
  EXPECT_THAT(request.headers, testing::Contains(Pair("X-Body", "x  Evil: 1")));
  EXPECT_THAT(request.headers, testing::Contains(Pair("X-All", "1,a b")));
  EXPECT_THAT(request.headers, testing::Contains(Pair("Content-Type", "t/t")));
  EXPECT_THAT(request.headers, testing::Not(testing::Contains(Pair("X-None", testing::_))));
}

// ---- the answer ----

BackendAnswer Said(std::string body, std::optional<std::string> selector = std::nullopt) {
  return {.selector = std::move(selector), .headers = {}, .body = std::move(body)};
}

TEST(MapResponse, TakesThePatternThatMatchesTheWholeErrorElseTheDefault) {
  TestApi test;
  test.integration().integration_responses = std::map<std::string, api::IntegrationResponse>{
      {"200", {.status_code = "200"}},
      {"404", {.status_code = "404", .selection_pattern = "no film.*"}}};
  test.root().method_responses = std::map<std::string, api::MethodResponse>{
      {"200", {.status_code = "200"}}, {"404", {.status_code = "404"}}};
  const ApiCall call = test.Call();
  const auto status = [&](BackendAnswer answer) {
    return std::get<Reply>(MapResponse(call, std::move(answer))).status;
  };
  EXPECT_EQ(status(Said("{}")), 200);
  EXPECT_EQ(status(Said("{}", "no film called x")), 404);
  EXPECT_EQ(status(Said("{}", "there is no film")), 200);
}

TEST(MapResponse, FailsWithoutAResponseAndWithoutItsMethodResponse) {
  TestApi test;
  ApiCall call = test.Call();
  auto failed = std::get<Failure>(MapResponse(call, Said("{}")));
  EXPECT_EQ(failed.status, 500);
  EXPECT_EQ(failed.log,
            "Execution failed due to configuration error: No match for output mapping and no "
            "default endpoint mapping configured");
  EXPECT_THAT(failed.reason, HasSubstr("put-integration-response"));
  test.integration().integration_responses =
      std::map<std::string, api::IntegrationResponse>{{"200", {.status_code = "200"}}};
  call = test.Call();
  failed = std::get<Failure>(MapResponse(call, Said("{}")));
  EXPECT_THAT(failed.log, HasSubstr("Output mapping refers to an invalid method response: 200"));
}

TEST(MapResponse, SendsOnlyHeadersThatAreDeclared) {
  TestApi test;
  test.integration().integration_responses = std::map<std::string, api::IntegrationResponse>{
      {"200",
       {.status_code = "200",
        .response_parameters = std::map<std::string, std::string>{
            {"method.response.header.X-Declared", "integration.response.body.a"},
            {"method.response.header.X-Other", "'b'"}}}}};
  test.root().method_responses = std::map<std::string, api::MethodResponse>{
      {"200",
       {.status_code = "200",
        .response_parameters =
            std::map<std::string, bool>{{"method.response.header.X-Declared", false}}}}};
  const auto reply = std::get<Reply>(MapResponse(test.Call(), Said(R"({"a":"1"})")));
  EXPECT_EQ(*reply.headers.Find("X-Declared"), "1");
  EXPECT_EQ(reply.headers.Find("X-Other"), nullptr);
  EXPECT_EQ(reply.body, R"({"a":"1"})");
}

TEST(MapResponse, LeavesTheBodyAsItIsForAnEmptyTemplate) {
  TestApi test;
  test.integration().integration_responses = std::map<std::string, api::IntegrationResponse>{
      {"200",
       {.status_code = "200",
        .response_templates = std::map<std::string, std::string>{{"application/json", ""}}}}};
  test.root().method_responses =
      std::map<std::string, api::MethodResponse>{{"200", {.status_code = "200"}}};
  EXPECT_EQ(std::get<Reply>(MapResponse(test.Call(), Said("{\"a\":1}"))).body, "{\"a\":1}");
}

// The table of responses in "Content type conversions in API Gateway".
TEST(MapResponse, ConvertsBetweenBytesAndText) {
  const std::string bytes = "\xff\x01";
  const auto body = [&](const char* handling, const char* accept, const std::string& said,
                        bool has_binary_types = true) {
    TestApi test;
    if (has_binary_types) {
      test.api.rest.binary_media_types = std::vector<std::string>{"image/png"};
    }
    api::IntegrationResponse response{.status_code = "200"};
    if (*handling != '\0') response.content_handling = handling;
    test.integration().integration_responses =
        std::map<std::string, api::IntegrationResponse>{{"200", response}};
    test.root().method_responses =
        std::map<std::string, api::MethodResponse>{{"200", {.status_code = "200"}}};
    ApiCall call = test.Call();
    call.headers.Set("Accept", accept);
    const auto mapped = MapResponse(call, Said(said));
    if (const auto* failed = std::get_if<Failure>(&mapped)) return failed->log;
    return std::get<Reply>(mapped).body;
  };
  for (const char* accept : {"text/html", "image/png"}) {
    EXPECT_EQ(body("CONVERT_TO_BINARY", accept, "/wE="), bytes);
    EXPECT_EQ(body("CONVERT_TO_BINARY", accept, R"("/wE=")"), bytes);  // as a function says it
    EXPECT_EQ(body("CONVERT_TO_BINARY", accept, bytes), bytes);
    EXPECT_EQ(body("CONVERT_TO_TEXT", accept, "/wE="), "/wE=");
    EXPECT_EQ(body("CONVERT_TO_TEXT", accept, bytes), "/wE=");
  }
  EXPECT_EQ(body("", "text/html", "/wE="), "/wE=");
  EXPECT_EQ(body("", "text/html", bytes), "/wE=");
  EXPECT_EQ(body("", "image/png, text/html", "/wE="), bytes);
  EXPECT_EQ(body("", "image/png", bytes), bytes);
  EXPECT_EQ(body("", "text/html", bytes, /*has_binary_types=*/false), bytes);
  EXPECT_EQ(body("", "image/png", "{}", /*has_binary_types=*/false), "{}");
  EXPECT_THAT(body("CONVERT_TO_BINARY", "text/html", "{}"),
              HasSubstr("Unable to base64 decode the body"));
  EXPECT_THAT(body("", "image/png", "{}"), HasSubstr("Unable to base64 decode the body"));
}

// ---- proxy ----

TEST(ProxyEvent, IsTheWholeRequest) {
  const TestApi test;
  ApiCall call = test.Call();
  call.query = {{"a", "1"}, {"a", "2"}};
  call.headers.Add("X-A", "1");
  call.headers.Add("x-a", "2");
  call.body = "text";
  const auto event = *json::Parse(ProxyEvent(call));
  EXPECT_EQ(json::Write(*event.Find("queryStringParameters")), R"({"a":"2"})");
  EXPECT_EQ(json::Write(*event.Find("multiValueQueryStringParameters")), R"({"a":["1","2"]})");
  EXPECT_EQ(json::Write(*event.Find("headers")), R"({"X-A":"2"})");
  EXPECT_EQ(json::Write(*event.Find("multiValueHeaders")), R"({"X-A":["1","2"]})");
  EXPECT_TRUE(event.Find("pathParameters")->is_null());
  EXPECT_EQ(json::Write(*event.Find("stageVariables")), R"({"table":"movies"})");
  EXPECT_EQ(*event.Find("body")->as_string(), "text");
  EXPECT_EQ(*event.Find("requestContext")->Find("path")->as_string(), "/dev/");
  std::vector<std::string> names;
  for (const auto& [name, value] : *event.as_map()) names.push_back(name);
  EXPECT_THAT(names, ElementsAre("resource", "path", "httpMethod", "headers", "multiValueHeaders",
                                 "queryStringParameters", "multiValueQueryStringParameters",
                                 "pathParameters", "stageVariables", "requestContext", "body",
                                 "isBase64Encoded"));
}

TEST(ProxyEvent, MakesTextOfWhatIsNone) {
  const TestApi test;
  ApiCall call = test.Call();
  call.body = "a\xFF";
  call.headers.Add("X-Bad", "\xFE");
  const auto event = json::Parse(ProxyEvent(call));
  ASSERT_TRUE(event);
  EXPECT_EQ(*event->Find("body")->as_string(), "a\xEF\xBF\xBD");
}

TEST(ReadProxyAnswer, TakesWhatIsAllowedAndNothingElse) {
  const TestApi test;
  const ApiCall call = test.Call();
  const auto status = [&](std::string_view payload) {
    const auto reply = ReadProxyAnswer(payload, call);
    return reply ? reply->status : 502;
  };
  EXPECT_EQ(status("{}"), 200);
  EXPECT_EQ(status(R"({"statusCode":404})"), 404);
  EXPECT_EQ(status(R"({"statusCode":"201","body":null,"headers":null})"), 201);
  for (const std::string_view bad :
       {"null", "[]", "\"x\"", R"({"itemList":[]})", R"({"body":{}})", R"({"statusCode":"x"})",
        R"({"statusCode":600})", R"({"headers":[]})", R"({"headers":{"A":{}}})",
        R"({"headers":{"A":"b\r\nC: d"}})", R"({"multiValueHeaders":{"A":"b"}})",
        R"({"isBase64Encoded":"yes"})", "not json"}) {
    EXPECT_EQ(status(bad), 502) << bad;
  }
  EXPECT_THAT(ReadProxyAnswer(R"({"ResponseMetadata":{}})", call).error().message,
              HasSubstr("'ResponseMetadata'"));
}

TEST(ReadProxyAnswer, PutsTheListOfAHeaderBeforeItsSingleValue) {
  const TestApi test;
  const auto reply = ReadProxyAnswer(
      R"({"headers":{"A":"1","N":7},"multiValueHeaders":{"A":["2","3"]}})", test.Call());
  EXPECT_THAT(reply->headers.FindAll("A"), ElementsAre("2", "3"));
  EXPECT_EQ(*reply->headers.Find("N"), "7");
}

// ---- validation ----

TEST(ValidateCall, NamesEveryMissingParameter) {
  TestApi test;
  test.api.validators.push_back(
      {.id = "v", .validate_request_body = false, .validate_request_parameters = true});
  test.root().request_validator_id = "v";
  test.root().request_parameters =
      std::map<std::string, bool>{{"method.request.querystring.user_id", true},
                                  {"method.request.querystring.n", true},
                                  {"method.request.querystring.other", false}};
  ApiCall call = test.Call();
  EXPECT_EQ(ValidateCall(call)->message, "Missing required request parameters: [n, user_id]");
  call.query = {{"user_id", "5"}, {"n", ""}};
  EXPECT_EQ(ValidateCall(call)->message, "Missing required request parameters: [n]");
  call.query = {{"user_id", "5"}, {"n", "1"}};
  EXPECT_FALSE(ValidateCall(call));
  test.root().request_validator_id.reset();
  call = test.Call();
  EXPECT_FALSE(ValidateCall(call));
}

// ---- what is told ----

TEST(ReasonOfFunctionError, KnowsWhereAProxyEventHasItsParameters) {
  TestApi test;
  test.integration() = {.type = "AWS_PROXY", .http_method = "POST", .uri = "x"};
  ApiCall call = test.Call();
  call.query = {{"user_id", "5"}};
  EXPECT_EQ(
      ReasonOfFunctionError(call, "KeyError: 'user_id'"),
      "AWS_PROXY events carry query parameters under queryStringParameters; the function read "
      "event['user_id']");
  call.query.clear();
  EXPECT_THAT(ReasonOfFunctionError(call, "KeyError: 'user_id'"), HasSubstr("none so called"));
  EXPECT_EQ(ReasonOfFunctionError(call, "ValueError: x"), "");
}

TEST(ReasonOfFunctionError, TellsAMissingVariableFromAMissingParameter) {
  TestApi test;
  test.integration() = {.type = "AWS_PROXY", .http_method = "POST", .uri = "x"};
  ApiCall call = test.Call();
  EXPECT_EQ(ReasonOfFunctionError(call, "KeyError: 'CAMPAIGN_ARN'"),
            "the function's environment seems to have no variable CAMPAIGN_ARN");
  call.query = {{"DEVICE", "phone"}};
  EXPECT_THAT(ReasonOfFunctionError(call, "KeyError: 'DEVICE'"), HasSubstr("event['DEVICE']"));
}

TEST(FunctionErrorOf, PutsTypeBeforeMessage) {
  EXPECT_EQ(FunctionErrorOf(R"({"errorType":"KeyError","errorMessage":"'user_id'"})"),
            "KeyError: 'user_id'");
  EXPECT_EQ(FunctionErrorOf(R"({"errorMessage":"late"})"), "late");
  EXPECT_EQ(FunctionErrorOf("no json"), "no json");
}

TEST(ExecutionLog, WritesByLevelAndHidesSecrets) {
  MethodSettings settings{.log_level = ExecutionLevel::kError, .data_trace = true};
  ExecutionLog errors("id", settings);
  errors.Tell("all");
  errors.TellData("data", "x");
  errors.TellFailure("bad");
  EXPECT_THAT(errors.Take(), ElementsAre("(id) bad"));
  settings.log_level = ExecutionLevel::kInfo;
  ExecutionLog all("id", settings);
  all.Tell("all");
  all.TellData("data", std::string(kMaxLoggedBytes + 1, 'x'));
  const auto lines = all.Take();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_THAT(lines[1], testing::EndsWith(" [TRUNCATED]"));
  wire::Headers headers;
  headers.Add("Authorization", "secret");
  headers.Add("A", "b");
  EXPECT_EQ(Shown(headers), "{Authorization=******, A=b}");
}

// ---- limits ----

TEST(Throttle, FillsAtItsRateUpToItsBurst) {
  Throttle throttle;
  const Throttle::TimePoint start{};
  const auto take = [&](int ms) {
    return throttle.Take("a", 10, 2, start + std::chrono::milliseconds(ms));
  };
  EXPECT_TRUE(take(0));
  EXPECT_TRUE(take(0));
  EXPECT_FALSE(take(0));
  EXPECT_TRUE(take(100));
  EXPECT_FALSE(take(150));
  EXPECT_TRUE(take(10'000));
  EXPECT_TRUE(take(10'000));
  EXPECT_FALSE(take(10'000));
  EXPECT_FALSE(throttle.Take("b", 10, 0, start));
}

TEST(FirstDayOf, BeginsPeriodsAtTheirOffset) {
  const Time now = *ParseIso8601("2022-07-22T01:02:03Z");  // a Friday
  EXPECT_EQ(FirstDayOf("DAY", 0, now), "2022-07-22");
  EXPECT_EQ(FirstDayOf("WEEK", 0, now), "2022-07-17");  // Sunday
  EXPECT_EQ(FirstDayOf("WEEK", 6, now), "2022-07-16");
  EXPECT_EQ(FirstDayOf("MONTH", 0, now), "2022-07-01");
  EXPECT_EQ(FirstDayOf("MONTH", 24, now), "2022-06-25");
}

}  // namespace
}  // namespace usher::apigateway
