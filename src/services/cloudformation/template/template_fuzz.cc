// Any text is read as a template, or refused; what was read can be parsed, evaluated and written.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "services/cloudformation/template/evaluate.h"
#include "services/cloudformation/template/parameters.h"
#include "services/cloudformation/template/reader.h"

namespace cf = usher::cloudformation;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto node = cf::ReadTemplate({reinterpret_cast<const char*>(data), size});
  if (!node) return 0;
  const auto again = cf::ReadJson(cf::ToJson(*node));
  usher::Check(again.has_value(), "what is written can be read");
  usher::Check(cf::IsSame(*node, *again), "and is the same");
  const auto read = cf::ParseTemplate(*node);
  if (!read) return 0;
  const auto parameters = cf::ResolveParameters(*read, {}, {});
  if (!parameters) return 0;
  const auto scope = cf::MakeScope(*read, *parameters, {.region = "us-east-1"});
  if (!scope) return 0;
  for (const cf::ResourceRule& rule : read->resources) {
    static_cast<void>(cf::Evaluate(rule.properties, *scope, "/"));
  }
  return 0;
}
