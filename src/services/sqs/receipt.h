// Receipt handles: by which a receiver names a message that it has received.
//
// Each receipt has its own, but any of them deletes its message, also after a restart of the
// server; standard queues promise no more.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace usher::sqs {

[[nodiscard]] std::string WriteReceipt(std::string_view message_id);
// The message's id. Errors: ReceiptHandleIsInvalid.
Result<std::string> ReadReceipt(std::string_view handle);

}  // namespace usher::sqs
