#include "services/personalize/objects.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "services/personalize/files.h"
#include "wire/s3.h"

namespace usher::personalize {
namespace {

namespace s3 = usher::api::s3;

// The service acts for itself: its calls carry no client's key.
wire::CallContext InternalContext(const Service& service) {
  wire::CallContext context;
  context.now = service.clock.Now();
  context.caller.arn = "arn:aws:iam::" + std::string(wire::kAccountId) + ":root";
  return context;
}

// The words that the service uses when S3 does not give what it was asked for.
Error CannotRead(const std::string& what, const Error& why) {
  if (why.code == ErrorCode::kInternal || why.code == ErrorCode::kCorrupt) return why;
  return InvalidInput("Insufficient privileges for accessing data in Amazon S3. Cannot read " +
                      what + ": " + why.message);
}

Result<void> CopyToFile(ByteSource& source, const std::string& path) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return SystemError("cannot write a fetched object", errno);
  std::array<char, 1 << 18> buffer;
  Result<void> result;
  while (result) {
    const auto got = source.Read(buffer);
    if (!got) result = got.error();
    if (!got || *got == 0) break;
    for (std::size_t done = 0; done < *got && result;) {
      const ssize_t wrote = write(file, buffer.data() + done, *got - done);
      if (wrote > 0) {
        done += static_cast<std::size_t>(wrote);
      } else if (errno != EINTR) {
        result = SystemError("cannot write a fetched object", errno);
      }
    }
  }
  if (close(file) != 0 && result) result = SystemError("cannot write a fetched object", errno);
  return result;
}

}  // namespace

Result<std::vector<std::string>> ListObjects(const Service& service, const S3Uri& location,
                                             std::size_t limit) {
  const std::string shown = "s3://" + location.bucket + "/" + location.key;
  std::vector<std::string> keys;
  s3::ListObjectsV2Request request;
  request.bucket = location.bucket;
  request.prefix = location.key;
  while (true) {
    wire::CallContext context = InternalContext(service);
    const auto page = service.dispatcher.Call<s3::ListObjectsV2>(request, context);
    if (!page) return CannotRead(shown, page.error());
    for (const s3::Object& object : page->contents.value_or(std::vector<s3::Object>{})) {
      // An object of exactly this name is meant alone; keys come sorted, so it is the first with
      // its prefix.
      if (*object.key == location.key) return std::vector<std::string>{*object.key};
      if (object.key->ends_with('/')) continue;  // marks a folder, holds nothing
      if (keys.size() == limit) {
        return InvalidInput(shown + " holds more than " + std::to_string(limit) +
                            " objects, the most that one job reads");
      }
      keys.push_back(*object.key);
    }
    if (!page->is_truncated.value_or(false)) break;
    request.continuation_token = page->next_continuation_token;
  }
  if (keys.empty()) {
    return InvalidInput(
        "Insufficient privileges for accessing data in Amazon S3. There is no object at " + shown);
  }
  return keys;
}

Result<void> FetchObject(const Service& service, const std::string& bucket, const std::string& key,
                         const std::string& path) {
  s3::GetObjectRequest request;
  request.bucket = bucket;
  request.key = key;
  wire::CallContext context = InternalContext(service);
  const auto object = service.dispatcher.Call<s3::GetObject>(request, context);
  if (!object) return CannotRead("s3://" + bucket + "/" + key, object.error());
  const auto file = object->body->file();
  std::error_code error;
  if (file && file->offset == 0 && std::filesystem::file_size(file->path, error) == file->size &&
      !error) {
    if (PinFile(file->path, path)) return {};
    // Replaced since, or on another file system: the open source still has the bytes.
  }
  return CopyToFile(*object->body, path);
}

Result<void> StoreObject(const Service& service, const std::string& path, const std::string& bucket,
                         const std::string& key, const std::string& content_type) {
  auto source = FileSource::Open(path);
  if (!source) return std::move(source).error();
  s3::PutObjectRequest request;
  request.bucket = bucket;
  request.key = key;
  request.content_type = content_type;
  request.content_length = static_cast<std::int64_t>((*source)->size().value_or(0));
  request.body = std::move(*source);
  wire::CallContext context = InternalContext(service);
  const auto stored = service.dispatcher.Call<s3::PutObject>(request, context);
  return stored ? Result<void>{} : Result<void>(stored.error());
}

}  // namespace usher::personalize
