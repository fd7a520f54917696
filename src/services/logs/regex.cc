#include "services/logs/regex.h"

#include <array>
#include <string>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace usher::logs {
namespace {

constexpr std::uint32_t kMatchSteps = 100'000;

}  // namespace

struct Regex::Compiled {
  explicit Compiled(pcre2_code* made) : code(made) {}
  ~Compiled() { pcre2_code_free(code); }
  Compiled(const Compiled&) = delete;
  Compiled& operator=(const Compiled&) = delete;
  pcre2_code* code;
};

Result<Regex> Regex::Compile(std::string_view expression) {
  if (expression.size() > kMaxRegexBytes) {
    return InvalidInput("a regular expression has at most " + std::to_string(kMaxRegexBytes) +
                        " bytes, got " + std::to_string(expression.size()));
  }
  int error = 0;
  PCRE2_SIZE offset = 0;
  pcre2_code* code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(expression.data()), expression.size(),
                    PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C, &error, &offset, nullptr);
  if (!code) {
    std::array<PCRE2_UCHAR, 200> reason{};
    pcre2_get_error_message(error, reason.data(), reason.size());
    return InvalidInput("the regular expression " + std::string(expression) +
                        " cannot be read at character " + std::to_string(offset + 1) + ": " +
                        reinterpret_cast<const char*>(reason.data()));
  }
  return Regex(std::make_shared<const Compiled>(code));
}

bool Regex::Finds(std::string_view text) const {
  const std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> match(
      pcre2_match_data_create(1, nullptr), &pcre2_match_data_free);
  const std::unique_ptr<pcre2_match_context, decltype(&pcre2_match_context_free)> limits(
      pcre2_match_context_create(nullptr), &pcre2_match_context_free);
  pcre2_set_match_limit(limits.get(), kMatchSteps);
  return pcre2_match(compiled_->code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0, 0,
                     match.get(), limits.get()) >= 0;
}

}  // namespace usher::logs
