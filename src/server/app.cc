#include "server/app.h"

#include <array>
#include <cstdio>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "console/console.h"
#include "functions/movie_functions.h"
#include "jobs/delivery_queue.h"
#include "jobs/job_queue.h"
#include "metrics/registry.h"
#include "otlp/exporter.h"
#include "server/console_link.h"
#include "server/console_operations.h"
#include "server/http_server.h"
#include "server/measured_jobs.h"
#include "server/metrics.h"
#include "server/own_routes.h"
#include "services/apigateway/serve.h"
#include "services/apigateway/service.h"
#include "services/cloudformation/service.h"
#include "services/cloudwatch/service.h"
#include "services/glue/service.h"
#include "services/iam/service.h"
#include "services/lambda/code_links.h"
#include "services/lambda/service.h"
#include "services/logs/service.h"
#include "services/personalize/service.h"
#include "services/s3/service.h"
#include "services/sns/service.h"
#include "services/sqs/service.h"
#include "services/states/service.h"
#include "services/sts/service.h"
#include "services/xray/daemon.h"
#include "services/xray/service.h"
#include "storage/data_folder.h"
#include "storage/document_store.h"
#include "storage/object_store.h"
#include "tracing/recorder.h"
#include "wire/dispatcher.h"
#include "wire/gateway.h"
#include "wire/temporary_credentials.h"

namespace usher::server {
namespace {

// How much of a client's text a log line repeats.
constexpr std::size_t kMaxLoggedText = 200;

std::string Clipped(std::string_view text) { return std::string(text.substr(0, kMaxLoggedText)); }

std::string Milliseconds(std::chrono::nanoseconds time) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3f", static_cast<double>(time.count()) / 1e6);
  return text.data();
}

// Health checks, scrapes and the pages of the console come all the time and say little.
LogLevel LevelOf(const Exchange& exchange) {
  if (exchange.status >= 500) return LogLevel::kError;
  const bool is_own = exchange.service == "usher" || exchange.service == "console";
  return is_own ? LogLevel::kDebug : LogLevel::kInfo;
}

void LogRequest(const Exchange& exchange) {
  std::vector<LogField> fields;
  const auto add = [&](std::string_view name, std::string value) {
    if (!value.empty()) fields.emplace_back(name, std::move(value));
  };
  add("request_id", exchange.request_id);
  add("service", exchange.service);
  add("operation", exchange.operation);
  if (exchange.operation.empty()) {
    // Where nothing better is known; never the query, which may hold a signature.
    add("method", exchange.method);
    add("path", Clipped(exchange.target.substr(0, exchange.target.find('?'))));
  }
  add("status", std::to_string(exchange.status));
  add("error", exchange.error);
  add("ms", Milliseconds(exchange.duration));
  add("bytes_in", std::to_string(exchange.bytes_in));
  add("bytes_out", std::to_string(exchange.bytes_out));
  add("key", Clipped(exchange.access_key_id));
  add("peer", exchange.peer);
  Log(LevelOf(exchange), "request", fields);
}

}  // namespace

// What is still to be delivered, by lane (jobs/delivery_queue.h).
void AppendQueueDepths(std::string& text, const jobs::DeliveryQueue& deliveries) {
  constexpr std::string_view kName = "usher_deliveries_waiting";
  text.append("# HELP ").append(kName).append(" What is still to be delivered.\n");
  text.append("# TYPE ").append(kName).append(" gauge\n");
  for (const std::string& lane : deliveries.Lanes()) {
    text.append(kName).append("{lane=\"").append(lane).append("\"} ");
    text += std::to_string(deliveries.Waiting(lane)) + "\n";
  }
}

