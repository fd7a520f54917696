#include "services/logs/query_tokens.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace usher::logs {
namespace {

bool IsNameByte(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '@';
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// What stands between two of the same quotes; a quote behind a backslash does not end it.
Result<std::string> TakeBetween(std::string_view& rest, bool keep_escapes) {
  const char quote = rest.front();
  std::string text;
  for (std::size_t at = 1; at < rest.size(); ++at) {
    if (rest[at] == quote) {
      rest.remove_prefix(at + 1);
      return text;
    }
    if (rest[at] == '\\' && at + 1 < rest.size()) {
      if (keep_escapes && rest[at + 1] != quote) text += '\\';
      ++at;
    }
    text += rest[at];
  }
  return MalformedQuery("what begins at " + std::string(rest.substr(0, 20)) + " is not closed");
}

}  // namespace

Error MalformedQuery(const std::string& why) {
  return Named("MalformedQueryException", ErrorCode::kInvalidInput, "Malformed query: " + why, 400);
}

Result<std::vector<QueryToken>> ReadQueryTokens(std::string_view query) {
  constexpr std::array<std::string_view, 14> kSigns = {"!=", "<=", ">=", "=~", "=", "<", ">",
                                                       "(",  ")",  "[",  "]",  ",", "|", "*"};
  std::vector<QueryToken> tokens;
  while (true) {
    const std::size_t begin = query.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) break;
    query.remove_prefix(begin);
    const char first = query.front();
    if (first == '#') {
      query.remove_prefix(std::min(query.find('\n'), query.size()));
    } else if (first == '"' || first == '\'' || first == '`' || first == '/') {
      auto text = TakeBetween(query, first == '/');
      if (!text) return text.error();
      tokens.push_back({first == '/'   ? QueryTokenKind::kRegex
                        : first == '`' ? QueryTokenKind::kQuotedName
                                       : QueryTokenKind::kText,
                        *std::move(text)});
    } else if (IsDigit(first) || (first == '-' && query.size() > 1 && IsDigit(query[1]))) {
      // 5m of bin(5m) is a number with its unit.
      const std::size_t end = std::min(
          static_cast<std::size_t>(std::find_if_not(query.begin() + 1, query.end(), IsNameByte) -
                                   query.begin()),
          query.size());
      tokens.push_back({QueryTokenKind::kNumber, std::string(query.substr(0, end))});
      query.remove_prefix(end);
    } else if (IsNameByte(first)) {
      const auto end = static_cast<std::size_t>(
          std::find_if_not(query.begin(), query.end(), IsNameByte) - query.begin());
      tokens.push_back({QueryTokenKind::kName, std::string(query.substr(0, end))});
      query.remove_prefix(end);
    } else {
      const auto sign = std::ranges::find_if(
          kSigns, [&](std::string_view candidate) { return query.starts_with(candidate); });
      if (sign == kSigns.end()) {
        return MalformedQuery("unexpected " + std::string(query.substr(0, 20)));
      }
      tokens.push_back({QueryTokenKind::kSign, std::string(*sign)});
      query.remove_prefix(sign->size());
    }
  }
  tokens.push_back({});
  return tokens;
}

}  // namespace usher::logs
