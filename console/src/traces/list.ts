import { call } from "../api";
import type { Summary } from "./model";

export const kMostPages = 50; // of a graph or a list, against a server that never ends

export function rangeOf(minutes: number): { StartTime: number; EndTime: number } {
  const now = Math.ceil(Date.now() / 1000);
  return { StartTime: now - minutes * 60, EndTime: now };
}

// Seconds since 1970; a trace's id carries its start, too.
export const startOf = (trace: Summary): number =>
  trace.StartTime ?? parseInt((trace.Id ?? "").slice(2, 10), 16);

// The newest traces of the last `minutes` that match the filter expression, newest first: in this order
// the server gives them.
export async function loadTraces(
  minutes: number,
  filter: string,
  most: number,
  signal: AbortSignal,
): Promise<Summary[]> {
  const traces: Summary[] = [];
  const range = rangeOf(minutes);
  let NextToken: string | undefined;
  for (let page = 0; page < kMostPages && traces.length < most; ++page) {
    const answer: { TraceSummaries?: Summary[]; NextToken?: string } = await call(
      "xray",
      "GetTraceSummaries",
      {
        ...range,
        ...(filter ? { FilterExpression: filter } : {}),
        ...(NextToken ? { NextToken } : {}),
      },
      signal,
    );
    traces.push(...(answer.TraceSummaries ?? []));
    NextToken = answer.NextToken;
    if (!NextToken) break;
  }
  return traces.slice(0, most);
}
