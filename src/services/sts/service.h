// STS: who am I, and keys for a time.
#pragma once

#include "services/sts/sessions.h"
#include "wire/dispatcher.h"

namespace usher::sts {

// Adds every operation of the service. `sessions` must outlive the dispatcher's use.
void Register(wire::Dispatcher& dispatcher, Sessions& sessions);

}  // namespace usher::sts
