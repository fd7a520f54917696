#include "console/pages.h"

#include <algorithm>

namespace usher::console {

const Page* FindPage(std::string_view path) {
  const auto pages = Pages();
  const auto found = std::ranges::find(pages, path, &Page::path);
  return found == pages.end() ? nullptr : &*found;
}

}  // namespace usher::console
