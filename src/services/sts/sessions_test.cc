#include "services/sts/sessions.h"

#include <gtest/gtest.h>

#include "base/temp_folder.h"
#include "services/sts/service.h"
#include "wire/iam.h"
#include "wire/sts.h"

namespace usher::sts {
namespace {

namespace api = usher::api::sts;
using std::chrono::hours;
using std::chrono::seconds;

constexpr const char* kRoleArn = "arn:aws:iam::000000000000:role/app/Reader";

class OneKey final : public wire::Credentials {
 public:
  [[nodiscard]] std::optional<Key> Find(std::string_view id) const override {
    if (id != "AKIAPERMANENT0000000") return std::nullopt;
    return Key{.secret = "s", .session_token = "", .arn = "root"};
  }
};

class SessionsTest : public testing::Test {
 protected:
  SessionsTest() { Open(); }

  // As after a restart of the server.
  void Open(const std::string& own_key = "AKIAPERMANENT0000000") {
    dispatcher_ = std::make_unique<wire::Dispatcher>();
    sessions_.reset();
    store_.reset();
    store_ = *storage::OpenSqliteStore(folder_.path());
    sessions_ = std::make_unique<Sessions>(*store_, clock_, permanent_, own_key);
    Register(*dispatcher_, *sessions_);
    namespace iam = usher::api::iam;
    dispatcher_->Handle<iam::GetRole>(
        [](const iam::GetRoleRequest& request,
           wire::CallContext& /*context*/) -> Result<iam::GetRoleResponse> {
          if (request.role_name != "Reader") return NotFound("no role");
          iam::Role role;
          role.path = "/app/";
          role.role_name = "Reader";
          role.role_id = "AROA00000000000000000";
          role.arn = kRoleArn;
          role.max_session_duration = 7200;
          return iam::GetRoleResponse{.role = role};
        });
  }

  template <typename Op>
  Result<typename Op::Response> Call(const typename Op::Request& request,
                                     const std::string& key = "AKIAPERMANENT0000000") {
    wire::CallContext context;
    context.caller.access_key_id = key;
    context.caller.arn = "arn:aws:iam::000000000000:root";
    return dispatcher_->Call<Op>(request, context);
  }

  template <typename Op>
  std::string MessageOf(const typename Op::Request& request,
                        const std::string& key = "AKIAPERMANENT0000000") {
    const auto answer = Call<Op>(request, key);
    return answer ? "" : answer.error().message;
  }

  const TempFolder folder_;
  FixedClock clock_{FromEpochMillis(1'658'365'323'000)};
  OneKey permanent_;
  std::unique_ptr<storage::DocumentStore> store_;
  std::unique_ptr<Sessions> sessions_;
  std::unique_ptr<wire::Dispatcher> dispatcher_;
};

TEST_F(SessionsTest, AreKnownUntilTheyAreOverAlsoAfterARestart) {
  const auto session = sessions_->Begin("arn:one", hours(1));
  ASSERT_TRUE(session);
  EXPECT_EQ(session->access_key_id.size(), 20U);
  EXPECT_TRUE(session->access_key_id.starts_with("ASIA"));

  Open();
  auto key = sessions_->Find(session->access_key_id);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->secret, session->key.secret);
  EXPECT_EQ(key->session_token, session->key.session_token);
  EXPECT_EQ(key->arn, "arn:one");
  EXPECT_FALSE(key->expired);

