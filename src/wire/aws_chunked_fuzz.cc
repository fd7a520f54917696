// Any framed body: what is accepted has the announced length and its checksum; all else is refused
// by name.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "base/byte_source.h"
#include "base/check.h"
#include "wire/aws_chunked.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace usher;
  using namespace usher::wire;

  // Two bytes of plan, then the frames.
  if (size < 2) return 0;
  AwsChunkedPlan plan;
  plan.decoded_length = data[0];
  plan.signed_chunks = (data[1] & 1) != 0;
  plan.has_trailer = (data[1] & 2) != 0;
  if (plan.has_trailer && (data[1] & 4) != 0) plan.trailers = {ChecksumAlgorithm::kCrc32};
  if (plan.signed_chunks && (data[1] & 8) != 0) {
    plan.signer = ChunkSigner("key", "20130524T000000Z", "scope", "seed");
  }
  const bool signed_plan = plan.signer.has_value();
  const bool checked = !plan.trailers.empty();
  const std::uint64_t length = plan.decoded_length;
  const auto source = MakeAwsChunkedSource(std::make_shared<StringSource>(std::string(
                                               reinterpret_cast<const char*>(data) + 2, size - 2)),
                                           std::move(plan));

  std::string decoded;
  std::array<char, 7> buffer{};
  while (true) {
    const auto got = source->Read(buffer);
    if (!got) {
      Check(!got.error().wire_name.empty(), "every refusal has its public name");
      return 0;
    }
    if (*got == 0) break;
    decoded.append(buffer.data(), *got);
  }
  Check(!signed_plan, "nobody guesses a chunk's signature");
  Check(decoded.size() == length, "the announced length came");
  if (checked) {
    const std::string* given = source->trailers().Find("x-amz-checksum-crc32");
    Checksum checksum(ChecksumAlgorithm::kCrc32);
    checksum.Update(decoded);
    Check(given != nullptr && checksum.FinishBase64() == *given, "the checksum is the bytes' own");
  }
  return 0;
}
