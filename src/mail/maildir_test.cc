#include "mail/maildir.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/temp_folder.h"
#include "mail/mailer.h"

namespace usher::mail {
namespace {

Mail SomeMail(const std::string& id) {
  return {.message_id = "<" + id + "@x>",
          .date = FromEpochMillis(1'658'365'323'000),
          .from = "a@b",
          .to = "c@d",
          .subject = id,
          .body = "text\n"};
}

std::size_t FilesIn(const std::string& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder),
                                                std::filesystem::directory_iterator()));
}

TEST(Maildir, PutsAMailIntoNew) {
  const TempFolder folder;
  const auto maildir = *Maildir::Open(folder.path() + "/mail");

  ASSERT_TRUE(maildir->Deliver(SomeMail("one"), *Compose(SomeMail("one"))));

  EXPECT_EQ(FilesIn(folder.path() + "/mail/new"), 1U);
  EXPECT_EQ(FilesIn(folder.path() + "/mail/tmp"), 0U);
  const auto mails = *ReadMaildir(folder.path() + "/mail");
  ASSERT_EQ(mails.size(), 1U);
  EXPECT_EQ(mails[0].mail.subject, "one");
}

TEST(Maildir, TakesTheSameMailOnce) {
  const TempFolder folder;
  const auto maildir = *Maildir::Open(folder.path());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(maildir->Deliver(SomeMail("one"), *Compose(SomeMail("one"))));
  }

  EXPECT_EQ(ReadMaildir(folder.path())->size(), 1U);
}

TEST(Maildir, KnowsAMailThatAProgramHasReadAndFlagged) {
  const TempFolder folder;
  const auto maildir = *Maildir::Open(folder.path());
  ASSERT_TRUE(maildir->Deliver(SomeMail("one"), *Compose(SomeMail("one"))));
  ASSERT_TRUE(maildir->Deliver(SomeMail("one"), *Compose(SomeMail("one"))));
  const std::string name = MailFileName(SomeMail("one"));
  std::filesystem::rename(folder.path() + "/new/" + name, folder.path() + "/cur/" + name + ":2,S");

  ASSERT_TRUE(maildir->Deliver(SomeMail("one"), *Compose(SomeMail("one"))));

  EXPECT_EQ(FilesIn(folder.path() + "/new"), 0U);
  EXPECT_EQ(ReadMaildir(folder.path())->size(), 1U);
}

TEST(Maildir, WritesAgainWhatWasLeftHalf) {
  const TempFolder folder;
  const auto maildir = *Maildir::Open(folder.path());
  std::ofstream(folder.path() + "/tmp/" + MailFileName(SomeMail("one"))) << "ha";

  ASSERT_TRUE(maildir->Deliver(SomeMail("one"), *Compose(SomeMail("one"))));

  ASSERT_EQ(ReadMaildir(folder.path())->size(), 1U);
  EXPECT_EQ((*ReadMaildir(folder.path()))[0].mail.body, "text\n");
}

TEST(MailFileName, DependsOnTheMessageIdAndHasNothingOfItsText) {
  EXPECT_NE(MailFileName(SomeMail("one")), MailFileName(SomeMail("two")));
  Mail hostile = SomeMail("one");
  hostile.message_id = "<../../etc/passwd@x>";
  EXPECT_EQ(MailFileName(hostile).find('/'), std::string::npos);
}

TEST(ReadMaildir, LeavesOutWhatIsNoMail) {
  const TempFolder folder;
  const auto maildir = *Maildir::Open(folder.path());
  std::ofstream(folder.path() + "/new/junk") << "junk";
  ASSERT_TRUE(maildir->Deliver(SomeMail("one"), *Compose(SomeMail("one"))));

  EXPECT_EQ(ReadMaildir(folder.path())->size(), 1U);
}

Mail MailAt(const std::string& id, std::int64_t seconds) {
  Mail mail = SomeMail(id);
  mail.date = FromEpochMillis(seconds * 1000);
  return mail;
}

