// What is decoded by a shape is written so that it decodes to the same again.
#include <cstdint>

#include "base/check.h"
#include "wire/json_body.h"
#include "wire/personalize.h"
#include "wire/personalize_runtime.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace usher;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const wire::Shape* shape :
       {api::personalize::CreateSolution::operation().input,
        api::personalize::DescribeSolutionVersion::operation().output,
        api::personalize_runtime::GetRecommendations::operation().input}) {
    const auto value = wire::DecodeJsonBody(*shape, text, wire::BodyMembers::kAll);
    if (!value) continue;
    std::string written;
    wire::AppendJsonBody(written, *shape, *value, wire::BodyMembers::kAll);
    const auto again = wire::DecodeJsonBody(*shape, written, wire::BodyMembers::kAll);
    Check(again.has_value(), "what is written can be read");
    std::string second;
    wire::AppendJsonBody(second, *shape, *again, wire::BodyMembers::kAll);
    Check(second == written, "a second round changes nothing");
  }
  return 0;
}
