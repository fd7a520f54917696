import type { Block, EdgeKind, State } from "./definition";

// A machine as boxes in layers from top to bottom, and lines between them. Map and Parallel are boxes
// with their own machines inside, beside each other.
//
// Source: Sugiyama, Tagawa, Toda, "Methods for visual understanding of hierarchical system structures",
//         IEEE SMC 1981; places within a layer by isotonic regression ("pool adjacent violators").
// Lines that pass layers share a way through them if they lead to the same state, so that a hundred
// states that catch into one draw one trunk. A line back up runs beside the boxes.

export interface Box {
  state: State | null; // null: where the machine begins and ends
  kind: "state" | "group" | "start" | "end";
  x: number; // left
  y: number; // top
  width: number;
  height: number;
}

export interface Line {
  path: string;
  kind: EdgeKind;
  arrow: boolean;
  edges: string[]; // that run here: edgeKey()
  why: string;
}

export interface Drawing {
  boxes: Box[]; // outer ones before those inside, each layer from left to right
  lines: Line[];
  width: number;
  height: number;
}

export const edgeKey = (from: string, to: string): string => `${from}\n${to}`;

const kStart = "\u0000start";
const kEnd = "\u0000end";
const kHeight = 50;
const kMinWidth = 128;
const kMaxWidth = 232;
const kLetter = 7.4; // wide
const kDot = 22;
const kTitle = 40; // of a group
const kPad = 18;
const kLayerGap = 38;
const kGap = 26;
const kSweeps = 6;

interface Vertex {
  key: string;
  width: number;
  height: number;
  layer: number;
  x: number; // of its middle
  state: State | null;
  inner: Drawing[];
}

interface Link {
  from: string;
  to: string;
  kind: EdgeKind;
  why: string;
}

// The nearest places to `wanted` that keep the order and the distances.
function spread(wanted: number[], widths: number[]): number[] {
  const offsets: number[] = [];
  let offset = 0;
  widths.forEach((width, at) => {
    if (at > 0) offset += ((widths[at - 1] ?? 0) + width) / 2 + kGap;
    offsets.push(offset);
  });
  const pools: { sum: number; count: number }[] = [];
  wanted.forEach((place, at) => {
    pools.push({ sum: place - (offsets[at] ?? 0), count: 1 });
    for (;;) {
      const last = pools.at(-1);
      const before = pools.at(-2);
      if (!last || !before || before.sum / before.count <= last.sum / last.count) break;
      pools.splice(-2, 2, { sum: before.sum + last.sum, count: before.count + last.count });
    }
  });
  return pools
    .flatMap(({ sum, count }) => new Array<number>(count).fill(sum / count))
    .map((base, at) => base + (offsets[at] ?? 0));
}

// Layers by the longest way from the start; `back` are the links that close a circle.
function layersOf(keys: string[], links: Link[]): { layer: Map<string, number>; back: Set<Link> } {
  const outgoing = new Map<string, Link[]>();
  for (const link of links) outgoing.set(link.from, [...(outgoing.get(link.from) ?? []), link]);
  const back = new Set<Link>();
  const state = new Map<string, "open" | "done">();
  const done: string[] = []; // in the order in which they were left
  for (const root of keys) {
    if (state.has(root)) continue;
    const stack = [{ key: root, at: 0 }];
    state.set(root, "open");
    while (stack.length > 0) {
      const top = stack.at(-1);
      if (!top) break;
      const link = outgoing.get(top.key)?.[top.at++];
      if (!link) {
        state.set(top.key, "done");
        done.push(top.key);
        stack.pop();
      } else if (state.get(link.to) === "open") {
        back.add(link);
      } else if (!state.has(link.to)) {
        state.set(link.to, "open");
        stack.push({ key: link.to, at: 0 });
      }
    }
  }
  const layer = new Map<string, number>(keys.map((key) => [key, 0]));
  for (const key of done.reverse()) {
    for (const link of outgoing.get(key) ?? []) {
      if (back.has(link)) continue;
      layer.set(link.to, Math.max(layer.get(link.to) ?? 0, (layer.get(key) ?? 0) + 1));
    }
  }
  return { layer, back };
}

