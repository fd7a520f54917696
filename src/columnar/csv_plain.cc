#include "columnar/csv_plain.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/parallel.h"
#include "columnar/csv_scan.h"
#include "columnar/csv_table.h"

namespace usher::columnar {
namespace {

constexpr std::size_t kLongestLine = 4096;   // bytes; longer ones are not plain
constexpr std::size_t kPadding = 16;         // readable bytes after a block, for whole words
constexpr std::size_t kBlocksPerThread = 4;  // parsed ahead of the one to be put in its place
constexpr std::size_t kLongestNumber = 15;   // digits: exact in a double
constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";

// An id of at most 16 bytes, none of them 0: bytes after its end are 0.
struct Key {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  bool operator==(const Key&) const = default;
};

std::uint64_t LoadWord(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

// The first `size` (at most 8) bytes of a word read from memory.
std::uint64_t FirstBytes(std::uint64_t word, std::size_t size) {
  static_assert(std::endian::native == std::endian::little);
  if (size == 0) return 0;
  return word & (~std::uint64_t{0} >> (64 - 8 * size));
}

// 16 bytes from `at` on must be readable.
Key KeyOf(const char* at, std::size_t size) {
  if (size <= 8) return {FirstBytes(LoadWord(at), size), 0};
  return {LoadWord(at), FirstBytes(LoadWord(at + 8), size - 8)};
}

std::string_view TextOf(const Key& key, std::array<char, kMaxPlainIdBytes>& buffer) {
  std::memcpy(buffer.data(), &key.low, 8);
  std::memcpy(buffer.data() + 8, &key.high, 8);
  return {buffer.data(), strnlen(buffer.data(), buffer.size())};
}

// Whether the 8 bytes of a word are digits, and their value, the first byte being the highest
// digit. (Lemire, "Quickly parsing eight digits", lemire.me, 2022.)
bool EightDigits(std::uint64_t word, std::uint64_t& value) {
  constexpr std::uint64_t kHighHalves = 0xF0F0F0F0F0F0F0F0;
  constexpr std::uint64_t kZeros = 0x3030303030303030;
  const std::uint64_t above = word + 0x0606060606060606;
  if (((word & kHighHalves) | ((above & kHighHalves) >> 4)) != 0x3333333333333333) return false;
  word -= kZeros;
  word = word * 10 + (word >> 8);
  constexpr std::uint64_t kMask = 0x000000FF000000FF;
  constexpr std::uint64_t kFirst = 0x000F424000000064;   // 100 + (1000000 << 32)
  constexpr std::uint64_t kSecond = 0x0000271000000001;  // 1 + (10000 << 32)
  value = (((word & kMask) * kFirst) + (((word >> 16) & kMask) * kSecond)) >> 32;
  return true;
}

// The number that an id spells, when it is a decimal number in its one shortest form and below
// kDirectIds; kDirectIds otherwise.
constexpr std::size_t kDirectIds = std::size_t{1} << 20;
inline std::size_t DirectIdOf(Key key, std::size_t size) {
  constexpr std::size_t kMostDigits = 7;
  constexpr std::uint64_t kZeros = 0x3030303030303030;
  if (size > kMostDigits || (size > 1 && (key.low & 0xFF) == '0')) return kDirectIds;
  std::uint64_t value = 0;
  const std::uint64_t digits = key.low << (64 - 8 * size) | kZeros >> (8 * size);
  return EightDigits(digits, value) ? std::min<std::size_t>(value, kDirectIds) : kDirectIds;
}

// Numbers keys in the order in which they are first seen.
class KeyCodes {
 public:
  static constexpr std::uint32_t kUnknown = std::numeric_limits<std::uint32_t>::max();

  KeyCodes() : slots_(kFirstSlots) {}

  // The code of a number that DirectIdOf gave, if it has one; kUnknown is always a good answer.
  [[nodiscard]] std::uint32_t FindDirect(std::size_t direct) const {
    return direct < direct_.size() ? direct_[direct] : kUnknown;
  }

  // `direct` is DirectIdOf of the key.
  std::uint32_t CodeOf(Key key, std::size_t direct) {
    if (direct == kDirectIds) return FindSlot(key);
    if (direct >= direct_.size()) direct_.resize(std::bit_ceil(direct + 1), kUnknown);
    if (direct_[direct] == kUnknown) direct_[direct] = Add(key);
    return direct_[direct];
  }
  [[nodiscard]] const std::vector<Key>& keys() const { return keys_; }

 private:
  static constexpr std::size_t kFirstSlots = 1024;
  struct Slot {
    Key key;  // all zeros, which no id is, when free
    std::uint32_t code = kUnknown;
  };

  std::uint32_t Add(Key key) {
    keys_.push_back(key);
    return static_cast<std::uint32_t>(keys_.size() - 1);
  }

  std::uint32_t FindSlot(Key key) {
    // Rows are often sorted by one of their ids.
    if (key == last_key_) return last_code_;
    last_key_.low = key.low;  // word by word: a wide copy would wait for two narrow stores
    last_key_.high = key.high;
    return last_code_ = Probe(key);
  }

  std::uint32_t Probe(Key key) {
    for (std::size_t at = HashOf(key) & (slots_.size() - 1);; at = (at + 1) & (slots_.size() - 1)) {
      Slot& slot = slots_[at];
      if (slot.key == key) return slot.code;
      if (slot.code == kUnknown) {
        const std::uint32_t code = Add(key);
        slot = {key, code};
        if (2 * ++used_slots_ > slots_.size()) Grow();
        return code;
      }
    }
  }

  static std::size_t HashOf(Key key) {
    __extension__ using Wide = unsigned __int128;
    const Wide product =
        static_cast<Wide>(key.low ^ 0xa0761d6478bd642f) * (key.high ^ 0xe7037ed1a0b428db);
    return static_cast<std::size_t>(static_cast<std::uint64_t>(product) ^
                                    static_cast<std::uint64_t>(product >> 64));
  }
  void Grow() {
    std::vector<Slot> grown(2 * slots_.size());
    for (const Slot& slot : slots_) {
      if (slot.code == kUnknown) continue;
      std::size_t at = HashOf(slot.key) & (grown.size() - 1);
      while (grown[at].code != kUnknown) at = (at + 1) & (grown.size() - 1);
      grown[at] = slot;
    }
    slots_ = std::move(grown);
  }

  std::vector<std::uint32_t> direct_;  // code of each small decimal number, or kUnknown
  std::vector<Slot> slots_;  // of other ids: open addressing; a power of two, at most half full
  std::size_t used_slots_ = 0;
  std::vector<Key> keys_;
  Key last_key_;
  std::uint32_t last_code_ = kUnknown;
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Digits alone; at most 18.
bool ParseDigits(const char* at, std::size_t size, std::uint64_t& value) {
  if (size == 0 || size > 18) return false;
  std::uint64_t sum = 0;
  if (size >= 8) {
    if (!EightDigits(LoadWord(at), sum)) return false;
    at += 8;
    size -= 8;
  }
  for (std::size_t i = 0; i < size; ++i) {
    if (!IsDigit(at[i])) return false;
    sum = sum * 10 + static_cast<std::uint64_t>(at[i] - '0');
  }
  value = sum;
  return true;
}

// Digits, with or without a point and digits after it. The quotient of two whole numbers that a
// double holds exactly is the double nearest to the decimal number.
constexpr std::array<float, 100> kTenths = [] {
  std::array<float, 100> tenths{};
  for (int i = 0; i < 100; ++i) tenths[static_cast<std::size_t>(i)] = static_cast<float>(i / 10.0);
  return tenths;
}();
bool ParseDecimal(const char* at, std::size_t size, float& value) {
  if (size == 3 && at[1] == '.' && IsDigit(at[0]) && IsDigit(at[2])) {
    value = kTenths[static_cast<std::size_t>((at[0] - '0') * 10 + (at[2] - '0'))];
    return true;
  }
  if (size == 0 || size > kLongestNumber) return false;
  double whole = 0;
  double power = 1;
  bool after_point = false;
  for (std::size_t i = 0; i < size; ++i) {
    if (at[i] == '.' && !after_point && i > 0 && i + 1 < size) {
      after_point = true;
      continue;
    }
    if (!IsDigit(at[i])) return false;
    whole = whole * 10 + (at[i] - '0');
    if (after_point) power *= 10;
  }
  value = static_cast<float>(whole / power);
  return true;
}

// The rows of one block, ids numbered as the thread that parsed it does.
struct Parsed {
  std::size_t worker = 0;
  std::size_t rows = 0;
  std::vector<std::vector<std::uint32_t>> codes;
  std::vector<std::int64_t> epochs;
  std::vector<float> numbers;
};

// What one thread has met so far.
class BlockParser {
 public:
  explicit BlockParser(const PlainCsvFields& fields)
      : fields_(fields), codes_(fields.keys.size()), first_seen_(fields.keys.size()) {}

  // `text` is whole lines and has kPadding readable bytes after it; false when it is not plain.
  bool Parse(std::string_view text, std::uint64_t block, Parsed& out) {
    if (text.find('"') != std::string_view::npos || text.find('\0') != std::string_view::npos ||
        !IsAscii(text)) {
      return false;
    }
    if (room_ < text.size()) {
      room_ = text.size();
      separators_ = std::make_unique_for_overwrite<std::uint32_t[]>(room_);
    }
    const std::size_t count = ScanUnquotedSeparators(text, separators_.get());
    if (count % fields_.count != 0) return false;
    out.rows = count / fields_.count;
    out.codes.resize(fields_.keys.size());
    for (auto& codes : out.codes) codes.resize(out.rows);
    out.epochs.resize(out.rows);
    out.numbers.resize(fields_.number ? out.rows : 0);

    text_ = text;
    if (!EachLineHasItsFields(out.rows)) return false;
    // Column by column: short loops, whose steps need not wait for each other.
    for (std::size_t k = 0; k < fields_.keys.size(); ++k) {
      if (!ParseKeys(k, block, out.codes[k])) return false;
    }
    return ParseEpochs(out.epochs) && (!fields_.number || ParseNumbers(out.numbers));
  }

  [[nodiscard]] const std::vector<Key>& keys(std::size_t k) const { return codes_[k].keys(); }
  // Block and row where each of the keys was first met.
  [[nodiscard]] const std::vector<std::uint64_t>& first_seen(std::size_t k) const {
    return first_seen_[k];
  }

 private:
  static bool IsAscii(std::string_view text) {
    unsigned char bits = 0;
    for (const char c : text) bits |= static_cast<unsigned char>(c);
    return bits < 0x80;
  }

  [[nodiscard]] bool EachLineHasItsFields(std::size_t rows) const {
    const std::size_t last = fields_.count - 1;
    const std::uint32_t* separators = separators_.get();
    for (std::size_t row = 0; row < rows; ++row, separators += fields_.count) {
      for (std::size_t field = 0; field < last; ++field) {
        if (text_[separators[field]] != ',') return false;
      }
      if (text_[separators[last]] != '\n') return false;
    }
    return true;
  }

  [[nodiscard]] std::string_view Field(std::size_t row, std::size_t field) const {
    const std::size_t at = row * fields_.count + field;
    const std::size_t begin = at == 0 ? 0 : separators_[at - 1] + std::size_t{1};
    std::size_t end = separators_[at];
    if (field + 1 == fields_.count && end > begin && text_[end - 1] == '\r') --end;
    return text_.substr(begin, end - begin);
  }

  bool ParseKeys(std::size_t k, std::uint64_t block, std::vector<std::uint32_t>& codes) {
    const std::size_t field = fields_.keys[k];
    KeyCodes& known = codes_[k];
    for (std::size_t row = 0; row < codes.size(); ++row) {
      const std::string_view id = Field(row, field);
      if (id.empty() || id.size() > kMaxPlainIdBytes) return false;
      codes[row] = static_cast<std::uint32_t>(DirectIdOf(KeyOf(id.data(), id.size()), id.size()));
    }
    for (std::size_t row = 0; row < codes.size(); ++row) {
      const std::uint32_t direct = codes[row];
      codes[row] = known.FindDirect(direct);
      if (codes[row] != KeyCodes::kUnknown) continue;
      const std::string_view id = Field(row, field);
      codes[row] = known.CodeOf(KeyOf(id.data(), id.size()), direct);
      if (codes[row] == first_seen_[k].size()) first_seen_[k].push_back(block << 32 | row);
    }
    return true;
  }

  bool ParseEpochs(std::vector<std::int64_t>& epochs) const {
    for (std::size_t row = 0; row < epochs.size(); ++row) {
      const std::string_view time = Field(row, fields_.epoch);
      std::uint64_t epoch = 0;
      if (!ParseDigits(time.data(), time.size(), epoch) || epoch > kMaxEpochSeconds) return false;
      epochs[row] = static_cast<std::int64_t>(epoch);
    }
    return true;
  }

  bool ParseNumbers(std::vector<float>& numbers) const {
    for (std::size_t row = 0; row < numbers.size(); ++row) {
      const std::string_view number = Field(row, *fields_.number);
      if (number.empty()) {
        numbers[row] = std::numeric_limits<float>::quiet_NaN();
      } else if (!ParseDecimal(number.data(), number.size(), numbers[row])) {
        return false;
      }
    }
    return true;
  }

  const PlainCsvFields& fields_;
  std::vector<KeyCodes> codes_;
  std::vector<std::vector<std::uint64_t>> first_seen_;
  std::unique_ptr<std::uint32_t[]> separators_;
  std::size_t room_ = 0;
  std::string_view text_;  // the block being parsed
};

class File {
 public:
  explicit File(const std::string& path) : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    struct stat status{};
    if (descriptor_ >= 0 && ::fstat(descriptor_, &status) == 0) {
      size_ = static_cast<std::uint64_t>(status.st_size);
    }
  }
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }
  [[nodiscard]] std::uint64_t size() const { return size_; }
  // Bytes read, fewer only at the end of the file; -1 on an error.
  [[nodiscard]] std::ptrdiff_t ReadAt(std::uint64_t offset, char* to, std::size_t size) const {
    std::size_t filled = 0;
    while (filled < size) {
      const ssize_t count =
          ::pread(descriptor_, to + filled, size - filled, static_cast<off_t>(offset + filled));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return -1;
      if (count == 0) break;
      filled += static_cast<std::size_t>(count);
    }
    return static_cast<std::ptrdiff_t>(filled);
  }

 private:
  int descriptor_;
  std::uint64_t size_ = 0;
};

// All threads together.
class PlainReader {
 public:
  PlainReader(const File& file, std::uint64_t data_begin, const PlainCsvFields& fields,
              const PlainCsvOptions& options)
      : file_(file),
        data_begin_(data_begin),
        fields_(fields),
        options_(options),
        block_bytes_(std::max(options.block_bytes, 2 * kLongestLine)),
        block_count_((file.size() - data_begin + block_bytes_ - 1) / block_bytes_),
        pool_(static_cast<std::size_t>(std::max(options.threads, 0))) {
    table_.codes.resize(fields.keys.size());
    table_.names.resize(fields.keys.size());
    for (std::size_t i = 0; i < pool_.thread_count(); ++i) parsers_.emplace_back(fields);
  }

