#include "services/lambda/layers.h"

#include <filesystem>

namespace usher::lambda {
namespace {

constexpr std::size_t kMaxRules = 100;

}  // namespace

std::vector<LayerRule> DefaultLayerRules() {
  return {{.pattern = "AWSDataWrangler-*", .requirements = "awswrangler"},
          {.pattern = "AWSSDKPandas-*", .requirements = "awswrangler"}};
}

Result<std::vector<LayerRule>> ParseLayerRules(const Value& table) {
  const ValueMap* map = table.as_map();
  if (map == nullptr || map->size() > kMaxRules) {
    return InvalidInput("the table of layers must be an object of at most 100 names");
  }
  std::vector<LayerRule> rules;
  for (const auto& [pattern, value] : *map) {
    const std::string* name = value.as_string();
    const bool plain =
        name != nullptr && !name->empty() &&
        name->find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") == std::string::npos;
    if (!plain) {
      return InvalidInput("the layer \"" + pattern +
                          "\" must stand for the name of a requirements file: lower-case letters, "
                          "digits, '-' and '_'");
    }
    rules.push_back({pattern, *name});
  }
  return rules;
}

bool MatchesPattern(std::string_view pattern, std::string_view text) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == text;
  if (!text.starts_with(pattern.substr(0, star))) return false;
  const std::string_view rest = pattern.substr(star + 1);
  for (std::size_t at = star; at <= text.size(); ++at) {
    if (MatchesPattern(rest, text.substr(at))) return true;
  }
  return false;
}

const LayerRule* Layers::RuleFor(std::string_view name) const {
  for (const LayerRule& rule : rules_) {
    if (MatchesPattern(rule.pattern, name)) return &rule;
  }
  return nullptr;
}

Result<std::string> Layers::PackagesOf(const LayerRule& rule, std::string_view arn) const {
  const std::filesystem::path root = std::filesystem::path(folder_) / rule.requirements;
  std::error_code error;
  if (std::filesystem::is_regular_file(root / "stamp", error)) {
    for (const auto& entry : std::filesystem::directory_iterator(root / "lib", error)) {
      const std::filesystem::path packages = entry.path() / "site-packages";
      if (std::filesystem::is_directory(packages, error)) return packages.string();
    }
  }
  return NotFound("The layer " + std::string(arn) + " stands for the Python packages '" +
                  rule.requirements + "', which are not installed. Run: ./setup --layer " +
                  rule.requirements);
}

Result<void> Layers::Check(std::string_view arn) const {
  const auto name = ParseLayerVersionArn(arn);
  if (!name) return NotFound("'" + std::string(arn) + "' is not the ARN of a layer's version");
  const auto own = catalog_.FindLayerVersion(name->name, name->version);
  if (!own) return own.error();
  if (*own && (*own)->answer.layer_version_arn == arn) return {};
  const LayerRule* rule = RuleFor(name->name);
  if (rule == nullptr) {
    return NotFound("The layer " + std::string(arn) +
                    " is not known here. Publish its zip with PublishLayerVersion and name that "
                    "ARN, or map its name to Python packages in the configuration's "
                    "\"layers\"");
  }
  const auto packages = PackagesOf(*rule, arn);
  if (!packages) return packages.error();
  return {};
}

Result<MountedLayer> Layers::Mount(std::string_view arn) const {
  if (const auto checked = Check(arn); !checked) return checked.error();
  const auto name = ParseLayerVersionArn(arn);
  const auto own = catalog_.FindLayerVersion(name->name, name->version);
  if (!own) return own.error();
  if (*own && (*own)->answer.layer_version_arn == arn) {
    auto folder = code_.Unpacked((*own)->code);
    if (!folder) return folder.error();
    return MountedLayer{.folder = (*folder)->path(), .packages = {}, .holds = *folder};
  }
  auto packages = PackagesOf(*RuleFor(name->name), arn);
  if (!packages) return packages.error();
  return MountedLayer{.folder = {}, .packages = *std::move(packages), .holds = nullptr};
}

}  // namespace usher::lambda
