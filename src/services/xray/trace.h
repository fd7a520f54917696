// Trace: what is kept in memory of a trace, made of its documents: enough for its summary, its part
// in service maps, and for searching. The documents themselves lie on the disk (trace_store.h).
//
// Threads: a const trace may be read from any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/value.h"
#include "tracing/segment.h"

namespace usher::xray {

// A node of a service map: (name, type) as a small number.
using NodeId = std::uint32_t;

struct Node {
  std::string name;
  std::string type;  // "AWS::Lambda", "client", "remote"; empty where a segment gives no origin
  auto operator<=>(const Node&) const = default;
};

inline constexpr std::size_t kMaxNodes = 10'000;
inline constexpr std::string_view kClientType = "client";

// Names of nodes, each once. Beyond kMaxNodes all further ones are the node "(others)".
class NodeTable {
 public:
  NodeId Intern(std::string_view name, std::string_view type);
  [[nodiscard]] const Node& operator[](NodeId id) const { return nodes_[id]; }

 private:
  std::vector<Node> nodes_;
  std::unordered_map<std::string, NodeId> ids_;  // by name, a zero byte, type
};

// A segment or one of its subsegments.
struct Part {
  enum class Kind : std::uint8_t {
    kSegment,
    kCall,   // a subsegment of the namespace "aws" or "remote": `node` is what it calls, inferred
    kLocal,  // another subsegment
  };
  tracing::SegmentId id = 0;
  tracing::SegmentId parent_id = 0;  // the part that it lies in or that led to it
  tracing::SegmentId document = 0;   // id of the document that told of it
  std::int64_t start_us = 0;
  std::int64_t duration_us = 0;
  NodeId node = 0;
  NodeId client = 0;  // of a segment: the node of those who call it from outside
  Kind kind = Kind::kLocal;
  bool error = false;
  bool fault = false;
  bool throttle = false;
  bool in_progress = false;
};

// What a document says beside times and flags, by the part that it is said of.
struct HttpOfPart {
  tracing::SegmentId part = 0;
  tracing::HttpInfo http;
};
struct Annotation {
  tracing::SegmentId part = 0;
  std::string key;
  Value value;  // text, number or truth value
};
struct ExceptionOfPart {
  tracing::SegmentId part = 0;
  std::string type;
  std::string message;
};
struct UserOfPart {
  tracing::SegmentId part = 0;
  std::string user;
};

inline constexpr std::size_t kMaxParts = 2'000;  // of one trace
inline constexpr std::size_t kMaxAnnotations = 50;
inline constexpr std::size_t kMaxKeptExceptions = 20;

struct Trace {
  std::string id;
  std::int64_t seconds = 0;  // epoch seconds of its id
  std::vector<Part> parts;
  std::vector<HttpOfPart> http;
  std::vector<Annotation> annotations;
  std::vector<ExceptionOfPart> exceptions;
  std::vector<UserOfPart> users;
  std::int64_t revision = 0;    // grows with every document
  bool limit_exceeded = false;  // parts were left out

  // Takes a document in. One with the id of an earlier one replaces it, as the end of a segment
  // replaces its beginning.
  void Add(const tracing::Segment& segment, NodeTable& nodes);

  [[nodiscard]] const Part* Find(tracing::SegmentId id) const;
  // The segment that a part belongs to; nullptr when its document has not come.
  [[nodiscard]] const Part* SegmentOf(const Part& part) const;
  // No part of this trace led to it.
  [[nodiscard]] bool IsRoot(const Part& segment) const {
    return segment.kind == Part::Kind::kSegment && Find(segment.parent_id) == nullptr;
  }
  // The root that began first; nullptr when there is none yet.
  [[nodiscard]] const Part* Entry() const;
  [[nodiscard]] const tracing::HttpInfo* HttpOf(tracing::SegmentId part) const;

  [[nodiscard]] std::int64_t start_us() const;
  [[nodiscard]] std::int64_t end_us() const;
  [[nodiscard]] bool in_progress() const;
  // About, in memory.
  [[nodiscard]] std::size_t bytes() const;
};

// The type of the node that a call goes to: "AWS::S3" for "s3" in the namespace "aws".
[[nodiscard]] Node InferredNode(const tracing::Segment& call);

}  // namespace usher::xray
