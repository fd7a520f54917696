#include "wire/shape.h"

#include <algorithm>

namespace usher::wire {

const Service* FindService(std::string_view id) {
  for (const Service* service : AllServices()) {
    if (service->id == id) return service;
  }
  return nullptr;
}

const Operation* FindOperation(const Service& service, std::string_view name) {
  // Sorted by name: the generator writes them so.
  const auto at = std::ranges::lower_bound(service.operations, name, {}, &Operation::name);
  return at != service.operations.end() && at->name == name ? &*at : nullptr;
}

}  // namespace usher::wire