// In the order in which they are made; ends in the opposite order.
struct App::Parts {
  explicit Parts(storage::DataFolder opened) : folder(std::move(opened)) {}
  // Jobs and deliveries use services, which are made after them: none may run when the services
  // end.
  ~Parts() {
    if (glue) glue->StopRuns();
    if (deliveries) deliveries->Stop();
    if (lambda) lambda->Stop();
    if (glue) glue->Stop();
    if (apigateway) apigateway->Stop();
    if (jobs) jobs->Stop();
    xray_daemon.reset();
    recorder.Stop();
  }
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  SystemClock clock;
  Time started = clock.Now();
  storage::DataFolder folder;
  std::unique_ptr<storage::DocumentStore> documents;
  std::unique_ptr<CredentialFile> credentials;
  std::unique_ptr<sts::Sessions> sessions;
  std::unique_ptr<wire::TemporaryCredentials> temporary_credentials;
  std::unique_ptr<storage::ObjectStore> objects;
  std::unique_ptr<jobs::JobRunner> jobs;
  std::unique_ptr<jobs::DeliveryQueue> deliveries;
  std::unique_ptr<mail::Mailer> mailer;
  std::unique_ptr<outbound::HttpClient> http_client;
  std::unique_ptr<sns::Signer> sns_signer;
  wire::Dispatcher dispatcher;
  std::unique_ptr<otlp::Exporter> otlp;
  tracing::Recorder recorder;
  metrics::Registry registry{clock};
  std::unique_ptr<cloudwatch::Service> cloudwatch;
  std::unique_ptr<xray::Service> xray;
  std::unique_ptr<xray::Daemon> xray_daemon;
  std::unique_ptr<s3::ObjectEvents> object_events;
  std::unique_ptr<logs::Service> logs;
  std::unique_ptr<personalize::Service> personalize;
  functions::MovieFunctions movie_functions;
  std::unique_ptr<lambda::Service> lambda;
  std::unique_ptr<glue::Service> glue;
  std::unique_ptr<sqs::Service> sqs;
  std::unique_ptr<sns::Service> sns;
  std::unique_ptr<states::Service> states;
  std::unique_ptr<apigateway::Service> apigateway;
  std::unique_ptr<cloudformation::Service> cloudformation;
  std::unique_ptr<wire::Gateway> gateway;
  Metrics metrics;
  OwnRoutes own_routes;
  std::unique_ptr<HttpServer> http;
  std::unique_ptr<console::Console> console;
  std::unique_ptr<HttpServer> console_http;

  Result<void> OpenStores(const AppOptions& options);
  Result<void> RegisterServices(const AppOptions& options, const std::string& endpoint);
  Result<void> OpenMail(const AppOptions& options);
  Result<void> OpenTelemetry(const AppOptions& options);
  Result<void> Listen(BoundSocket socket, const AppOptions& options);
  Result<void> OpenConsole(BoundSocket socket, const AppOptions& options,
                           const std::string& endpoint);
  wire::HttpResponse Answer(wire::HttpRequest request, Exchange& exchange) const;
  [[nodiscard]] std::string MetricsText() const;
};

Result<void> App::Parts::OpenStores(const AppOptions& options) {
  auto key = CredentialFile::LoadOrCreate(folder.path());
  if (!key) return key.error();
  credentials = std::make_unique<CredentialFile>(*std::move(key));
  auto store = storage::OpenSqliteStore(folder.path());
  if (!store) return store.error();
  documents = *std::move(store);
  sessions = std::make_unique<sts::Sessions>(*documents, clock, *credentials,
                                             credentials->access_key_id());
  temporary_credentials = std::make_unique<wire::TemporaryCredentials>(sessions.get());
  auto opened = storage::ObjectStore::Open(folder.objects(), *documents, clock);
  if (!opened) return opened.error();
  objects = *std::move(opened);
  auto runner =
      jobs::JobRunner::Create(*documents, {.data_folder = folder.path(), .binary = options.binary});
  if (!runner) return runner.error();
  jobs = std::make_unique<MeasuredJobs>(*std::move(runner), registry);
  deliveries = jobs::DeliveryQueue::Create(*documents, clock);
  return {};
}

Result<void> App::Parts::OpenMail(const AppOptions& options) {
  if (options.smtp) {
    mailer = mail::MailToRelay(*options.smtp);
    return {};
  }
  auto opened = mail::MailToFolder(folder.mail());
  if (!opened) return opened.error();
  mailer = *std::move(opened);
  return {};
}

Result<void> App::Parts::OpenTelemetry(const AppOptions& options) {
  auto opened = xray::Service::Open(folder.path() + "/traces", *documents, recorder, clock);
  if (!opened) return opened.error();
  xray = *std::move(opened);
  xray::Register(dispatcher, *xray);
  if (!options.otlp.empty()) {
    auto url = otlp::TracesUrl(options.otlp);
    if (!url) return url.error();
    otlp = std::make_unique<otlp::Exporter>(*std::move(url));
    recorder.AddSink(
        [raw = otlp.get()](std::span<const tracing::Finished> batch) { raw->Take(batch); });
  }
  recorder.Start();
  auto opened_metrics = cloudwatch::Service::Open(folder.path() + "/metrics", registry, clock);
  if (!opened_metrics) return opened_metrics.error();
  cloudwatch = *std::move(opened_metrics);
  cloudwatch::Register(dispatcher, *cloudwatch);
  dispatcher.SetTelemetry(&recorder, &registry);
  if (!options.xray_daemon) return {};
  const auto& [address, or_any] = *options.xray_daemon;
  auto daemon = xray::Daemon::Listen(address.host, address.port, recorder);
  if (!daemon && daemon.error().code == ErrorCode::kInUse && or_any) {
    daemon = xray::Daemon::Listen(address.host, 0, recorder);
    if (daemon) {
      Log(LogLevel::kWarning, "X-Ray segments are taken at another UDP port, since 2000 is in use",
          {{"address", (*daemon)->address()}});
    }
  }
  if (!daemon) return daemon.error();
  xray_daemon = *std::move(daemon);
  return {};
}

