#include "services/cloudformation/stack_store.h"

#include "json/json.h"

namespace usher::cloudformation {
namespace {

constexpr char kStack[] = "cloudformation/stack";
constexpr char kName[] = "cloudformation/stack-name";
constexpr char kResource[] = "cloudformation/resource";
constexpr char kEvent[] = "cloudformation/event";
constexpr char kTemplate[] = "cloudformation/template";
constexpr char kExport[] = "cloudformation/export";
constexpr char kImport[] = "cloudformation/import";
constexpr char kChangeSet[] = "cloudformation/change-set";

constexpr std::size_t kPage = 500;

std::string InRegion(std::string_view region, std::string_view name) {
  return std::string(region) + "/" + std::string(name);
}

// No name of an export has a line break.
std::string ImportPrefix(std::string_view region, std::string_view name) {
  return InRegion(region, name) + "\n";
}

std::string Within(std::string_view stack_id, std::string_view name) {
  return std::string(stack_id) + "\n" + std::string(name);
}

template <typename T>
std::string Body(const T& record) {
  return json::Write(record.ToValue());
}

template <typename T>
Result<T> Read(const storage::Document& document) {
  const auto body = json::Parse(document.body);
  if (!body) return Corrupt("the document " + document.kind + " " + document.id + " is damaged");
  return T::FromValue(*body);
}

}  // namespace

Error NoSuchStack(std::string_view name_or_id) {
  return Named("ValidationError", ErrorCode::kNotFound,
               "Stack with id " + std::string(name_or_id) + " does not exist", 400);
}

template <typename T>
Result<std::vector<T>> StackStore::ListAll(std::string_view kind,
                                           std::optional<std::string_view> group) const {
  std::vector<T> records;
  for (std::int64_t after = 0;;) {
    const auto page = store_.List(kind, group, after, kPage);
    if (!page) return page.error();
    for (const storage::Document& document : page->documents) {
      auto record = Read<T>(document);
      if (!record) return record.error();
      records.push_back(*std::move(record));
    }
    if (!page->next_after) return records;
    after = *page->next_after;
  }
}

template <typename T>
Result<std::vector<T>> StackStore::ListPrefix(std::string_view kind,
                                              const std::string& prefix) const {
  std::vector<T> records;
  for (std::string from = prefix;;) {
    const auto page = store_.ListById(kind, prefix, from, kPage);
    if (!page) return page.error();
    for (const storage::Document& document : *page) {
      auto record = Read<T>(document);
      if (!record) return record.error();
      records.push_back(*std::move(record));
    }
    if (page->size() < kPage) return records;
    from = page->back().id + '\0';
  }
}

Result<StackRecord> StackStore::Find(std::string_view region, std::string_view name_or_id) const {
  std::string id(name_or_id);
  if (!id.starts_with("arn:")) {
    const auto name = store_.Get(kName, InRegion(region, name_or_id));
    if (!name) return name.error();
    if (!*name) return NoSuchStack(name_or_id);
    id = (*name)->body;
  }
  const auto document = store_.Get(kStack, id);
  if (!document) return document.error();
  if (!*document) return NoSuchStack(name_or_id);
  auto stack = Read<StackRecord>(**document);
  if (stack) stack->version = (*document)->version;
  return stack;
}

Result<std::vector<StackRecord>> StackStore::List(std::string_view region) const {
  return ListAll<StackRecord>(kStack, region);
}

void StackStore::Create(storage::Batch& batch, const StackRecord& stack) {
  batch.Create(kName, InRegion(stack.region, stack.name), "", stack.id);
  batch.Create(kStack, stack.id, stack.region, Body(stack));
}

void StackStore::Update(storage::Batch& batch, const StackRecord& stack) {
  batch.Update(kStack, stack.id, stack.version, Body(stack));
}

void StackStore::FreeName(storage::Batch& batch, const StackRecord& stack) {
  batch.Delete(kName, InRegion(stack.region, stack.name));
}

Result<std::map<std::string, ResourceRecord>> StackStore::Resources(
    std::string_view stack_id) const {
  auto list = ListAll<ResourceRecord>(kResource, stack_id);
  if (!list) return list.error();
  std::map<std::string, ResourceRecord> resources;
  for (ResourceRecord& one : *list) resources.emplace(one.logical_id, std::move(one));
  return resources;
}

void StackStore::Put(storage::Batch& batch, std::string_view stack_id,
                     const ResourceRecord& resource) {
  batch.Put(kResource, Within(stack_id, resource.logical_id), std::string(stack_id),
            Body(resource));
}

void StackStore::Delete(storage::Batch& batch, std::string_view stack_id,
                        const ResourceRecord& resource) {
  batch.Delete(kResource, Within(stack_id, resource.logical_id));
}

void StackStore::AddEvent(storage::Batch& batch, const EventRecord& event) {
  batch.Put(kEvent, Within(event.stack_id, event.event_id), event.stack_id, Body(event));
}

Result<std::vector<EventRecord>> StackStore::Events(std::string_view stack_id) const {
  return ListAll<EventRecord>(kEvent, stack_id);
}

void StackStore::PutTemplate(storage::Batch& batch, std::string_view stack_id, std::int64_t number,
                             std::string text) {
  batch.Put(kTemplate, Within(stack_id, std::to_string(number)), std::string(stack_id),
            std::move(text));
}

Result<std::string> StackStore::Template(std::string_view stack_id, std::int64_t number) const {
  const auto document = store_.Get(kTemplate, Within(stack_id, std::to_string(number)));
  if (!document) return document.error();
  if (!*document) return Corrupt("the template of " + std::string(stack_id) + " is missing");
  return (*document)->body;
}

Result<std::vector<ExportRecord>> StackStore::Exports(std::string_view region) const {
  return ListPrefix<ExportRecord>(kExport, InRegion(region, ""));
}

Result<std::optional<ExportRecord>> StackStore::FindExport(std::string_view region,
                                                           std::string_view name) const {
  const auto document = store_.Get(kExport, InRegion(region, name));
  if (!document) return document.error();
  if (!*document) return std::optional<ExportRecord>();
  auto record = Read<ExportRecord>(**document);
  if (!record) return record.error();
  return std::optional<ExportRecord>(*std::move(record));
}

void StackStore::CreateExport(storage::Batch& batch, std::string_view region,
                              const ExportRecord& record) {
  batch.Create(kExport, InRegion(region, record.name), "", Body(record));
}

void StackStore::PutExport(storage::Batch& batch, std::string_view region,
                           const ExportRecord& record) {
  batch.Put(kExport, InRegion(region, record.name), "", Body(record));
}

void StackStore::DeleteExport(storage::Batch& batch, std::string_view region,
                              std::string_view name) {
  RequireNoImport(batch, region, name);
  batch.Delete(kExport, InRegion(region, name));
}

void StackStore::RequireNoImport(storage::Batch& batch, std::string_view region,
                                 std::string_view name) {
  batch.RequireNone(kImport, ImportPrefix(region, name));
}

Result<std::vector<ImportRecord>> StackStore::Imports(std::string_view region,
                                                      std::string_view name) const {
  return ListPrefix<ImportRecord>(kImport, ImportPrefix(region, name));
}

void StackStore::PutImport(storage::Batch& batch, std::string_view region,
                           const ImportRecord& record) {
  batch.Put(kImport, ImportPrefix(region, record.name) + record.stack_id, record.stack_id,
            Body(record));
}

void StackStore::DeleteImport(storage::Batch& batch, std::string_view region,
                              const ImportRecord& record) {
  batch.Delete(kImport, ImportPrefix(region, record.name) + record.stack_id);
}

Result<std::vector<ImportRecord>> StackStore::ImportsOf(std::string_view stack_id) const {
  return ListAll<ImportRecord>(kImport, stack_id);
}

Result<std::vector<ChangeSetRecord>> StackStore::ChangeSets(std::string_view stack_id) const {
  return ListAll<ChangeSetRecord>(kChangeSet, stack_id);
}

void StackStore::Put(storage::Batch& batch, const ChangeSetRecord& record) {
  batch.Put(kChangeSet, record.id, record.stack_id, Body(record));
}

void StackStore::Delete(storage::Batch& batch, const ChangeSetRecord& record) {
  batch.Delete(kChangeSet, record.id);
}

Result<ChangeSetRecord> StackStore::FindChangeSet(std::string_view id) const {
  const auto document = store_.Get(kChangeSet, id);
  if (!document) return document.error();
  if (!*document) {
    return Named("ChangeSetNotFound", ErrorCode::kNotFound,
                 "ChangeSet [" + std::string(id) + "] does not exist", 404);
  }
  return Read<ChangeSetRecord>(**document);
}

}  // namespace usher::cloudformation
