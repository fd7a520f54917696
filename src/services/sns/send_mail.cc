// email and email-json: a mail to the subscriber.
#include "services/sns/delivery.h"

namespace usher::sns {
namespace {

constexpr std::string_view kConfirmSubject = "AWS Notification - Subscription Confirmation";
constexpr std::string_view kDefaultSubject = "AWS Notification Message";
// Right of the @ of a Message-ID. Not a setting: the id must be the same at every attempt.
constexpr std::string_view kIdDomain = "sns.usher.invalid";

std::string ConfirmationText(const Parcel& parcel) {
  return "You have chosen to subscribe to the topic:\n" + parcel.topic.arn +
         "\n\nTo confirm this subscription, open the link below. If this was an error, nothing is "
         "to be done.\n" +
         ConfirmLink(parcel.subscription.server, parcel.message) +
         "\n\nThe link works for 3 days. Nothing else is sent to you before it has been opened.\n";
}

std::string NotificationText(const Parcel& parcel) {
  return parcel.message.text +
         "\n\n--\nIf you do not want any more notifications from this topic, open the link below "
         "to unsubscribe:\n" +
         UnsubscribeLink(parcel.subscription.server, parcel.subscription.arn) + "\n";
}

}  // namespace

Result<void> SendMail(const Parcel& parcel, Service& service) {
  const bool is_confirmation = parcel.message.kind == Message::Kind::kConfirmation;
  mail::Mail mail{.message_id = "<" + parcel.delivery_id + "@" + std::string(kIdDomain) + ">",
                  .date = parcel.message.time,
                  .from = service.options.sender,
                  .to = parcel.subscription.endpoint};
  mail.subject = is_confirmation ? std::string(kConfirmSubject)
                                 : parcel.message.subject.value_or(std::string(kDefaultSubject));
  mail.fields.emplace_back("Auto-Submitted", "auto-generated");
  if (!is_confirmation) {
    mail.fields.emplace_back(
        "List-Unsubscribe",
        "<" + UnsubscribeLink(parcel.subscription.server, parcel.subscription.arn) + ">");
  }
  if (!is_confirmation && parcel.subscription.protocol == "email-json") {
    auto text = Envelope(parcel.message, parcel.subscription, parcel.topic, service.signer);
    if (!text) return text.error();
    mail.body = *std::move(text);
  } else {
    mail.body = is_confirmation ? ConfirmationText(parcel) : NotificationText(parcel);
  }
  return service.mailer.Send(mail);
}

}  // namespace usher::sns
