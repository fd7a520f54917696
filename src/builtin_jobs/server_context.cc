#include "builtin_jobs/server_context.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <pugixml.hpp>

#include "base/encoding.h"
#include "base/unique_fd.h"
#include "outbound/http_transfer.h"
#include "wire/http_message.h"

namespace usher::builtin_jobs {
namespace {

constexpr std::size_t kMaxListBytes = 16U << 20;  // of one page
constexpr std::size_t kMaxErrorBytes = 64U << 10;
// A copy is silent until it is there; it may be of kMaxStoredBytes on a slow disk.
constexpr std::chrono::minutes kCopySilence{30};
constexpr std::size_t kWriteBufferBytes = 256U << 10;
constexpr std::string_view kUnsigned = "UNSIGNED-PAYLOAD";  // the connection is the machine's own

struct S3Call {
  std::string method;
  std::string target;  // path and query, encoded
  std::string shown;   // for messages
  std::string content_type = {};
  std::string copy_source = {};
  std::shared_ptr<ByteSource> body = nullptr;
  std::chrono::milliseconds silence = outbound::TransferCall().silence;
};

// What S3 said in place of an answer.
Error ReadError(outbound::TransferReply& reply, const std::string& shown) {
  const auto text = ReadAll(*reply.body, kMaxErrorBytes);
  pugi::xml_document document;
  std::string message = "status " + std::to_string(reply.status);
  if (text && document.load_string(text->c_str())) {
    const pugi::xml_node error = document.child("Error");
    if (const std::string said = error.child_value("Message"); !said.empty()) message = said;
  }
  const std::string what = shown + ": " + message;
  if (reply.status == 404) return NotFound(what);
  if (reply.status == 403) return AccessDenied(what);
  return reply.status < 500 ? InvalidInput(what) : Internal(what);
}

// The rest of an answer that says no more than that it went well.
Result<void> Drain(const outbound::TransferReply& reply) {
  const auto rest = ReadAll(*reply.body, kMaxErrorBytes);
  return rest ? Result<void>() : Result<void>(rest.error());
}

class S3Client {
 public:
  S3Client(ServerAccess access, const Clock& clock) : access_(std::move(access)), clock_(clock) {
    while (access_.endpoint.ends_with('/')) access_.endpoint.pop_back();
  }

  // The answer of a call that went well.
  [[nodiscard]] Result<outbound::TransferReply> Send(S3Call call) const {
    wire::HttpRequest signing{.method = call.method, .target = call.target};
    signing.headers.Add("Host", access_.endpoint.substr(access_.endpoint.find("://") + 3));
    if (!call.content_type.empty()) signing.headers.Add("Content-Type", call.content_type);
    if (!call.copy_source.empty()) signing.headers.Add("x-amz-copy-source", call.copy_source);
    wire::sigv4::Sign(signing, "",
                      {.identity = access_.identity,
                       .region = access_.region,
                       .service = "s3",
                       .now = clock_.Now(),
                       .rules = wire::sigv4::S3Rules(),
                       .content_sha256 = std::string(kUnsigned),
                       .send_content_sha256 = true});
    outbound::TransferCall transfer{.method = call.method,
                                    .url = access_.endpoint + call.target,
                                    .headers = {},
                                    .body = std::move(call.body),
                                    .silence = call.silence};
    for (const auto& [name, value] : signing.headers) transfer.headers.emplace_back(name, value);
    auto reply = outbound::Transfer(std::move(transfer));
    if (!reply) return Internal(call.shown + ": " + reply.error().message);
    if (reply->status / 100 != 2) return ReadError(*reply, call.shown);
    return reply;
  }

 private:
  ServerAccess access_;
  const Clock& clock_;
};

std::string PathOf(const ObjectName& name) {
  return "/" + name.bucket + "/" + PercentEncode(name.key, /*keep_slash=*/true);
}

// Bytes into a file of the run, then the file as the body of one request.
class FileWriter final : public ObjectWriter {
 public:
  FileWriter(const S3Client& client, ObjectName name, std::string content_type, std::string path,
             UniqueFd file)
      : client_(client),
        name_(std::move(name)),
        content_type_(std::move(content_type)),
        path_(std::move(path)),
        file_(std::move(file)) {}
  ~FileWriter() override { (void)unlink(path_.c_str()); }
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;

  Result<void> Write(std::string_view bytes) override {
    size_ += bytes.size();
    if (size_ > kMaxStoredBytes) {
      return InvalidInput(name_.Uri() + " would have more than " + std::to_string(kMaxStoredBytes) +
                          " bytes, the most that a job stores as one object: give it less data");
    }
    if (buffer_.size() + bytes.size() < kWriteBufferBytes) {
      buffer_ += bytes;
      return {};
    }
    if (auto flushed = Flush(); !flushed) return flushed;
    if (bytes.size() >= kWriteBufferBytes) return Put(bytes);
    buffer_ = bytes;
    return {};
  }

  Result<void> Finish() override {
    if (auto flushed = Flush(); !flushed) return flushed;
    auto body = FileSource::Open(path_);
    if (!body) return body.error();
    auto reply = client_.Send({.method = "PUT",
                               .target = PathOf(name_),
                               .shown = "cannot store " + name_.Uri(),
                               .content_type = content_type_,
                               .body = *std::move(body)});
    if (!reply) return reply.error();
    return Drain(*reply);
  }

