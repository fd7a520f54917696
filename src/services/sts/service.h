// STS as far as the workflow calls it: who am I.
#pragma once

#include "wire/dispatcher.h"

namespace usher::sts {

// Adds every operation of the service.
void Register(wire::Dispatcher& dispatcher);

}  // namespace usher::sts
