// Runs pieces of work in an order, as many side by side as the order allows.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace usher::cloudformation {

// What each piece waits for. Names that are no pieces themselves are not waited for.
using Order = std::map<std::string, std::set<std::string>>;

enum class Progress {
  kDone,
  kWaiting,  // begun, but its end must be asked for later: what waits for it is left for another
             // run
  kFailed    // what waits for it is not begun
};

struct Outcomes {
  std::vector<std::string> waiting;  // by name
  std::vector<std::string> failed;   // by name
  bool all_done = false;
};

enum class OnFailure { kBeginNoMore, kGoOn };

inline constexpr int kPiecesAtOnce = 8;

// `work` is called once for each piece that can be begun, from several threads; its own are joined
// before this returns. `stop` is asked before each. Cost: at most kPiecesAtOnce threads.
Outcomes RunInOrder(const Order& order, const std::function<Progress(const std::string&)>& work,
                    const std::function<bool()>& stop, OnFailure on_failure);

// The pieces that wait for one another in a circle, by name; empty when there is none.
[[nodiscard]] std::vector<std::string> FindCircle(const Order& order);

// Every arrow turned round: for taking down what was put up.
[[nodiscard]] Order Reversed(const Order& order);

}  // namespace usher::cloudformation
