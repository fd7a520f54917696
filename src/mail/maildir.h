// Maildir: mails as files in a folder that any mail program reads (tmp/, new/, cur/).
//
// A mail's file is named by its date and a hash of its Message-ID, so the same mail delivered again
// is found and not written twice, also after a mail program has moved it to cur/.
//
// Source:  D. J. Bernstein, "Using maildir format".
// Cost:    two syncs for each new mail.
// Threads: safe from any thread; deliveries of one mail must not overlap.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mail/mail.h"

namespace usher::mail {

inline constexpr std::size_t kMaxMailFileBytes = 4U << 20;

class Maildir {
 public:
  // Makes the folder and its three parts where they are missing. Errors: internal.
  static Result<std::unique_ptr<Maildir>> Open(const std::string& folder);

  // Durable when it returns; nothing happens when the mail is there already. `text` as Compose
  // gives it. Errors: internal (disk full, …).
  Result<void> Deliver(const Mail& mail, std::string_view text);

 private:
  explicit Maildir(std::string folder) : folder_(std::move(folder)) {}
  Result<bool> IsThere(const std::string& name);

  std::string folder_;
  std::mutex mutex_;
  std::set<std::string, std::less<>> read_;  // names in cur/ without their flags …
  std::int64_t read_changed_ = -1;           // … when the folder was changed at this time
};

// One mail of the folder, by date, oldest first.
struct StoredMail {
  std::string name;  // of its file, without the flags that mail programs add
  Mail mail;
};

// For reading alone: the folder need not exist, and nothing is made. Files that are no mails are
// left out. Errors: internal.
Result<std::vector<StoredMail>> ReadMaildir(const std::string& folder);

struct NewestMails {
  std::vector<StoredMail> mails;  // by date, oldest first
  std::size_t files = 0;          // in the folder, of which these are some
};
// Likewise, of at most `most` files: those with the latest dates in their names. Opens no others.
Result<NewestMails> ReadNewestMails(const std::string& folder, std::size_t most);

// The mail whose name is this one. Errors: not found; invalid input when it is no mail; internal.
Result<Mail> ReadMail(const std::string& folder, std::string_view name);

// "1658365323.0123456789abcdef0123456789abcdef.usher".
[[nodiscard]] std::string MailFileName(const Mail& mail);

}  // namespace usher::mail