Result<void> App::Parts::RegisterServices(const AppOptions& options, const std::string& endpoint) {
  object_events = std::make_unique<s3::ObjectEvents>(dispatcher, *deliveries, clock);
  s3::Register(dispatcher, *objects, *object_events);
  iam::Register(dispatcher, *documents, clock);
  sts::Register(dispatcher, *sessions);
  logs = std::make_unique<logs::Service>(*documents, clock, folder.path() + "/logs");
  logs::Register(dispatcher, *logs);
  personalize = std::make_unique<personalize::Service>(
      *documents, *jobs, dispatcher, clock,
      personalize::Options{.data_folder = folder.path(), .include_seen = options.include_seen});
  personalize::Register(dispatcher, *jobs, *personalize);
  sqs = std::make_unique<sqs::Service>(*documents, clock, endpoint);
  sqs::Register(dispatcher, *sqs);
  http_client = std::make_unique<outbound::HttpClient>(
      outbound::HttpClient::Options{.allow_private = options.allow_private_webhooks});
  sns_signer = std::make_unique<sns::Signer>(folder.path(), clock);
  sns.reset(new sns::Service{.store = *documents,
                             .queue = *deliveries,
                             .dispatcher = dispatcher,
                             .clock = clock,
                             .mailer = *mailer,
                             .http = *http_client,
                             .signer = *sns_signer,
                             .options = {.endpoint = endpoint,
                                         .sender = options.mail_from,
                                         .auto_confirm = options.sns_auto_confirm}});
  sns::Register(dispatcher, *sns);
  states = std::make_unique<states::Service>(*documents, *deliveries, dispatcher, clock,
                                             states::Options{.time_scale = options.time_scale});
  states::Register(dispatcher, *states);
  auto opened =
      lambda::Service::Open({.data_folder = folder.path(),
                             .endpoint = endpoint,
                             .python = options.python,
                             .xray_daemon = xray_daemon ? xray_daemon->address() : "",
                             .layers_folder = options.layers_folder,
                             .layer_rules = options.layer_rules,
                             .builtins = movie_functions.all()},
                            *documents, *deliveries, dispatcher, *temporary_credentials, clock);
  if (!opened) return opened.error();
  lambda = *std::move(opened);
  lambda::Register(dispatcher, *lambda);
  auto opened_glue =
      glue::Service::Open({.data_folder = folder.path(),
                           .endpoint = endpoint,
                           .binary = options.binary,
                           .python = options.python,
                           .python_packages = options.python_packages,
                           .spark_home = options.spark_home,
                           .spark_master = options.spark_master},
                          *documents, *deliveries, dispatcher, *temporary_credentials, clock);
  if (!opened_glue) return opened_glue.error();
  glue = *std::move(opened_glue);
  glue::Register(dispatcher, *glue);
  cloudformation.reset(new cloudformation::Service{*documents, *deliveries, dispatcher, clock});
  cloudformation::Register(dispatcher, *cloudformation);
  lambda->Start();
  glue->Start();
  apigateway = std::make_unique<apigateway::Service>(*documents, dispatcher, *temporary_credentials,
                                                     *http_client, clock);
  apigateway::Register(dispatcher, *apigateway);
  return apigateway->Start();
}

Result<void> App::Parts::Listen(BoundSocket socket, const AppOptions& options) {
  gateway = std::make_unique<wire::Gateway>(
      dispatcher, *temporary_credentials, clock,
      wire::GatewayOptions{.verify_signatures = options.verify_signatures});
  http = std::make_unique<HttpServer>(std::move(socket), options.limits);
  own_routes = {
      .is_ready = [this] { return !http->is_stopping(); },
      .metrics = [this] { return MetricsText(); },
      .function_code =
          [this](std::string_view target) { return lambda::OpenCodeLink(*lambda, target); },
      .sns_certificate = [this] { return sns_signer->Certificate(); }};
  return http->Start([this](wire::HttpRequest request,
                            Exchange& exchange) { return Answer(std::move(request), exchange); },
                     [this](const Exchange& exchange) {
                       metrics.Record(exchange);
                       LogRequest(exchange);
                     });
}

