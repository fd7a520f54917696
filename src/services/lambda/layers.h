// Layers: what a function finds beside its own code. One is either a zip that was published here,
// or a well-known ARN of somebody else's that a small table maps to Python packages which
// `./setup --layer NAME` has installed; the server never installs anything.
//
// Threads: safe from any.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "services/lambda/catalog.h"
#include "services/lambda/code_store.h"

namespace usher::lambda {

// Layers whose name matches stand for what `./setup --layer <requirements>` installs.
struct LayerRule {
  std::string pattern;       // of the layer's name; '*' stands for any text
  std::string requirements;  // "awswrangler"
};

// The names under which awswrangler, pandas, numpy and pyarrow are published as layers.
[[nodiscard]] std::vector<LayerRule> DefaultLayerRules();
// {"AWSDataWrangler-*": "awswrangler", …}, as the configuration says it. Errors: invalid input.
Result<std::vector<LayerRule>> ParseLayerRules(const Value& table);

[[nodiscard]] bool MatchesPattern(std::string_view pattern, std::string_view text);

// A layer in place.
struct MountedLayer {
  std::string folder;    // what would be /opt; empty for packages
  std::string packages;  // a folder for sys.path; empty for a zip
  std::shared_ptr<const CodeFolder> holds;
};

class Layers {
 public:
  // `folder` holds what ./setup installs, one folder a requirements file.
  Layers(std::string folder, std::vector<LayerRule> rules, const Catalog& catalog, CodeStore& code)
      : folder_(std::move(folder)), rules_(std::move(rules)), catalog_(catalog), code_(code) {}

  // What is in the way of this layer, with what to do about it. Errors: not found.
  Result<void> Check(std::string_view arn) const;
  Result<MountedLayer> Mount(std::string_view arn) const;

 private:
  [[nodiscard]] const LayerRule* RuleFor(std::string_view name) const;
  Result<std::string> PackagesOf(const LayerRule& rule, std::string_view arn) const;

  std::string folder_;
  std::vector<LayerRule> rules_;
  const Catalog& catalog_;
  CodeStore& code_;
};

}  // namespace usher::lambda
