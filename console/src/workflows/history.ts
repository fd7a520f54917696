// The events of an execution, read page by page, and what they say of each state.

import { useEffect, useState } from "react";
import { call } from "../api";
import { edgeKey } from "./layout";

export interface HistoryEvent {
  id: number;
  previousEventId: number;
  timestamp: number; // seconds since 1970
  type: string;
  [details: string]: unknown;
}

export type Outcome = "running" | "succeeded" | "caught" | "failed" | "aborted";

// One stay in a state.
export interface Visit {
  state: string;
  type: string;
  entered: number; // id of the event
  exited: number | null;
  start: number; // seconds since 1970
  end: number | null;
  outcome: Outcome;
  parent: Visit | null; // the Map or Parallel that it is inside of
  iteration: number | null; // of that Map
  attempts: number;
  error: string;
  cause: string;
}

export interface Story {
  visits: Map<string, Visit[]>; // by state, in the order of entering
  visitOf: Map<number, Visit>; // by the id of an event
  taken: Set<string>; // edgeKey() of the ways that were gone
}

const kPage = 1000;
const kEvery = 2_000;

// "stateEnteredEventDetails" or whatever the details of this type are called.
export function detailsOf(event: HistoryEvent): Record<string, unknown> {
  const name = Object.keys(event).find((key) => key.endsWith("EventDetails"));
  return name ? (event[name] as Record<string, unknown>) : {};
}

const textOf = (details: Record<string, unknown>, name: string): string =>
  typeof details[name] === "string" ? (details[name] as string) : "";

const isFailure = (type: string): boolean =>
  /(Failed|TimedOut)$/.test(type) && !type.startsWith("Execution");

// Events name the one before them in the same thread of control; by that each finds its visit.
export function tell(events: HistoryEvent[], isOver: boolean): Story {
  const visitOf = new Map<number, Visit>();
  const exits = new Set<number>();
  const iterationAt = new Map<number, number>(); // by the id of a MapIterationStarted
  const visits = new Map<string, Visit[]>();
  const taken = new Set<string>();
  const failed = new Set<Visit>();
  const open = new Set<Visit>(); // entered, and not left
  const close = (visit: Visit, outcome: Outcome, at: number) => {
    visit.outcome = outcome;
    visit.end ??= at;
    open.delete(visit);
  };
  const isWithin = (visit: Visit, outer: Visit): boolean => {
    for (let at = visit.parent; at; at = at.parent) if (at === outer) return true;
    return false;
  };
  for (const event of events) {
    const before = visitOf.get(event.previousEventId);
    const hasLeft = exits.has(event.previousEventId);
    const inside = hasLeft ? (before?.parent ?? null) : (before ?? null);
    const details = detailsOf(event);
    if (event.type.endsWith("StateEntered")) {
      const state = textOf(details, "name");
      const visit: Visit = {
        state,
        type: event.type.slice(0, -"StateEntered".length),
        entered: event.id,
        exited: null,
        start: event.timestamp,
        end: null,
        outcome: "running",
        parent: inside,
        iteration: iterationAt.get(event.previousEventId) ?? (hasLeft ? (before?.iteration ?? null) : null),
        attempts: 0,
        error: "",
        cause: "",
      };
      open.add(visit);
      if (visit.type === "Fail") close(visit, "failed", event.timestamp);
      if (hasLeft && before) taken.add(edgeKey(before.state, state));
      const known = visits.get(state);
      if (known) known.push(visit);
      else visits.set(state, [visit]);
      visitOf.set(event.id, visit);
      continue;
    }
    // What a Map, a Parallel or an exit says belongs to that state, also when the thread before it was
    // one of those inside.
    let visit: Visit | null = inside;
    const isExit = event.type.endsWith("StateExited");
    const outer = isExit ? "" : (/^(Map|Parallel)/.exec(event.type)?.[1] ?? "");
    for (let at: Visit | null = inside; at; at = at.parent) {
      if (isExit ? at.state === textOf(details, "name") : outer ? at.type === outer : true) {
        visit = at;
        break;
      }
    }
    const [error, cause] = [textOf(details, "error"), textOf(details, "cause")];
    if (event.type.startsWith("Execution")) {
      if (event.type !== "ExecutionStarted" && event.type !== "ExecutionSucceeded") {
        for (let at = inside; at; at = at.parent) {
          const isFailed = event.type === "ExecutionFailed" || failed.has(at) || at.outcome === "failed";
          close(at, isFailed ? "failed" : "aborted", event.timestamp);
          if (isFailed && at === inside) [at.error, at.cause] = [at.error || error, at.cause || cause];
        }
      }
      continue;
    }
    if (!visit) continue;
    visitOf.set(event.id, visit);
    if (event.type === "MapIterationStarted") iterationAt.set(event.id, Number(details["index"] ?? 0));
    if (/^(Task|LambdaFunction|Activity)Scheduled$/.test(event.type)) ++visit.attempts;
    if (isFailure(event.type)) {
      failed.add(visit);
      [visit.error, visit.cause] = [error || visit.error, cause || visit.cause];
      // A failed iteration ends with the state in which it failed, at whatever depth.
      for (let at = inside; at && at !== visit; at = at.parent) {
        if (at.exited === null) close(at, "failed", event.timestamp);
        at.error ||= error;
        at.cause ||= cause;
      }
      // What ran beside it is stopped.
      if (/StateFailed$/.test(event.type)) {
        for (const one of [...open]) {
          if (isWithin(one, visit)) close(one, failed.has(one) ? "failed" : "aborted", event.timestamp);
        }
      }
    } else if (event.type.endsWith("StateAborted")) {
      close(visit, "aborted", event.timestamp);
    } else if (/(Succeeded|Submitted|Started|Scheduled)$/.test(event.type)) {
      failed.delete(visit);
    }
    if (isExit) {
      visit.exited = event.id;
      close(visit, failed.has(visit) ? "caught" : "succeeded", event.timestamp);
      exits.add(event.id);
    }
  }
  if (isOver) {
    for (const visit of [...open]) close(visit, failed.has(visit) ? "failed" : "aborted", events.at(-1)?.timestamp ?? 0);
  }
  return { visits, visitOf, taken };
}

