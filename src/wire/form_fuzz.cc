// Forms of the query protocol.
#include <cstdint>

#include "wire/iam.h"
#include "wire/protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace usher;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const wire::Operation& operation = api::iam::CreateRole::operation();
  const auto value = wire::kQueryCodec.decode({.operation = operation,
                                               .headers = {},
                                               .labels = {},
                                               .query = {},
                                               .body = text,
                                               .stream = nullptr});
  if (value) (void)api::iam::CreateRoleRequest::FromValue(*value);
  return 0;
}
