// Operations UpdateFunctionCode, UpdateFunctionConfiguration: $LATEST changes, its warm sandboxes
// end. Errors: as for CreateFunction; precondition failed for a RevisionId that is not the newest.
#include "base/random.h"
#include "services/lambda/configuration.h"
#include "services/lambda/operations.h"
#include "services/lambda/versions.h"

namespace usher::lambda {
namespace {

constexpr int kAttempts = 20;

Result<void> CheckRevision(const std::optional<std::string>& wanted,
                           const api::FunctionConfiguration& configuration) {
  if (!wanted || wanted == configuration.revision_id) return {};
  return Named("PreconditionFailedException", ErrorCode::kInUse,
               "The Revision Id provided does not match the latest Revision Id. Call the "
               "GetFunction/GetAlias API to retrieve the latest Revision Id",
               412);
}

Result<FunctionName> LatestOf(const std::string& text) {
  auto name = ParseFunctionName(text, std::nullopt);
  if (!name) return name;
  if (!name->qualifier.empty() && name->qualifier != kLatest) {
    return InvalidInput("only $LATEST can be updated, not '" + text + "'");
  }
  return name;
}

// What a request names replaces what was; an empty value clears it.
Result<void> Apply(const api::UpdateFunctionConfigurationRequest& request, Service& service,
                   api::FunctionConfiguration& configuration) {
  const auto take = [](const auto& given, auto& target) {
    if (given) target = *given;
  };
  take(request.role, configuration.role);
  take(request.handler, configuration.handler);
  take(request.description, configuration.description);
  take(request.timeout, configuration.timeout);
  take(request.memory_size, configuration.memory_size);
  take(request.runtime, configuration.runtime);
  take(request.kms_key_arn, configuration.kms_key_arn);
  take(request.ephemeral_storage, configuration.ephemeral_storage);
  take(request.file_system_configs, configuration.file_system_configs);
  if (request.dead_letter_config) {
    configuration.dead_letter_config = request.dead_letter_config;
    if (request.dead_letter_config->target_arn.value_or("").empty()) {
      configuration.dead_letter_config.reset();
    }
  }
  if (request.environment) {
    configuration.environment.reset();
    if (request.environment->variables && !request.environment->variables->empty()) {
      configuration.environment =
          api::EnvironmentResponse{.variables = request.environment->variables};
    }
  }
  if (request.tracing_config) {
    configuration.tracing_config =
        api::TracingConfigResponse{.mode = request.tracing_config->mode.value_or("PassThrough")};
  }
  if (request.logging_config) {
    api::LoggingConfig& target = configuration.logging_config.emplace(*request.logging_config);
    if (!target.log_format) target.log_format = "Text";
    if (!target.log_group) {
      target.log_group = "/aws/lambda/" + configuration.function_name.value_or("");
    }
  }
  if (request.layers) {
    auto layers = LayersOf(*request.layers, service);
    if (!layers) return layers.error();
    configuration.layers = *std::move(layers);
    if (configuration.layers->empty()) configuration.layers.reset();
  }
  return CheckRuntime(configuration);
}

// The answer of an update, as AWS words it while clients begin to wait.
api::FunctionConfiguration InProgress(api::FunctionConfiguration shown) {
  if (shown.last_update_status == "Successful") {
    shown.last_update_status = "InProgress";
    shown.last_update_status_reason = "The function is being updated.";
    shown.last_update_status_reason_code.reset();
  }
  return shown;
}

}  // namespace

Result<api::FunctionConfiguration> UpdateFunctionCode(const api::UpdateFunctionCodeRequest& request,
                                                      Service& service,
                                                      wire::CallContext& context) {
  const auto name = LatestOf(request.function_name);
  if (!name) return name.error();
  if (const auto found = service.catalog.FindFunction(context.region, name->name); !found) {
    return found.error();
  }
  const auto zip =
      KeepZip({request.zip_file, request.s3_bucket, request.s3_key, request.s3_object_version},
              name->name, service, context);
  if (!zip) return zip.error();
  if (!*zip) {
    return InvalidInput(
        "Please provide a source for function code: ZipFile, or S3Bucket and "
        "S3Key");
  }
  for (int attempt = 0;; ++attempt) {
    const auto refuse = [&](const Error& error) {
      service.code->Remove(**zip);
      return error;
    };
    auto version = service.catalog.FindVersion(context.region, name->name, kLatest);
    if (!version) return refuse(version.error());
    api::FunctionConfiguration& configuration = version->configuration;
    if (const auto checked = CheckRevision(request.revision_id, configuration); !checked) {
      return refuse(checked.error());
    }
    const std::optional<storage::DataFile> before = version->code;
    version->code = **zip;
    configuration.code_size = static_cast<std::int64_t>((*zip)->size);
    configuration.code_sha256 = CodeSha256(**zip);
    configuration.revision_id = NewUuid();
    configuration.last_modified = LastModified(service.clock.Now());
    if (request.architectures) configuration.architectures = request.architectures;
    if (request.dry_run.value_or(false)) {
      service.code->Remove(**zip);
      return Shown(configuration, service);
    }
    storage::Batch batch;
    batch.Update(std::string(kVersionKind), IdOf(name->name, kLatest), version->document_version,
                 BodyOf(*version));
    const auto committed = service.store.Commit(batch);
    if (!committed) {
      if (committed.error().code == ErrorCode::kInUse && attempt < kAttempts) continue;
      return refuse(committed.error());
    }
    service.catalog.Changed(name->name);
    service.pool.Retire(name->name);
    if (before && before->sha256 != (*zip)->sha256) {
      RemoveCode(*before, service);
    } else if (before) {
      service.code->Remove(*before);
    }
    if (request.publish.value_or(false)) {
      return PublishLatest(context.region, name->name, std::nullopt, service);
    }
    return InProgress(Shown(configuration, service));
  }
}

Result<api::FunctionConfiguration> UpdateFunctionConfiguration(
    const api::UpdateFunctionConfigurationRequest& request, Service& service,
    wire::CallContext& context) {
  const auto name = LatestOf(request.function_name);
  if (!name) return name.error();
  if (const auto checked = CheckVariables(request.environment); !checked) return checked.error();
  for (int attempt = 0;; ++attempt) {
    auto version = service.catalog.FindVersion(context.region, name->name, kLatest);
    if (!version) return version.error();
    api::FunctionConfiguration& configuration = version->configuration;
    if (const auto checked = CheckRevision(request.revision_id, configuration); !checked) {
      return checked.error();
    }
    if (const auto applied = Apply(request, service, configuration); !applied) {
      return applied.error();
    }
    if (!version->code && KindOf(configuration.runtime.value_or("")) != RuntimeKind::kBuiltin) {
      return InvalidInput(
          "the function has no code: give it some with UpdateFunctionCode before "
          "its runtime is another than usher");
    }
    configuration.revision_id = NewUuid();
    configuration.last_modified = LastModified(service.clock.Now());
    storage::Batch batch;
    batch.Update(std::string(kVersionKind), IdOf(name->name, kLatest), version->document_version,
                 BodyOf(*version));
    const auto committed = service.store.Commit(batch);
    if (!committed) {
      if (committed.error().code == ErrorCode::kInUse && attempt < kAttempts) continue;
      return committed.error();
    }
    service.catalog.Changed(name->name);
    service.pool.Retire(name->name);
    return InProgress(Shown(configuration, service));
  }
}

}  // namespace usher::lambda
