// Operations CreateFunction, GetFunction, GetFunctionConfiguration, ListFunctions, DeleteFunction.
// Errors: invalid input (InvalidParameterValueException), already exists and in use
// (ResourceConflictException), not found (ResourceNotFoundException).
#include "base/random.h"
#include "services/lambda/code_links.h"
#include "services/lambda/configuration.h"
#include "services/lambda/operations.h"
#include "services/lambda/pages.h"
#include "services/lambda/versions.h"

namespace usher::lambda {
namespace {

constexpr std::int64_t kDefaultTimeoutSeconds = 3;
constexpr std::int64_t kDefaultMemoryMb = 128;
constexpr std::int64_t kDefaultStorageMb = 512;

// Everything of a request but its code and layers.
api::FunctionConfiguration ConfigurationOf(const api::CreateFunctionRequest& request,
                                           const std::string& name, std::string_view region,
                                           Time now) {
  api::FunctionConfiguration made;
  made.function_name = name;
  made.function_arn = FunctionArn(region, name);
  made.runtime = request.runtime;
  made.role = request.role;
  made.handler = request.handler;
  made.description = request.description.value_or("");
  made.timeout = request.timeout.value_or(kDefaultTimeoutSeconds);
  made.memory_size = request.memory_size.value_or(kDefaultMemoryMb);
  made.last_modified = LastModified(now);
  made.version = std::string(kLatest);
  made.dead_letter_config = request.dead_letter_config;
  if (request.environment && request.environment->variables) {
    made.environment = api::EnvironmentResponse{.variables = request.environment->variables};
  }
  made.kms_key_arn = request.kms_key_arn;
  made.tracing_config = api::TracingConfigResponse{
      .mode = request.tracing_config ? request.tracing_config->mode.value_or("PassThrough")
                                     : "PassThrough"};
  made.revision_id = NewUuid();
  made.package_type = request.package_type.value_or("Zip");
  made.architectures = request.architectures.value_or(std::vector<std::string>{"x86_64"});
  made.ephemeral_storage =
      request.ephemeral_storage.value_or(api::EphemeralStorage{.size = kDefaultStorageMb});
  made.snap_start = api::SnapStartResponse{
      .apply_on = request.snap_start ? request.snap_start->apply_on.value_or("None") : "None",
      .optimization_status = "Off"};
  made.logging_config = request.logging_config.value_or(api::LoggingConfig());
  if (!made.logging_config->log_format) made.logging_config->log_format = "Text";
  if (!made.logging_config->log_group) made.logging_config->log_group = "/aws/lambda/" + name;
  if (request.vpc_config) {
    made.vpc_config =
        api::VpcConfigResponse{.subnet_ids = request.vpc_config->subnet_ids,
                               .security_group_ids = request.vpc_config->security_group_ids,
                               .vpc_id = ""};
  }
  made.file_system_configs = request.file_system_configs;
  return made;
}

Error Exists(std::string_view name) {
  return AlreadyExists("Function already exist: " + std::string(name));
}

}  // namespace

Result<api::FunctionConfiguration> CreateFunction(const api::CreateFunctionRequest& request,
                                                  Service& service, wire::CallContext& context) {
  const auto name = ParseFunctionName(request.function_name, std::nullopt);
  if (!name) return name.error();
  if (!name->qualifier.empty()) {
    return InvalidInput("a function is created without a qualifier, not as '" +
                        request.function_name + "'");
  }
  if (const auto checked = CheckVariables(request.environment); !checked) return checked.error();
  StoredVersion version;
  version.configuration = ConfigurationOf(request, name->name, context.region, service.clock.Now());
  if (const auto checked = CheckRuntime(version.configuration); !checked) return checked.error();
  if (request.layers) {
    auto layers = LayersOf(*request.layers, service);
    if (!layers) return layers.error();
    version.configuration.layers = *std::move(layers);
  }
  const auto taken = service.store.Get(kFunctionKind, name->name);
  if (!taken) return taken.error();
  if (*taken) return Exists(name->name);

  auto zip = KeepZip({request.code.zip_file, request.code.s3_bucket, request.code.s3_key,
                      request.code.s3_object_version},
                     name->name, service, context);
  if (!zip) return zip.error();
  const bool is_builtin = KindOf(*request.runtime) == RuntimeKind::kBuiltin;
  if (!*zip && !is_builtin) {
    return InvalidInput(
        "Please provide a source for function code: ZipFile, or S3Bucket and "
        "S3Key");
  }
  version.code = *zip;
  version.configuration.code_size = *zip ? static_cast<std::int64_t>((*zip)->size) : 0;
  version.configuration.code_sha256 = *zip ? CodeSha256(**zip) : "";

  StoredFunction function{.name = name->name};
  if (request.tags) function.tags = *request.tags;
  storage::Batch batch;
  batch.Create(std::string(kFunctionKind), name->name, "", BodyOf(function));
  batch.Create(std::string(kVersionKind), IdOf(name->name, kLatest), name->name, BodyOf(version));
  if (const auto committed = service.store.Commit(batch); !committed) {
    if (*zip) service.code->Remove(**zip);
    if (committed.error().code == ErrorCode::kAlreadyExists) return Exists(name->name);
    return committed.error();
  }
  service.catalog.Changed(name->name);
  if (request.publish.value_or(false)) {
    return PublishLatest(context.region, name->name, std::nullopt, service);
  }
  api::FunctionConfiguration answer = Shown(version.configuration, service);
  if (answer.state == "Active") {
    // What clients wait for by GetFunction is the case by now; the answer itself is AWS's.
    answer.state = "Pending";
    answer.state_reason = "The function is being created.";
    answer.state_reason_code = "Creating";
  }
  return answer;
}

Result<api::GetFunctionResponse> GetFunction(const api::GetFunctionRequest& request,
                                             Service& service, wire::CallContext& context) {
  const auto name = ParseFunctionName(request.function_name, request.qualifier);
  if (!name) return name.error();
  const auto version = service.catalog.VersionOf(context.region, *name, 1);
  if (!version) return version.error();
  const auto function = service.catalog.FindFunction(context.region, name->name);
  if (!function) return function.error();
  auto stored = service.catalog.FindVersion(context.region, name->name, *version);
  if (!stored) return stored.error();

  api::GetFunctionResponse answer;
  answer.configuration = Shown(std::move(stored->configuration), service);
  answer.code = api::FunctionCodeLocation{.repository_type = "S3"};
  if (stored->code) {
    answer.code->location = CodeLink(service, context, IdOf(name->name, *version));
  }
  if (!function->tags.empty()) answer.tags = function->tags;
  if (function->reserved_concurrency) {
    answer.concurrency =
        api::Concurrency{.reserved_concurrent_executions = function->reserved_concurrency};
  }
  return answer;
}

Result<api::FunctionConfiguration> GetFunctionConfiguration(
    const api::GetFunctionConfigurationRequest& request, Service& service,
    wire::CallContext& context) {
  const auto name = ParseFunctionName(request.function_name, request.qualifier);
  if (!name) return name.error();
  const auto version = service.catalog.VersionOf(context.region, *name, 1);
  if (!version) return version.error();
  auto stored = service.catalog.FindVersion(context.region, name->name, *version);
  if (!stored) return stored.error();
  return Shown(std::move(stored->configuration), service);
}

Result<api::ListFunctionsResponse> ListFunctions(const api::ListFunctionsRequest& request,
                                                 Service& service, wire::CallContext& /*context*/) {
  // Every version with FunctionVersion=ALL, else $LATEST alone; both in the order of names.
  const bool all = request.function_version.value_or("") == "ALL";
  const auto page = ListPage(service.store, all ? kVersionKind : kFunctionKind, "", request.marker,
                             request.max_items);
  if (!page) return page.error();
  api::ListFunctionsResponse answer;
  answer.functions.emplace();
  for (const storage::Document& document : page->documents) {
    if (all) {
      auto version = ReadVersion(document);
      if (!version) return version.error();
      answer.functions->push_back(std::move(version->configuration));
      continue;
    }
    auto version = service.catalog.FindVersion("", document.id, kLatest);
    if (!version) {
      if (version.error().code == ErrorCode::kNotFound) continue;  // deleted in the meantime
      return version.error();
    }
    answer.functions->push_back(std::move(version->configuration));
  }
  answer.next_marker = page->next_marker;
  return answer;
}

Result<api::DeleteFunctionResponse> DeleteFunction(const api::DeleteFunctionRequest& request,
                                                   Service& service, wire::CallContext& context) {
  const auto name = ParseFunctionName(request.function_name, request.qualifier);
  if (!name) return name.error();
  const auto function = service.catalog.FindFunction(context.region, name->name);
  if (!function) return function.error();
  if (!name->qualifier.empty()) {
    if (name->qualifier == kLatest) {
      return InvalidInput("$LATEST version cannot be deleted without deleting the function.");
    }
    if (const auto deleted = DeleteVersion(context.region, *name, service); !deleted) {
      return deleted.error();
    }
    return api::DeleteFunctionResponse{.status_code = 204};
  }
  if (const auto deleted = DeleteAllVersions(name->name, service); !deleted) {
    return deleted.error();
  }
  return api::DeleteFunctionResponse{.status_code = 204};
}

}  // namespace usher::lambda
