// Loads the vectors of test_vectors.h and shows that every one is accepted.
#include "wire/test_vectors.h"

#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <set>

#include "base/encoding.h"
#include "json/json.h"
#include "wire/test_corpus.h"

namespace usher::wire::testing {
namespace {

namespace fs = std::filesystem;

std::string Text(const Value& value, std::string_view name) {
  const Value* member = value.Find(name);
  return member != nullptr && member->as_string() != nullptr ? *member->as_string() : "";
}

std::string Bytes(const Value& value, std::string_view name) {
  const auto bytes = Base64Decode(Text(value, name));
  EXPECT_TRUE(bytes) << name;
  return bytes ? *bytes : "";
}

Result<void> RunScript(const std::string& out) {
  std::string python = USHER_PYTHON;
  std::string script = USHER_SOURCE_DIR "/tests/clients/make_sigv4_vectors.py";
  std::string target = out;
  std::array<char*, 4> arguments = {python.data(), script.data(), target.data(), nullptr};
  pid_t child = 0;
  const int error =
      posix_spawn(&child, python.c_str(), nullptr, nullptr, arguments.data(), environ);
  if (error != 0) return SystemError("cannot start Python", error);
  int status = 0;
  if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return Internal("make_sigv4_vectors.py failed");
  }
  return {};
}

Vector ToVector(const Value& document, const Value& row) {
  Vector vector{.name = Text(row, "name"),
                .rules = Text(row, "rules") == "s3"
                             ? sigv4::S3Rules()
                             : sigv4::ServiceRules(sigv4::ErrorStyle::kJson)};
  vector.request.http.method = Text(row, "method");
  vector.request.http.target = Text(row, "target");
  for (const Value& field : *row.Find("headers")->as_list()) {
    const ValueList& pair = *field.as_list();
    vector.request.http.headers.Add(*pair[0].as_string(), *pair[1].as_string());
  }
  vector.request.body = Bytes(row, "body");
  vector.decoded = Bytes(row, "decoded");
  vector.credentials.Add(
      Text(document, "access_key_id"),
      {.secret = Text(document, "secret"), .session_token = Text(row, "token"), .arn = ""});
  const auto now = ParseIso8601(Text(row, "now"));
  EXPECT_TRUE(now) << vector.name;
  vector.now = now ? *now : Time();
  return vector;
}

Result<std::vector<Vector>> MakeVectors() {
  std::string folder = (fs::temp_directory_path() / "usher-vectors-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return SystemError("cannot make a folder", errno);
  const std::string file = folder + "/vectors.json";
  const auto run = RunScript(file);
  const std::string text = run ? usher::testing::ReadFile(file) : "";
  fs::remove_all(folder);
  if (!run) return run.error();
  const auto document = json::Parse(text);
  if (!document) return document.error();
  std::vector<Vector> vectors;
  for (const Value& row : *document->Find("vectors")->as_list()) {
    vectors.push_back(ToVector(*document, row));
  }
  return vectors;
}

}  // namespace

Result<std::vector<Vector>> LoadVectors() {
  static const Result<std::vector<Vector>> vectors = MakeVectors();
  return vectors;
}

Result<std::string> Accept(const Vector& vector) {
  HttpRequest http = vector.request.http;
  http.body = std::make_shared<StringSource>(vector.request.body);
  const auto verified =
      sigv4::Verify(http, vector.request.body, vector.rules, vector.credentials, vector.now);
  if (!verified) return verified.error();
  const auto body = DecodePayload(http, *verified);
  if (!body) return body.error();
  return ReadAll(**body, 16U << 20);
}

namespace {

TEST(BotocoreVectors, AreAllAcceptedAndDecoded) {
  const auto vectors = LoadVectors();
  ASSERT_TRUE(vectors) << vectors.error().message;
  ASSERT_GE(vectors->size(), 350U);
  std::set<std::string> names;
  for (const Vector& vector : *vectors) {
    EXPECT_TRUE(names.insert(vector.name).second) << vector.name << " twice";
    const auto body = Accept(vector);
    if (!body) {
      ADD_FAILURE() << vector.name << ": " << body.error().wire_name << ": "
                    << body.error().message;
      continue;
    }
    EXPECT_TRUE(*body == vector.decoded) << vector.name;
  }
}

TEST(BotocoreVectors, CoverEveryPayloadMode) {
  const auto vectors = LoadVectors();
  ASSERT_TRUE(vectors) << vectors.error().message;
  std::set<sigv4::PayloadMode> modes;
  std::size_t presigned = 0;
  for (const Vector& vector : *vectors) {
    const auto verified = sigv4::Verify(vector.request.http, vector.request.body, vector.rules,
                                        vector.credentials, vector.now);
    ASSERT_TRUE(verified) << vector.name;
    modes.insert(verified->payload_mode);
    presigned += verified->presigned ? 1 : 0;
  }
  EXPECT_EQ(modes.size(), 5U);
  EXPECT_GE(presigned, 20U);
}

}  // namespace
}  // namespace usher::wire::testing
