// Operations ListExports, ListImports. Errors: ValidationError.
#include "services/cloudformation/operations.h"

namespace usher::cloudformation {

Result<api::ListExportsOutput> ListExports(const api::ListExportsInput& request, Service& service,
                                           wire::CallContext& context) {
  auto all = StackStore(service.documents).Exports(context.region);
  if (!all) return all.error();
  auto page = TakePage(*std::move(all), request.next_token);
  if (!page) return page.error();
  api::ListExportsOutput answer;
  answer.exports.emplace();
  for (const ExportRecord& one : page->items) {
    answer.exports->push_back(
        {.exporting_stack_id = one.stack_id, .name = one.name, .value = one.value});
  }
  answer.next_token = page->next;
  return answer;
}

Result<api::ListImportsOutput> ListImports(const api::ListImportsInput& request, Service& service,
                                           wire::CallContext& context) {
  auto all = StackStore(service.documents).Imports(context.region, request.export_name);
  if (!all) return all.error();
  if (all->empty()) {
    return InvalidInput("Export '" + request.export_name + "' is not imported by any stack.");
  }
  auto page = TakePage(*std::move(all), request.next_token);
  if (!page) return page.error();
  api::ListImportsOutput answer;
  answer.imports.emplace();
  for (const ImportRecord& one : page->items) answer.imports->push_back(one.stack_name);
  answer.next_token = page->next;
  return answer;
}

}  // namespace usher::cloudformation