export interface Tally {
  outcome: Outcome;
  counts: Record<Outcome, number>;
  total: number;
}

const kWorstFirst: Outcome[] = ["running", "failed", "caught", "aborted", "succeeded"];

// Several visits as one: what still runs is told first, then what went wrong.
export function sumUp(visits: Visit[]): Tally {
  const counts: Record<Outcome, number> = { running: 0, succeeded: 0, caught: 0, failed: 0, aborted: 0 };
  for (const visit of visits) ++counts[visit.outcome];
  const outcome = kWorstFirst.find((one) => counts[one] > 0) ?? "succeeded";
  return { outcome, counts, total: visits.length };
}

export interface Loading {
  events: HistoryEvent[];
  complete: boolean; // everything that there was at the last look
  error: Error | undefined;
}

// Without the data of the events, so that also a long history is quick; pages that are full are not asked
// for again. Looks for more while the execution runs.
export function useHistory(executionArn: string, isOver: boolean): Loading {
  const [state, setState] = useState<Loading>({ events: [], complete: false, error: undefined });
  useEffect(() => {
    const stop = new AbortController();
    let timer = 0;
    let kept: HistoryEvent[] = []; // of full pages
    let token: string | undefined; // of the page after them
    setState({ events: [], complete: false, error: undefined });
    const read = async (): Promise<void> => {
      for (;;) {
        const page: { events?: HistoryEvent[]; nextToken?: string } = await call(
          "stepfunctions",
          "GetExecutionHistory",
          { executionArn, includeExecutionData: false, maxResults: kPage, ...(token ? { nextToken: token } : {}) },
          stop.signal,
        );
        const events = [...kept, ...(page.events ?? [])];
        setState({ events, complete: !page.nextToken, error: undefined });
        if (!page.nextToken) return;
        kept = events;
        token = page.nextToken;
      }
    };
    const turn = () => {
      read()
        .catch((error: unknown) => {
          if (stop.signal.aborted) return;
          const why = error instanceof Error ? error : new Error(String(error));
          setState((old) => ({ ...old, error: why }));
        })
        .finally(() => {
          if (!stop.signal.aborted && !isOver) timer = window.setTimeout(turn, kEvery);
        });
    };
    turn();
    return () => {
      stop.abort();
      window.clearTimeout(timer);
    };
  }, [executionArn, isOver]);
  return state;
}

export async function loadEvents(executionArn: string, ids: number[], signal?: AbortSignal): Promise<HistoryEvent[]> {
  const { events } = await call<{ events: HistoryEvent[] }>("console", "ExecutionEvents", { executionArn, ids }, signal);
  return events;
}
