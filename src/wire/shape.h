// The service models as tables: what build/generated/wire/model_*.cc fills in and the protocols,
// the validation and the dispatcher read. A shape is found once at start and followed by pointer,
// so decoding a request looks nothing up by name but its members.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace usher::wire {

enum class ShapeKind {
  kStructure,
  kList,
  kMap,
  kString,
  kInteger,
  kLong,
  kFloat,
  kDouble,
  kBoolean,
  kTimestamp,
  kBlob
};

enum class TimestampFormat { kDefault, kEpochSeconds, kIso8601, kHttpDate };

// Where a member travels in the HTTP message.
enum class Location { kBody, kUri, kQuery, kHeader, kHeaderPrefix, kStatusCode };

struct Shape;

struct Member {
  std::string_view name;       // as in the model: the name that JSON uses and that errors quote
  std::string_view wire_name;  // locationName for XML, headers, query and uri; equals name where
                               // the model gives none
  const Shape* shape;
  Location location = Location::kBody;
  bool required = false;
  bool flattened = false;  // xml and query lists and maps without the wrapping element
  bool xml_attribute = false;
  bool json_value = false;  // a JSON document as a string
  bool streaming = false;   // the body as a Stream
  bool host_label = false;
  TimestampFormat timestamp = TimestampFormat::kDefault;
  std::string_view xml_namespace = {};
};

struct Shape {
  std::string_view name;
  ShapeKind kind;
  std::span<const Member> members = {};  // structures
  const Member* element =
      nullptr;                  // lists: wire_name is the element's XML name ("member" by default)
  const Member* key = nullptr;  // maps
  const Member* value = nullptr;  // maps
  std::string_view payload = {};  // structures: the member that is the whole body
  std::optional<double> min =
      std::nullopt;  // length of strings, lists, maps, blobs; value of numbers
  std::optional<double> max = std::nullopt;
  std::string_view pattern = {};
  std::span<const std::string_view> enumeration = {};
  TimestampFormat timestamp = TimestampFormat::kDefault;
  bool is_union = false;
  bool is_document = false;  // free-form JSON
  bool flattened = false;
  // Exceptions only:
  std::string_view error_code = {};  // on the wire; the shape's name where the model gives none
  int error_status = 0;              // 0: the protocol's default
};

enum class Protocol { kJson, kRestJson, kQuery, kRestXml };

struct Service;

struct Operation {
  std::string_view name;
  std::string_view method;  // "POST"
  std::string_view uri;     // "/{Bucket}/{Key+}?uploads"
  int success_status = 200;
  const Service* service = nullptr;
  const Shape* input = nullptr;  // nullptr: no members, or not implemented
  const Shape* output = nullptr;
  std::string_view input_element = {};  // rest-xml: name of the root element of the request
  std::string_view input_namespace = {};
  std::string_view result_wrapper = {};  // query: element around the result
  std::span<const Shape* const> errors = {};
  bool implemented = false;  // listed in operations.txt
  bool checksum_required = false;
  bool unsigned_allowed = false;  // authtype none, or a link
  bool is_link = false;           // also by an unsigned GET /?Action=NAME&…
};

struct Service {
  std::string_view id;            // botocore's folder name: "personalize", "stepfunctions"
  std::string_view title;         // "Amazon Personalize"
  std::string_view signing_name;  // "personalize", "states"
  std::string_view endpoint_prefix;
  std::string_view target_prefix;  // X-Amz-Target before the dot; json protocols only
  std::string_view api_version;
  std::string_view xml_namespace;
  Protocol protocol;
  std::string_view json_version;  // "1.0" or "1.1"; json protocols only
  std::span<const Operation> operations;
  bool normalize_path = true;  // before signing; never for S3
};

// All services in the order of operations.txt.
std::span<const Service* const> AllServices();
// nullptr when there is none.
const Service* FindService(std::string_view id);
const Operation* FindOperation(const Service& service, std::string_view name);

}  // namespace usher::wire
