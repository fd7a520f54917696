// XML of clients, decoded by the shapes of S3's requests and written again.
#include <cstdint>

#include "base/check.h"
#include "wire/s3.h"
#include "wire/xml_body.h"

namespace {

const usher::wire::Shape& PayloadShape(const usher::wire::Operation& operation) {
  for (const auto& member : operation.input->members) {
    if (member.name == operation.input->payload) return *member.shape;
  }
  return *operation.input;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace usher;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const wire::Operation* operation :
       {&api::s3::DeleteObjects::operation(), &api::s3::CompleteMultipartUpload::operation(),
        &api::s3::PutBucketTagging::operation()}) {
    const wire::Shape& shape = PayloadShape(*operation);
    const auto value = wire::DecodeXmlBody(shape, "", text, wire::BodyMembers::kAll);
    if (!value) continue;
    std::string written = "<root>";
    wire::AppendXmlMembers(written, shape, *value, wire::BodyMembers::kAll, true);
    written += "</root>";
    const auto again = wire::DecodeXmlBody(shape, "root", written, wire::BodyMembers::kAll);
    Check(again.has_value() && *again == *value, "what is written reads back equal");
  }
  return 0;
}
