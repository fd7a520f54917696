#include "functions/batch_transform.h"

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <vector>

#include "columnar/parquet_file.h"
#include "engine/line_reader.h"
#include "functions/movie_titles.h"
#include "functions/s3_event.h"
#include "json/json.h"
#include "wire/s3.h"

namespace usher::functions {
namespace {

namespace s3 = usher::api::s3;

constexpr std::string_view kOutput = ".out";
constexpr std::string_view kSegmentFolder = "segment/";
constexpr const char* kResultFile = "transformed.parquet";
constexpr std::size_t kMaxLineBytes = std::size_t{4} << 20;
constexpr std::size_t kMaxLineDepth = 16;
constexpr std::size_t kLinesAtOnce = 1000;
constexpr std::size_t kRowsAtOnce = 8192;  // of a row group
constexpr std::uint64_t kMaxToldLines = 20;

// A folder for one file, removed with it.
class Scratch {
 public:
  static Result<Scratch> Make() {
    std::error_code error;
    const auto parent = std::filesystem::temp_directory_path(error);
    if (error) return Internal("there is no folder for temporary files: " + error.message());
    std::string path = (parent / "usher-transform-XXXXXX").string();
    if (!::mkdtemp(path.data())) return SystemError("cannot make a temporary folder", errno);
    return Scratch(std::move(path));
  }
  ~Scratch() {
    if (path_.empty()) return;
    std::error_code ignored;  // what stays is the operating system's to clean
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(Scratch&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Scratch& operator=(Scratch&&) = delete;

  [[nodiscard]] std::string file() const { return path_ + "/" + kResultFile; }

 private:
  explicit Scratch(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

std::string Uri(const std::string& bucket, const std::string& key) {
  return "s3://" + bucket + "/" + key;
}

Result<Stream> OpenObject(FunctionContext& context, const std::string& bucket,
                          const std::string& key) {
  const auto object =
      context.dispatcher.Call<s3::GetObject>({.bucket = bucket, .key = key}, context.call);
  if (!object) return object.error();
  if (!object->body) return Internal("an object came without its bytes");
  return object->body;
}

// The number that is printed like this; nullopt when there is none.
std::optional<std::int64_t> AsNumber(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (bad != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (std::to_string(number) != text) return std::nullopt;
  return number;
}

// One line of a batch job's output.
struct Answer {
  std::string user;
  std::vector<std::string> items;
};

// Errors: what keeps the line from being a row.
Result<Answer> ReadAnswer(std::string_view line) {
  if (line.size() > kMaxLineBytes) {
    return InvalidInput("longer than " + std::to_string(kMaxLineBytes) + " bytes");
  }
  const auto value = json::Parse(line, kMaxLineDepth);
  if (!value) return InvalidInput("not JSON: " + value.error().message);
  if (const Value* error = value->Find("error"); error && !error->is_null()) {
    const std::string* text = error->as_string();
    return InvalidInput("error: " + (text ? *text : json::Write(*error)));
  }
  const Value* input = value->Find("input");
  const Value* user = input ? input->Find("userId") : nullptr;
  if (!user || !user->as_string()) return InvalidInput("it has no input.userId");
  const Value* output = value->Find("output");
  const Value* items = output ? output->Find("recommendedItems") : nullptr;
  if (!items || !items->as_list()) return InvalidInput("it has no output.recommendedItems");
  Answer answer{.user = *user->as_string()};
  for (const Value& item : *items->as_list()) {
    if (!item.as_string()) return InvalidInput("an item is not a string");
    answer.items.push_back(*item.as_string());
  }
  return answer;
}

// Rows on their way to the file.
class RowWriter {
 public:
  static Result<RowWriter> Create(const std::string& path, bool numbers) {
    auto writer = columnar::TableWriter::Create(
        path, {{"userId", numbers ? columnar::ColumnType::kInt64 : columnar::ColumnType::kString},
               {"Recommendations", columnar::ColumnType::kString}});
    if (!writer) return writer.error();
    return RowWriter(*std::move(writer), numbers);
  }

  // `number` where users are numbers.
  Result<void> Add(const std::string& user, std::int64_t number, std::string_view shown) {
    columnar::Column& users = batch_.columns[0];
    if (numbers_) {
      users.ints.push_back(number);
    } else {
      AddText(users, user);
    }
    AddText(batch_.columns[1], shown);
    ++batch_.rows;
    ++rows_;
    return batch_.rows == kRowsAtOnce ? Write() : Result<void>();
  }

  Result<void> Finish() {
    if (batch_.rows > 0) {
      if (auto written = Write(); !written) return written;
    }
    const auto bytes = writer_->Finish();
    return bytes ? Result<void>() : Result<void>(bytes.error());
  }

  [[nodiscard]] std::uint64_t rows() const { return rows_; }

 private:
  RowWriter(std::unique_ptr<columnar::TableWriter> writer, bool numbers)
      : writer_(std::move(writer)), numbers_(numbers) {
    batch_.columns.resize(2);
  }

  static void AddText(columnar::Column& column, std::string_view text) {
    column.codes.push_back(static_cast<std::uint32_t>(column.dictionary.size()));
    column.dictionary.Add(text);
  }

  Result<void> Write() {
    auto written = writer_->Write(batch_);
    batch_ = {};
    batch_.columns.resize(2);
    return written;
  }

  std::unique_ptr<columnar::TableWriter> writer_;
  bool numbers_;
  columnar::Batch batch_;
  std::uint64_t rows_ = 0;
};

struct Counts {
  std::uint64_t rows = 0;
  std::uint64_t left_out = 0;  // lines
  std::uint64_t unknown = 0;   // movies, as often as they were recommended
};

// Turns the output of one job into one file.
class Transform {
 public:
  Transform(FunctionContext& context, const ObjectRecord& output, const MovieTitles& titles)
      : context_(context), output_(output), titles_(titles) {}

  // The rows as a Parquet file at `path`. nullopt when `numbers` is wanted and an id is none.
  Result<std::optional<Counts>> Run(const std::string& path, bool numbers) {
    const auto source = OpenObject(context_, output_.bucket, output_.key);
    if (!source) return source.error();
    auto writer = RowWriter::Create(path, numbers);
    if (!writer) return writer.error();
    engine::LineReader reader(**source, kMaxLineBytes);
    Counts counts;
    std::uint64_t line_number = 0;
    std::string shown;
    while (true) {
      if (context_.Expired()) {
        return Cancelled("the time of the function is over after " +
                         std::to_string(writer->rows()) + " rows of " +
                         Uri(output_.bucket, output_.key) + "; nothing was stored");
      }
      const auto lines = reader.Read(kLinesAtOnce);
      if (!lines) return lines.error();
      if (lines->empty()) break;
      for (const std::string& line : *lines) {
        ++line_number;
        const auto answer = ReadAnswer(line);
        if (!answer) {
          if (++counts.left_out <= kMaxToldLines) Tell(line_number, answer.error().message);
          continue;
        }
        const auto number = AsNumber(answer->user);
        if (numbers && !number) {
          context_.log("the user " + answer->user + " in line " + std::to_string(line_number) +
                       " is not a number: userId becomes a column of strings");
          return std::optional<Counts>();
        }
        counts.unknown += Show(*answer, shown);
        if (const auto added = writer->Add(answer->user, number.value_or(0), shown); !added) {
          return added.error();
        }
      }
    }
    counts.rows = writer->rows();
    if (const auto finished = writer->Finish(); !finished) return finished.error();
    return std::optional(counts);
  }

 private:
  void Tell(std::uint64_t line_number, const std::string& why) {
    if (line_number <= told_) return;  // in an earlier pass
    told_ = line_number;
    context_.log("line " + std::to_string(line_number) + " of " + Uri(output_.bucket, output_.key) +
                 " is left out: " + why);
  }

  // Gives the number of movies that are not in the catalogue.
  std::uint64_t Show(const Answer& answer, std::string& shown) const {
    std::uint64_t unknown = 0;
    shown.clear();
    for (const std::string& item : answer.items) {
      if (&item != &answer.items.front()) shown += " | ";
      shown += titles_.Shown(item);
      if (!titles_.Knows(item)) ++unknown;
    }
    return unknown;
  }

  FunctionContext& context_;
  const ObjectRecord& output_;
  const MovieTitles& titles_;
  std::uint64_t told_ = 0;  // the last line told of
};

Result<MovieTitles> ReadTitles(const std::string& bucket, FunctionContext& context) {
  const auto variable = context.environment.find("METADATA_KEY");
  if (variable == context.environment.end() || variable->second.empty()) {
    return InvalidInput(
        "the environment variable METADATA_KEY is missing: it must hold the key of movies.csv");
  }
  const auto explain = [&](const Error& error) {
    return Error{error.code,
                 "cannot read the movies at " + Uri(bucket, variable->second) +
                     ", which METADATA_KEY names: " + error.message,
                 error.wire_name,
                 0,
                 {}};
  };
  auto source = OpenObject(context, bucket, variable->second);
  if (!source) return explain(source.error());
  auto titles = MovieTitles::Read(*std::move(source));
  if (!titles) return explain(titles.error());
  return titles;
}

Result<void> Store(const Scratch& scratch, const std::string& bucket, const std::string& key,
                   FunctionContext& context) {
  auto file = FileSource::Open(scratch.file());
  if (!file) return file.error();
  s3::PutObjectRequest request;
  request.bucket = bucket;
  request.key = key;
  request.content_type = "application/vnd.apache.parquet";
  request.content_length = static_cast<std::int64_t>((*file)->size().value_or(0));
  request.body = *std::move(file);
  const auto stored = context.dispatcher.Call<s3::PutObject>(request, context.call);
  return stored ? Result<void>() : Result<void>(stored.error());
}

Result<void> TransformOne(const ObjectRecord& output, FunctionContext& context) {
  const auto titles = ReadTitles(output.bucket, context);
  if (!titles) return titles.error();
  const auto scratch = Scratch::Make();
  if (!scratch) return scratch.error();
  Transform transform(context, output, *titles);
  auto counts = transform.Run(scratch->file(), true);
  if (counts && !*counts) counts = transform.Run(scratch->file(), false);
  if (!counts) return counts.error();
  const auto& [rows, left_out, unknown] = **counts;
  if (left_out > kMaxToldLines) {
    context.log(std::to_string(left_out - kMaxToldLines) + " more lines are left out");
  }
  const std::string from = Uri(output.bucket, output.key);
  if (rows == 0) {
    return InvalidInput("no line of " + from + " is an answer with recommended items; " +
                        std::to_string(left_out) + " lines were left out");
  }
  if (unknown > 0) {
    context.log(std::to_string(unknown) +
                " recommended movies are not among the movies and are shown as their ids");
  }
  const std::string key = std::string(FolderOf(output.key)) + kResultFile;
  if (auto stored = Store(*scratch, output.bucket, key, context); !stored) return stored;
  context.log("wrote " + std::to_string(rows) + " rows to " + Uri(output.bucket, key) + ", " +
              std::to_string(left_out) + " lines were left out");
  return {};
}

}  // namespace

Result<std::string> BatchTransform(const std::string& event, FunctionContext& context) {
  const auto records = ReadS3Event(event);
  if (!records) return records.error();
  for (const ObjectRecord& record : *records) {
    const std::string uri = Uri(record.bucket, record.key);
    const std::string_view folder = FolderOf(record.key);
    if (!record.key.ends_with(kOutput)) {
      context.log("nothing to do for " + uri + ": it is not the output of a batch job (.out)");
    } else if (folder == kSegmentFolder || folder.ends_with("/" + std::string(kSegmentFolder))) {
      context.log("nothing to do for " + uri + ": segments list users, not movies");
    } else if (const auto done = TransformOne(record, context); !done) {
      return done.error();
    }
  }
  return std::string("null");
}

}  // namespace usher::functions
