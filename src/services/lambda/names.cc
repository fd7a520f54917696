#include "services/lambda/names.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "wire/dispatcher.h"

namespace usher::lambda {
namespace {

constexpr std::size_t kMaxNameBytes = 64;
constexpr std::string_view kFunctionMark = "function:";

}  // namespace

Result<FunctionName> ParseFunctionName(std::string_view text,
                                       const std::optional<std::string>& qualifier) {
  // The shape's pattern has been checked: what stands before the name ends in "function:", or is an
  // account in the short form.
  std::string_view rest = text;
  if (const std::size_t mark = rest.find(kFunctionMark); mark != std::string_view::npos) {
    rest.remove_prefix(mark + kFunctionMark.size());
  } else if (std::ranges::count(rest, ':') >= 1 && rest.find(':') == 12 &&
             IsVersionNumber(rest.substr(0, 12))) {
    rest.remove_prefix(13);
  }
  const std::size_t colon = rest.find(':');
  FunctionName parsed{.name = std::string(rest.substr(0, colon)), .qualifier = {}};
  if (colon != std::string_view::npos) parsed.qualifier = rest.substr(colon + 1);
  if (parsed.name.size() > kMaxNameBytes) {
    return InvalidInput("the function's name '" + parsed.name + "' is longer than 64 characters");
  }
  if (qualifier) {
    if (!parsed.qualifier.empty() && parsed.qualifier != *qualifier) {
      return InvalidInput(
          "The derived qualifier from the function name does not match the "
          "specified qualifier.");
    }
    parsed.qualifier = *qualifier;
  }
  return parsed;
}

std::string FunctionArn(std::string_view region, std::string_view name,
                        std::string_view qualifier) {
  std::string arn = "arn:aws:lambda:" + std::string(region) + ":" + std::string(wire::kAccountId) +
                    ":function:" + std::string(name);
  if (!qualifier.empty()) arn += ":" + std::string(qualifier);
  return arn;
}

std::optional<LayerVersionName> ParseLayerVersionArn(std::string_view arn) {
  const auto parts = Split(arn, ':');
  if (parts.size() != 8 || parts[0] != "arn" || parts[2] != "lambda" || parts[5] != "layer") {
    return std::nullopt;
  }
  LayerVersionName parsed{.region = std::string(parts[3]),
                          .account = std::string(parts[4]),
                          .name = std::string(parts[6])};
  const auto [end, error] =
      std::from_chars(parts[7].data(), parts[7].data() + parts[7].size(), parsed.version);
  if (error != std::errc{} || end != parts[7].data() + parts[7].size()) return std::nullopt;
  return parsed;
}

std::string LayerArn(std::string_view region, std::string_view name) {
  return "arn:aws:lambda:" + std::string(region) + ":" + std::string(wire::kAccountId) +
         ":layer:" + std::string(name);
}

bool IsVersionNumber(std::string_view qualifier) {
  return !qualifier.empty() &&
         std::ranges::all_of(qualifier, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace usher::lambda
