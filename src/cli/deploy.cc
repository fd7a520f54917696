#include <cstdio>
#include <vector>

#include "cli/options.h"
#include "cli/service_client.h"
#include "json/json.h"
#include "wire/dispatcher.h"
#include "wire/personalize.h"

namespace usher::cli {
namespace {

namespace personalize = usher::api::personalize;

constexpr std::string_view kArnPrefix = "arn:";
constexpr std::int64_t kMinProvisionedTps = 1;

// How much a new campaign explores, unless --config says otherwise.
Value DefaultConfig() {
  ValueMap exploration;
  exploration.Append("explorationWeight", "0.3");
  exploration.Append("explorationItemAgeCutOff", "30");
  ValueMap config;
  config.Append("itemExplorationConfig", std::move(exploration));
  return config;
}

// The ARN that a campaign of this name has; an ARN stays what it is.
std::string CampaignArn(const std::string& name, const std::string& region) {
  if (name.starts_with(kArnPrefix)) return name;
  return "arn:aws:personalize:" + region + ":" + std::string(wire::kAccountId) + ":campaign/" +
         name;
}

struct Deployment {
  std::string campaign;  // a name; to update also an ARN
  std::string version_arn;
  Value config;  // null: the default to create, as it was to update
};

// Gives the campaign's ARN. Errors: the service's.
Result<std::string> Create(const ServiceClient& client, const Deployment& wanted) {
  personalize::CreateCampaignRequest request;
  request.name = wanted.campaign;
  request.solution_version_arn = wanted.version_arn;
  request.min_provisioned_tps = kMinProvisionedTps;
  // The configuration is sent as it was written: the service says what it thinks of it.
  Value sent = request.ToValue();
  sent.as_map()->Set("campaignConfig", wanted.config.is_null() ? DefaultConfig() : wanted.config);
  const auto created = client.Call(personalize::CreateCampaign::operation(), sent);
  if (!created && created.error().wire_name == "ResourceAlreadyExistsException") {
    return AlreadyExists(created.error().message + "; to deploy another version under this name, " +
                         "say --mode update");
  }
  if (!created) return created.error();
  return personalize::CreateCampaignResponse::FromValue(*created).campaign_arn.value_or("");
}

Result<std::string> Update(const ServiceClient& client, const Deployment& wanted) {
  personalize::UpdateCampaignRequest request;
  request.campaign_arn = CampaignArn(wanted.campaign, client.region());
  request.solution_version_arn = wanted.version_arn;
  request.min_provisioned_tps = kMinProvisionedTps;
  Value sent = request.ToValue();
  if (!wanted.config.is_null()) sent.as_map()->Set("campaignConfig", wanted.config);
  const auto updated = client.Call(personalize::UpdateCampaign::operation(), sent);
  if (!updated) return updated.error();
  return request.campaign_arn;
}

// What it is and how far: an update that is under way has a status of its own.
Result<void> Print(const ServiceClient& client, const std::string& arn) {
  const auto described = client.Call<personalize::DescribeCampaign>({.campaign_arn = arn});
  if (!described) return described.error();
  if (!described->campaign) return Internal("the server described no campaign");
  const personalize::Campaign& campaign = *described->campaign;
  const auto& update = campaign.latest_campaign_update;
  std::printf("Name: %s\nARN: %s\nStatus: %s\n", campaign.name.value_or("").c_str(),
              campaign.campaign_arn.value_or("").c_str(), campaign.status.value_or("").c_str());
  if (update && update->status != "ACTIVE") {
    std::printf("Update: %s\n", update->status.value_or("").c_str());
  }
  return {};
}

std::function<Result<void>(std::string_view)> TakeObject(Value& target) {
  return [&target](std::string_view text) -> Result<void> {
    auto parsed = json::Parse(text);
    if (!parsed || !parsed->as_map()) {
      return InvalidInput(
          "it must be a JSON object like "
          R"({"itemExplorationConfig":{"explorationWeight":"0.6","explorationItemAgeCutOff":"100"}})");
    }
    target = *std::move(parsed);
    return {};
  };
}

}  // namespace

int Deploy(Arguments arguments) {
  Deployment wanted;
  std::string mode = "create";
  ServiceClient::Server server;
  const std::vector<Option> options{
      {"--campaign_name", "NAME", "the campaign; to update also its ARN", TakeText(wanted.campaign),
       Option::kRequired},
      {"--sol_version_arn", "ARN", "the solution version that it shall serve",
       TakeText(wanted.version_arn), Option::kRequired},
      {"--mode", "create|update",
       "whether the campaign is a new one, or serves another version from now on (create)",
       TakeChoice(mode, {"create", "update"})},
      {"--config", "JSON",
       "campaignConfig; without it a new campaign explores with explorationWeight 0.3 and "
       "explorationItemAgeCutOff 30, and an update leaves it as it is",
       TakeObject(wanted.config)},
      {"--data", "DIR", "data folder of the server (~/.local/share/usher)", TakeText(server.data)},
      {"--listen", "HOST:PORT", "address of the server (127.0.0.1:4566)", TakeText(server.listen)}};
  constexpr CommandHelp kHelp{
      .name = "deploy",
      .purpose =
          "Creates or updates a campaign of a running server and prints its name, ARN and status. "
          "Without --data and --listen it asks the server that the exports of `usher env` name, "
          "when they are there.",
      .examples =
          "  usher deploy --campaign_name MoviesCampaign --sol_version_arn ARN --mode create\n"
          "  usher deploy --campaign_name MoviesCampaign --sol_version_arn ARN --mode update\n"};
  if (const auto exit = ParseOptions(kHelp, options, arguments)) return *exit;
  if (mode == "create" && wanted.campaign.starts_with(kArnPrefix)) {
    return FailUsage("deploy", "--campaign_name must be a name to create a campaign, not an ARN");
  }
  const auto client = ServiceClient::Open(server);
  if (!client) return Fail("deploy", client.error().message);
  const auto arn = mode == "create" ? Create(*client, wanted) : Update(*client, wanted);
  if (!arn) return Fail("deploy", arn.error().message);
  if (const auto printed = Print(*client, *arn); !printed) {
    return Fail("deploy", printed.error().message);
  }
  return kExitOk;
}

}  // namespace usher::cli
