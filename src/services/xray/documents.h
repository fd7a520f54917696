// Documents that others have sent, on their way in.
#pragma once

#include <string>

#include "base/result.h"
#include "tracing/recorder.h"

namespace usher::xray {

// Checks a segment document and hands it to the recorder. Errors: invalid input for what is none;
// throttled when too many wait.
Result<void> TakeDocument(std::string document, tracing::Recorder& recorder);

}  // namespace usher::xray
