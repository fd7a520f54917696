// The shapes of X-Ray's answers, and a trace's segments as one tree.

export interface Statistics {
  OkCount?: number;
  ErrorStatistics?: { ThrottleCount?: number; OtherCount?: number; TotalCount?: number };
  FaultStatistics?: { OtherCount?: number; TotalCount?: number };
  TotalCount?: number;
  TotalResponseTime?: number; // seconds
}

export interface HistogramEntry {
  Value?: number; // seconds
  Count?: number;
}

export interface Edge {
  ReferenceId?: number;
  SummaryStatistics?: Statistics;
  ResponseTimeHistogram?: HistogramEntry[];
}

export interface Service {
  ReferenceId?: number;
  Name?: string;
  Type?: string;
  Root?: boolean;
  Edges?: Edge[];
  SummaryStatistics?: Statistics;
  ResponseTimeHistogram?: HistogramEntry[];
  DurationHistogram?: HistogramEntry[];
}

export interface Summary {
  Id?: string;
  StartTime?: number;
  Duration?: number;
  ResponseTime?: number;
  HasFault?: boolean;
  HasError?: boolean;
  HasThrottle?: boolean;
  IsPartial?: boolean;
  Http?: { HttpURL?: string; HttpStatus?: number; HttpMethod?: string };
  EntryPoint?: { Name?: string; Type?: string };
}

export interface Exception {
  id?: string;
  type?: string;
  message?: string;
  stack?: { path?: string; line?: number; label?: string }[];
}

// A segment's document, as it is sent to PutTraceSegments; subsegments have the same form.
export interface Segment {
  id?: string;
  name?: string;
  trace_id?: string;
  parent_id?: string;
  start_time?: number;
  end_time?: number;
  in_progress?: boolean;
  type?: string;
  origin?: string;
  namespace?: string;
  error?: boolean;
  fault?: boolean;
  throttle?: boolean;
  http?: { request?: Record<string, unknown>; response?: Record<string, unknown> };
  aws?: Record<string, unknown>;
  annotations?: Record<string, unknown>;
  metadata?: Record<string, unknown>;
  cause?: { exceptions?: Exception[] } | string;
  sql?: Record<string, unknown>;
  subsegments?: Segment[];
}

export type Health = "fault" | "throttle" | "error" | "ok";

export interface Node {
  segment: Segment;
  depth: number;
  children: Node[];
}

export function healthOf(segment: Segment): Health {
  if (segment.fault) return "fault";
  if (segment.throttle) return "throttle";
  return segment.error ? "error" : "ok";
}

export function summaryHealth(summary: Summary): Health {
  if (summary.HasFault) return "fault";
  if (summary.HasThrottle) return "throttle";
  return summary.HasError ? "error" : "ok";
}

export interface Shares {
  ok: number;
  error: number;
  throttle: number;
  fault: number;
  total: number;
  mean: number; // seconds
}

export function sharesOf(statistics: Statistics | undefined): Shares {
  const throttle = statistics?.ErrorStatistics?.ThrottleCount ?? 0;
  const errors = statistics?.ErrorStatistics?.TotalCount ?? 0;
  const fault = statistics?.FaultStatistics?.TotalCount ?? 0;
  const ok = statistics?.OkCount ?? 0;
  const total = statistics?.TotalCount ?? ok + errors + fault;
  return {
    ok,
    error: Math.max(0, errors - throttle),
    throttle,
    fault,
    total,
    mean: total > 0 ? (statistics?.TotalResponseTime ?? 0) / total : 0,
  };
}

function startOf(node: Node): number {
  return node.segment.start_time ?? Number.MAX_VALUE;
}

// Documents as a forest: a segment stands under the segment or subsegment that its parent_id names,
// or at the top when nothing of that id is there. A circle of parents is cut at its first segment.
export function treeOf(documents: Segment[]): Node[] {
  const byId = new Map<string, Node>();
  const make = (segment: Segment): Node => {
    const node: Node = { segment, depth: 0, children: (segment.subsegments ?? []).map(make) };
    if (segment.id) byId.set(segment.id, node);
    return node;
  };
  const nodes = documents.map(make);
  const parentOf = new Map<Node, Node>();
  const isAbove = (above: Node, node: Node): boolean => {
    for (let at: Node | undefined = node; at; at = parentOf.get(at)) if (at === above) return true;
    return false;
  };
  for (const node of byId.values()) for (const child of node.children) parentOf.set(child, node);
  const roots: Node[] = [];
  for (const node of nodes) {
    const parent = byId.get(node.segment.parent_id ?? "");
    if (!parent || isAbove(node, parent)) {
      roots.push(node);
    } else {
      parent.children.push(node);
      parentOf.set(node, parent);
    }
  }
  const order = (list: Node[], depth: number): void => {
    list.sort((a, b) => startOf(a) - startOf(b));
    for (const node of list) {
      node.depth = depth;
      order(node.children, depth + 1);
    }
  };
  order(roots, 0);
  return roots;
}

export function flatten(nodes: Node[], closed: ReadonlySet<string>): Node[] {
  return nodes.flatMap((node) =>
    closed.has(node.segment.id ?? "") ? [node] : [node, ...flatten(node.children, closed)],
  );
}

// The time that a trace covers: [first start, last end], in seconds.
export function spanOf(nodes: Node[]): [number, number] {
  let first = Number.MAX_VALUE;
  let last = 0;
  for (const { segment } of flatten(nodes, new Set())) {
    if (segment.start_time === undefined) continue;
    first = Math.min(first, segment.start_time);
    last = Math.max(last, segment.end_time ?? segment.start_time);
  }
  return first > last ? [0, 1] : [first, last];
}