TEST(ReadNewestMails, OpensTheNewestAlone) {
  const TempFolder folder;
  const auto maildir = *Maildir::Open(folder.path());
  // Numbers of different lengths, so that names do not sort as dates do.
  for (const std::int64_t seconds : {5, 1'000'000'000, 999'999'999, 1'000'000'001, 70}) {
    const Mail mail = MailAt(std::to_string(seconds), seconds);
    ASSERT_TRUE(maildir->Deliver(mail, *Compose(mail)));
  }

  const auto newest = *ReadNewestMails(folder.path(), 2);

  EXPECT_EQ(newest.files, 5U);
  ASSERT_EQ(newest.mails.size(), 2U);
  EXPECT_EQ(newest.mails[0].mail.subject, "1000000000");
  EXPECT_EQ(newest.mails[1].mail.subject, "1000000001");
  EXPECT_EQ(ReadNewestMails(folder.path(), 10)->mails.size(), 5U);
  EXPECT_EQ(ReadNewestMails("/nonexistent/mail", 10)->files, 0U);
}

TEST(ReadMail, FindsAMailByItsName) {
  const TempFolder folder;
  const auto maildir = *Maildir::Open(folder.path());
  ASSERT_TRUE(maildir->Deliver(SomeMail("one"), *Compose(SomeMail("one"))));
  const std::string name = MailFileName(SomeMail("one"));
  EXPECT_EQ(ReadMail(folder.path(), name)->subject, "one");
  std::filesystem::rename(folder.path() + "/new/" + name, folder.path() + "/cur/" + name + ":2,S");
  EXPECT_EQ(ReadMail(folder.path(), name)->subject, "one");
}

TEST(ReadMail, OpensNothingElse) {
  const TempFolder folder;
  const auto maildir = *Maildir::Open(folder.path() + "/mail");
  std::ofstream(folder.path() + "/secret") << "From: a@b\n\nsecret";
  std::ofstream(folder.path() + "/mail/new/none") << "no mail";
  for (const char* name : {"../../secret", "/etc/passwd", "", ".", "..", "new"}) {
    EXPECT_EQ(ReadMail(folder.path() + "/mail", name).error().code, ErrorCode::kNotFound) << name;
  }
  EXPECT_EQ(ReadMail(folder.path() + "/mail", "none").error().code, ErrorCode::kInvalidInput);
}

TEST(ReadMaildir, GivesNothingWhereThereIsNoFolder) {
  EXPECT_TRUE(ReadMaildir("/nonexistent/mail")->empty());
}

TEST(ParseSmtpRelay, ReadsUserPasswordHostAndPort) {
  const auto relay = ParseSmtpRelay("smtp://me%40x:p%3Ass@mail.example.com:587");

  ASSERT_TRUE(relay);
  EXPECT_EQ(relay->url, "smtp://mail.example.com:587");
  EXPECT_EQ(relay->user, "me@x");
  EXPECT_EQ(relay->password, "p:ss");
  EXPECT_FALSE(relay->implicit_tls);
  EXPECT_FALSE(relay->is_loopback);
}

TEST(ParseSmtpRelay, TakesTheShortForms) {
  EXPECT_EQ(ParseSmtpRelay("smtps://mail")->url, "smtps://mail");
  EXPECT_TRUE(ParseSmtpRelay("smtps://mail")->implicit_tls);
  EXPECT_EQ(ParseSmtpRelay("smtp://[::1]:25/")->url, "smtp://[::1]:25");
  EXPECT_TRUE(ParseSmtpRelay("smtp://[::1]")->is_loopback);
  EXPECT_TRUE(ParseSmtpRelay("smtp://localhost:25")->is_loopback);
}

TEST(ParseSmtpRelay, RefusesTheRestWithoutRepeatingThePassword) {
  for (const char* bad :
       {"", "mail:25", "http://mail", "smtp://", "smtp://user@mail", "smtp://:secret@mail",
        "smtp://u:secret@", "smtp://u:secret@mail:0", "smtp://u:secret@mail:65536",
        "smtp://u:secret@mail:x", "smtp://u:secret@ma il", "smtp://u:%zzsecret@mail",
        "smtp://u:secret@mail/path", "smtp://u:secret@mail\r\nx"}) {
    const auto relay = ParseSmtpRelay(bad);
    ASSERT_FALSE(relay) << bad;
    EXPECT_EQ(relay.error().message.find("secret"), std::string::npos) << bad;
  }
}

}  // namespace
}  // namespace usher::mail