  Result<std::optional<PlainCsvTable>> Read() {
    pool_.ParallelFor(pool_.thread_count(), 1,
                      [this](const ChunkRange& range) { Work(range.worker); });
    if (failed_) return Internal("the file cannot be read");
    if (!plain_) return std::optional<PlainCsvTable>();
    Renumber();
    return std::optional(std::move(table_));
  }

 private:
  // Rows of the table that one thread parsed, and so numbered.
  struct Piece {
    std::size_t worker;
    std::size_t begin;
    std::size_t end;
  };

  void Work(std::size_t worker) {
    std::string buffer(block_bytes_ + kLongestLine + 1 + kPadding, '\0');
    while (true) {
      std::uint64_t block = 0;
      std::unique_ptr<Parsed> parsed;
      {
        std::unique_lock lock(mutex_);
        room_.wait(lock, [this] {
          return !plain_ || next_in_ == block_count_ ||
                 next_in_ < next_out_ + kBlocksPerThread * pool_.thread_count();
        });
        if (!plain_ || next_in_ == block_count_) return;
        block = next_in_++;
        if (spare_.empty()) {
          parsed = std::make_unique<Parsed>();
        } else {
          parsed = std::move(spare_.back());
          spare_.pop_back();
        }
      }
      parsed->worker = worker;
      std::string_view text;
      const bool good =
          ReadBlock(block, buffer, text) && parsers_[worker].Parse(text, block, *parsed);
      if (good) {
        Place(block, std::move(parsed));
        if (worker == 0 && options_.progress) {
          options_.progress(static_cast<double>(block + 1) / static_cast<double>(block_count_));
        }
        continue;
      }
      const std::scoped_lock lock(mutex_);
      plain_ = false;
      room_.notify_all();
      return;
    }
  }