 private:
  Result<void> Flush() {
    auto put = Put(buffer_);
    buffer_.clear();
    return put;
  }

  Result<void> Put(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t wrote = write(file_.get(), bytes.data(), bytes.size());
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0) return SystemError("cannot write " + name_.Uri(), errno);
      bytes.remove_prefix(static_cast<std::size_t>(wrote));
    }
    return {};
  }

  const S3Client& client_;
  ObjectName name_;
  std::string content_type_;
  std::string path_;
  UniqueFd file_;
  std::string buffer_;
  std::uint64_t size_ = 0;  // that were written
};

class ServerContext final : public JobContext {
 public:
  ServerContext(ServerAccess access, RunOutput output, std::string work_folder, const Clock& clock)
      : client_(std::move(access), clock),
        output_(std::move(output)),
        work_folder_(std::move(work_folder)) {}

  Result<std::shared_ptr<ByteSource>> Open(const ObjectName& name) override {
    auto reply = client_.Send(
        {.method = "GET", .target = PathOf(name), .shown = "cannot read " + name.Uri()});
    if (!reply) return reply.error();
    return std::move(reply->body);
  }

  Result<std::vector<ObjectInfo>> List(const ObjectName& prefix) override {
    std::vector<ObjectInfo> objects;
    std::string token;
    do {
      // The query is signed in the order of its names.
      std::string query = token.empty() ? "" : "continuation-token=" + PercentEncode(token) + "&";
      query += "list-type=2&prefix=" + PercentEncode(prefix.key);
      auto reply = client_.Send({.method = "GET",
                                 .target = "/" + prefix.bucket + "?" + query,
                                 .shown = "cannot list " + prefix.Uri()});
      if (!reply) return reply.error();
      const auto text = ReadAll(*reply->body, kMaxListBytes);
      if (!text) return text.error();
      pugi::xml_document document;
      if (!document.load_buffer(text->data(), text->size())) {
        return Internal("cannot list " + prefix.Uri() + ": the answer is no XML");
      }
      const pugi::xml_node result = document.child("ListBucketResult");
      for (const pugi::xml_node object : result.children("Contents")) {
        objects.push_back(
            {.key = object.child_value("Key"), .size = object.child("Size").text().as_ullong()});
      }
      if (objects.size() > kMaxListed) {
        return InvalidInput("there are more than " + std::to_string(kMaxListed) +
                            " objects under " + prefix.Uri() + ", the most that a job lists");
      }
      token = result.child_value("NextContinuationToken");
    } while (!token.empty());
    return objects;
  }

  Result<std::unique_ptr<ObjectWriter>> Create(const ObjectName& name,
                                               std::string_view content_type) override {
    std::string path = work_folder_ + "/object-XXXXXX";
    UniqueFd file(mkostemp(path.data(), O_CLOEXEC));
    if (file.get() < 0) return SystemError("cannot make a file for " + name.Uri(), errno);
    return std::unique_ptr<ObjectWriter>(std::make_unique<FileWriter>(
        client_, name, std::string(content_type), std::move(path), std::move(file)));
  }

  Result<void> Copy(const ObjectName& from, const ObjectName& to) override {
    auto reply = client_.Send({.method = "PUT",
                               .target = PathOf(to),
                               .shown = "cannot copy " + from.Uri() + " to " + to.Uri(),
                               .copy_source = PathOf(from),
                               .silence = kCopySilence});
    if (!reply) return reply.error();
    return Drain(*reply);
  }

  void Report(double fraction, std::string_view stage) override { output_.report(fraction, stage); }
  void Log(std::string_view line) override { output_.log(line); }
  [[nodiscard]] const std::string& work_folder() const override { return work_folder_; }

 private:
  S3Client client_;
  RunOutput output_;
  std::string work_folder_;
};

Result<std::string> Variable(const char* name) {
  const char* value = std::getenv(name);
  if (value && *value) return std::string(value);
  return InvalidInput("the environment variable " + std::string(name) + " is missing");
}

}  // namespace

Result<ServerAccess> ServerAccess::FromEnvironment() {
  ServerAccess access;
  for (const auto& [name, target] : {std::pair{"AWS_ENDPOINT_URL", &access.endpoint},
                                     {"AWS_REGION", &access.region},
                                     {"AWS_ACCESS_KEY_ID", &access.identity.access_key_id},
                                     {"AWS_SECRET_ACCESS_KEY", &access.identity.secret}}) {
    auto value = Variable(name);
    if (!value) return value.error();
    *target = *std::move(value);
  }
  if (auto token = Variable("AWS_SESSION_TOKEN")) access.identity.session_token = *std::move(token);
  return access;
}

std::unique_ptr<JobContext> MakeServerContext(ServerAccess access, RunOutput output,
                                              std::string work_folder, const Clock& clock) {
  return std::make_unique<ServerContext>(std::move(access), std::move(output),
                                         std::move(work_folder), clock);
}

}  // namespace usher::builtin_jobs
