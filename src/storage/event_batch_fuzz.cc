// Bytes of an event log, as a disk may give them back.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "storage/event_batch.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  // Without the checksum, which would let nothing through.
  while (auto batch = usher::storage::BatchReader::At(bytes, false)) {
    std::uint32_t events = 0;
    while (const auto event = batch->Next()) {
      ++events;
      usher::Check(event->message.size() <= bytes.size(), "a message lies within its batch");
    }
    usher::Check(events <= batch->count(), "a batch gives no more events than it has");
    bytes.remove_prefix(batch->bytes());
  }
  return 0;
}
