#include "engine/item_answers.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/byte_source.h"
#include "base/parallel.h"
#include "engine/batch_line.h"
#include "engine/line_reader.h"
#include "json/json.h"
#include "recsys/segments/segment_model.h"
#include "recsys/similar/related_items.h"

namespace usher::engine {
namespace {

constexpr std::size_t kLinesPerRound = 1024;  // answered together
constexpr std::size_t kLinesPerChunk = 4;     // by a thread at a time

void AppendIds(const recsys::Vocabulary& names, std::span<const std::uint32_t> ids,
               std::string& out) {
  for (std::size_t j = 0; j < ids.size(); ++j) {
    if (j > 0) out += ',';
    json::AppendString(out, names[ids[j]]);
  }
}

// The items that a line asks users for. Errors: what is wrong with it.
Result<std::vector<std::uint32_t>> ItemsOf(const recsys::SegmentModel& segments,
                                           const LoadedModel& loaded, const Value& query) {
  if (loaded.kind == RecipeKind::kItemAffinity) {
    const auto id = IdMember(query, "itemId");
    if (!id) return id.error();
    const auto item = segments.items().Find(*id);
    if (!item) {
      return InvalidInput("item '" + *id + "' was not among the items that were trained on");
    }
    return std::vector<std::uint32_t>{*item};
  }
  const Value* expression = query.Find("itemAttributes");
  if (expression == nullptr || expression->as_string() == nullptr) {
    return InvalidInput("the line has no string 'itemAttributes'");
  }
  const auto terms = recsys::ParseAttributes(*expression->as_string());
  if (!terms) return terms.error();
  auto items = segments.attributes().Find(*terms);
  if (items && items->empty()) return InvalidInput("no item has these attributes");
  return items;
}

class ItemBatch {
 public:
  ItemBatch(const LoadedModel& model, const BatchOptions& options, const LineSink& sink)
      : model_(model), options_(options), sink_(sink), pool_(options.threads) {}

  Result<void> Answer(std::span<const std::string> lines) {
    if (options_.stop.stop_requested()) return Cancelled("the batch was stopped");
    texts_.assign(lines.size(), {});
    failed_.assign(lines.size(), 0);
    pool_.ParallelFor(lines.size(), kLinesPerChunk, [&](const ChunkRange& range) {
      for (std::size_t j = range.begin; j < range.end; ++j) {
        const auto answered = AnswerLine(lines[j], texts_[j]);
        failed_[j] = answered ? 0 : 1;
      }
    });
    for (std::size_t j = 0; j < lines.size(); ++j) {
      if (auto taken = sink_(texts_[j]); !taken) return taken;
      counts_.failed += failed_[j];
    }
    counts_.lines += lines.size();
    return {};
  }

  [[nodiscard]] const BatchCounts& counts() const { return counts_; }

 private:
  // Whether the line could be answered; `text` gets an output line either way.
  bool AnswerLine(std::string_view line, std::string& text) const {
    std::string echo;
    const auto query = ParseBatchObject(line, echo);
    std::string output;
    const auto answered = query ? AppendOutput(*query, output) : Result<void>(query.error());
    text = "{\"input\":" + echo + ",\"output\":";
    if (answered) {
      text += "{" + output + "},\"error\":null}\n";
      return true;
    }
    text += "null,\"error\":";
    json::AppendString(text, answered.error().message);
    text += "}\n";
    return false;
  }

  // A filter that lets users in because they met the item wants those who did.
  [[nodiscard]] bool AsksForMetItems() const {
    return options_.filter != nullptr && options_.filter->expression().IncludesByInteractions();
  }

  Result<void> Select(const Value& query, recsys::ItemMask& mask) const {
    const auto values = FilterValuesMember(query);
    if (!values) return values.error();
    const auto text_of = [&](std::string_view name) -> std::string_view {
      const Value* member = query.Find(name);
      return member != nullptr && member->as_string() != nullptr ? *member->as_string()
                                                                 : std::string_view();
    };
    return options_.filter->Select({.user_id = text_of("userId"),
                                    .item_id = text_of("itemId"),
                                    .values = &*values,
                                    .newer_items = nullptr,
                                    .newer_users = nullptr,
                                    .newer_events = {}},
                                   mask);
  }

  Result<void> AppendOutput(const Value& query, std::string& out) const {
    std::vector<std::uint32_t> found;
    recsys::ItemMask mask;
    if (options_.filter != nullptr) {
      if (auto selected = Select(query, mask); !selected) return selected;
    }
    const recsys::ItemMask* allowed = options_.filter != nullptr ? &mask : nullptr;
    if (model_.related != nullptr) {
      const auto id = IdMember(query, "itemId");
      if (!id) return id.error();
      model_.related->Find(model_.related->items().Find(*id), options_.num_results, found, allowed);
      out += "\"recommendedItems\":[";
      AppendIds(model_.related->items(), found, out);
    } else {
      const auto items = ItemsOf(*model_.segments, model_, query);
      if (!items) return items.error();
      if (!model_.segments->Knows(*items)) {
        return InvalidInput(
            "nothing is known of the item: nobody met it, and no metadata says more");
      }
      model_.segments->FindUsers(*items, options_.num_results,
                                 options_.exclude_seen && !AsksForMetItems(), found, allowed);
      out += "\"usersList\":[";
      AppendIds(model_.segments->users(), found, out);
    }
    out += ']';
    return {};
  }

