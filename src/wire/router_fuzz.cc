// Targets and hosts, routed and decoded as S3 requests with and without a signature's scope. The
// input is "METHOD TARGET\nHOST".
#include <cstdint>

#include "base/check.h"
#include "base/text.h"
#include "wire/protocol.h"
#include "wire/router.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace usher;
  static const wire::Router router;
  const auto lines = Split({reinterpret_cast<const char*>(data), size}, '\n');
  const auto words = Split(lines[0], ' ');
  wire::HttpRequest request{.method = std::string(words[0]),
                            .target = std::string(words.size() > 1 ? words[1] : "/"),
                            .body = std::make_shared<StringSource>("")};
  if (lines.size() > 1) request.headers.Add("Host", std::string(lines[1]));
  const auto target = wire::ParseTarget(request.target);
  if (!target) return 0;
  for (const std::string_view scope : {"", "s3", "personalize"}) {
    const auto route = router.Find(request, *target, scope);
    if (!route || !route->operation || !route->operation->implemented) continue;
    for (const auto& [name, value] : route->labels) Check(IsUtf8(value), "labels are UTF-8");
    (void)wire::CodecFor(route->service->protocol)
        .decode({.operation = *route->operation,
                 .headers = request.headers,
                 .labels = route->labels,
                 .query = target->query,
                 .body = {},
                 .stream = request.body});
  }
  return 0;
}
