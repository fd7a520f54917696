#include "regex/regex.h"

#include <array>
#include <string>

#include "base/text.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace usher {
namespace {

constexpr std::uint32_t kMatchSteps = 100'000;

struct FreePcre {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};

}  // namespace

struct Regex::Compiled {
  explicit Compiled(pcre2_code* made) : code(made) {
    pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups);
  }
  ~Compiled() { pcre2_code_free(code); }
  Compiled(const Compiled&) = delete;
  Compiled& operator=(const Compiled&) = delete;
  pcre2_code* code;
  std::uint32_t groups = 0;
};

// Runs one expression over one text, from several places.
class Regex::Finder {
 public:
  Finder(const Compiled& compiled, std::string_view text)
      : compiled_(compiled),
        text_(text),
        match_(pcre2_match_data_create_from_pattern(compiled.code, nullptr)),
        limits_(pcre2_match_context_create(nullptr)) {
    pcre2_set_match_limit(limits_.get(), kMatchSteps);
  }

  // The number of groups that were set, and one; negative where nothing is found.
  int From(std::size_t start, std::uint32_t options = 0) {
    return pcre2_match(compiled_.code, reinterpret_cast<PCRE2_SPTR>(text_.data()), text_.size(),
                       start, options, match_.get(), limits_.get());
  }
  [[nodiscard]] std::size_t begin() const { return pcre2_get_ovector_pointer(match_.get())[0]; }
  [[nodiscard]] std::size_t end() const { return pcre2_get_ovector_pointer(match_.get())[1]; }
  [[nodiscard]] std::string_view Group(std::size_t number) const {
    const PCRE2_SIZE* const bounds = pcre2_get_ovector_pointer(match_.get());
    if (number >= pcre2_get_ovector_count(match_.get()) || bounds[2 * number] == PCRE2_UNSET) {
      return {};
    }
    return text_.substr(bounds[2 * number], bounds[2 * number + 1] - bounds[2 * number]);
  }
  // The place after the character at `at`.
  [[nodiscard]] std::size_t Next(std::size_t at) const {
    do ++at;
    while (at < text_.size() && (text_[at] & 0xC0) == 0x80);
    return at;
  }

 private:
  const Compiled& compiled_;
  std::string_view text_;
  std::unique_ptr<pcre2_match_data, FreePcre> match_;
  std::unique_ptr<pcre2_match_context, FreePcre> limits_;
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

bool Regex::Finds(std::string_view text) const { return Finder(*compiled_, text).From(0) >= 0; }

bool Regex::Matches(std::string_view text) const {
  return Finder(*compiled_, text).From(0, PCRE2_ANCHORED | PCRE2_ENDANCHORED) >= 0;
}

Result<std::string> Regex::Replace(std::string_view text, std::string_view replacement, bool all,
                                   std::size_t max_bytes) const {
  const Error too_much = LimitExceeded("replacing in a text of " + std::to_string(text.size()) +
                                       " bytes takes too many steps or gives too much");
  Finder finder(*compiled_, text);
  std::string out;
  std::size_t kept = 0;  // up to here, `text` is in `out`
  std::size_t at = 0;
  std::size_t steps = 0;
  while (at <= text.size()) {
    const int found = finder.From(at);
    if (found == PCRE2_ERROR_NOMATCH) break;
    if (found < 0 || ++steps > kMatchSteps) return too_much;
    out += text.substr(kept, finder.begin() - kept);
    for (std::size_t i = 0; i < replacement.size(); ++i) {
      if (replacement[i] == '\\' && i + 1 < replacement.size()) {
        out += replacement[++i];
      } else if (replacement[i] == '$') {
        if (i + 1 == replacement.size() || replacement[i + 1] < '0' || replacement[i + 1] > '9') {
          return InvalidInput("in a replacement, '$' is followed by the number of a group");
        }
        const auto group = static_cast<std::uint32_t>(replacement[++i] - '0');
        if (group > compiled_->groups) {
          return InvalidInput("the expression has no group " + std::to_string(group));
        }
        out += finder.Group(group);
      } else {
        out += replacement[i];
      }
    }
    if (out.size() > max_bytes) return too_much;
    kept = finder.end();
    at = finder.end() > finder.begin() ? finder.end() : finder.Next(finder.end());
    if (!all) break;
  }
  out += text.substr(std::min(kept, text.size()));
  if (out.size() > max_bytes) return too_much;
  return out;
}

Result<std::vector<std::string>> Regex::Split(std::string_view text, std::size_t max_parts) const {
  Finder finder(*compiled_, text);
  std::vector<std::string> parts;
  std::size_t kept = 0;
  std::size_t at = 0;
  while (at <= text.size() && !text.empty()) {
    const int found = finder.From(at);
    if (found == PCRE2_ERROR_NOMATCH) break;
    if (found < 0 || parts.size() >= max_parts) {
      return LimitExceeded("splitting gives more than " + std::to_string(max_parts) +
                           " parts or takes too many steps");
    }
    const bool is_empty = finder.end() == finder.begin();
    if (is_empty && finder.begin() >= text.size()) break;
    if (!is_empty || finder.begin() > 0) {  // no empty part before an empty match at the start
      if (finder.end() > 0) parts.emplace_back(text.substr(kept, finder.begin() - kept));
      kept = finder.end();
    }
    at = is_empty ? finder.Next(finder.end()) : finder.end();
  }
  parts.emplace_back(text.substr(kept));
  while (parts.size() > 1 && parts.back().empty()) parts.pop_back();
  return parts;
}

}  // namespace usher
