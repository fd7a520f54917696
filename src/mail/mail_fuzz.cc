// Whatever subject and text a mail has, it is composed and read back with the same header fields,
// or refused. The input is the subject, NUL, and the text.
#include <algorithm>
#include <cstdint>

#include "base/check.h"
#include "mail/mail.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace usher;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(input.find('\0'), input.size());
  const mail::Mail mail{.message_id = "<id@host>",
                        .date = FromEpochMillis(1'658'365'323'000),
                        .from = "from@host",
                        .to = "to@host",
                        .subject = std::string(input.substr(0, end)),
                        .body = std::string(input.substr(std::min(end + 1, input.size()))),
                        .fields = {{"X-Field", "value"}}};
  const auto text = mail::Compose(mail);
  if (text) {
    for (const char c : *text) Check(static_cast<unsigned char>(c) < 0x80, "a mail is ASCII");
    const auto read = mail::Parse(*text);
    Check(read.has_value(), "what is composed can be read");
    Check(read->to == mail.to && read->from == mail.from && read->fields == mail.fields &&
              read->message_id == mail.message_id,
          "nothing has got into the head");
  }
  (void)mail::Parse(input);
  return 0;
}
