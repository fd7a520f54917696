#include "services/sts/service.h"

#include "services/sts/get_caller_identity.h"

namespace usher::sts {

void Register(wire::Dispatcher& dispatcher) {
  dispatcher.Handle<api::GetCallerIdentity>(GetCallerIdentity);
}

}  // namespace usher::sts
