// ServeSettings: how `usher serve` is to run, from its flags, its configuration file and what holds
// without either, in this order.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/app.h"
#include "server/listen_address.h"
#include "services/lambda/layers.h"

namespace usher::cli {

// As written by the user; an empty string was not given.
struct ServeSettings {
  std::string data;
  std::string listen;
  std::string console;       // "HOST:PORT", "off"
  std::string auth;          // "on", "off"
  std::string seen;          // "exclude", "include"
  std::string log_format;    // "text", "json"
  std::string python;        // interpreter for Lambda's functions and Glue's jobs
  std::string spark_home;    // what ./setup --spark made
  std::string spark_master;  // as spark-submit takes it
  std::optional<std::vector<lambda::LayerRule>> layers;  // in the configuration alone
  std::string smtp;                                      // "smtp://user:password@host:587"
  std::string smtp_ca;                                   // file of certificate authorities
  std::string mail_from;
  std::string otlp;                    // URL of a collector
  std::string xray_daemon;             // "HOST:PORT", "off"
  std::string sns_auto_confirm;        // "on", "off"
  std::string allow_private_webhooks;  // "on", "off"
  std::string time_scale;              // of Wait states: a number from 1 on
};

// Takes from the configuration what the flags have not given. `config` is a JSON object with the
// flags' names as keys: {"data": "/srv/usher", "listen": "0.0.0.0:4566", "auth": "on",
// "seen": "exclude", "log-format": "json", "layers": {"AWSSDKPandas-*": "awswrangler"}, …}.
// Switches are "on" or "off". Errors: invalid input, naming the key and what is accepted.
Result<void> AddConfiguration(std::string_view config, ServeSettings& settings);

// The same from a file. Errors: also when it cannot be read.
Result<void> AddConfigurationFile(const std::string& path, ServeSettings& settings);

// `data` as an absolute path; when it is empty, usher/ in the user's data folder
// (~/.local/share/usher). Errors: invalid input when the user has no home.
Result<std::string> DataFolderPath(const std::string& data);

// `time_scale` parsed; 1 when it is empty. Errors: invalid input.
Result<double> TimeScaleOf(const std::string& time_scale);

// `listen` parsed; 127.0.0.1:4566 when it is empty.
Result<server::ListenAddress> ListenAddressOf(const std::string& listen);

// `console` parsed; nullopt for "off". When it is empty, 127.0.0.1:4567, which may fail.
Result<std::optional<server::ConsoleListener>> ConsoleListenerOf(const std::string& console);

}  // namespace usher::cli
