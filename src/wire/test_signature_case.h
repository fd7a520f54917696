// The public cases of Signature Version 4, as $USHER_CORPORA/sigv4/v4 holds them.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "json/json.h"
#include "wire/sigv4.h"
#include "wire/test_corpus.h"
#include "wire/test_request.h"

namespace usher::wire::testing {

inline constexpr std::size_t kSignatureCaseCount = 38;

struct SignatureCase {
  std::filesystem::path folder;
  sigv4::SignOptions options;
  std::chrono::seconds life{};

  [[nodiscard]] std::string Read(std::string_view name) const {
    return usher::testing::ReadFile(folder / (std::string(name) + ".txt"));
  }
  [[nodiscard]] FakeCredentials MakeCredentials() const {
    FakeCredentials credentials;
    credentials.Add(options.identity.access_key_id,
                    {.secret = options.identity.secret,
                     .session_token = options.identity.session_token,
                     .arn = "arn:aws:iam::000000000000:user/suite"});
    return credentials;
  }
};

namespace internal {

inline std::string Text(const Value& value, std::string_view name) {
  const Value* member = value.Find(name);
  return member != nullptr && member->as_string() != nullptr ? *member->as_string() : "";
}

inline bool Flag(const Value& value, std::string_view name) {
  const Value* member = value.Find(name);
  return member != nullptr && member->as_bool() != nullptr && *member->as_bool();
}

}  // namespace internal

inline SignatureCase LoadSignatureCase(const std::filesystem::path& folder) {
  SignatureCase loaded{.folder = folder};
  const auto context = json::Parse(usher::testing::ReadFile(folder / "context.json"));
  EXPECT_TRUE(context) << folder;
  if (!context) return loaded;
  const Value* keys = context->Find("credentials");
  EXPECT_NE(keys, nullptr);
  if (keys == nullptr) return loaded;
  const auto time = ParseIso8601(internal::Text(*context, "timestamp"));
  EXPECT_TRUE(time);
  loaded.options = {.identity = {.access_key_id = internal::Text(*keys, "access_key_id"),
                                 .secret = internal::Text(*keys, "secret_access_key"),
                                 .session_token = internal::Text(*keys, "token")},
                    .region = internal::Text(*context, "region"),
                    .service = internal::Text(*context, "service"),
                    .now = time ? *time : Time(),
                    .rules = sigv4::ServiceRules(sigv4::ErrorStyle::kJson),
                    .send_content_sha256 = internal::Flag(*context, "sign_body"),
                    .leave_token_unsigned = internal::Flag(*context, "omit_session_token")};
  loaded.options.rules.normalize_path = internal::Flag(*context, "normalize");
  const Value* life = context->Find("expiration_in_seconds");
  EXPECT_TRUE(life != nullptr && life->as_int() != nullptr);
  if (life != nullptr && life->as_int() != nullptr) {
    loaded.life = std::chrono::seconds(*life->as_int());
  }
  return loaded;
}

// All of them; empty with the reason in `why` where the corpora are missing.
inline std::vector<SignatureCase> LoadSignatureCases(std::string& why) {
  std::vector<SignatureCase> cases;
  const auto folder = usher::testing::FindCorpus("sigv4/v4", why);
  if (!folder) return cases;
  for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
    if (std::filesystem::exists(entry.path() / "context.json")) {
      cases.push_back(LoadSignatureCase(entry.path()));
    }
  }
  EXPECT_EQ(cases.size(), kSignatureCaseCount);
  return cases;
}

}  // namespace usher::wire::testing
