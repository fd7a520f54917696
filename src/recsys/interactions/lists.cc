#include "recsys/interactions/lists.h"

namespace usher::recsys {

Lists Transpose(const ListsView& lists, std::size_t value_count) {
  Lists result;
  result.offsets.assign(value_count + 1, 0);
  for (const std::uint32_t value : lists.values) ++result.offsets[value + 1];
  for (std::size_t v = 0; v < value_count; ++v) result.offsets[v + 1] += result.offsets[v];
  result.values.resize(lists.values.size());
  std::vector<std::int64_t> next(result.offsets.begin(), result.offsets.end() - 1);
  for (std::size_t list = 0; list < lists.size(); ++list) {
    for (const std::uint32_t value : lists[list]) {
      result.values[static_cast<std::size_t>(next[value]++)] = static_cast<std::uint32_t>(list);
    }
  }
  return result;
}

}  // namespace usher::recsys
