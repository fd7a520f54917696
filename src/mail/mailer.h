// Mailer: where mails go. To a relay (SMTP), or into a Maildir in the data folder, so that a
// workflow that ends in a mail is whole on one machine.
//
// Threads: safe from any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "mail/mail.h"

namespace usher::mail {

class Mailer {
 public:
  virtual ~Mailer() = default;
  // When it returns without an error the mail is another's to keep: in the Maildir, durably, or
  // accepted by the relay. Errors: invalid input when it can never be sent (the relay refuses the
  // address for good, a header would break); any other kind is worth another try.
  virtual Result<void> Send(const Mail& mail) = 0;
  // Ends what is being sent, and all that comes later, with an error: for the server to stop.
  virtual void Stop() {}
};

// `folder` is made where missing.
Result<std::unique_ptr<Mailer>> MailToFolder(const std::string& folder);

// A relay, as `--smtp` names it.
struct SmtpRelay {
  std::string url;  // "smtp://host:25", without user and password
  std::string user;
  std::string password;
  std::string ca_file;  // PEM; the system's authorities when empty
  bool is_loopback = false;
  bool implicit_tls = false;  // smtps
};

// "smtp[s]://[user:pass@]host[:port]"; user and password percent-encoded. Errors: invalid input,
// saying what is accepted and never repeating the password.
Result<SmtpRelay> ParseSmtpRelay(std::string_view text);

// smtps speaks TLS from the start. smtp begins it with STARTTLS where the relay offers that, and
// insists on it when there is a password to be sent to another machine. Certificates are checked.
std::unique_ptr<Mailer> MailToRelay(SmtpRelay relay);

}  // namespace usher::mail