  clock_.Advance(seconds(3599));
  EXPECT_FALSE(sessions_->Find(session->access_key_id)->expired);
  clock_.Advance(seconds(1));
  EXPECT_TRUE(sessions_->Find(session->access_key_id)->expired);
}

TEST_F(SessionsTest, EndWithTheServersOwnKey) {
  const auto session = sessions_->Begin("arn:one", hours(1));

  Open("AKIANEW0000000000000");

  EXPECT_FALSE(sessions_->Find(session->access_key_id));
}

TEST_F(SessionsTest, AreForgottenWhenTheyHaveLongBeenOver) {
  const auto old = sessions_->Begin("arn:one", hours(1));
  clock_.Advance(hours(3));
  const auto fresh = sessions_->Begin("arn:two", hours(1));

  EXPECT_FALSE(sessions_->Find(old->access_key_id));
  EXPECT_TRUE(sessions_->Find(fresh->access_key_id));
}

TEST_F(SessionsTest, AskForOtherKeys) {
  EXPECT_EQ(sessions_->Find("AKIAPERMANENT0000000")->arn, "root");
  EXPECT_FALSE(sessions_->Find("AKIAUNKNOWN000000000"));
  EXPECT_FALSE(sessions_->Find("ASIAUNKNOWN000000000"));
}

TEST_F(SessionsTest, AssumeRoleGivesAKeyForTheRole) {
  const auto assumed = Call<api::AssumeRole>({.role_arn = kRoleArn,
                                              .role_session_name = "me",
                                              .duration_seconds = 7200,
                                              .source_identity = "alice"});
  ASSERT_TRUE(assumed) << assumed.error().message;
  const api::Credentials& given = *assumed->credentials;
  EXPECT_EQ(given.expiration, clock_.Now() + seconds(7200));
  EXPECT_EQ(assumed->assumed_role_user->arn, "arn:aws:sts::000000000000:assumed-role/Reader/me");
  EXPECT_TRUE(assumed->assumed_role_user->assumed_role_id.starts_with("AROA"));
  EXPECT_TRUE(assumed->assumed_role_user->assumed_role_id.ends_with(":me"));
  EXPECT_EQ(assumed->source_identity, "alice");
  const auto key = sessions_->Find(given.access_key_id);
  EXPECT_EQ(key->secret, given.secret_access_key);
  EXPECT_EQ(key->session_token, given.session_token);
  EXPECT_EQ(key->arn, assumed->assumed_role_user->arn);
}

TEST_F(SessionsTest, AssumeRoleRefusesRolesThatAreNotThere) {
  for (const char* arn : {"arn:aws:iam::000000000000:role/None",
                          "arn:aws:iam::000000000000:role/Reader",      // it has a path
                          "arn:aws:iam::111111111111:role/app/Reader",  // of another account
                          "arn:aws:iam::000000000000:user/Reader"}) {
    const auto refused = Call<api::AssumeRole>({.role_arn = arn, .role_session_name = "me"});
    ASSERT_FALSE(refused) << arn;
    EXPECT_EQ(refused.error().code, ErrorCode::kAccessDenied);
    EXPECT_EQ(refused.error().message,
              "User: arn:aws:iam::000000000000:root is not authorized to perform: sts:AssumeRole "
              "on resource: " +
                  std::string(arn));
  }
}

TEST_F(SessionsTest, AssumeRoleHoldsTheLimitsOfDuration) {
  const api::AssumeRoleRequest longer{
      .role_arn = kRoleArn, .role_session_name = "me", .duration_seconds = 7201};
  EXPECT_EQ(MessageOf<api::AssumeRole>(longer),
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  const api::AssumeRoleRequest chained{
      .role_arn = kRoleArn, .role_session_name = "me", .duration_seconds = 3601};
  EXPECT_EQ(MessageOf<api::AssumeRole>(chained), "");
  EXPECT_NE(MessageOf<api::AssumeRole>(chained, "ASIASOMEBODY00000000"), "");
  EXPECT_NE(
      MessageOf<api::AssumeRole>({.role_arn = kRoleArn, .role_session_name = "me", .policy = "x"}),
      "");
  EXPECT_NE(MessageOf<api::AssumeRole>({.role_arn = kRoleArn,
                                        .role_session_name = "me",
                                        .serial_number = "GAHT12345678",
                                        .token_code = "123456"}),
            "");
}

TEST_F(SessionsTest, GetSessionTokenIsForPermanentKeys) {
  const auto given = Call<api::GetSessionToken>({.duration_seconds = 900});
  ASSERT_TRUE(given);
  EXPECT_EQ(given->credentials->expiration, clock_.Now() + seconds(900));
  EXPECT_EQ(sessions_->Find(given->credentials->access_key_id)->arn,
            "arn:aws:iam::000000000000:root");
  EXPECT_EQ(Call<api::GetSessionToken>({})->credentials->expiration, clock_.Now() + seconds(43200));
  EXPECT_EQ(MessageOf<api::GetSessionToken>({}, given->credentials->access_key_id),
            "Cannot call GetSessionToken with session credentials");
}

TEST_F(SessionsTest, GetAccessKeyInfoKnowsTheKeysOfThisServer) {
  EXPECT_EQ(Call<api::GetAccessKeyInfo>({.access_key_id = "AKIAPERMANENT0000000"})->account,
            "000000000000");
  EXPECT_FALSE(Call<api::GetAccessKeyInfo>({.access_key_id = "AKIAUNKNOWN000000000"}));
}

}  // namespace
}  // namespace usher::sts