  const LoadedModel& model_;
  const BatchOptions& options_;
  const LineSink& sink_;
  ThreadPool pool_;
  std::vector<std::string> texts_;
  std::vector<std::uint8_t> failed_;
  BatchCounts counts_;
};

Result<void> CheckOptions(const LoadedModel& model, const BatchOptions& options) {
  if (!AnswersForItems(model)) {
    return InvalidInput("a model of recipe " + model.info.recipe + " answers for users, not items");
  }
  const std::size_t limit = MaxResults(model);
  if (options.num_results >= 1 && options.num_results <= limit) return {};
  return InvalidInput("the number of results must be 1 to " + std::to_string(limit) + ", got " +
                      std::to_string(options.num_results));
}

template <typename IdAt>
Result<BatchCounts> AnswerIds(const LoadedModel& model, std::size_t count, const IdAt& id_at,
                              const BatchOptions& options, const LineSink& sink) {
  if (const auto checked = CheckOptions(model, options); !checked) return checked.error();
  if (model.kind == RecipeKind::kItemAttributeAffinity) {
    return InvalidInput("a model of recipe " + model.info.recipe +
                        " needs a file of lines with 'itemAttributes'");
  }
  ItemBatch batch(model, options, sink);
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < count; begin += kLinesPerRound) {
    const std::size_t end = std::min(count, begin + kLinesPerRound);
    lines.clear();
    for (std::size_t j = begin; j < end; ++j) {
      std::string& line = lines.emplace_back("{\"itemId\":");
      json::AppendString(line, id_at(j));
      line += '}';
    }
    if (const auto answered = batch.Answer(lines); !answered) return answered.error();
    if (options.progress) {
      options.progress(static_cast<double>(end) / static_cast<double>(count));
    }
  }
  return batch.counts();
}

const recsys::Vocabulary& ItemsOf(const LoadedModel& model) {
  return model.related != nullptr ? model.related->items() : model.segments->items();
}

}  // namespace

bool AnswersForItems(const LoadedModel& model) {
  return model.related != nullptr || model.segments != nullptr;
}

std::size_t MaxResults(const LoadedModel& model) {
  return model.segments != nullptr ? kMaxSegmentUsers : kMaxNumResults;
}

Result<BatchCounts> AnswerItemFile(const LoadedModel& model, const std::string& input_path,
                                   const BatchOptions& options, const LineSink& sink) {
  if (const auto checked = CheckOptions(model, options); !checked) return checked.error();
  std::error_code ignored;
  if (!std::filesystem::exists(input_path, ignored)) return NotFound("there is no such input file");
  const auto source = FileSource::Open(input_path);
  if (!source) return source.error();
  LineReader reader(**source, kMaxBatchLineBytes);
  ItemBatch batch(model, options, sink);
  const double size = static_cast<double>((*source)->size().value_or(0));
  while (true) {
    const auto lines = reader.Read(kLinesPerRound);
    if (!lines) return lines.error();
    if (lines->empty()) return batch.counts();
    if (const auto answered = batch.Answer(*lines); !answered) return answered.error();
    if (options.progress && size > 0) {
      options.progress(std::min(1.0, static_cast<double>(reader.bytes_read()) / size));
    }
  }
}

Result<BatchCounts> AnswerItems(const LoadedModel& model, std::span<const std::string> item_ids,
                                const BatchOptions& options, const LineSink& sink) {
  return AnswerIds(
      model, item_ids.size(), [&](std::size_t j) { return std::string_view(item_ids[j]); }, options,
      sink);
}

Result<BatchCounts> AnswerAllItems(const LoadedModel& model, const BatchOptions& options,
                                   const LineSink& sink) {
  if (const auto checked = CheckOptions(model, options); !checked) return checked.error();
  const recsys::Vocabulary& items = ItemsOf(model);
  return AnswerIds(
      model, items.size(), [&](std::size_t j) { return items[static_cast<std::uint32_t>(j)]; },
      options, sink);
}

Result<std::vector<AnsweredItem>> RelatedOne(const LoadedModel& model, std::string_view item_id,
                                             std::size_t num_results,
                                             const recsys::ItemMask* allowed) {
  if (model.related == nullptr) {
    return InvalidInput("a model of recipe " + model.info.recipe + " does not relate items");
  }
  if (num_results > kMaxNumResults) {
    return InvalidInput("the number of results must be at most " + std::to_string(kMaxNumResults) +
                        ", got " + std::to_string(num_results));
  }
  const recsys::Vocabulary& items = model.related->items();
  std::vector<std::uint32_t> found;
  model.related->Find(items.Find(item_id), num_results, found, allowed);
  std::vector<AnsweredItem> answer;
  answer.reserve(found.size());
  for (const std::uint32_t item : found) {
    answer.push_back({.id = items[item], .score = std::nullopt});
  }
  return answer;
}

}  // namespace usher::engine
