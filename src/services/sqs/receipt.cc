#include "services/sqs/receipt.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/random.h"
#include "services/sqs/errors.h"

namespace usher::sqs {
namespace {

constexpr std::size_t kIdBytes = 36;  // a UUID
constexpr std::size_t kNonceBytes = 8;
constexpr std::size_t kMaxHandleBytes = 1024;

}  // namespace

std::string WriteReceipt(std::string_view message_id) {
  return Base64Encode(std::string(message_id) + ":" + SecureHex(kNonceBytes));
}

Result<std::string> ReadReceipt(std::string_view handle) {
  if (handle.size() > kMaxHandleBytes) return InvalidReceipt();
  const auto text = Base64Decode(handle);
  if (!text || text->size() != kIdBytes + 1 + 2 * kNonceBytes || (*text)[kIdBytes] != ':') {
    return InvalidReceipt();
  }
  std::string id = text->substr(0, kIdBytes);
  const bool plain = std::ranges::all_of(
      id, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '-'; });
  if (!plain) return InvalidReceipt();
  return id;
}

}  // namespace usher::sqs
