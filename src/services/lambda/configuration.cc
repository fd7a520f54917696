#include "services/lambda/configuration.h"

#include "base/encoding.h"
#include "services/lambda/zip.h"
#include "wire/s3.h"

namespace usher::lambda {
namespace {

constexpr std::size_t kMaxLayers = 5;

Error TooLarge(std::uint64_t limit) {
  return Named("RequestTooLargeException", ErrorCode::kLimitExceeded,
               "The code's zip must be smaller than " + std::to_string(limit) + " bytes", 413);
}

Result<storage::DataFile> KeepObject(const ZipPlace& place, std::string_view owner,
                                     Service& service, const wire::CallContext& context) {
  usher::api::s3::GetObjectRequest request{.bucket = *place.bucket, .key = *place.key};
  request.version_id = place.object_version;
  wire::CallContext call;
  call.region = context.region;
  const auto object = service.dispatcher.Call<usher::api::s3::GetObject>(request, call);
  if (!object) {
    return InvalidInput("Error occurred while GetObject. S3 Error Code: " +
                        object.error().wire_name + ". S3 Error Message: " + object.error().message);
  }
  if (!object->body) return InvalidInput("the object is empty");
  return service.code->Keep(*object->body, owner, kMaxS3ZipBytes);
}

}  // namespace

Result<std::optional<storage::DataFile>> KeepZip(const ZipPlace& place, std::string_view owner,
                                                 Service& service,
                                                 const wire::CallContext& context) {
  const bool in_bucket = place.bucket || place.key;
  if (in_bucket && (!place.bucket || !place.key)) {
    return InvalidInput("S3Bucket and S3Key are only of use together");
  }
  if (in_bucket && place.zip_file) {
    return InvalidInput(
        "Please do not provide other FunctionCode parameters when providing a "
        "ZipFile.");
  }
  if (!in_bucket && !place.zip_file) return std::optional<storage::DataFile>();
  StringSource source(place.zip_file.value_or(""));
  auto kept = in_bucket ? KeepObject(place, owner, service, context)
                        : service.code->Keep(source, owner, kMaxZipBytes);
  if (!kept) {
    if (kept.error().code == ErrorCode::kLimitExceeded) {
      return TooLarge(in_bucket ? kMaxS3ZipBytes : kMaxZipBytes);
    }
    return kept.error();
  }
  return std::optional(*std::move(kept));
}

Result<void> CheckVariables(const std::optional<api::Environment>& environment) {
  if (!environment || !environment->variables) return {};
  std::size_t bytes = 0;
  for (const auto& [name, value] : *environment->variables) {
    bytes += name.size() + value.size();
    if (IsReservedVariable(name)) {
      return InvalidInput(
          "Lambda was unable to configure your environment variables because the environment "
          "variables you have provided contains reserved keys that are currently not supported "
          "for modification. Reserved keys used in this request: " +
          name);
    }
    if (value.find('\0') != std::string::npos) {
      return InvalidInput("the environment variable " + name + " has a NUL in its value");
    }
  }
  if (bytes > kMaxVariablesBytes) {
    return InvalidInput(
        "Lambda was unable to configure your environment variables because the environment "
        "variables you have provided exceeded the 4KB limit. They have " +
        std::to_string(bytes) + " bytes");
  }
  return {};
}

Result<void> CheckRuntime(const api::FunctionConfiguration& configuration) {
  if (configuration.package_type.value_or("Zip") != "Zip") {
    return InvalidInput(
        "functions of container images are not supported by Usher: give the code "
        "as a zip");
  }
  const std::string runtime = configuration.runtime.value_or("");
  if (runtime.empty()) return InvalidInput("Runtime and Handler are mandatory parameters");
  const RuntimeKind kind = KindOf(runtime);
  if (kind == RuntimeKind::kUnknown) {
    return InvalidInput("The runtime " + runtime +
                        " cannot be run here: python3.x, provided, provided.al2, "
                        "provided.al2023 and usher can");
  }
  if (configuration.handler.value_or("").empty() && kind != RuntimeKind::kProvided) {
    return InvalidInput("Runtime and Handler are mandatory parameters");
  }
  if (configuration.ephemeral_storage && (configuration.ephemeral_storage->size < 512 ||
                                          configuration.ephemeral_storage->size > 10'240)) {
    return InvalidInput("EphemeralStorage must be between 512 and 10240 MB");
  }
  return {};
}

Result<std::vector<api::Layer>> LayersOf(const std::vector<std::string>& arns, Service& service) {
  if (arns.size() > kMaxLayers) return InvalidInput("Cannot reference more than 5 layers.");
  std::vector<api::Layer> layers;
  for (const std::string& arn : arns) {
    const auto name = ParseLayerVersionArn(arn);
    if (!name) return InvalidInput("'" + arn + "' is not the ARN of a layer's version");
    for (const api::Layer& other : layers) {
      if (other.arn == arn) return InvalidInput("the layer " + arn + " is named twice");
    }
    api::Layer layer{.arn = arn, .code_size = 0};
    const auto own = service.catalog.FindLayerVersion(name->name, name->version);
    if (!own) return own.error();
    if (*own) layer.code_size = static_cast<std::int64_t>((*own)->code.size);
    layers.push_back(std::move(layer));
  }
  return layers;
}

api::FunctionConfiguration Shown(api::FunctionConfiguration configuration, const Service& service) {
  const auto obstacle = service.executor.Obstacle(configuration);
  configuration.state = obstacle ? "Failed" : "Active";
  configuration.last_update_status = obstacle ? "Failed" : "Successful";
  if (obstacle) {
    configuration.state_reason = configuration.last_update_status_reason = *obstacle;
    configuration.state_reason_code = configuration.last_update_status_reason_code =
        "InvalidConfiguration";
  }
  return configuration;
}

std::string LastModified(Time time) {
  std::string text = FormatIso8601(time);
  text.pop_back();  // Z
  return text + "+0000";
}

std::string CodeSha256(const storage::DataFile& zip) {
  const auto bytes = HexDecode(zip.sha256);
  return bytes ? Base64Encode(*bytes) : "";
}

}  // namespace usher::lambda
