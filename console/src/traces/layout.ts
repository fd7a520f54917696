import type { Service } from "./model";

export interface Place {
  service: Service;
  x: number;
  y: number;
}

export interface Layout {
  places: Map<number, Place>;
  width: number;
  height: number;
}

// Services in layers, each right of those that call it (its layer is the longest way to it; who is not
// called stands just before what it calls), within a layer by the mean place of their callers, so that
// few edges cross. With `upright` the layers go
// down instead, for narrow screens. An edge that closes a circle does not move anything.
export function layOut(services: Service[], upright: boolean): Layout {
  const byId = new Map(services.map((one) => [one.ReferenceId ?? -1, one]));
  const callers = new Map<number, number[]>();
  for (const one of services) {
    for (const edge of one.Edges ?? []) {
      const to = edge.ReferenceId ?? -1;
      if (byId.has(to)) callers.set(to, [...(callers.get(to) ?? []), one.ReferenceId ?? -1]);
    }
  }
  const layerOf = new Map<number, number>();
  const visit = (id: number, above: Set<number>): number => {
    const known = layerOf.get(id);
    if (known !== undefined) return known;
    const before = (callers.get(id) ?? []).filter((one) => one !== id && !above.has(one));
    const inner = new Set(above).add(id);
    const layer = Math.max(-1, ...before.map((one) => visit(one, inner))) + 1;
    layerOf.set(id, layer);
    return layer;
  };
  for (const id of byId.keys()) visit(id, new Set());
  for (const [id, one] of byId) {
    if (callers.has(id)) continue;
    const called = (one.Edges ?? []).flatMap((edge) => layerOf.get(edge.ReferenceId ?? -1) ?? []);
    if (called.length > 0) layerOf.set(id, Math.max(0, Math.min(...called) - 1));
  }

  const layers: number[][] = [];
  for (const [id, layer] of layerOf) (layers[layer] ??= []).push(id);
  const slot = new Map<number, number>();
  for (const layer of layers) {
    const mean = (id: number): number => {
      const before = (callers.get(id) ?? []).flatMap((one) => slot.get(one) ?? []);
      return before.length > 0 ? before.reduce((sum, one) => sum + one, 0) / before.length : 0;
    };
    const byName = (id: number): string => byId.get(id)?.Name ?? "";
    layer.sort((a, b) => mean(a) - mean(b) || byName(a).localeCompare(byName(b)));
    layer.forEach((id, at) => slot.set(id, at - (layer.length - 1) / 2));
  }

  const alongStep = upright ? 172 : 186;
  const acrossStep = upright ? 150 : 132;
  const widest = Math.max(1, ...layers.map((layer) => layer.length));
  const along = Math.max(1, layers.length) * alongStep;
  const across = widest * acrossStep;
  const places = new Map<number, Place>();
  for (const [id, service] of byId) {
    const a = ((layerOf.get(id) ?? 0) + 0.5) * alongStep;
    const b = across / 2 + (slot.get(id) ?? 0) * acrossStep;
    places.set(id, upright ? { service, x: b, y: a } : { service, x: a, y: b });
  }
  return upright ? { places, width: across, height: along } : { places, width: along, height: across };
}