  // The lines that begin in the block, which may end after it.
  bool ReadBlock(std::uint64_t block, std::string& buffer, std::string_view& text) {
    const std::uint64_t begin = data_begin_ + block * block_bytes_;
    const std::uint64_t end = std::min(begin + block_bytes_, file_.size());
    // From the byte before, which tells whether a line begins with the block.
    const std::size_t wanted = end - begin + 1 + kLongestLine;
    const std::ptrdiff_t count = file_.ReadAt(begin - 1, buffer.data(), wanted);
    if (count < static_cast<std::ptrdiff_t>(end - begin + 1)) {
      const std::scoped_lock lock(mutex_);
      failed_ = true;
      return false;
    }
    auto size = static_cast<std::size_t>(count);
    if (size < wanted && buffer[size - 1] != '\n') buffer[size++] = '\n';  // the file's last line
    const std::string_view bytes(buffer.data(), size);
    const std::size_t first = bytes.find('\n');
    const std::size_t last = bytes.find('\n', end - begin);
    // A line longer than the room for it.
    if (first == std::string_view::npos || last == std::string_view::npos) return false;
    text = first < last ? bytes.substr(first + 1, last - first) : std::string_view();
    return true;
  }

  // Appends blocks to the table in their order; one thread at a time does it for all.
  void Place(std::uint64_t block, std::unique_ptr<Parsed> parsed) {
    std::unique_lock lock(mutex_);
    waiting_.emplace(block, std::move(parsed));
    if (placing_) return;
    placing_ = true;
    for (auto found = waiting_.begin(); found != waiting_.end() && found->first == next_out_;
         found = waiting_.begin()) {
      std::unique_ptr<Parsed> next = std::move(found->second);
      waiting_.erase(found);
      lock.unlock();
      Append(*next);
      lock.lock();
      spare_.push_back(std::move(next));
      ++next_out_;
      room_.notify_all();
    }
    placing_ = false;
  }

