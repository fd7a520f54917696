// Operations CreateStateMachine, UpdateStateMachine, DeleteStateMachine, DescribeStateMachine,
// ListStateMachines, ValidateStateMachineDefinition.
#include "base/random.h"
#include "services/states/errors.h"
#include "services/states/execution_log.h"
#include "services/states/integrations.h"
#include "services/states/language/compile.h"
#include "services/states/names.h"
#include "services/states/operations.h"

namespace usher::states {
namespace {

constexpr std::int64_t kMaxDiagnosticsGiven = 100;

// Express machines end within minutes, so they cannot wait for what may take longer.
Result<void> CheckExpressTask(std::string_view text, const Value* parameters) {
  if (const auto good = CheckTask(text, parameters); !good) return good;
  const auto resource = ParseResource(text);
  if (resource && (resource->kind == Resource::Kind::kActivity ||
                   resource->pattern != Resource::Pattern::kAnswer)) {
    return InvalidInput("The resource '" + std::string(text) +
                        "' is not supported by machines of the type EXPRESS: they wait for the "
                        "answer of a call alone");
  }
  return {};
}

Compiled CompileFor(const std::string& definition, bool express) {
  return Compile(definition, express ? TaskChecker(CheckExpressTask) : TaskChecker(CheckTask));
}

Result<void> CheckDefinition(const std::string& definition, bool express) {
  const Compiled compiled = CompileFor(definition, express);
  if (compiled.machine) return {};
  return Named("InvalidDefinition", ErrorCode::kInvalidInput,
               "Invalid State Machine Definition: '" + Describe(compiled.diagnostics) + "'", 400);
}

Error InvalidLogging(std::string_view why) {
  return Named("InvalidLoggingConfiguration", ErrorCode::kInvalidInput,
               "Invalid Logging Configuration: " + std::string(why), 400);
}

Result<void> CheckLogging(const std::optional<api::LoggingConfiguration>& logging) {
  if (!logging || logging->level.value_or("OFF") == "OFF") return {};
  const auto& destinations = logging->destinations;
  if (!destinations || destinations->size() != 1) {
    return InvalidLogging("exactly one destination must be given when the level is not OFF");
  }
  const auto& group = destinations->front().cloud_watch_logs_log_group;
  const std::string arn = group ? group->log_group_arn.value_or("") : "";
  if (!arn.starts_with("arn:") || arn.find(":log-group:") == std::string::npos ||
      !arn.ends_with(":*") || LogGroupOf(logging->ToValue()).empty()) {
    return InvalidLogging(
        "the destination must be the ARN of a log group that ends in ':*', not '" + arn + "'");
  }
  return {};
}

Result<void> CheckEncryption(const std::optional<api::EncryptionConfiguration>& encryption) {
  if (!encryption || encryption->type == "AWS_OWNED_KEY") return {};
  return Named("InvalidEncryptionConfiguration", ErrorCode::kInvalidInput,
               "Invalid Encryption Configuration: keys of one's own are not supported by Usher",
               400);
}

Result<void> CheckPublish(const std::optional<bool>& publish) {
  if (!publish.value_or(false)) return {};
  return Unsupported("versions of state machines are not supported by Usher: leave out 'publish'");
}

// OFF, when nothing was said.
Value LoggingOf(const std::optional<api::LoggingConfiguration>& given) {
  api::LoggingConfiguration logging = given.value_or(api::LoggingConfiguration());
  if (!logging.level) logging.level = "OFF";
  if (!logging.include_execution_data) logging.include_execution_data = false;
  return logging.ToValue();
}

bool SameConfiguration(const Revision& a, const Revision& b) {
  return a.definition == b.definition && a.logging == b.logging && a.tracing == b.tracing;
}

}  // namespace

// The same once more gives the same machine. Errors: invalid name, definition or configuration;
// already exists when it was made otherwise.
Result<api::CreateStateMachineOutput> CreateStateMachine(
    const api::CreateStateMachineInput& request, Service& service, wire::CallContext& context) {
  const bool express = request.type == "EXPRESS";
  if (const auto name = CheckName(request.name); !name) return name.error();
  if (!request.role_arn.starts_with("arn:")) return InvalidArn(request.role_arn);
  if (const auto publish = CheckPublish(request.publish); !publish) return publish.error();
  if (const auto key = CheckEncryption(request.encryption_configuration); !key) return key.error();
  if (const auto logging = CheckLogging(request.logging_configuration); !logging) {
    return logging.error();
  }
  if (const auto good = CheckDefinition(request.definition, express); !good) return good.error();

  const Time now = service.clock.Now();
  MachineRecord machine{.arn = MachineArn(context.region, request.name),
                        .name = request.name,
                        .express = express,
                        .revision = NewUuid(),
                        .created = now,
                        .tags = {}};
  if (const auto tags = AddTags(request.tags, machine.tags); !tags) return tags.error();
  const Revision revision{.definition = request.definition,
                          .role_arn = request.role_arn,
                          .logging = LoggingOf(request.logging_configuration),
                          .tracing = request.tracing_configuration &&
                                     request.tracing_configuration->enabled.value_or(false),
                          .made = now};
  const auto added = service.store().AddMachine(machine, revision);
  if (!added && added.error().code != ErrorCode::kAlreadyExists) return added.error();
  if (!added) {
    const auto there = service.store().FindMachine(machine.arn);
    if (!there) return there.error();
    const auto configured = service.store().FindRevision(there->arn, there->revision);
    if (!configured) return configured.error();
    if (there->express != express || !SameConfiguration(*configured, revision)) {
      return Named("StateMachineAlreadyExists", ErrorCode::kAlreadyExists,
                   "State Machine Already Exists: '" + machine.arn +
                       "', with another definition or configuration: change it with "
                       "UpdateStateMachine",
                   400);
    }
    machine = *there;
  }
  return api::CreateStateMachineOutput{.state_machine_arn = machine.arn,
                                       .creation_date = machine.created};
}

// Executions that run keep what they were started with. Errors: does not exist; invalid definition
// or configuration; missing parameter when nothing is to be changed.
Result<api::UpdateStateMachineOutput> UpdateStateMachine(
    const api::UpdateStateMachineInput& request, Service& service, wire::CallContext& /*context*/) {
  if (const auto arn = CheckMachineArn(request.state_machine_arn); !arn) return arn.error();
  if (!request.definition && !request.role_arn && !request.logging_configuration &&
      !request.tracing_configuration && !request.encryption_configuration) {
    return Named("MissingRequiredParameter", ErrorCode::kInvalidInput,
                 "Either the definition, the role ARN, the LoggingConfiguration, or the "
                 "TracingConfiguration must be specified",
                 400);
  }
  if (const auto publish = CheckPublish(request.publish); !publish) return publish.error();
  if (const auto key = CheckEncryption(request.encryption_configuration); !key) return key.error();
  if (request.role_arn && !request.role_arn->starts_with("arn:")) {
    return InvalidArn(*request.role_arn);
  }
  if (const auto logging = CheckLogging(request.logging_configuration); !logging) {
    return logging.error();
  }
  auto machine = service.store().FindMachine(request.state_machine_arn);
  if (!machine) return machine.error();
  if (request.definition) {
    const auto good = CheckDefinition(*request.definition, machine->express);
    if (!good) return good.error();
  }
  auto revision = service.store().FindRevision(machine->arn, machine->revision);
  if (!revision) return revision.error();
  if (request.definition) revision->definition = *request.definition;
  if (request.role_arn) revision->role_arn = *request.role_arn;
  if (request.logging_configuration) revision->logging = LoggingOf(request.logging_configuration);
  if (request.tracing_configuration) {
    revision->tracing = request.tracing_configuration->enabled.value_or(false);
  }
  revision->made = service.clock.Now();
  machine->revision = NewUuid();
  if (const auto done = service.store().UpdateMachine(*machine, *revision); !done) {
    return done.error();
  }
  return api::UpdateStateMachineOutput{.update_date = revision->made,
                                       .revision_id = machine->revision};
}

// Executions that run go on. Nothing happens when it is not there.
Result<api::DeleteStateMachineOutput> DeleteStateMachine(
    const api::DeleteStateMachineInput& request, Service& service, wire::CallContext& /*context*/) {
  if (const auto arn = CheckMachineArn(request.state_machine_arn); !arn) return arn.error();
  const auto deleted = service.store().DeleteMachine(request.state_machine_arn);
  if (!deleted) return deleted.error();
  return api::DeleteStateMachineOutput{};
}

Result<api::DescribeStateMachineOutput> DescribeStateMachine(
    const api::DescribeStateMachineInput& request, Service& service,
    wire::CallContext& /*context*/) {
  if (const auto arn = CheckMachineArn(request.state_machine_arn); !arn) return arn.error();
  const auto machine = service.store().FindMachine(request.state_machine_arn);
  if (!machine) return machine.error();
  const auto revision = service.store().FindRevision(machine->arn, machine->revision);
  if (!revision) return revision.error();
  return api::DescribeStateMachineOutput{
      .state_machine_arn = machine->arn,
      .name = machine->name,
      .status = "ACTIVE",
      .definition = request.included_data == "METADATA_ONLY" ? "" : revision->definition,
      .role_arn = revision->role_arn,
      .type = machine->express ? "EXPRESS" : "STANDARD",
      .creation_date = machine->created,
      .logging_configuration = api::LoggingConfiguration::FromValue(revision->logging),
      .tracing_configuration = api::TracingConfiguration{.enabled = revision->tracing},
      .revision_id = machine->revision};
}

Result<api::ListStateMachinesOutput> ListStateMachines(const api::ListStateMachinesInput& request,
                                                       Service& service,
                                                       wire::CallContext& /*context*/) {
  const auto page = service.store().ListMachines(request.next_token, PageSize(request.max_results));
  if (!page) return page.error();
  api::ListStateMachinesOutput response;
  for (const MachineRecord& machine : page->items) {
    response.state_machines.push_back({.state_machine_arn = machine.arn,
                                       .name = machine.name,
                                       .type = machine.express ? "EXPRESS" : "STANDARD",
                                       .creation_date = machine.created});
  }
  response.next_token = page->next_token;
  return response;
}

Result<api::ValidateStateMachineDefinitionOutput> ValidateStateMachineDefinition(
    const api::ValidateStateMachineDefinitionInput& request, Service& /*service*/,
    wire::CallContext& /*context*/) {
  const Compiled compiled = CompileFor(request.definition, request.type == "EXPRESS");
  api::ValidateStateMachineDefinitionOutput response;
  response.result = compiled.machine ? "OK" : "FAIL";
  const std::int64_t given = request.max_results.value_or(0);
  const auto limit = static_cast<std::size_t>(given > 0 ? given : kMaxDiagnosticsGiven);
  for (const Diagnostic& one : compiled.diagnostics) {
    if (response.diagnostics.size() == limit) break;
    response.diagnostics.push_back(
        {.severity = "ERROR", .code = one.code, .message = one.message, .location = one.location});
  }
  response.truncated = compiled.diagnostics.size() > limit;
  return response;
}

}  // namespace usher::states
