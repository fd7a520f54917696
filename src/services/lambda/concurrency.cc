// Operations Put-, Get- and DeleteFunctionConcurrency, GetAccountSettings.
// Errors: not found; invalid input when too little would be left for the other functions.
#include "services/lambda/operations.h"
#include "services/lambda/zip.h"

namespace usher::lambda {
namespace {

constexpr std::size_t kPage = 500;

Result<void> SetReserved(const std::string& text, std::optional<std::int64_t> reserved,
                         Service& service, const wire::CallContext& context) {
  const auto name = ParseFunctionName(text, std::nullopt);
  if (!name) return name.error();
  if (!name->qualifier.empty()) {
    return InvalidInput("concurrency is reserved for a function, not for '" + text + "'");
  }
  const auto others = service.catalog.Reserved(name->name);
  if (!others) return others.error();
  if (*others + reserved.value_or(0) > kAccountConcurrency - kMinUnreserved) {
    return InvalidInput(
        "Specified ReservedConcurrentExecutions for function decreases account's "
        "UnreservedConcurrentExecution below its minimum value of [" +
        std::to_string(kMinUnreserved) + "]. At most " +
        std::to_string(kAccountConcurrency - kMinUnreserved - *others) + " can be reserved.");
  }
  const auto modified = service.catalog.ModifyFunction(
      context.region, name->name, [&](StoredFunction& function) -> Result<void> {
        function.reserved_concurrency = reserved;
        return {};
      });
  if (!modified) return modified.error();
  service.executor.SetUnreserved(kAccountConcurrency - *others - reserved.value_or(0));
  return {};
}

}  // namespace

Result<api::Concurrency> PutFunctionConcurrency(const api::PutFunctionConcurrencyRequest& request,
                                                Service& service, wire::CallContext& context) {
  const auto set =
      SetReserved(request.function_name, request.reserved_concurrent_executions, service, context);
  if (!set) return set.error();
  return api::Concurrency{.reserved_concurrent_executions = request.reserved_concurrent_executions};
}

Result<api::GetFunctionConcurrencyResponse> GetFunctionConcurrency(
    const api::GetFunctionConcurrencyRequest& request, Service& service,
    wire::CallContext& context) {
  const auto name = ParseFunctionName(request.function_name, std::nullopt);
  if (!name) return name.error();
  const auto function = service.catalog.FindFunction(context.region, name->name);
  if (!function) return function.error();
  return api::GetFunctionConcurrencyResponse{.reserved_concurrent_executions =
                                                 function->reserved_concurrency};
}

Result<api::DeleteFunctionConcurrencyResponse> DeleteFunctionConcurrency(
    const api::DeleteFunctionConcurrencyRequest& request, Service& service,
    wire::CallContext& context) {
  const auto set = SetReserved(request.function_name, std::nullopt, service, context);
  if (!set) return set.error();
  return api::DeleteFunctionConcurrencyResponse{};
}

Result<api::GetAccountSettingsResponse> GetAccountSettings(
    const api::GetAccountSettingsRequest& /*request*/, Service& service,
    wire::CallContext& /*context*/) {
  std::int64_t functions = 0;
  std::int64_t bytes = 0;
  for (std::int64_t after = 0;;) {
    const auto page = service.store.List(kVersionKind, std::nullopt, after, kPage);
    if (!page) return page.error();
    for (const storage::Document& document : page->documents) {
      const auto version = ReadVersion(document);
      if (!version) return version.error();
      if (version->configuration.version == kLatest) ++functions;
      bytes += version->configuration.code_size.value_or(0);
    }
    if (!page->next_after) break;
    after = *page->next_after;
  }
  return api::GetAccountSettingsResponse{
      .account_limit =
          api::AccountLimit{.total_code_size = std::int64_t{80'530'636'800},
                            .code_size_unzipped = static_cast<std::int64_t>(kMaxUnzippedBytes),
                            .code_size_zipped = static_cast<std::int64_t>(kMaxZipBytes),
                            .concurrent_executions = kAccountConcurrency,
                            .unreserved_concurrent_executions = service.executor.unreserved()},
      .account_usage = api::AccountUsage{.total_code_size = bytes, .function_count = functions}};
}

}  // namespace usher::lambda
