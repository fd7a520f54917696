#include "cli/serve_settings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <span>

#include "base/byte_source.h"
#include "json/json.h"
#include "services/states/service.h"

namespace usher::cli {
namespace {

constexpr std::size_t kMaxConfigurationBytes = 64U << 10;

struct Key {
  std::string_view name;
  std::string ServeSettings::* target;
  std::span<const std::string_view> choices;  // empty: any text
};

constexpr std::array<std::string_view, 2> kAuth{"on", "off"};
constexpr std::array<std::string_view, 2> kSeen{"exclude", "include"};
constexpr std::array<std::string_view, 2> kLogFormat{"text", "json"};
constexpr std::array<std::string_view, 2> kSwitch{"on", "off"};
constexpr std::array<Key, 17> kKeys{
    {{"data", &ServeSettings::data, {}},
     {"listen", &ServeSettings::listen, {}},
     {"console", &ServeSettings::console, {}},
     {"auth", &ServeSettings::auth, kAuth},
     {"seen", &ServeSettings::seen, kSeen},
     {"python", &ServeSettings::python, {}},
     {"spark-home", &ServeSettings::spark_home, {}},
     {"spark-master", &ServeSettings::spark_master, {}},
     {"log-format", &ServeSettings::log_format, kLogFormat},
     {"smtp", &ServeSettings::smtp, {}},
     {"smtp-ca", &ServeSettings::smtp_ca, {}},
     {"mail-from", &ServeSettings::mail_from, {}},
     {"otlp", &ServeSettings::otlp, {}},
     {"xray-daemon", &ServeSettings::xray_daemon, {}},
     {"sns-auto-confirm", &ServeSettings::sns_auto_confirm, kSwitch},
     {"allow-private-webhooks", &ServeSettings::allow_private_webhooks, kSwitch},
     {"time-scale", &ServeSettings::time_scale, {}}}};

std::string Join(std::span<const std::string_view> words) {
  std::string text;
  for (const std::string_view word : words) {
    if (!text.empty()) text += " or ";
    text += "\"" + std::string(word) + "\"";
  }
  return text;
}

std::string KnownKeys() {
  std::string names;
  for (const Key& key : kKeys) names += std::string(key.name) + ", ";
  return names + "and layers";
}

}  // namespace

Result<void> AddConfiguration(std::string_view config, ServeSettings& settings) {
  const auto parsed = json::Parse(config);
  if (!parsed) return InvalidInput("it is not JSON: " + parsed.error().message);
  const ValueMap* keys = parsed->as_map();
  if (keys == nullptr) return InvalidInput("it is not a JSON object {\"key\": \"value\", …}");
  for (const auto& [name, value] : *keys) {
    if (name == "layers") {
      auto rules = lambda::ParseLayerRules(value);
      if (!rules) return rules.error();
      settings.layers = *std::move(rules);
      continue;
    }
    const auto key = std::ranges::find(kKeys, std::string_view(name), &Key::name);
    if (key == kKeys.end()) {
      return InvalidInput("the key \"" + name + "\" is unknown: known are " + KnownKeys());
    }
    const std::string* text = value.as_string();
    if (text == nullptr || text->empty()) {
      return InvalidInput("the value of \"" + name + "\" must be a text that is not empty");
    }
    if (!key->choices.empty() && std::ranges::find(key->choices, *text) == key->choices.end()) {
      return InvalidInput("\"" + name + "\" must be " + Join(key->choices) + ", not \"" + *text +
                          "\"");
    }
    std::string& target = settings.*(key->target);
    if (target.empty()) target = *text;
  }
  return {};
}

Result<void> AddConfigurationFile(const std::string& path, ServeSettings& settings) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return InvalidInput("there is no configuration file " + path);
  }
  const auto file = FileSource::Open(path);
  if (!file) return InvalidInput("the configuration file " + path + " cannot be opened");
  const auto text = ReadAll(**file, kMaxConfigurationBytes);
  if (!text) return InvalidInput("the configuration file " + path + ": " + text.error().message);
  if (const auto added = AddConfiguration(*text, settings); !added) {
    return InvalidInput("the configuration file " + path + ": " + added.error().message);
  }
  return {};
}

Result<std::string> DataFolderPath(const std::string& data) {
  std::filesystem::path path = data;
  if (data.empty()) {
    const char* data_home = std::getenv("XDG_DATA_HOME");
    const char* home = std::getenv("HOME");
    if (data_home != nullptr && data_home[0] == '/') {
      path = std::filesystem::path(data_home) / "usher";
    } else if (home != nullptr && home[0] == '/') {
      path = std::filesystem::path(home) / ".local/share/usher";
    } else {
      return InvalidInput("this user has no home folder: say where the data is with --data DIR");
    }
  }
  std::error_code error;
  path = std::filesystem::absolute(path, error).lexically_normal();
  if (error) return InvalidInput("the data folder's path cannot be resolved: " + error.message());
  return path.string();
}

Result<double> TimeScaleOf(const std::string& time_scale) {
  if (time_scale.empty()) return 1.0;
  double scale = 0;
  const char* last = time_scale.data() + time_scale.size();
  const auto [end, error] = std::from_chars(time_scale.data(), last, scale);
  if (error == std::errc() && end == last && scale >= 1 && scale <= states::kMaxTimeScale) {
    return scale;
  }
  return InvalidInput("--time-scale must be a number from 1 to 100000, not '" + time_scale + "'");
}

Result<server::ListenAddress> ListenAddressOf(const std::string& listen) {
  if (listen.empty()) return server::ListenAddress{};
  return server::ParseListenAddress(listen);
}

Result<std::optional<server::ConsoleListener>> ConsoleListenerOf(const std::string& console) {
  if (console == "off") return std::optional<server::ConsoleListener>();
  server::ConsoleListener listener{.may_fail = console.empty()};
  if (console.empty()) return std::optional(listener);
  auto address = server::ParseListenAddress(console, "--console");
  if (!address) return InvalidInput(address.error().message + ", or off");
  listener.listen = *std::move(address);
  return std::optional(std::move(listener));
}

}  // namespace usher::cli
