// ExecutionLog: the lines that one request leaves in its stage's execution log, in the order in
// which the service writes them. Each begins with "(<request id>) ".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/apigateway/stage_snapshot.h"
#include "wire/http_message.h"
#include "wire/request_target.h"

namespace usher::apigateway {

inline constexpr std::size_t kMaxLoggedBytes = 1024;  // of one body or value, as in the service

class ExecutionLog {
 public:
  ExecutionLog(std::string_view request_id, const MethodSettings& settings)
      : prefix_("(" + std::string(request_id) + ") "), settings_(settings) {}

  // Whether anything but failures is written: ask before putting a line together.
  [[nodiscard]] bool tells_all() const { return settings_.log_level == ExecutionLevel::kInfo; }
  // Whether bodies and headers are.
  [[nodiscard]] bool tells_data() const { return tells_all() && settings_.data_trace; }

  void Tell(std::string_view line);
  // Only with the data: "what: text", cut.
  void TellData(std::string_view what, std::string_view text);
  void TellFailure(std::string_view line);

  std::vector<std::string> Take() { return std::move(lines_); }

 private:
  std::string prefix_;
  MethodSettings settings_;
  std::vector<std::string> lines_;
};

// "{a=1, b=2}"
[[nodiscard]] std::string Shown(const wire::Parameters& parameters);
[[nodiscard]] std::string Shown(const wire::Headers& headers);

}  // namespace usher::apigateway
