#include "wire/dispatcher.h"

#include "wire/validate.h"

namespace usher::wire {

void Dispatcher::Add(const Operation& operation, Handler handler) {
  Check(operation.implemented, "operations.txt lists what is registered");
  const bool added = handlers_.emplace(&operation, std::move(handler)).second;
  Check(added, "an operation is registered once");
}

Result<Value> Dispatcher::Call(const Operation& operation, const Value& request,
                               CallContext& context) const {
  const auto handler = handlers_.find(&operation);
  if (handler == handlers_.end()) {
    return Unsupported(std::string(operation.service->title) + " " + std::string(operation.name) +
                       " is not supported by Usher");
  }
  if (operation.input) {
    if (const auto valid = Validate(*operation.input, request); !valid) return valid.error();
  }
  return handler->second(request, context);
}

}  // namespace usher::wire