function linksOf(block: Block, isOutermost: boolean): Link[] {
  const links = new Map<string, Link>();
  const add = (link: Link) => {
    const known = links.get(edgeKey(link.from, link.to));
    if (!known) {
      links.set(edgeKey(link.from, link.to), { ...link });
      return;
    }
    if (known.kind === "catch") known.kind = link.kind;
    known.why = [known.why, link.why].filter(Boolean).join("; ");
  };
  if (isOutermost && block.states.has(block.start)) add({ from: kStart, to: block.start, kind: "next", why: "" });
  for (const state of block.states.values()) {
    for (const edge of state.edges) {
      if (block.states.has(edge.to)) add({ from: state.name, ...edge });
    }
    if (isOutermost && state.ends) add({ from: state.name, to: kEnd, kind: "next", why: "" });
  }
  return [...links.values()];
}

function sizeOf(key: string, state: State | null): Vertex {
  const vertex: Vertex = { key, width: kDot, height: kDot, layer: 0, x: 0, state, inner: [] };
  if (!state) return vertex;
  const room = Math.min(kMaxWidth, Math.max(kMinWidth, Math.min(state.name.length, 26) * kLetter + 34));
  if (state.blocks.length === 0) return { ...vertex, width: room, height: kHeight };
  const inner = state.blocks.map((block) => layBlock(block, false));
  const wide = inner.reduce((sum, one) => sum + one.width, 0) + kGap * (inner.length - 1) + 2 * kPad;
  const high = Math.max(...inner.map((one) => one.height));
  return { ...vertex, inner, width: Math.max(room, wide), height: kTitle + high + kPad };
}

const curve = (x1: number, y1: number, x2: number, y2: number): string => {
  if (Math.abs(x1 - x2) < 0.5) return `M${x1} ${y1}L${x2} ${y2}`;
  const bend = (y2 - y1) / 2;
  return `M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`;
};

function moved(drawing: Drawing, dx: number, dy: number): { boxes: Box[]; lines: Line[] } {
  const move = (path: string) =>
    path.replace(/(-?[\d.]+) (-?[\d.]+)/g, (_, x: string, y: string) => `${Number(x) + dx} ${Number(y) + dy}`);
  return {
    boxes: drawing.boxes.map((box) => ({ ...box, x: box.x + dx, y: box.y + dy })),
    lines: drawing.lines.map((line) => ({ ...line, path: move(line.path) })),
  };
}

