#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <vector>

#include "base/text.h"
#include "cli/options.h"
#include "cli/serve_settings.h"
#include "mail/maildir.h"

namespace usher::cli {
namespace {

constexpr std::size_t kShownSubject = 60;  // characters of a line of the list
constexpr std::string_view kConfirmAction = "/?Action=ConfirmSubscription&";

// What a mail says may hold anything: nothing of it may steer the terminal.
std::string Harmless(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool control =
        (static_cast<unsigned char>(c) < ' ' && c != '\n' && c != '\t') || c == 0x7f;
    out += control ? '?' : c;
  }
  return out;
}

std::string Cut(const std::string& text, std::size_t characters) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0U) == 0x80U) continue;
    if (count++ == characters) return text.substr(0, i) + "…";
  }
  return text;
}

// The link by which a subscription is confirmed; empty when there is none.
std::string ConfirmLink(std::string_view body) {
  const std::size_t action = body.find(kConfirmAction);
  if (action == std::string_view::npos) return {};
  const std::size_t start = body.find_last_of(" \n<\"", action);
  const std::size_t from = start == std::string_view::npos ? 0 : start + 1;
  return std::string(body.substr(from, body.find_first_of(" \n\r>\"", action) - from));
}

void PrintList(const std::vector<mail::StoredMail>& mails) {
  std::printf("%4s  %-20s  %-30s  %s\n", "N", "DATE", "TO", "SUBJECT");
  std::size_t number = 0;
  for (const auto& [name, one] : mails) {
    std::printf("%4zu  %-20s  %-30s  %s\n", ++number, FormatIso8601(one.date, false).c_str(),
                Harmless(one.to).c_str(), Cut(Harmless(one.subject), kShownSubject).c_str());
  }
}

void PrintMail(const mail::Mail& one) {
  std::printf("Date:       %s\nFrom:       %s\nTo:         %s\nSubject:    %s\nMessage-ID: %s\n",
              FormatIso8601(one.date, false).c_str(), Harmless(one.from).c_str(),
              Harmless(one.to).c_str(), Harmless(one.subject).c_str(),
              Harmless(one.message_id).c_str());
  const std::string body = Harmless(one.body);
  if (const std::string link = ConfirmLink(body); !link.empty()) {
    std::printf("Confirm:    %s\n", link.c_str());
  }
  std::printf("\n%s", body.c_str());
}

// By its number in the list, or by its Message-ID, with or without the angle brackets.
const mail::StoredMail* Find(const std::vector<mail::StoredMail>& mails, std::string_view which) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(which.data(), which.data() + which.size(), number);
  if (error == std::errc() && end == which.data() + which.size()) {
    return number >= 1 && number <= mails.size() ? &mails[number - 1] : nullptr;
  }
  const auto found = std::ranges::find_if(mails, [&](const mail::StoredMail& one) {
    return one.mail.message_id == which || one.mail.message_id == "<" + std::string(which) + ">";
  });
  return found == mails.end() ? nullptr : &*found;
}

}  // namespace

int Mail(Arguments arguments) {
  std::string data;
  std::vector<std::string> words;
  const std::vector<Option> options{
      {"--data", "DIR", "data folder of the server (~/.local/share/usher)", TakeText(data)}};
  constexpr CommandHelp kHelp{
      .name = "mail",
      .purpose =
          "Lists the mails that a server without a relay (`usher serve --smtp`) has kept in its "
          "data folder, oldest first, or shows one, by its number in the list or its Message-ID, "
          "with the link that confirms a subscription. Any mail program can read them too: they "
          "are a Maildir, mail/ in the data folder.",
      .examples = "  usher mail\n  usher mail show 1\n",
      .positionals = "[show N|ID]"};
  if (const auto exit = ParseOptions(kHelp, options, arguments, &words)) return *exit;
  const bool shows = words.size() == 2 && words[0] == "show";
  const bool lists = words.empty() || (words.size() == 1 && words[0] == "list");
  if (!shows && !lists) return FailUsage("mail", "say nothing, or `show` and which mail");
  const auto folder = DataFolderPath(data);
  if (!folder) return FailUsage("mail", folder.error().message);

  const auto mails = mail::ReadMaildir(*folder + "/mail");
  if (!mails) return Fail("mail", mails.error().message);
  if (shows) {
    const mail::StoredMail* one = Find(*mails, words[1]);
    if (!one) {
      return Fail("mail", "there is no mail " + words[1] + ": `usher mail` lists the " +
                              std::to_string(mails->size()) + " that there are");
    }
    PrintMail(one->mail);
    return kExitOk;
  }
  if (mails->empty()) {
    std::printf("There are no mails in %s/mail.\n", folder->c_str());
    return kExitOk;
  }
  PrintList(*mails);
  return kExitOk;
}

}  // namespace usher::cli
