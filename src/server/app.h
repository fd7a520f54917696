// App: everything a running server consists of, put together: data folder, stores, job runner,
// services behind the dispatcher, gateway and listener. No logic of its own.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "mail/mailer.h"
#include "server/credential_file.h"
#include "server/http_limits.h"
#include "server/listen_address.h"
#include "services/lambda/layers.h"

namespace usher::server {

// The console's own listener.
struct ConsoleListener {
  ListenAddress listen{.port = kDefaultConsolePort};
  bool may_fail = false;  // when its port is taken, the server starts without it
};

struct AppOptions {
  std::string data_folder;
  ListenAddress listen;
  std::optional<ConsoleListener> console;  // none: no console
  std::string version;                     // of this program, as the console shows it
  bool verify_signatures = true;           // false only on a loopback address
  bool include_seen = false;    // recommend items that the user has already interacted with
  std::string binary;           // of this program, for jobs in child processes
  std::string python;           // interpreter for Lambda's functions, with awslambdaric
  std::string python_packages;  // the folder with awsglue and glue_runtime, for Glue's jobs
  std::string spark_home;       // what ./setup --spark makes; may be missing
  std::string spark_master = "local[*]";
  std::string layers_folder;  // where ./setup --layer installs what layers stand for
  std::vector<lambda::LayerRule> layer_rules = lambda::DefaultLayerRules();
  HttpLimits limits;
  // Where mails go; into mail/ of the data folder without a relay.
  std::optional<mail::SmtpRelay> smtp;
  std::string mail_from = "no-reply@localhost";
  double time_scale = 1;  // Wait states of machines run so many times faster
  // Where segments of tracers are taken, by UDP; nullopt: nowhere. Where `or_any` is set and the
  // port is taken, any free one will do.
  struct XrayDaemon {
    ListenAddress address{.host = "127.0.0.1", .port = 2000};
    bool or_any = true;
  };
  std::optional<XrayDaemon> xray_daemon = XrayDaemon();
  std::string otlp;               // address of an OpenTelemetry collector for traces; empty: none
  bool sns_auto_confirm = false;  // subscriptions hold without their owner's confirmation
  bool allow_private_webhooks = false;  // webhooks may lead to addresses off the public internet
};

class App {
 public:
  // Takes requests when it returns. Errors: in use (port or data folder, saying which and what to
  // do), invalid input, internal.
  static Result<std::unique_ptr<App>> Start(AppOptions options);
  ~App();  // Stop without grace
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  // Lets running requests end, then stops the jobs; the next start takes those up again. False when
  // requests had to be cut.
  bool Stop(Millis grace);

  [[nodiscard]] const ListenAddress& address() const;
  // The link that opens the console now; empty when there is none.
  [[nodiscard]] std::string console_link() const;
  [[nodiscard]] const CredentialFile& credentials() const;

 private:
  struct Parts;
  explicit App(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace usher::server
