#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "base/log.h"
#include "cli/options.h"
#include "cli/serve_settings.h"
#include "mail/address.h"
#include "mail/mailer.h"
#include "server/app.h"

namespace usher::cli {
namespace {

constexpr CommandHelp kHelp{
    .name = "serve",
    .purpose =
        "Starts the server that AWS clients talk to: Personalize, S3, Lambda, Step Functions, SNS, "
        "SQS, IAM and STS on one address. It keeps everything in one data folder, which it makes "
        "at the first start "
        "together with an access key. Ctrl-C or SIGTERM lets running requests end, then stops "
        "it; training and imports that were running go on at the next start.",
    .examples =
        "  usher serve\n"
        "  usher serve --data /srv/usher --listen 127.0.0.1:8080\n"
        "  eval \"$(usher env)\" && aws s3 ls      (in another terminal)\n"};

constexpr unsigned kStopSeconds = 20;  // twice the grace of requests
static_assert(std::chrono::seconds(kStopSeconds) > server::kDrainGrace);

// Every connection and every file that is read takes a descriptor; many systems start with 1024.
void RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

sigset_t StopSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

// A switch that a configuration file may set, too.
std::function<Result<void>(std::string_view)> TakeSetting(std::string& target) {
  return [&target](std::string_view) -> Result<void> {
    target = "on";
    return {};
  };
}

// Errors: invalid input.
Result<void> AddMail(const ServeSettings& settings, server::AppOptions& options) {
  if (!settings.smtp.empty()) {
    auto relay = mail::ParseSmtpRelay(settings.smtp);
    if (!relay) return relay.error();
    relay->ca_file = settings.smtp_ca;
    options.smtp = *std::move(relay);
  }
  if (!settings.mail_from.empty()) {
    if (auto valid = mail::CheckAddress(settings.mail_from); !valid) return valid;
    options.mail_from = settings.mail_from;
  }
  return {};
}

// Errors: invalid input.
Result<void> AddTracing(const ServeSettings& settings, server::AppOptions& options) {
  options.otlp = settings.otlp;
  if (settings.xray_daemon == "off") {
    options.xray_daemon.reset();
  } else if (!settings.xray_daemon.empty()) {
    const auto address = server::ParseListenAddress(settings.xray_daemon);
    if (!address) return InvalidInput("--xray-daemon: " + address.error().message + ", or off");
    options.xray_daemon = {.address = *address, .or_any = false};
  }
  return {};
}

std::string EnvCommand(const ServeSettings& settings, const server::ListenAddress& address) {
  std::string command = "usher env";
  if (!settings.data.empty()) command += " --data '" + settings.data + "'";
  if (address.ToString() != server::ListenAddress{}.ToString()) {
    command += " --listen " + address.ToString();
  }
  return command;
}

void PrintBanner(const ServeSettings& settings, const std::string& data_folder,
                 const server::App& app) {
  const server::ListenAddress& address = app.address();
  std::printf("Usher is ready at %s\n  data folder    %s\n", address.Endpoint().c_str(),
              data_folder.c_str());
  if (settings.auth == "off") {
    std::printf("  signatures     not checked (--auth off): any key will do\n");
  }
  if (const std::string link = app.console_link(); !link.empty()) {
    std::printf("  console        %s\n                 (once; `usher console` gives the next)\n",
                link.c_str());
  }
  std::printf("  point clients  eval \"$(%s)\"\n  stop           Ctrl-C\n\n",
              EnvCommand(settings, address).c_str());
  std::fflush(stdout);
}

}  // namespace

int Serve(Arguments arguments) {
  ServeSettings settings;
  std::string config;
  const std::vector<Option> options{
      {"--data", "DIR", "folder for all data, made if missing (~/.local/share/usher)",
       TakeText(settings.data)},
      {"--listen", "HOST:PORT", "address to listen on; port 0 takes a free one (127.0.0.1:4566)",
       TakeText(settings.listen)},
      {"--console", "HOST:PORT|off",
       "address of the console's pages, which a link that is printed opens (127.0.0.1:4567)",
       TakeText(settings.console)},
      {"--auth", "on|off",
       "whether requests must be signed with the server's key; off only on a loopback address (on)",
       TakeChoice(settings.auth, {"on", "off"})},
      {"--seen", "exclude|include",
       "whether recommendations leave out items that the user has already interacted with "
       "(exclude)",
       TakeChoice(settings.seen, {"exclude", "include"})},
      {"--python", "FILE",
       "the Python interpreter that runs Lambda's functions and Glue's pythonshell jobs, with "
       "awslambdaric and boto3 (that of ./setup)",
       TakeText(settings.python)},
      {"--spark-home", "DIR", "Spark for Glue's glueetl jobs, as ./setup --spark makes it",
       TakeText(settings.spark_home)},
      {"--spark-master", "URL",
       "where Spark's work is done: any master that spark-submit takes (local[*])",
       TakeText(settings.spark_master)},
      {"--smtp", "URL",
       "relay for mails, smtp[s]://user:password@host:port; without it mails are kept in the data "
       "folder, where `usher mail` shows them",
       TakeText(settings.smtp)},
      {"--smtp-ca", "FILE", "certificate authorities to know the relay by (the system's)",
       TakeText(settings.smtp_ca)},
      {"--mail-from", "ADDRESS", "sender of mails (no-reply@localhost)",
       TakeText(settings.mail_from)},
      {"--xray-daemon", "HOST:PORT|off",
       "UDP address where functions and programs send their X-Ray segments; port 0 takes a free "
       "one "
       "(127.0.0.1:2000, or a free port when that is taken)",
       TakeText(settings.xray_daemon)},
      {"--otlp", "URL",
       "OpenTelemetry collector that traces are sent to as well, such as http://127.0.0.1:4318",
       TakeText(settings.otlp)},
      {"--sns-auto-confirm", "",
       "let SNS subscriptions hold at once, without the confirmation of the address's owner",
       TakeSetting(settings.sns_auto_confirm)},
      {"--allow-private-webhooks", "",
       "let SNS post to private, loopback and link-local addresses too",
       TakeSetting(settings.allow_private_webhooks)},
      {"--time-scale", "N",
       "let Wait states of state machines run N times faster; histories keep the seconds that they "
       "name (1)",
       TakeText(settings.time_scale)},
      {"--config", "FILE",
       "JSON object with the names of these options as keys; an option given here wins",
       TakeText(config)},
      {"--log-format", "text|json", "form of the log on standard error (text)",
       TakeChoice(settings.log_format, {"text", "json"})}};
  if (const auto exit = ParseOptions(kHelp, options, arguments)) return *exit;
  if (!config.empty()) {
    if (const auto added = AddConfigurationFile(config, settings); !added) {
      return FailUsage("serve", added.error().message);
    }
  }
  const auto listen = ListenAddressOf(settings.listen);
  if (!listen) return FailUsage("serve", listen.error().message);
  const auto console = ConsoleListenerOf(settings.console);
  if (!console) return FailUsage("serve", console.error().message);
  const auto time_scale = TimeScaleOf(settings.time_scale);
  if (!time_scale) return FailUsage("serve", time_scale.error().message);
  const auto data_folder = DataFolderPath(settings.data);
  if (!data_folder) return FailUsage("serve", data_folder.error().message);

  server::AppOptions app_options{
      .data_folder = *data_folder,
      .listen = *listen,
      .console = *console,
      .version = std::string(VersionNumber()),
      .verify_signatures = settings.auth != "off",
      .include_seen = settings.seen == "include",
      .binary = "/proc/self/exe",
      .python = settings.python.empty() ? USHER_PYTHON : settings.python,
      .python_packages = USHER_PYTHON_PACKAGES,
      .spark_home = settings.spark_home.empty() ? USHER_SPARK
                                               : std::filesystem::absolute(settings.spark_home),
      .spark_master = settings.spark_master.empty() ? "local[*]" : settings.spark_master,
      .layers_folder = USHER_LAYERS,
      .layer_rules = settings.layers.value_or(lambda::DefaultLayerRules()),
      .time_scale = *time_scale,
      .sns_auto_confirm = settings.sns_auto_confirm == "on",
      .allow_private_webhooks = settings.allow_private_webhooks == "on"};
  if (const auto tracing = AddTracing(settings, app_options); !tracing) {
    return FailUsage("serve", tracing.error().message);
  }
  if (const auto mail = AddMail(settings, app_options); !mail) {
    return FailUsage("serve", mail.error().message);
  }

  SetLogFormat(settings.log_format == "json" ? LogFormat::kJson : LogFormat::kText);
  RaiseDescriptorLimit();
  std::signal(SIGPIPE, SIG_IGN);  // a reader of our output that leaves must not end the server
  // Blocked in every thread from here on; this one waits for them below.
  const sigset_t stop_signals = StopSignals();
  pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);

  auto app = server::App::Start(std::move(app_options));
  if (!app) return Fail("serve", app.error().message);
  PrintBanner(settings, *data_folder, **app);

  int signal_number = 0;
  sigwait(&stop_signals, &signal_number);
  Log(LogLevel::kInfo, "stopping", {{"signal", signal_number == SIGINT ? "SIGINT" : "SIGTERM"}});
  pthread_sigmask(SIG_UNBLOCK, &stop_signals, nullptr);  // a second signal ends it at once
  alarm(kStopSeconds);  // and so does a handler that never returns: what was acknowledged is safe
  const bool in_time = (*app)->Stop(server::kDrainGrace);
  Log(LogLevel::kInfo, "stopped", {{"requests", in_time ? "all ended" : "some were cut"}});
  return kExitOk;
}

}  // namespace usher::cli
