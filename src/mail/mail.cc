#include "mail/mail.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include "base/encoding.h"
#include "base/text.h"
#include "mail/address.h"

namespace usher::mail {
namespace {

constexpr std::size_t kMaxPlainLine = 998;  // RFC 5322 section 2.1.1
constexpr std::size_t kMaxEncodedLine = 76;
constexpr std::size_t kWordBytes = 42;  // of text in one encoded word: 56 base64 digits and frame
constexpr std::string_view kEncodedStart = "=?UTF-8?B?";
constexpr std::string_view kEncodedEnd = "?=";
constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

bool IsPrintable(char c) { return c >= ' ' && c < 0x7f; }

bool IsPlain(std::string_view text) { return std::ranges::all_of(text, IsPrintable); }

bool HasControl(std::string_view text) {
  return std::ranges::any_of(
      text, [](char c) { return (static_cast<unsigned char>(c) < ' ') || c == 0x7f; });
}

bool ContinuesCharacter(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; }

// Encoded words of whole characters, one a line.
std::string EncodeHeaderText(std::string_view text) {
  if (IsPlain(text) && text.find(kEncodedStart) == std::string_view::npos) {
    return std::string(text);
  }
  std::string out;
  while (!text.empty()) {
    std::size_t size = std::min(kWordBytes, text.size());
    while (size < text.size() && ContinuesCharacter(text[size])) --size;
    if (!out.empty()) out += "\r\n ";
    out += kEncodedStart;
    out += Base64Encode(text.substr(0, size));
    out += kEncodedEnd;
    text.remove_prefix(size);
  }
  return out;
}

std::string DecodeHeaderText(std::string_view text) {
  std::string out;
  while (true) {
    const std::size_t start = text.find(kEncodedStart);
    if (start == std::string_view::npos) return out + std::string(text);
    const std::size_t end = text.find(kEncodedEnd, start + kEncodedStart.size());
    if (end == std::string_view::npos) return out + std::string(text);
    const std::string_view between = text.substr(0, start);
    // White space between two encoded words is no part of the text.
    if (out.empty() || !Trim(between).empty()) out += between;
    const std::size_t from = start + kEncodedStart.size();
    const auto bytes = Base64Decode(text.substr(from, end - from));
    out += bytes ? *bytes : std::string(text.substr(start, end + kEncodedEnd.size() - start));
    text.remove_prefix(end + kEncodedEnd.size());
  }
}

std::string FormatDate(Time time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto day = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(seconds - day);
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d +0000",
                kDays[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text.data();
}

Time ParseDate(std::string_view text) {
  std::array<char, 4> month{};
  int day = 0;
  int year = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  const std::string copy(text.substr(0, 64));
  if (std::sscanf(copy.c_str(), "%*3s, %d %3s %d %d:%d:%d", &day, month.data(), &year, &hour,
                  &minute, &second) != 6) {
    return {};
  }
  const auto found = std::ranges::find(kMonths, std::string_view(month.data()));
  if (found == kMonths.end()) return {};
  const std::chrono::year_month_day date{
      std::chrono::year(year),
      std::chrono::month(static_cast<unsigned>(found - kMonths.begin()) + 1),
      std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return {};
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second);
}

// Lines without their ends. A last line that is not ended counts, an empty rest does not.
std::vector<std::string_view> Lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

bool NeedsEncoding(const std::vector<std::string_view>& lines) {
  return std::ranges::any_of(lines, [](std::string_view line) {
    return line.size() > kMaxPlainLine ||
           !std::ranges::all_of(line, [](char c) { return IsPrintable(c) || c == '\t'; });
  });
}

void AppendQuotedPrintable(std::string& out, std::string_view line) {
  std::size_t column = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool ends = i + 1 == line.size();
    const bool plain = (IsPrintable(c) && c != '=' && (c != ' ' || !ends)) || (c == '\t' && !ends);
    const std::size_t width = plain ? 1 : 3;
    if (column + width > kMaxEncodedLine - 1) {
      out += "=\r\n";
      column = 0;
    }
    if (plain) {
      out += c;
    } else {
      std::array<char, 4> hex{};
      std::snprintf(hex.data(), hex.size(), "=%02X", static_cast<unsigned char>(c));
      out += hex.data();
    }
    column += width;
  }
}

std::string DecodeQuotedPrintable(std::string_view text) {
  std::string out;
  for (const std::string_view line : Lines(text)) {
    std::size_t i = 0;
    bool soft = false;
    for (; i < line.size(); ++i) {
      if (line[i] != '=') {
        out += line[i];
      } else if (i + 1 == line.size()) {
        soft = true;
      } else if (const auto byte = HexDecode(line.substr(i + 1, 2)); byte && byte->size() == 1) {
        out += *byte;
        i += 2;
      } else {
        out += '=';
      }
    }
    if (!soft) out += '\n';
  }
  return out;
}

Result<void> Check(const Mail& mail) {
  if (auto from = CheckAddress(mail.from); !from) return from;
  if (auto to = CheckAddress(mail.to); !to) return to;
  const std::string& id = mail.message_id;
  if (id.size() < 5 || id.size() > kMaxMessageIdBytes || !IsPlain(id) || id.front() != '<' ||
      id.back() != '>' || id.find(' ') != std::string::npos) {
    return InvalidInput("the Message-ID of a mail must be <…@…>");
  }
  if (mail.subject.size() > kMaxSubjectBytes) {
    return InvalidInput("the subject is longer than " + std::to_string(kMaxSubjectBytes) +
                        " bytes");
  }
  if (HasControl(mail.subject) || !IsUtf8(mail.subject)) {
    return InvalidInput("the subject must be one line of UTF-8 without control characters");
  }
  if (mail.body.size() > kMaxBodyBytes || !IsUtf8(mail.body)) {
    return InvalidInput("the text of a mail must be UTF-8 of at most " +
                        std::to_string(kMaxBodyBytes) + " bytes");
  }
  for (const auto& [name, value] : mail.fields) {
    const bool named = !name.empty() && std::ranges::all_of(name, [](char c) {
      return c > ' ' && c < 0x7f && c != ':';
    });
    if (!named || !IsPlain(value) || name.size() + value.size() > kMaxPlainLine - 2) {
      return InvalidInput("the header field \"" + name + "\" is not one line of ASCII");
    }
  }
  return {};
}

}  // namespace

Result<std::string> Compose(const Mail& mail) {
  if (const auto valid = Check(mail); !valid) return valid.error();
  const auto lines = Lines(mail.body);
  const bool encode = NeedsEncoding(lines);

  std::string out;
  const auto field = [&](std::string_view name, std::string_view value) {
    out += name;
    out += ": ";
    out += value;
    out += "\r\n";
  };
  field("Date", FormatDate(mail.date));
  field("From", mail.from);
  field("To", mail.to);
  field("Subject", EncodeHeaderText(mail.subject));
  field("Message-ID", mail.message_id);
  for (const auto& [name, value] : mail.fields) field(name, value);
  field("MIME-Version", "1.0");
  field("Content-Type", "text/plain; charset=UTF-8");
  field("Content-Transfer-Encoding", encode ? "quoted-printable" : "7bit");
  out += "\r\n";
  for (const std::string_view line : lines) {
    if (encode) {
      AppendQuotedPrintable(out, line);
    } else {
      out += line;
    }
    out += "\r\n";
  }
  return out;
}

Result<Mail> Parse(std::string_view text) {
  std::size_t head_end = text.find("\r\n\r\n");
  std::size_t body = head_end + 4;
  if (head_end == std::string_view::npos) {
    head_end = text.find("\n\n");
    body = head_end + 2;
  }
  if (head_end == std::string_view::npos) return InvalidInput("this is not a mail: it has no head");

  std::vector<std::pair<std::string, std::string>> fields;
  for (const std::string_view line : Lines(text.substr(0, head_end))) {
    if (line.starts_with(' ') || line.starts_with('\t')) {
      if (!fields.empty()) fields.back().second += line;
      continue;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return InvalidInput("a header field has no colon");
    fields.emplace_back(line.substr(0, colon), Trim(line.substr(colon + 1)));
  }

  Mail mail;
  std::string encoding;
  for (auto& [name, value] : fields) {
    if (EqualsIgnoreCase(name, "Message-ID")) {
      mail.message_id = value;
    } else if (EqualsIgnoreCase(name, "Date")) {
      mail.date = ParseDate(value);
    } else if (EqualsIgnoreCase(name, "From")) {
      mail.from = value;
    } else if (EqualsIgnoreCase(name, "To")) {
      mail.to = value;
    } else if (EqualsIgnoreCase(name, "Subject")) {
      mail.subject = DecodeHeaderText(value);
    } else if (EqualsIgnoreCase(name, "Content-Transfer-Encoding")) {
      encoding = AsciiLower(value);
    } else if (!EqualsIgnoreCase(name, "MIME-Version") && !EqualsIgnoreCase(name, "Content-Type")) {
      mail.fields.emplace_back(std::move(name), std::move(value));
    }
  }
  if (encoding == "quoted-printable") {
    mail.body = DecodeQuotedPrintable(text.substr(body));
  } else {
    for (const std::string_view line : Lines(text.substr(body))) {
      mail.body += line;
      mail.body += '\n';
    }
  }
  return mail;
}

}  // namespace usher::mail
