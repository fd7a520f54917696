// Any request head: the verifier must answer, and never accept what nobody signed.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/text.h"
#include "wire/sigv4.h"
#include "wire/test_request.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace usher;
  using namespace usher::wire;

  // The first byte picks the rules; then "METHOD target HTTP/1.1", headers and body as text.
  if (size == 0) return 0;
  const auto style = static_cast<sigv4::ErrorStyle>(data[0] % 4);
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const testing::TextRequest request = testing::ParseTextRequest(text);
  testing::FakeCredentials keys;
  keys.Add("AKIDEXAMPLE", {.secret = "a secret nobody guesses", .session_token = {}, .arn = {}});
  const sigv4::Rules rules =
      style == sigv4::ErrorStyle::kS3 ? sigv4::S3Rules() : sigv4::ServiceRules(style);
  const Time now = *ParseIso8601("2015-08-30T12:36:00Z");

  const auto verified = sigv4::Verify(request.http, request.body, rules, keys, now);

  Check(!verified, "nothing is accepted without the secret");
  Check(!verified.error().wire_name.empty(), "every refusal has its public name");
  Check(verified.error().http_status >= 400 && verified.error().http_status < 500,
        "every refusal has a status");
  const auto scope = sigv4::ClaimedScope(request.http);
  if (scope) Check(sigv4::HasSignature(request.http), "a scope comes with a signature");
  return 0;
}
