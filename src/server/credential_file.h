// CredentialFile: the server's access key, in a file of the data folder that only its owner may
// read: {"accessKeyId": …, "secretAccessKey": …}. A file and not a document, so that `usher env`
// can read it while the server holds the data folder's lock.
//
// Threads: Find from any thread.
#pragma once

#include <string>

#include "base/result.h"
#include "wire/credentials.h"

namespace usher::server {

class CredentialFile final : public wire::Credentials {
 public:
  // <folder>/credentials.json. Errors: not found when there is none; invalid input when it is not
  // what we write; access denied when others may read it; internal.
  static Result<CredentialFile> Load(const std::string& folder);
  // Makes a new key where there is no file. Durable when it returns.
  static Result<CredentialFile> LoadOrCreate(const std::string& folder);

  [[nodiscard]] const std::string& access_key_id() const { return access_key_id_; }
  [[nodiscard]] const std::string& secret_access_key() const { return secret_access_key_; }
  [[nodiscard]] std::optional<Key> Find(std::string_view access_key_id) const override;

 private:
  std::string access_key_id_;
  std::string secret_access_key_;
};

}  // namespace usher::server
