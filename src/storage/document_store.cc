#include "storage/document_store.h"

#include <utility>

namespace usher::storage {

using Action = Batch::Change::Action;

void Batch::Create(std::string kind, std::string id, std::string group, std::string body) {
  changes_.push_back({Action::kCreate,
                      {.kind = std::move(kind),
                       .id = std::move(id),
                       .group = std::move(group),
                       .body = std::move(body)},
                      std::nullopt});
}

void Batch::Update(std::string kind, std::string id, std::int64_t version, std::string body) {
  changes_.push_back({Action::kUpdate,
                      {.kind = std::move(kind), .id = std::move(id), .body = std::move(body)},
                      version});
}

void Batch::Put(std::string kind, std::string id, std::string group, std::string body) {
  changes_.push_back({Action::kPut,
                      {.kind = std::move(kind),
                       .id = std::move(id),
                       .group = std::move(group),
                       .body = std::move(body)},
                      std::nullopt});
}

void Batch::Delete(std::string kind, std::string id, std::optional<std::int64_t> version) {
  changes_.push_back({Action::kDelete, {.kind = std::move(kind), .id = std::move(id)}, version});
}

void Batch::Add(const Batch& other) {
  changes_.insert(changes_.end(), other.changes_.begin(), other.changes_.end());
}

void Batch::Require(std::string kind, std::string id) {
  changes_.push_back(
      {Action::kRequire, {.kind = std::move(kind), .id = std::move(id)}, std::nullopt});
}

void Batch::RequireNone(std::string kind, std::string id_prefix) {
  changes_.push_back(
      {Action::kRequireNone, {.kind = std::move(kind), .id = std::move(id_prefix)}, std::nullopt});
}

void Batch::RequireEmpty(std::string kind, std::string group) {
  changes_.push_back({Action::kRequireEmpty,
                      {.kind = std::move(kind), .id = {}, .group = std::move(group)},
                      std::nullopt});
}

std::optional<std::string> FirstBeyond(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xFF) end.pop_back();
  if (end.empty()) return std::nullopt;
  end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

}  // namespace usher::storage