  void Append(const Parsed& parsed) {
    if (pieces_.empty()) Reserve(parsed.rows);
    const std::size_t begin = table_.epochs.size();
    for (std::size_t k = 0; k < table_.codes.size(); ++k) {
      table_.codes[k].insert(table_.codes[k].end(), parsed.codes[k].begin(), parsed.codes[k].end());
    }
    table_.epochs.insert(table_.epochs.end(), parsed.epochs.begin(), parsed.epochs.end());
    table_.numbers.insert(table_.numbers.end(), parsed.numbers.begin(), parsed.numbers.end());
    pieces_.push_back({parsed.worker, begin, table_.epochs.size()});
  }

  // Room for the whole file if its lines are like those of the first block.
  void Reserve(std::size_t rows_of_first) {
    const double per_byte = static_cast<double>(rows_of_first + 1) /
                            static_cast<double>(std::min(block_bytes_, file_.size() - data_begin_));
    const auto rows =
        static_cast<std::size_t>(1.1 * per_byte * static_cast<double>(file_.size() - data_begin_)) +
        1;
    for (auto& codes : table_.codes) codes.reserve(rows);
    table_.epochs.reserve(rows);
    if (fields_.number) table_.numbers.reserve(rows);
  }

  // From the threads' numbers to those in the order of the file.
  void Renumber() {
    struct Met {
      std::uint64_t place;
      std::uint32_t worker;
      std::uint32_t code;
    };
    for (std::size_t k = 0; k < table_.codes.size(); ++k) {
      std::vector<Met> all;
      std::vector<std::vector<std::uint32_t>> number(parsers_.size());
      for (std::uint32_t worker = 0; worker < parsers_.size(); ++worker) {
        const auto& first_seen = parsers_[worker].first_seen(k);
        number[worker].resize(first_seen.size());
        for (std::uint32_t code = 0; code < first_seen.size(); ++code) {
          all.push_back({first_seen[code], worker, code});
        }
      }
      std::ranges::sort(all, {}, &Met::place);
      KeyCodes codes;
      std::array<char, kMaxPlainIdBytes> buffer{};
      for (const Met& met : all) {
        const Key& key = parsers_[met.worker].keys(k)[met.code];
        const std::string_view text = TextOf(key, buffer);
        const std::uint32_t code = codes.CodeOf(key, DirectIdOf(key, text.size()));
        if (code == table_.names[k].size()) table_.names[k].Add(text);
        number[met.worker][met.code] = code;
      }
      pool_.ParallelFor(pieces_.size(), 1, [&](const ChunkRange& range) {
        const Piece& piece = pieces_[range.begin];
        for (std::size_t row = piece.begin; row < piece.end; ++row) {
          table_.codes[k][row] = number[piece.worker][table_.codes[k][row]];
        }
      });
    }
  }

