#include "services/sqs/message_index.h"

#include <algorithm>

namespace usher::sqs {

void MessageIndex::Add(std::string id, Time sent, Time visible) {
  const std::uint64_t order = next_order_++;
  by_visible_.emplace(visible, order, id);
  by_sent_.emplace(sent, id);
  entries_.emplace(std::move(id), Entry{.sent = sent, .visible = visible, .order = order});
}

void MessageIndex::Remove(std::string_view id) {
  const auto found = entries_.find(std::string(id));
  if (found == entries_.end()) return;
  by_visible_.erase(Key(found->second.visible, found->second.order, found->first));
  by_sent_.erase({found->second.sent, found->first});
  entries_.erase(found);
}

void MessageIndex::Clear() {
  entries_.clear();
  by_visible_.clear();
  by_sent_.clear();
}

std::vector<Received> MessageIndex::Take(Time now, std::size_t limit,
                                         std::chrono::seconds visibility) {
  std::vector<Received> taken;
  // Set aside until the answer is whole: one that is not hidden may come again, but not in it.
  std::vector<decltype(by_visible_)::node_type> nodes;
  while (taken.size() < limit && !by_visible_.empty() &&
         std::get<Time>(*by_visible_.begin()) <= now) {
    auto node = by_visible_.extract(by_visible_.begin());
    const std::string& id = std::get<std::string>(node.value());
    Entry& entry = entries_.at(id);
    if (entry.received++ == 0) entry.first_received = now;
    entry.visible = now + visibility;
    taken.push_back({.id = id,
                     .sent = entry.sent,
                     .first_received = entry.first_received,
                     .count = entry.received});
    std::get<Time>(node.value()) = entry.visible;
    nodes.push_back(std::move(node));
  }
  for (auto& node : nodes) by_visible_.insert(std::move(node));
  return taken;
}

bool MessageIndex::Hide(std::string_view id, Time now, std::chrono::seconds visibility) {
  const auto found = entries_.find(std::string(id));
  if (found == entries_.end()) return false;
  Entry& entry = found->second;
  if (entry.received == 0 || entry.visible <= now) return false;
  by_visible_.erase(Key(entry.visible, entry.order, found->first));
  entry.visible = now + visibility;
  by_visible_.emplace(entry.visible, entry.order, found->first);
  return true;
}

std::vector<std::string> MessageIndex::TakeSentBefore(Time time) {
  std::vector<std::string> old;
  while (!by_sent_.empty() && by_sent_.begin()->first < time) {
    old.push_back(by_sent_.begin()->second);
    Remove(old.back());
  }
  return old;
}

std::optional<Time> MessageIndex::NextVisible() const {
  if (by_visible_.empty()) return std::nullopt;
  return std::get<Time>(*by_visible_.begin());
}

MessageIndex::Counts MessageIndex::Count(Time now) const {
  Counts counts;
  for (const auto& [id, entry] : entries_) {
    if (entry.visible <= now) {
      ++counts.visible;
    } else if (entry.received > 0) {
      ++counts.in_flight;
    } else {
      ++counts.delayed;
    }
  }
  return counts;
}

}  // namespace usher::sqs
