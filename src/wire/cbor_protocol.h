// The codec of Smithy RPC v2 CBOR, which newer clients speak to services that have another protocol
// in their tables: every operation is POST /service/NAME/operation/OPERATION with the header
// smithy-protocol: rpc-v2-cbor, and the body is one CBOR map each way.
#pragma once

#include "wire/protocol.h"

namespace usher::wire {

extern const Codec kCborCodec;

}  // namespace usher::wire
