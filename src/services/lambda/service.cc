#include "services/lambda/service.h"

#include <set>

#include "services/lambda/asynchronous.h"
#include "services/lambda/destinations.h"
#include "services/lambda/operations.h"

namespace usher::lambda {
namespace {

constexpr std::size_t kPage = 500;

// Zips that no document names are what a crash left.
Result<void> RemoveUnknownZips(CodeStore& code, const storage::DocumentStore& store) {
  if (!code.files().may_have_unknown_files()) return {};
  std::set<std::string> known;
  for (std::int64_t after = 0;;) {
    const auto page = store.List(kVersionKind, std::nullopt, after, kPage);
    if (!page) return page.error();
    for (const storage::Document& document : page->documents) {
      const auto version = ReadVersion(document);
      if (!version) return version.error();
      if (version->code) known.insert(version->code->name);
    }
    if (!page->next_after) break;
    after = *page->next_after;
  }
  for (std::int64_t after = 0;;) {
    const auto page = store.List(kLayerVersionKind, std::nullopt, after, kPage);
    if (!page) return page.error();
    for (const storage::Document& document : page->documents) {
      const auto layer = ReadLayerVersion(document);
      if (!layer) return layer.error();
      known.insert(layer->code.name);
    }
    if (!page->next_after) break;
    after = *page->next_after;
  }
  const auto removed =
      code.files().RemoveUnknown([&](const std::string& name) { return known.contains(name); });
  if (!removed) return removed.error();
  return {};
}

}  // namespace

Service::Service(Options given, std::unique_ptr<CodeStore> code_store,
                 storage::DocumentStore& documents, jobs::DeliveryQueue& queue,
                 wire::Dispatcher& door, wire::TemporaryCredentials& credentials, const Clock& time)
    : options(std::move(given)),
      store(documents),
      deliveries(queue),
      dispatcher(door),
      clock(time),
      code(std::move(code_store)),
      catalog(store, clock),
      layers(options.layers_folder, options.layer_rules, catalog, *code),
      runtimes({.python = options.python,
                .endpoint = options.endpoint,
                .xray_daemon = options.xray_daemon},
               layers, *code, credentials),
      logs(dispatcher),
      executor(pool, runtimes, layers, logs, dispatcher, clock, options.builtins) {}

Service::~Service() { Stop(); }

Result<std::unique_ptr<Service>> Service::Open(Options options, storage::DocumentStore& store,
                                               jobs::DeliveryQueue& deliveries,
                                               wire::Dispatcher& dispatcher,
                                               wire::TemporaryCredentials& credentials,
                                               const Clock& clock) {
  auto code = CodeStore::Open(options.data_folder);
  if (!code) return code.error();
  if (const auto removed = RemoveUnknownZips(**code, store); !removed) return removed.error();
  auto service = std::unique_ptr<Service>(new Service(std::move(options), *std::move(code), store,
                                                      deliveries, dispatcher, credentials, clock));
  const auto reserved = service->catalog.Reserved("");
  if (!reserved) return reserved.error();
  service->executor.SetUnreserved(kAccountConcurrency - *reserved);
  return service;
}

void Service::StopAfter(std::chrono::milliseconds grace) { pool.StopAfter(grace); }

void Service::Stop() {
  executor.Stop();
  pool.Stop();
  logs.Stop();
}

void Register(wire::Dispatcher& dispatcher, Service& service) {
  const auto add = [&]<typename Op>(auto function, Op* /*tag*/) {
    dispatcher.Handle<Op>(
        [&service, function](const typename Op::Request& request, wire::CallContext& context) {
          return function(request, service, context);
        });
  };
  add(AddPermission, static_cast<api::AddPermission*>(nullptr));
  add(CreateAlias, static_cast<api::CreateAlias*>(nullptr));
  add(CreateFunction, static_cast<api::CreateFunction*>(nullptr));
  add(DeleteAlias, static_cast<api::DeleteAlias*>(nullptr));
  add(DeleteFunction, static_cast<api::DeleteFunction*>(nullptr));
  add(DeleteFunctionConcurrency, static_cast<api::DeleteFunctionConcurrency*>(nullptr));
  add(DeleteFunctionEventInvokeConfig, static_cast<api::DeleteFunctionEventInvokeConfig*>(nullptr));
  add(DeleteLayerVersion, static_cast<api::DeleteLayerVersion*>(nullptr));
  add(GetAccountSettings, static_cast<api::GetAccountSettings*>(nullptr));
  add(GetAlias, static_cast<api::GetAlias*>(nullptr));
  add(GetFunction, static_cast<api::GetFunction*>(nullptr));
  add(GetFunctionConcurrency, static_cast<api::GetFunctionConcurrency*>(nullptr));
  add(GetFunctionConfiguration, static_cast<api::GetFunctionConfiguration*>(nullptr));
  add(GetFunctionEventInvokeConfig, static_cast<api::GetFunctionEventInvokeConfig*>(nullptr));
  add(GetLayerVersion, static_cast<api::GetLayerVersion*>(nullptr));
  add(GetLayerVersionByArn, static_cast<api::GetLayerVersionByArn*>(nullptr));
  add(GetPolicy, static_cast<api::GetPolicy*>(nullptr));
  add(Invoke, static_cast<api::Invoke*>(nullptr));
  add(InvokeAsync, static_cast<api::InvokeAsync*>(nullptr));
  add(ListAliases, static_cast<api::ListAliases*>(nullptr));
  add(ListFunctionEventInvokeConfigs, static_cast<api::ListFunctionEventInvokeConfigs*>(nullptr));
  add(ListFunctions, static_cast<api::ListFunctions*>(nullptr));
  add(ListLayerVersions, static_cast<api::ListLayerVersions*>(nullptr));
  add(ListLayers, static_cast<api::ListLayers*>(nullptr));
  add(ListTags, static_cast<api::ListTags*>(nullptr));
  add(ListVersionsByFunction, static_cast<api::ListVersionsByFunction*>(nullptr));
  add(PublishLayerVersion, static_cast<api::PublishLayerVersion*>(nullptr));
  add(PublishVersion, static_cast<api::PublishVersion*>(nullptr));
  add(PutFunctionConcurrency, static_cast<api::PutFunctionConcurrency*>(nullptr));
  add(PutFunctionEventInvokeConfig, static_cast<api::PutFunctionEventInvokeConfig*>(nullptr));
  add(RemovePermission, static_cast<api::RemovePermission*>(nullptr));
  add(TagResource, static_cast<api::TagResource*>(nullptr));
  add(UntagResource, static_cast<api::UntagResource*>(nullptr));
  add(UpdateAlias, static_cast<api::UpdateAlias*>(nullptr));
  add(UpdateFunctionCode, static_cast<api::UpdateFunctionCode*>(nullptr));
  add(UpdateFunctionConfiguration, static_cast<api::UpdateFunctionConfiguration*>(nullptr));
  add(UpdateFunctionEventInvokeConfig, static_cast<api::UpdateFunctionEventInvokeConfig*>(nullptr));

  AddAsynchronousLane(service);
  AddDestinationLane(service);
}

}  // namespace usher::lambda