function layBlock(block: Block, isOutermost: boolean): Drawing {
  const links = linksOf(block, isOutermost);
  const names = [...block.states.keys()];
  const first = isOutermost ? [kStart] : [];
  const hasEnd = links.some((link) => link.to === kEnd);
  const keys = [...first, block.start, ...names.filter((name) => name !== block.start), ...(hasEnd ? [kEnd] : [])];
  const { layer, back } = layersOf(keys.filter((key) => key.startsWith("\u0000") || block.states.has(key)), links);
  // The end stands below everything.
  if (hasEnd) layer.set(kEnd, 1 + Math.max(...[...layer].map(([key, at]) => (key === kEnd ? 0 : at))));

  const vertices = new Map<string, Vertex>();
  for (const [key, at] of layer) {
    vertices.set(key, { ...sizeOf(key, block.states.get(key) ?? null), layer: at });
  }
  // What stands between the ends of a link: a place in each layer that it passes.
  const pieces = new Map<string, { from: string; to: string; links: Link[] }>();
  for (const link of links) {
    if (back.has(link)) continue;
    const target = vertices.get(link.to);
    let before = link.from;
    for (let at = (vertices.get(link.from)?.layer ?? 0) + 1; at <= (target?.layer ?? 0); ++at) {
      const key = at === target?.layer ? link.to : `\u0000${at}\u0000${link.to}`;
      if (!vertices.has(key)) {
        vertices.set(key, { key, width: 8, height: 0, layer: at, x: 0, state: null, inner: [] });
      }
      const piece = pieces.get(edgeKey(before, key)) ?? { from: before, to: key, links: [] };
      piece.links.push(link);
      pieces.set(edgeKey(before, key), piece);
      before = key;
    }
  }

  const layers: Vertex[][] = [];
  for (const vertex of vertices.values()) (layers[vertex.layer] ??= []).push(vertex);
  const above = new Map<string, Vertex[]>();
  const below = new Map<string, Vertex[]>();
  for (const { from, to } of pieces.values()) {
    const [a, b] = [vertices.get(from), vertices.get(to)];
    if (!a || !b) continue;
    below.set(from, [...(below.get(from) ?? []), b]);
    above.set(to, [...(above.get(to) ?? []), a]);
  }
  const mean = (of: Vertex[] | undefined, otherwise: number): number =>
    of && of.length > 0 ? of.reduce((sum, one) => sum + one.x, 0) / of.length : otherwise;
  const place = (row: Vertex[], by: (vertex: Vertex) => number, sort: boolean) => {
    if (sort) row.sort((a, b) => by(a) - by(b));
    const places = spread(row.map(by), row.map((one) => one.width));
    row.forEach((one, at) => (one.x = places[at] ?? 0));
  };
  for (const row of layers) place(row, (one) => mean(above.get(one.key), 0), true);
  for (let sweep = 0; sweep < kSweeps; ++sweep) {
    const sort = sweep < kSweeps / 2;
    for (const row of layers.toReversed()) place(row, (one) => mean(below.get(one.key), one.x), sort);
    for (const row of layers) place(row, (one) => mean(above.get(one.key), one.x), sort);
  }

  const left = Math.min(...[...vertices.values()].map((one) => one.x - one.width / 2));
  const right = Math.max(...[...vertices.values()].map((one) => one.x + one.width / 2));
  const tops: number[] = [];
  const heights = layers.map((row) => Math.max(...row.map((one) => one.height)));
  let high = 0;
  heights.forEach((height, at) => {
    tops[at] = high;
    high += height + (at + 1 < heights.length ? kLayerGap : 0);
  });
  const top = (one: Vertex): number =>
    (tops[one.layer] ?? 0) + (one.state || one.height > 0 ? ((heights[one.layer] ?? 0) - one.height) / 2 : 0);
  const bottom = (one: Vertex): number =>
    one.state || one.height > 0 ? top(one) + one.height : (tops[one.layer] ?? 0) + (heights[one.layer] ?? 0);

  const drawing: Drawing = { boxes: [], lines: [], width: right - left, height: high };
  for (const { from, to, links: here } of pieces.values()) {
    const [a, b] = [vertices.get(from), vertices.get(to)];
    if (!a || !b) continue;
    const isPassed = !b.state && b.height === 0;
    const through = isPassed ? `L${b.x - left} ${bottom(b)}` : "";
    drawing.lines.push({
      path: curve(a.x - left, bottom(a), b.x - left, top(b)) + through,
      kind: here.find((link) => link.kind !== "catch")?.kind ?? "catch",
      arrow: !isPassed,
      edges: here.map((link) => edgeKey(link.from, link.to)),
      why: here.map((link) => link.why).filter(Boolean).join("; "),
    });
  }
  let aside = 0;
  for (const link of back) {
    const [a, b] = [vertices.get(link.from), vertices.get(link.to)];
    if (!a || !b) continue;
    aside += 14;
    const out = drawing.width + aside;
    const [ax, ay] = [a.x + a.width / 2 - left, top(a) + a.height / 2];
    const [bx, by] = [b.x + b.width / 2 - left, top(b) + b.height / 2];
    // A way round, out to the right and back at the height of its target.
    drawing.lines.push({
      path:
        link.from === link.to
          ? `M${ax} ${ay - 10}C${ax + 30} ${ay - 22} ${ax + 30} ${ay + 22} ${ax} ${ay + 10}`
          : `M${ax} ${ay}C${out} ${ay} ${out} ${ay} ${out} ${(ay + by) / 2}C${out} ${by} ${out} ${by} ${bx} ${by}`,
      kind: link.kind,
      arrow: true,
      edges: [edgeKey(link.from, link.to)],
      why: link.why,
    });
  }
  drawing.width += aside > 0 ? aside + 20 : 0;

  for (const row of layers) {
    for (const one of row) {
      const [x, y] = [one.x - one.width / 2 - left, top(one)];
      if (one.key === kStart || one.key === kEnd) {
        const kind = one.key === kStart ? "start" : "end";
        drawing.boxes.push({ state: null, kind, x, y, width: one.width, height: one.height });
      }
      if (!one.state) continue;
      const kind = one.inner.length > 0 ? "group" : "state";
      drawing.boxes.push({ state: one.state, kind, x, y, width: one.width, height: one.height });
      const wide = one.inner.reduce((sum, inner) => sum + inner.width, 0) + kGap * (one.inner.length - 1);
      let at = x + (one.width - wide) / 2;
      for (const inner of one.inner) {
        const { boxes, lines } = moved(inner, at, y + kTitle);
        drawing.boxes.push(...boxes);
        drawing.lines.push(...lines);
        at += inner.width + kGap;
      }
    }
  }
  return drawing;
}

export const layMachine = (block: Block): Drawing => layBlock(block, true);
