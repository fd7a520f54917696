#include "services/states/language/machine.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace usher::states {
namespace {

// A wait may be a year at most.
constexpr double kMaxBackoffSeconds = 31'622'400;

bool TakesOne(std::string_view name, std::string_view error) {
  if (name == error) return true;
  // These two end an execution whatever it catches, unless they are named.
  const bool fatal = error == kRuntime || error == kDataLimitExceeded;
  const bool timeout = error == kTimeout || error == kHeartbeatTimeout;
  if (name == kAll) return !fatal;
  if (name == kTaskFailed) return !fatal && !timeout;
  return name == kTimeout && timeout;
}

}  // namespace

std::string_view NameOf(StateType type) {
  switch (type) {
    case StateType::kPass:
      return "Pass";
    case StateType::kTask:
      return "Task";
    case StateType::kChoice:
      return "Choice";
    case StateType::kWait:
      return "Wait";
    case StateType::kSucceed:
      return "Succeed";
    case StateType::kFail:
      return "Fail";
    case StateType::kParallel:
      return "Parallel";
    case StateType::kMap:
      return "Map";
  }
  return "";
}

const State& Machine::StateOf(int block, std::string_view name) const {
  const auto& states = blocks.at(static_cast<std::size_t>(block)).states;
  const auto found = states.find(name);
  Check(found != states.end(), "a checked machine has the states that it names");
  return found->second;
}

bool Takes(const std::vector<std::string>& names, std::string_view error) {
  return std::ranges::any_of(names, [&](const auto& name) { return TakesOne(name, error); });
}

std::int64_t BackoffMillis(const Retrier& retrier, std::int64_t failed) {
  double seconds = static_cast<double>(retrier.interval_seconds) *
                   std::pow(retrier.backoff_rate, static_cast<double>(failed - 1));
  if (retrier.max_delay_seconds) {
    seconds = std::min(seconds, static_cast<double>(*retrier.max_delay_seconds));
  }
  return std::llround(std::min(seconds, kMaxBackoffSeconds) * 1000);
}

}  // namespace usher::states
