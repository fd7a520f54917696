#include <cstdio>
#include <vector>

#include "cli/options.h"
#include "cli/serve_settings.h"
#include "server/credential_file.h"
#include "wire/dispatcher.h"

namespace usher::cli {

int Env(Arguments arguments) {
  std::string data;
  std::string listen;
  const std::vector<Option> options{
      {"--data", "DIR", "data folder of the server (~/.local/share/usher)", TakeText(data)},
      {"--listen", "HOST:PORT", "address of the server (127.0.0.1:4566)", TakeText(listen)}};
  constexpr CommandHelp kHelp{
      .name = "env",
      .purpose =
          "Prints the export lines that point awscli, boto3 and other AWS clients at the server "
          "of a data folder: endpoint, access key and region. The server need not run, but must "
          "have been started once, which makes the key.",
      .examples =
          "  eval \"$(usher env)\"\n"
          "  eval \"$(usher env --data /srv/usher --listen 127.0.0.1:8080)\"\n"};
  if (const auto exit = ParseOptions(kHelp, options, arguments)) return *exit;
  const auto address = ListenAddressOf(listen);
  if (!address) return FailUsage("env", address.error().message);
  const auto folder = DataFolderPath(data);
  if (!folder) return FailUsage("env", folder.error().message);

  const auto credentials = server::CredentialFile::Load(*folder);
  if (!credentials && credentials.error().code == ErrorCode::kNotFound) {
    return Fail("env", "no server has been started with the data folder " + *folder +
                           " yet: start one with `usher serve" +
                           (data.empty() ? "" : " --data " + data) + "`, which makes the key");
  }
  if (!credentials) return Fail("env", credentials.error().message);
  std::printf(
      "export AWS_ENDPOINT_URL=%s\nexport AWS_ACCESS_KEY_ID=%s\n"
      "export AWS_SECRET_ACCESS_KEY=%s\nexport AWS_DEFAULT_REGION=%s\n",
      address->Endpoint().c_str(), credentials->access_key_id().c_str(),
      credentials->secret_access_key().c_str(), std::string(wire::kDefaultRegion).c_str());
  return kExitOk;
}

}  // namespace usher::cli
