#include "builtin_jobs/prepare_interactions.h"

#include <cstdint>
#include <fstream>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "builtin_jobs/arguments.h"
#include "engine/prepare_interactions.h"

namespace usher::builtin_jobs {
namespace {

constexpr std::size_t kReadBytes = std::size_t{1} << 20;
// Shares of the time, for the progress.
constexpr double kFetched = 0.2;
constexpr double kPrepared = 0.8;

// The object as a file of the work folder.
Result<columnar::CsvInput> Fetch(const ObjectName& name, const std::string& file,
                                 const std::function<void(double)>& progress, JobContext& context) {
  const auto source = context.Open(name);
  if (!source) return source.error();
  columnar::CsvInput input{.name = name.Uri(), .path = context.work_folder() + "/" + file};
  std::ofstream out(input.path, std::ios::binary | std::ios::trunc);
  std::vector<char> buffer(kReadBytes);
  const double size = static_cast<double>((*source)->size().value_or(0));
  std::uint64_t done = 0;
  while (true) {
    const auto count = (*source)->Read(buffer);
    if (!count) return count.error();
    if (*count == 0) break;
    out.write(buffer.data(), static_cast<std::streamsize>(*count));
    done += *count;
    if (size > 0) progress(static_cast<double>(done) / size);
  }
  out.close();
  if (!out) return Internal("cannot write " + name.Uri() + " into the job's folder: disk full?");
  return input;
}

engine::ByteSink Into(ObjectWriter& writer) {
  return [&writer](std::string_view bytes) { return writer.Write(bytes); };
}

std::string Count(std::uint64_t count, const char* of) { return std::to_string(count) + of; }

}  // namespace

Result<void> PrepareInteractions(const JobArguments& arguments, JobContext& context) {
  const auto ratings = RequireObject(arguments, "RATINGS");
  if (!ratings) return ratings.error();
  const auto movies = RequireObject(arguments, "MOVIES");
  if (!movies) return movies.error();
  auto output = RequireObject(arguments, "OUTPUT");
  if (!output) return output.error();
  if (!output->key.empty() && !output->key.ends_with('/')) output->key += '/';
  const auto share =
      NumberOr(arguments, "FRACTION", 1, std::numeric_limits<double>::denorm_min(), 1);
  if (!share) return share.error();
  const auto seed = IntegerOr(arguments, "SEED", 0, 0, std::numeric_limits<std::int64_t>::max());
  if (!seed) return seed.error();

  const auto known = Fetch(*movies, "movies.csv", [](double) {}, context);
  if (!known) return known.error();
  const auto given = Fetch(
      *ratings, "ratings.csv",
      [&](double fraction) { context.Report(kFetched * fraction, "reading"); }, context);
  if (!given) return given.error();

  const auto interactions =
      context.Create({output->bucket, output->key + "model_input/interactions.csv"}, "text/csv");
  if (!interactions) return interactions.error();
  const auto metadata =
      context.Create({output->bucket, output->key + "metadata/metadata.csv"}, "text/csv");
  if (!metadata) return metadata.error();
  const auto prepared = engine::PrepareInteractions(
      {.ratings = *given,
       .movies = *known,
       .share = *share,
       .seed = static_cast<std::uint64_t>(*seed),
       .progress =
           [&](double fraction) {
             context.Report(kFetched + (kPrepared - kFetched) * fraction, "preparing");
           }},
      Into(**interactions), Into(**metadata));
  if (!prepared) return prepared.error();

  context.Report(kPrepared, "storing");
  if (auto stored = (*metadata)->Finish(); !stored) return stored;
  if (auto stored = (*interactions)->Finish(); !stored) return stored;
  context.Report(1, "done");
  context.Log("read " + Count(prepared->ratings, " ratings, took ") +
              Count(prepared->taken, " of them; left out ") +
              Count(prepared->unknown_movies, " of unknown movies and ") +
              Count(prepared->duplicates, " duplicates; wrote ") +
              Count(prepared->interactions, " interactions of ") +
              Count(prepared->movies, " movies to ") + output->Uri());
  return {};
}

}  // namespace usher::builtin_jobs