// A page and what it asks for: small, and never many at a time.
HttpLimits ConsoleLimits() {
  HttpLimits limits;
  limits.target_bytes = 4U << 10;
  limits.body_bytes = console::kMaxRequestBytes;
  limits.connections = 64;
  limits.workers = 16;
  return limits;
}

Result<void> App::Parts::OpenConsole(BoundSocket socket, const AppOptions& options,
                                     const std::string& endpoint) {
  console = std::make_unique<console::Console>(
      dispatcher, clock,
      console::Options{
          .endpoint = socket.address.Endpoint(),
          .host = socket.address.host,
          .own = ConsoleOperations({.version = options.version,
                                    .endpoint = endpoint,
                                    .started = started,
                                    .mail_folder = options.smtp ? std::string() : folder.mail()},
                                   *personalize, *states, movie_functions.catalogues(), dispatcher),
          .on_link = [path = folder.path()](const std::string& link) {
            if (const auto written = WriteConsoleLink(path, link); !written) {
              Log(LogLevel::kWarning, "`usher console` will not find the console",
                  {{"error", written.error().message}});
            }
          }});
  console_http = std::make_unique<HttpServer>(std::move(socket), ConsoleLimits());
  return console_http->Start(
      [this](const wire::HttpRequest& request, Exchange& exchange) {
        exchange.service = "console";
        return console->Answer(request, exchange.operation);
      },
      LogRequest);
}

wire::HttpResponse App::Parts::Answer(wire::HttpRequest request, Exchange& exchange) const {
  // Requests to stages first: their Host and their paths may look like anything else.
  if (const auto url = apigateway::FindServedUrl(request)) {
    apigateway::Served served;
    wire::HttpResponse response = apigateway::Serve(*apigateway, *url, std::move(request), served);
    exchange.service = "execute-api";
    exchange.operation = std::move(served.operation);
    exchange.request_id = std::move(served.request_id);
    exchange.error = std::move(served.error);
    return response;
  }
  if (auto own = AnswerOwnRoute(own_routes, request, exchange)) return *std::move(own);
  wire::Outcome outcome;
  wire::HttpResponse response = gateway->Handle(std::move(request), outcome);
  exchange.service = std::move(outcome.service);
  exchange.operation = std::move(outcome.operation);
  exchange.request_id = std::move(outcome.request_id);
  exchange.access_key_id = std::move(outcome.access_key_id);
  exchange.error = std::move(outcome.error_name);
  return response;
}

std::string App::Parts::MetricsText() const {
  std::string text = metrics.Text();
  const HttpServer::Stats stats = http->stats();
  AppendMetric(text, "usher_connections_open", "gauge", "Client connections that are open.",
               static_cast<double>(stats.open_connections));
  AppendMetric(text, "usher_connections_accepted_total", "counter", "Client connections taken.",
               static_cast<double>(stats.accepted_total));
  AppendMetric(text, "usher_connections_turned_away_total", "counter",
               "Client connections refused because too many were open.",
               static_cast<double>(stats.turned_away_total));
  AppendMetric(text, "usher_requests_running", "gauge", "Requests that are being answered.",
               static_cast<double>(stats.running_requests));
  AppendMetric(text, "usher_workers", "gauge", "Threads that answer requests.",
               static_cast<double>(stats.workers));
  registry.AppendPrometheus(text);
  AppendQueueDepths(text, *deliveries);
  AppendMetric(text, "usher_metric_series_refused_total", "counter",
               "Values that are not kept because there are too many metrics.",
               static_cast<double>(registry.refused()));
  const tracing::Recorder::Stats traces = recorder.stats();
  AppendMetric(text, "usher_trace_segments_total", "counter",
               "Segments of traces taken to be kept.", static_cast<double>(traces.recorded));
  AppendMetric(
      text, "usher_trace_segments_dropped_total", "counter",
      "Segments of traces dropped: they came faster than they are stored, or could not be.",
      static_cast<double>(traces.dropped + xray->store->lost()));
  AppendMetric(text, "usher_trace_segments_waiting", "gauge", "Segments that wait to be stored.",
               static_cast<double>(traces.waiting));
  AppendMetric(text, "usher_traces", "gauge", "Traces that are known.",
               static_cast<double>(xray->store->index().size()));
  if (otlp) {
    const otlp::Exporter::Stats exported = otlp->stats();
    AppendMetric(text, "usher_otlp_segments_sent_total", "counter",
                 "Segments that the OpenTelemetry collector has taken.",
                 static_cast<double>(exported.sent));
    AppendMetric(text, "usher_otlp_segments_dropped_total", "counter",
                 "Segments that did not reach the collector.",
                 static_cast<double>(exported.dropped));
    AppendMetric(text, "usher_otlp_segments_waiting", "gauge",
                 "Segments that wait to be sent to the collector.",
                 static_cast<double>(exported.waiting));
  }
  if (xray_daemon) {
    AppendMetric(text, "usher_xray_datagrams_total", "counter",
                 "Datagrams on the X-Ray daemon's port.",
                 static_cast<double>(xray_daemon->received()));
    AppendMetric(text, "usher_xray_datagrams_refused_total", "counter",
                 "Those of them that were no segment documents.",
                 static_cast<double>(xray_daemon->refused()));
  }
  AppendProcessMetrics(text, started);
  return text;
}

