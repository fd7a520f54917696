#include "wire/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "base/check.h"

namespace usher::wire {
namespace {

constexpr std::uint32_t kMatchSteps = 1'000'000;

// The models' patterns are Java's. Where PCRE2 differs: \uHHHH is read with PCRE2_ALT_BSUX, \w and
// \d mean ASCII as long as PCRE2_UCP is not set, \p{ASCII} has to be spelled out, and so have the
// characters beyond U+FFFF, which Java writes as pairs of surrogates.
std::string InPcreDialect(std::string_view expression) {
  constexpr std::pair<std::string_view, std::string_view> kSpelledOut[] = {
      {"\\p{ASCII}", "[\\x00-\\x7F]"}, {"\\uD800\\uDC00-\\uDBFF\\uDFFF", "\U00010000-\U0010FFFF"}};
  std::string text(expression);
  for (const auto& [java, pcre] : kSpelledOut) {
    for (std::size_t at = text.find(java); at != std::string::npos; at = text.find(java, at)) {
      text.replace(at, java.size(), pcre);
      at += pcre.size();
    }
  }
  return text;
}

}  // namespace

struct Pattern::Compiled {
  pcre2_code* code = nullptr;
  ~Compiled() { pcre2_code_free(code); }
};

Pattern::Pattern(std::string_view expression) : compiled_(std::make_unique<Compiled>()) {
  const std::string text = InPcreDialect(expression);
  int error = 0;
  PCRE2_SIZE offset = 0;
  compiled_->code = pcre2_compile(
      reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
      PCRE2_UTF | PCRE2_ALT_BSUX | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOLLAR_ENDONLY,
      &error, &offset, nullptr);
  Check(compiled_->code != nullptr, "a model's pattern compiles");
  // Where machine code cannot be made, matching interprets the pattern.
  pcre2_jit_compile(compiled_->code, PCRE2_JIT_COMPLETE);
}

Pattern::~Pattern() = default;

bool Pattern::Matches(std::string_view text) const {
  using Match = std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)>;
  using Limits = std::unique_ptr<pcre2_match_context, decltype(&pcre2_match_context_free)>;
  thread_local const Match match(pcre2_match_data_create(1, nullptr), &pcre2_match_data_free);
  thread_local const Limits limits = [] {
    Limits made(pcre2_match_context_create(nullptr), &pcre2_match_context_free);
    pcre2_set_match_limit(made.get(), kMatchSteps);
    return made;
  }();
  const auto run = [&](std::uint32_t options) {
    return pcre2_match(compiled_->code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0,
                       options, match.get(), limits.get());
  };
  int found = run(0);
  // Machine code has a small stack; the interpreter takes what it needs from the heap.
  if (found == PCRE2_ERROR_JIT_STACKLIMIT) found = run(PCRE2_NO_JIT);
  return found >= 0;
}

const Pattern& Pattern::Of(std::string_view expression) {
  static std::mutex mutex;
  static std::map<std::string, Pattern, std::less<>> patterns;
  const std::lock_guard lock(mutex);
  const auto found = patterns.find(expression);
  if (found != patterns.end()) return found->second;
  return patterns.try_emplace(std::string(expression), expression).first->second;
}

}  // namespace usher::wire
