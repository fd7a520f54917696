// A policy is read or refused, and one that was read answers for any message. The input is the
// policy, NUL, and the message's text.
#include <algorithm>
#include <cstdint>

#include "services/sns/filter_policy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace usher::sns;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(input.find('\0'), input.size());
  const std::string_view text = input.substr(std::min(end + 1, input.size()));
  for (const auto scope : {FilterPolicy::Scope::kAttributes, FilterPolicy::Scope::kBody}) {
    const auto policy = FilterPolicy::Parse(input.substr(0, end), scope);
    if (!policy) continue;
    (void)policy->Matches({{"text", {"String", std::string(text)}},
                           {"number", {"Number", std::string(text)}},
                           {"array", {"String.Array", std::string(text)}}},
                          text);
  }
  return 0;
}