App::App(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

App::~App() { Stop(Millis(0)); }

Result<std::unique_ptr<App>> App::Start(AppOptions options) {
  // The ports first: when one is taken, nothing has been touched.
  auto socket = Bind(options.listen);
  if (!socket) return socket.error();
  std::optional<BoundSocket> console_socket;
  if (options.console) {
    auto bound = Bind(options.console->listen, "--console");
    if (bound) {
      console_socket = *std::move(bound);
    } else if (options.console->may_fail && bound.error().code == ErrorCode::kInUse) {
      Log(LogLevel::kWarning, "no console", {{"error", bound.error().message}});
    } else {
      return bound.error();
    }
  }
  if (!options.verify_signatures && !socket->is_loopback) {
    return InvalidInput("--auth off is for this machine alone: it is refused when listening on " +
                        options.listen.ToString() + ", which others may reach");
  }
  auto folder = storage::DataFolder::Open(options.data_folder);
  if (!folder) return folder.error();

  auto parts = std::make_unique<Parts>(*std::move(folder));
  if (const auto opened = parts->OpenStores(options); !opened) return opened.error();
  if (const auto opened = parts->OpenMail(options); !opened) return opened.error();
  if (const auto opened = parts->OpenTelemetry(options); !opened) return opened.error();
  const std::string endpoint = socket->address.Endpoint();
  if (const auto registered = parts->RegisterServices(options, endpoint); !registered) {
    return registered.error();
  }
  if (const auto started = parts->sqs->Start(); !started) return started.error();
  if (const auto started = parts->logs->Start(); !started) return started.error();
  if (const auto swept = personalize::RemoveLeftovers(*parts->personalize); !swept) {
    return swept.error();
  }
  if (const auto started = parts->jobs->Start(); !started) return started.error();
  if (const auto started = parts->deliveries->Start(); !started) return started.error();
  if (const auto listening = parts->Listen(*std::move(socket), options); !listening) {
    return listening.error();
  }
  if (console_socket) {
    if (const auto opened = parts->OpenConsole(*std::move(console_socket), options, endpoint);
        !opened) {
      return opened.error();
    }
  }
  return std::unique_ptr<App>(new App(std::move(parts)));
}

bool App::Stop(Millis grace) {
  parts_->sqs->StopWaiting();
  parts_->states->driver.StopWaiting();
  parts_->glue->StopRuns();
  // Functions that run on are ended before their callers are cut off.
  parts_->lambda->StopAfter(grace * 4 / 5);
  const bool in_time = parts_->http->Stop(grace);
  if (parts_->console_http) {
    parts_->console_http->Stop(Millis(0));
    RemoveConsoleLink(parts_->folder.path());
  }
  parts_->mailer->Stop();
  parts_->http_client->Stop();
  parts_->deliveries->Stop();
  parts_->lambda->Stop();
  parts_->glue->Stop();
  parts_->apigateway->Stop();
  parts_->jobs->Stop();
  parts_->xray_daemon.reset();
  parts_->recorder.Stop();
  if (parts_->otlp) parts_->otlp->Stop();
  return in_time;
}

const ListenAddress& App::address() const { return parts_->http->address(); }
std::string App::console_link() const { return parts_->console ? parts_->console->Link() : ""; }
const CredentialFile& App::credentials() const { return *parts_->credentials; }

}  // namespace usher::server
