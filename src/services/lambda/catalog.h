// The documents of the service, and an answer to "what does this name stand for" that costs no read
// of the store.
//
//   lambda/function             <name>              what all its versions share
//   lambda/version              <name>:<version>    a configuration and its code; group <name>
//   lambda/alias                <name>:<alias>      group <name>
//   lambda/event-invoke-config  <name>:<qualifier>  group <name>
//   lambda/layer                <name>              the next version's number
//   lambda/layer-version        <name>:<number>     group <name>
//
// Threads: safe from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "services/lambda/names.h"
#include "storage/data_files.h"
#include "storage/document_store.h"
#include "wire/lambda.h"

namespace usher::lambda {

namespace api = usher::api::lambda;

inline constexpr std::string_view kFunctionKind = "lambda/function";
inline constexpr std::string_view kVersionKind = "lambda/version";
inline constexpr std::string_view kAliasKind = "lambda/alias";
inline constexpr std::string_view kEventConfigKind = "lambda/event-invoke-config";
inline constexpr std::string_view kLayerKind = "lambda/layer";
inline constexpr std::string_view kLayerVersionKind = "lambda/layer-version";

struct StoredFunction {
  std::string name;
  std::int64_t next_version = 1;
  std::optional<std::int64_t> reserved_concurrency;
  std::map<std::string, std::string> tags;
  // By qualifier ("" for the function itself): a policy document's statements, as JSON.
  std::map<std::string, Value> policies;
  std::int64_t document_version = 0;
};

struct StoredVersion {
  api::FunctionConfiguration configuration;
  std::optional<storage::DataFile> code;  // none for built-in functions
  std::int64_t document_version = 0;
};

struct StoredLayerVersion {
  std::string name;
  api::GetLayerVersionResponse answer;  // as GetLayerVersion gives it, without the content's place
  storage::DataFile code;
};

// What a name and a qualifier stand for.
struct Target {
  StoredFunction function;
  StoredVersion version;
  api::FunctionEventInvokeConfig event_config;  // of the qualifier; empty when there is none
};

class Catalog {
 public:
  Catalog(storage::DocumentStore& store, const Clock& clock) : store_(store), clock_(clock) {}

  [[nodiscard]] storage::DocumentStore& store() const { return store_; }
  [[nodiscard]] const Clock& clock() const { return clock_; }

  // Errors: not found (ResourceNotFoundException, "Function not found: <arn>").
  Result<StoredFunction> FindFunction(std::string_view region, std::string_view name) const;
  // `version`: "$LATEST" or a number.
  Result<StoredVersion> FindVersion(std::string_view region, std::string_view name,
                                    std::string_view version) const;
  Result<api::AliasConfiguration> FindAlias(std::string_view region, std::string_view name,
                                            std::string_view alias) const;
  Result<std::optional<api::FunctionEventInvokeConfig>> FindEventConfig(
      std::string_view name, std::string_view qualifier) const;
  Result<std::optional<StoredLayerVersion>> FindLayerVersion(std::string_view name,
                                                             std::int64_t version) const;

  // The version that a qualifier stands for; an alias with weights gives one of its versions by
  // `dice` in [0, 1).
  Result<std::string> VersionOf(std::string_view region, const FunctionName& name,
                                double dice) const;
  // For invocations; from memory where nothing has changed since.
  Result<std::shared_ptr<const Target>> Resolve(std::string_view region, const FunctionName& name,
                                                double dice);
  // To be called after every commit that changes something of the function.
  void Changed(const std::string& name);

  // Reads, lets `change` alter it, writes; again when somebody else wrote between.
  Result<StoredFunction> ModifyFunction(std::string_view region, const std::string& name,
                                        const std::function<Result<void>(StoredFunction&)>& change);
  // The sum of what is reserved by all functions but `except`.
  Result<std::int64_t> Reserved(std::string_view except) const;

 private:
  storage::DocumentStore& store_;
  const Clock& clock_;
  std::mutex mutex_;
  std::uint64_t generation_ = 0;  // grows with every change
  std::unordered_map<std::string, std::shared_ptr<const Target>> cache_;
};

[[nodiscard]] std::string BodyOf(const StoredFunction& function);
[[nodiscard]] std::string BodyOf(const StoredVersion& version);
[[nodiscard]] std::string BodyOf(const StoredLayerVersion& layer);
[[nodiscard]] std::string IdOf(std::string_view name, std::string_view qualifier);
Result<StoredFunction> ReadFunction(const storage::Document& document);
Result<StoredVersion> ReadVersion(const storage::Document& document);
Result<StoredLayerVersion> ReadLayerVersion(const storage::Document& document);

}  // namespace usher::lambda
