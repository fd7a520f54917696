// A definition in the States Language, as far as it is drawn: which states there are, what leads where,
// and the machines inside Map and Parallel. The server has checked it; what is missing all the same is
// taken as not there.

export type EdgeKind = "next" | "choice" | "default" | "catch";

export interface Edge {
  to: string;
  kind: EdgeKind;
  why: string; // under which condition; empty: always
}

export interface State {
  name: string;
  type: string;
  edges: Edge[];
  ends: boolean; // the machine, or the branch, well
  blocks: Block[]; // of Map and Parallel
  json: Record<string, unknown>;
}

export interface Block {
  start: string;
  states: Map<string, State>;
}

type Json = Record<string, unknown>;

const asMap = (value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
const asList = (value: unknown): Json[] => (Array.isArray(value) ? value.map(asMap) : []);
const asText = (value: unknown): string => (typeof value === "string" ? value : "");

// "$.fresh = true", "not ($.a > 3)", "$.kind is there".
function sayRule(rule: Json): string {
  if (rule["Not"]) return `not (${sayRule(asMap(rule["Not"]))})`;
  for (const [key, word] of [["And", " and "], ["Or", " or "]] as const) {
    if (Array.isArray(rule[key])) return asList(rule[key]).map(sayRule).join(word);
  }
  const variable = asText(rule["Variable"]);
  const found = Object.keys(rule).find((key) => !["Variable", "Next", "Comment"].includes(key));
  if (!found) return variable;
  const value = rule[found];
  const type = /^Is(Present|Null|String|Numeric|Boolean|Timestamp)$/.exec(found)?.[1];
  if (type) {
    const what = type === "Present" ? "there" : type === "Null" ? "null" : `a ${type.toLowerCase()}`;
    return `${variable} is ${value === false ? "not " : ""}${what}`;
  }
  const signs: [RegExp, string][] = [
    [/LessThanEquals/, "≤"],
    [/GreaterThanEquals/, "≥"],
    [/LessThan/, "<"],
    [/GreaterThan/, ">"],
    [/Matches/, "matches"],
  ];
  const sign = signs.find(([pattern]) => pattern.test(found))?.[1] ?? "=";
  const right = found.endsWith("Path") ? asText(value) : JSON.stringify(value);
  return `${variable} ${sign} ${right}`;
}

function readState(name: string, json: Json): State {
  const edges: Edge[] = [];
  const add = (to: unknown, kind: EdgeKind, why = "") => {
    if (asText(to)) edges.push({ to: asText(to), kind, why });
  };
  add(json["Next"], "next");
  for (const rule of asList(json["Choices"])) add(rule["Next"], "choice", sayRule(rule));
  add(json["Default"], "default", "otherwise");
  for (const one of asList(json["Catch"])) {
    const errors = Array.isArray(one["ErrorEquals"]) ? one["ErrorEquals"].join(", ") : "";
    add(one["Next"], "catch", `after ${errors}`);
  }
  const inner = json["ItemProcessor"] ?? json["Iterator"];
  return {
    name,
    type: asText(json["Type"]),
    edges,
    ends: json["End"] === true || json["Type"] === "Succeed",
    blocks: [...asList(json["Branches"]), ...(inner ? [asMap(inner)] : [])].map(readBlock),
    json,
  };
}

function readBlock(json: Json): Block {
  const states = new Map<string, State>();
  for (const [name, one] of Object.entries(asMap(json["States"]))) states.set(name, readState(name, asMap(one)));
  return { start: asText(json["StartAt"]), states };
}

export function readDefinition(text: string): Block {
  return readBlock(asMap(JSON.parse(text)));
}

// Every state of the machine by its name, which is its own within the whole of it.
export function allStates(block: Block, found = new Map<string, State>()): Map<string, State> {
  for (const [name, state] of block.states) {
    found.set(name, state);
    for (const inner of state.blocks) allStates(inner, found);
  }
  return found;
}
