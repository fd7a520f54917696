// StackStore: stacks, their resources, events, templates, exports, imports and change sets as
// documents. Names of stacks and exports are taken by creating a document: two callers at once
// cannot both have one.
//
// Threads: as the DocumentStore.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/cloudformation/records.h"
#include "storage/document_store.h"

namespace usher::cloudformation {

class StackStore {
 public:
  explicit StackStore(storage::DocumentStore& store) : store_(store) {}

  // ---- stacks ----
  // By id, also deleted ones, or by the name of one that is not deleted. Errors: not found
  // (ValidationError "Stack with id X does not exist").
  Result<StackRecord> Find(std::string_view region, std::string_view name_or_id) const;
  Result<std::vector<StackRecord>> List(std::string_view region) const;  // oldest first
  // Takes the name and adds the document; already exists when the batch is committed and the name
  // is taken.
  static void Create(storage::Batch& batch, const StackRecord& stack);
  // Fails the batch with in use when the document has changed since `stack` was read.
  static void Update(storage::Batch& batch, const StackRecord& stack);
  static void FreeName(storage::Batch& batch, const StackRecord& stack);

  // ---- what belongs to a stack ----
  Result<std::map<std::string, ResourceRecord>> Resources(std::string_view stack_id) const;
  static void Put(storage::Batch& batch, std::string_view stack_id, const ResourceRecord& resource);
  static void Delete(storage::Batch& batch, std::string_view stack_id,
                     const ResourceRecord& resource);

  static void AddEvent(storage::Batch& batch, const EventRecord& event);
  Result<std::vector<EventRecord>> Events(std::string_view stack_id) const;  // oldest first

  static void PutTemplate(storage::Batch& batch, std::string_view stack_id, std::int64_t number,
                          std::string text);
  Result<std::string> Template(std::string_view stack_id, std::int64_t number) const;

  // ---- exports and imports ----
  Result<std::vector<ExportRecord>> Exports(std::string_view region) const;  // by name
  Result<std::optional<ExportRecord>> FindExport(std::string_view region,
                                                 std::string_view name) const;
  static void CreateExport(storage::Batch& batch, std::string_view region,
                           const ExportRecord& record);
  static void PutExport(storage::Batch& batch, std::string_view region, const ExportRecord& record);
  // Fails the batch with in use while a stack imports it.
  static void DeleteExport(storage::Batch& batch, std::string_view region, std::string_view name);
  static void RequireNoImport(storage::Batch& batch, std::string_view region,
                              std::string_view name);
  Result<std::vector<ImportRecord>> Imports(std::string_view region, std::string_view name) const;
  static void PutImport(storage::Batch& batch, std::string_view region, const ImportRecord& record);
  static void DeleteImport(storage::Batch& batch, std::string_view region,
                           const ImportRecord& record);
  // Those of one stack.
  Result<std::vector<ImportRecord>> ImportsOf(std::string_view stack_id) const;

  // ---- change sets ----
  Result<std::vector<ChangeSetRecord>> ChangeSets(std::string_view stack_id) const;
  static void Put(storage::Batch& batch, const ChangeSetRecord& record);
  static void Delete(storage::Batch& batch, const ChangeSetRecord& record);
  // By ARN. Errors: not found (ChangeSetNotFound).
  Result<ChangeSetRecord> FindChangeSet(std::string_view id) const;

  Result<void> Commit(const storage::Batch& batch) const { return store_.Commit(batch); }

 private:
  template <typename T>
  Result<std::vector<T>> ListAll(std::string_view kind,
                                 std::optional<std::string_view> group) const;
  template <typename T>
  Result<std::vector<T>> ListPrefix(std::string_view kind, const std::string& prefix) const;

  storage::DocumentStore& store_;
};

[[nodiscard]] Error NoSuchStack(std::string_view name_or_id);

}  // namespace usher::cloudformation
