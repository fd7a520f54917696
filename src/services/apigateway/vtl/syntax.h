// The parsed form of a template: what parse.cc makes and evaluate.cc walks.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "services/apigateway/vtl/value.h"

namespace usher::apigateway::vtl {

struct Node;
using Block = std::vector<Node>;
struct Expression;

// .name, .name(arguments) or [index].
struct Access {
  enum class Kind { kMember, kCall, kIndex } kind = Kind::kMember;
  std::string name;
  std::vector<Expression> arguments;
  std::size_t at = 0;  // byte of the template
};

struct Reference {
  std::string name;
  bool quiet = false;  // $!x
  std::vector<Access> accesses;
  std::string source;  // as it stands: written where it leads nowhere
  std::size_t at = 0;
};

struct Expression {
  enum class Kind {
    kConstant,
    kText,  // "with $references": block
    kReference,
    kList,
    kRange,
    kMap,  // key, value, key, value …
    kNot,
    kNegative,
    kChain  // parts with signs of one precedence between them, from left to right
  } kind = Kind::kConstant;
  Value constant;
  std::vector<std::string> signs;  // of kChain: || && == != < <= > >= + - * / %
  std::vector<Expression> parts;
  std::shared_ptr<const Reference> reference;
  std::shared_ptr<const Block> block;
  std::size_t at = 0;
};

struct Node {
  enum class Kind { kText, kReference, kSet, kIf, kForeach, kBreak, kStop, kCall } kind;
  std::string text;                            // kText; the name of a kCall
  std::shared_ptr<const Reference> reference;  // kReference, kSet, kForeach
  std::vector<Expression> expressions;  // kSet and kForeach: one; kIf: conditions; kCall: arguments
  std::vector<Block> blocks;  // kIf: one for each condition and perhaps #else; kForeach: one
  std::size_t at = 0;
};

struct Macro {
  std::vector<std::string> parameters;
  Block body;
};

}  // namespace usher::apigateway::vtl
