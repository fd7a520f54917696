#include "mail/maildir.h"
#include "mail/mailer.h"

namespace usher::mail {
namespace {

class FolderMailer final : public Mailer {
 public:
  explicit FolderMailer(std::unique_ptr<Maildir> folder) : folder_(std::move(folder)) {}

  Result<void> Send(const Mail& mail) override {
    const auto text = Compose(mail);
    if (!text) return text.error();
    return folder_->Deliver(mail, *text);
  }

 private:
  std::unique_ptr<Maildir> folder_;
};

}  // namespace

Result<std::unique_ptr<Mailer>> MailToFolder(const std::string& folder) {
  auto maildir = Maildir::Open(folder);
  if (!maildir) return maildir.error();
  return std::unique_ptr<Mailer>(std::make_unique<FolderMailer>(*std::move(maildir)));
}

}  // namespace usher::mail
