#include "wire/protocol.h"

#include "base/check.h"

namespace usher::wire {

const Codec& CodecFor(Protocol protocol) {
  switch (protocol) {
    case Protocol::kJson:
      return kJsonCodec;
    case Protocol::kRestJson:
      return kRestJsonCodec;
    case Protocol::kQuery:
      return kQueryCodec;
    case Protocol::kRestXml:
      return kRestXmlCodec;
  }
  Check(false, "every protocol has a codec");
  return kJsonCodec;
}

bool StreamsIn(const Operation& operation) {
  if (!operation.input || operation.input->payload.empty()) return false;
  for (const Member& member : operation.input->members) {
    if (member.name == operation.input->payload) return member.streaming;
  }
  return false;
}

const Shape* ModelledError(const Operation* operation, std::string_view name) {
  if (!operation) return nullptr;
  for (const Shape* error : operation->errors) {
    if (error->error_code == name || error->name == name) return error;
  }
  return nullptr;
}

}  // namespace usher::wire
