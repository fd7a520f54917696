#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/options.h"
#include "cli/progress_bar.h"
#include "engine/generate/ratings.h"

namespace usher::cli {

int Generate(Arguments arguments) {
  std::string out;
  engine::GenerateOptions generate;
  const std::vector<Option> options{
      {"--rows", "N", "number of ratings", TakeCount(generate.rows, 1, engine::kMaxGeneratedRows),
       Option::kRequired},
      {"--movies", "FILE",
       "take the movies from this movies.csv (movieId,title,genres); otherwise "
       "they are made up, too",
       TakeText(generate.movies_path)},
      {"--seed", "N", "another number, another set; the same one, the same bytes (1)",
       TakeCount(generate.seed)},
      {"--out", "DIR", "folder for ratings.csv and movies.csv", TakeText(out), Option::kRequired}};
  constexpr CommandHelp kHelp{
      .name = "generate",
      .purpose =
          "Makes up movie ratings of the shape of MovieLens: few movies with most of the "
          "ratings, genres, users with tastes that a model can learn. For trying and "
          "measuring; quality on real data is another matter.",
      .examples =
          "  usher generate --rows 100000 --out ratings\n"
          "  usher generate --rows 25000000 --seed 7 --out ratings-25m\n"};
  if (const auto exit = ParseOptions(kHelp, options, arguments)) return *exit;

  std::error_code error;
  std::filesystem::create_directories(out, error);
  if (error) return Fail("generate", out + " cannot be made: " + error.message());
  if (!generate.movies_path.empty() && !std::filesystem::exists(generate.movies_path, error)) {
    return Fail("generate", "there is no file " + generate.movies_path);
  }
  ProgressBar bar("Generating");
  generate.progress = [&](double fraction) { bar.Update(fraction); };
  const auto result = engine::GenerateRatings(out, generate);
  bar.Finish();
  if (!result) return Fail("generate", result.error().message);
  std::printf("%llu ratings of %llu users, %llu movies: %s/ratings.csv, %s/movies.csv\n",
              static_cast<unsigned long long>(result->rows),
              static_cast<unsigned long long>(result->users),
              static_cast<unsigned long long>(result->movies), out.c_str(), out.c_str());
  return kExitOk;
}

}  // namespace usher::cli
