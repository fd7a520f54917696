#include "services/sts/sessions.h"

#include "base/log.h"
#include "json/json.h"
#include "wire/temporary_credentials.h"

namespace usher::sts {
namespace {

constexpr std::string_view kKind = "sts/session";
constexpr std::size_t kSweep = 100;             // of the oldest, looked at when one begins
constexpr std::chrono::hours kKeptAfterEnd{1};  // so that a late request is told why

std::string Encode(const Sessions::Session& session) {
  ValueMap body;
  body.Append("secret", session.key.secret);
  body.Append("token", session.key.session_token);
  body.Append("arn", session.key.arn);
  body.Append("expires", EpochMillis(session.expires));
  body.Append("ownKey", session.own_key);
  return json::Write(body);
}

std::optional<Sessions::Session> Decode(const storage::Document& document) {
  const auto body = json::Parse(document.body);
  const Value* secret = body ? body->Find("secret") : nullptr;
  const Value* token = body ? body->Find("token") : nullptr;
  const Value* arn = body ? body->Find("arn") : nullptr;
  const Value* expires = body ? body->Find("expires") : nullptr;
  const Value* own_key = body ? body->Find("ownKey") : nullptr;
  const bool is_whole = own_key && own_key->as_string() && secret && secret->as_string() && token &&
                        token->as_string() && arn && arn->as_string() && expires &&
                        expires->as_int();
  if (!is_whole) return std::nullopt;
  return Sessions::Session{.access_key_id = document.id,
                           .key = {.secret = *secret->as_string(),
                                   .session_token = *token->as_string(),
                                   .arn = *arn->as_string()},
                           .expires = FromEpochMillis(*expires->as_int()),
                           .own_key = *own_key->as_string()};
}

}  // namespace

Result<Sessions::Session> Sessions::Begin(std::string arn, std::chrono::seconds life) {
  RemoveOld();
  auto made = wire::NewTemporaryKey(std::move(arn));
  Session session{.access_key_id = std::move(made.access_key_id),
                  .key = std::move(made.key),
                  .expires = clock_.Now() + life,
                  .own_key = own_key_};
  storage::Batch batch;
  batch.Create(std::string(kKind), session.access_key_id, "", Encode(session));
  if (const auto committed = store_.Commit(batch); !committed) return committed.error();
  return session;
}

std::optional<wire::Credentials::Key> Sessions::Find(std::string_view access_key_id) const {
  if (!access_key_id.starts_with(kSessionKeyPrefix)) return permanent_.Find(access_key_id);
  const auto document = store_.Get(kKind, access_key_id);
  if (!document) {
    Log(LogLevel::kError, "sts: a session cannot be read", {{"why", document.error().message}});
    return std::nullopt;
  }
  if (!*document) return permanent_.Find(access_key_id);
  auto session = Decode(**document);
  if (!session) {
    Log(LogLevel::kError, "sts: the stored session cannot be read",
        {{"key", std::string(access_key_id)}});
    return std::nullopt;
  }
  if (session->own_key != own_key_) return std::nullopt;
  session->key.expired = clock_.Now() >= session->expires;
  return std::move(session->key);
}

void Sessions::RemoveOld() const {
  const auto oldest = store_.List(kKind, std::nullopt, 0, kSweep);
  if (!oldest) return;  // the commit that follows tells what is wrong
  storage::Batch batch;
  for (const storage::Document& document : oldest->documents) {
    const auto session = Decode(document);
    if (session && session->expires + kKeptAfterEnd < clock_.Now()) {
      batch.Delete(document.kind, document.id);
    }
  }
  if (batch.empty()) return;
  if (const auto removed = store_.Commit(batch); !removed) {
    Log(LogLevel::kWarning, "sts: old sessions stay until the next one begins",
        {{"why", removed.error().message}});
  }
}

}  // namespace usher::sts
