#include "services/s3/list_token.h"

#include "base/encoding.h"
#include "services/s3/errors.h"

namespace usher::s3 {
namespace {

constexpr std::string_view kForm = "u1:";  // so that a later form can be told apart

}  // namespace

std::string EncodeListToken(std::string_view from) {
  return Base64Encode(std::string(kForm) + std::string(from));
}

Result<std::string> DecodeListToken(std::string_view token) {
  const auto decoded = Base64Decode(token);
  if (!decoded || !decoded->starts_with(kForm)) {
    return InvalidArgument("continuation-token", token,
                           "The continuation token provided is incorrect");
  }
  return decoded->substr(kForm.size());
}

}  // namespace usher::s3