  const File& file_;
  const std::uint64_t data_begin_;
  const PlainCsvFields& fields_;
  const PlainCsvOptions& options_;
  const std::size_t block_bytes_;
  const std::uint64_t block_count_;
  ThreadPool pool_;
  std::vector<BlockParser> parsers_;  // one for each thread

  std::mutex mutex_;
  std::condition_variable room_;                              // a block was placed, or stop
  std::map<std::uint64_t, std::unique_ptr<Parsed>> waiting_;  // for those before them
  std::vector<std::unique_ptr<Parsed>> spare_;
  std::uint64_t next_in_ = 0;   // next block to be read
  std::uint64_t next_out_ = 0;  // next block to be placed
  bool placing_ = false;
  bool plain_ = true;
  bool failed_ = false;

  // Of the thread that places.
  PlainCsvTable table_;
  std::vector<Piece> pieces_;
};

}  // namespace

Result<std::optional<PlainCsvTable>> ReadPlainCsv(const std::string& path,
                                                  const PlainCsvFields& fields,
                                                  const PlainCsvOptions& options) {
  Check(fields.count > 0 && !fields.keys.empty(), "there are fields to read");
  const File file(path);
  if (!file.is_open()) return NotFound("the file cannot be opened");
  std::string head(kLongestLine, '\0');
  const std::ptrdiff_t count = file.ReadAt(0, head.data(), head.size());
  if (count < 0) return Internal("the file cannot be read");
  std::string_view header(head.data(), static_cast<std::size_t>(count));
  const std::size_t end = header.find('\n');
  if (end == std::string_view::npos) return std::optional<PlainCsvTable>();
  const std::uint64_t data_begin = end + 1;
  header = header.substr(0, end);
  if (header.starts_with(kUtf8Mark)) header.remove_prefix(kUtf8Mark.size());
  const auto commas = static_cast<std::size_t>(std::ranges::count(header, ','));
  if (commas + 1 != fields.count || header.find('"') != std::string_view::npos) {
    return std::optional<PlainCsvTable>();
  }
  return PlainReader(file, data_begin, fields, options).Read();
}

}  // namespace usher::columnar
