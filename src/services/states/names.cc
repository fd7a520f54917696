#include "services/states/names.h"

#include <algorithm>

#include "base/random.h"
#include "base/text.h"
#include "services/states/errors.h"
#include "wire/dispatcher.h"

namespace usher::states {
namespace {

constexpr std::size_t kMaxNameCharacters = 80;
constexpr std::string_view kForbidden = " \t\r\n<>{}[]?*\"#%\\^|~`$&,;:/";

std::string Arn(std::string_view region, std::string_view type, std::string_view name) {
  return "arn:aws:states:" + std::string(region) + ":" + std::string(wire::kAccountId) + ":" +
         std::string(type) + ":" + std::string(name);
}

// "arn:aws:states:REGION:ACCOUNT:TYPE:…" with so many parts.
bool Is(std::string_view arn, std::string_view type, std::size_t parts) {
  const auto split = Split(arn, ':');
  return split.size() == parts && split[0] == "arn" && split[2] == "states" && split[5] == type;
}

}  // namespace

Result<void> CheckName(std::string_view name) {
  const auto characters = std::ranges::count_if(
      name, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
  const bool bad = std::ranges::any_of(name, [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F ||
           kForbidden.find(c) != std::string_view::npos;
  });
  if (name.empty() || bad || static_cast<std::size_t>(characters) > kMaxNameCharacters) {
    return InvalidName(name);
  }
  return {};
}

std::string MachineArn(std::string_view region, std::string_view name) {
  return Arn(region, "stateMachine", name);
}
std::string ActivityArn(std::string_view region, std::string_view name) {
  return Arn(region, "activity", name);
}

std::string ExecutionArn(std::string_view machine_arn, std::string_view name, bool express) {
  const auto parts = Split(machine_arn, ':');
  const std::string both = std::string(parts[6]) + ":" + std::string(name);
  return express ? Arn(parts[3], "express", both + ":" + NewUuid())
                 : Arn(parts[3], "execution", both);
}

Result<void> CheckMachineArn(std::string_view arn) {
  if (Is(arn, "stateMachine", 8)) {
    return Unsupported("versions and aliases of state machines are not supported by Usher: '" +
                       std::string(arn) + "' must end with the machine's name");
  }
  if (!Is(arn, "stateMachine", 7)) return InvalidArn(arn);
  return {};
}

Result<void> CheckExecutionArn(std::string_view arn) {
  if (Is(arn, "express", 9)) {
    return Named("InvalidArn", ErrorCode::kInvalidInput,
                 "Invalid Arn: 'Resource type not valid in this context: express': executions of "
                 "express machines are seen in their log group alone",
                 400);
  }
  if (!Is(arn, "execution", 8)) return InvalidArn(arn);
  return {};
}

Result<void> CheckActivityArn(std::string_view arn) {
  if (!Is(arn, "activity", 7)) return InvalidArn(arn);
  return {};
}

}  // namespace usher::states
