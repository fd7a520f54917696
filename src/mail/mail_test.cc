#include "mail/mail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "mail/address.h"

namespace usher::mail {
namespace {

using testing::HasSubstr;
using testing::Not;

Mail SomeMail() {
  return {.message_id = "<delivery-1@sns.usher.invalid>",
          .date = FromEpochMillis(1'658'365'323'000),  // Thu, 21 Jul 2022 01:02:03 UTC
          .from = "no-reply@localhost",
          .to = "friend@example.com",
          .subject = "A film",
          .body = "It starts.\n",
          .fields = {{"List-Unsubscribe", "<http://127.0.0.1/>"}}};
}

TEST(Compose, WritesAPlainMailAsItStands) {
  EXPECT_EQ(*Compose(SomeMail()),
            "Date: Thu, 21 Jul 2022 01:02:03 +0000\r\n"
            "From: no-reply@localhost\r\n"
            "To: friend@example.com\r\n"
            "Subject: A film\r\n"
            "Message-ID: <delivery-1@sns.usher.invalid>\r\n"
            "List-Unsubscribe: <http://127.0.0.1/>\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=UTF-8\r\n"
            "Content-Transfer-Encoding: 7bit\r\n"
            "\r\n"
            "It starts.\r\n");
}

TEST(Compose, EncodesTheSubjectInWholeCharacters) {
  Mail mail = SomeMail();
  mail.subject = "Fünf";

  // "Fünf" is 46 c3 bc 6e 66.
  EXPECT_THAT(*Compose(mail), HasSubstr("Subject: =?UTF-8?B?RsO8bmY=?=\r\n"));
}

TEST(Compose, KeepsEncodedLinesShort) {
  Mail mail = SomeMail();
  mail.body.clear();
  for (int i = 0; i < 500; ++i) mail.body += "=ü ";

  const std::string text = *Compose(mail);

  EXPECT_THAT(text, HasSubstr("Content-Transfer-Encoding: quoted-printable\r\n"));
  std::size_t begin = text.find("\r\n\r\n") + 4;
  while (begin < text.size()) {
    const std::size_t end = text.find("\r\n", begin);
    EXPECT_LE(end - begin, 76U);
    begin = end + 2;
  }
}

TEST(Compose, IsReadBackAsItWas) {
  for (const std::string body : {"", "one\n", "one\ntwo\n", "\n\n", ".\n", "ends in space \n",
                                 "tab\t\n", "a=b\n", "ä\n", "From me\n", "=3D\n"}) {
    for (const std::string subject : {"plain", "=?UTF-8?B?eA==?=", "ä", "two  spaces",
                                      "„Amélie“ — 千と千尋の神隠し 千と千尋の神隠し"}) {
      Mail mail = SomeMail();
      mail.body = body;
      mail.subject = subject;

      const auto read = Parse(*Compose(mail));

      ASSERT_TRUE(read);
      EXPECT_EQ(read->body, body);
      EXPECT_EQ(read->subject, subject);
      EXPECT_EQ(read->message_id, mail.message_id);
      EXPECT_EQ(read->date, mail.date);
      EXPECT_EQ(read->fields, mail.fields);
    }
  }
}

TEST(Compose, RefusesWhatWouldBreakOutOfAHeader) {
  const auto refuses = [](auto change) {
    Mail mail = SomeMail();
    change(mail);
    const auto text = Compose(mail);
    return !text && text.error().code == ErrorCode::kInvalidInput;
  };
  EXPECT_FALSE(refuses([](Mail&) {}));
  EXPECT_TRUE(refuses([](Mail& mail) { mail.subject = "a\r\nBcc: x@y.z"; }));
  EXPECT_TRUE(refuses([](Mail& mail) { mail.subject = "a\nb"; }));
  EXPECT_TRUE(refuses([](Mail& mail) { mail.subject = std::string("a\0b", 3); }));
  EXPECT_TRUE(refuses([](Mail& mail) { mail.subject = "\xff"; }));
  EXPECT_TRUE(refuses([](Mail& mail) { mail.to = "a@b.c\r\nBcc: x@y.z"; }));
  EXPECT_TRUE(refuses([](Mail& mail) { mail.to = "a@b.c,d@e.f"; }));
  EXPECT_TRUE(refuses([](Mail& mail) { mail.to = "a@b.c> RCPT"; }));
  EXPECT_TRUE(refuses([](Mail& mail) { mail.from = "x\ny@b.c"; }));
  EXPECT_TRUE(refuses([](Mail& mail) { mail.message_id = "<a@b>\r\nX: y"; }));
  EXPECT_TRUE(refuses([](Mail& mail) { mail.message_id = "a@b"; }));
  EXPECT_TRUE(refuses([](Mail& mail) { mail.fields = {{"X", "a\r\nY: b"}}; }));
  EXPECT_TRUE(refuses([](Mail& mail) { mail.fields = {{"X: a\r\nY", "b"}}; }));
  EXPECT_TRUE(refuses([](Mail& mail) { mail.body = "\xc3"; }));
}

TEST(Compose, LetsNoLineOfTheTextEndTheHead) {
  Mail mail = SomeMail();
  mail.body = "Bcc: x@y.z\r\n\r\nmore";

  const auto read = Parse(*Compose(mail));

  EXPECT_EQ(read->body, "Bcc: x@y.z\n\nmore\n");
  EXPECT_EQ(read->fields, mail.fields);
}

TEST(CheckAddress, TakesPlainAddressesAlone) {
  for (const char* good :
       {"a@b", "a.b+c@example.com", "o'neill@example.co.uk", "x_y-z@127.0.0.1"}) {
    EXPECT_TRUE(CheckAddress(good)) << good;
  }
  for (const char* bad :
       {"", "a", "@b", "a@", "a@b@c ", "a b@c", "\"a b\"@c", "a@b..c", ".a@b", "a.@b", "a@-b_c",
        "<a@b>", "A <a@b>", "a@b\n", "a@b\r\nRCPT TO:<c@d>", "ä@b", "a@ä", "a@b,c@d"}) {
    EXPECT_FALSE(CheckAddress(bad)) << bad;
  }
  EXPECT_FALSE(CheckAddress(std::string(65, 'a') + "@b"));
  EXPECT_FALSE(CheckAddress("a@" + std::string(253, 'b')));
}

TEST(CheckAddress, ShowsNoControlCharacters) {
  EXPECT_THAT(CheckAddress("a\n\x1b[31m").error().message, Not(HasSubstr("\x1b")));
}

TEST(Parse, RefusesWhatIsNoMail) {
  EXPECT_FALSE(Parse(""));
  EXPECT_FALSE(Parse("no head"));
  EXPECT_FALSE(Parse("no colon here\r\n\r\nbody"));
}

}  // namespace
}  // namespace usher::mail
