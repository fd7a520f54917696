// A definition, and what runs of it: every machine that is taken must run to an end, or to a wait,
// without a fault.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "services/states/interpreter.h"
#include "services/states/language/compile.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace usher::states;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Compiled compiled = Compile(text, [](std::string_view resource, const usher::Value*) {
    const auto parsed = ParseResource(resource);
    return parsed ? usher::Result<void>() : parsed.error();
  });
  if (!compiled.machine) return 0;

  constexpr int kSteps = 200;
  constexpr std::string_view kInput = R"({"a":[1,"2",{"b":null}],"c":"2016-08-18T17:33:00Z"})";
  const Surroundings surroundings{.now = [] { return usher::FromEpochMillis(1'600'000'000'000); },
                                  .uniform = [] { return 0.5; }};
  Execution execution{.arn = "arn:aws:states:us-east-1:000000000000:execution:m:e",
                      .input = std::string(kInput)};
  Progress progress;
  Interpreter interpreter(*compiled.machine, execution, progress, surroundings);
  interpreter.Start();
  for (int i = 0; i < kSteps && !progress.flows.empty(); ++i) {
    const Effects effects = interpreter.TakeEffects();
    for (const Timer& timer : effects.timers) interpreter.Fire(timer);
    for (const TaskCall& call : effects.calls) {
      interpreter.TaskFailed(call.flow, call.ticket, {"E", "c"});
    }
    if (!interpreter.CanAdvance()) continue;
    interpreter.Advance();
    if (!DecodeProgress(Encode(progress))) __builtin_trap();
  }
  return 0;
}
