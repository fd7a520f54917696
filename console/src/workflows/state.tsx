import { useState } from "react";
import { Data, Facts, Failure } from "../parts/data";
import { formatDuration, formatTime } from "../parts/format";
import { useLoad } from "../parts/load";
import { linkTo } from "../parts/route";
import { Card, Show, Status } from "../parts/ui";
import type { State } from "./definition";
import { detailsOf, type HistoryEvent, loadEvents, type Outcome, type Visit } from "./history";

const kStatusOf: Record<Outcome, string> = {
  running: "RUNNING",
  succeeded: "SUCCEEDED",
  caught: "CAUGHT",
  failed: "FAILED",
  aborted: "ABORTED",
};

const kWays: Record<string, string> = { next: "", choice: "if ", default: "", catch: "" };

// The function that a task calls, whose log is worth a look.
function functionOf(state: State): string | null {
  const resource = state.json["Resource"];
  if (typeof resource !== "string") return null;
  const direct = /^arn:[^:]*:lambda:[^:]*:[^:]*:function:([^:]+)/.exec(resource)?.[1];
  if (direct) return direct;
  if (!/:states:.*:lambda:invoke/.test(resource)) return null;
  const parameters = (state.json["Parameters"] ?? {}) as Record<string, unknown>;
  const name = parameters["FunctionName"];
  return typeof name === "string" ? (name.split(":function:").at(-1)?.split(":")[0] ?? null) : null;
}

function textOf(events: HistoryEvent[], id: number | null, member: string): string | undefined {
  const event = events.find((one) => one.id === id);
  const value = event && detailsOf(event)[member];
  return typeof value === "string" ? value : undefined;
}

export function sayVisit(visit: Visit, at: number): string {
  const iterations: string[] = [];
  for (let one: Visit | null = visit; one; one = one.parent) {
    if (one.iteration !== null) iterations.unshift(`item ${one.iteration}`);
  }
  return `${at + 1}${iterations.length > 0 ? `, ${iterations.join(" of ")}` : ""}`;
}

function VisitDetails(props: { executionArn: string; visit: Visit }) {
  const { visit, executionArn } = props;
  const ids = [visit.entered, ...(visit.exited === null ? [] : [visit.exited])];
  const data = useLoad((signal) => loadEvents(executionArn, ids, signal), [executionArn, ids]);
  return (
    <>
      <dl className="numbers">
        <div>
          <dt>{visit.outcome === "running" ? "Running for" : "Took"}</dt>
          <dd>{formatDuration(Math.max(0, (visit.end ?? Date.now() / 1000) - visit.start))}</dd>
        </div>
        {visit.attempts > 0 && (
          <div>
            <dt>Attempts</dt>
            <dd>{visit.attempts}</dd>
          </div>
        )}
      </dl>
      {(visit.error || visit.cause) && (
        <Failure error={visit.error || "Failed"} cause={visit.cause} />
      )}
      <Show of={data}>
        {(events) => {
          const output = textOf(events, visit.exited, "output");
          return (
            <>
              <h3>Input</h3>
              <Data text={textOf(events, visit.entered, "input") ?? ""} label="Input" />
              {output !== undefined && (
                <>
                  <h3>Output</h3>
                  <Data text={output} label="Output" />
                </>
              )}
            </>
          );
        }}
      </Show>
      <p className="lead small">Entered {formatTime(visit.start)}</p>
    </>
  );
}

// What a state is, and, of an execution, what went in and came out.
export function StateDetails(props: {
  state: State;
  onClose: () => void;
  run?: { executionArn: string; visits: Visit[]; at: number; onVisit: (at: number) => void };
}) {
  const { state, run } = props;
  const [isOpen, setOpen] = useState(false);
  const visit = run?.visits[run.at];
  const name = functionOf(state);
  const comment = state.json["Comment"];
  const most = run?.visits.length ?? 0;
  return (
    <Card
      title={state.name}
      className="inspector"
      aside={
        <>
          {visit && <Status value={kStatusOf[visit.outcome]} />}
          <button type="button" className="quiet" onClick={props.onClose}>
            Close
          </button>
        </>
      }
    >
      {typeof comment === "string" && <p className="lead">{comment}</p>}
      {run && most === 0 && <p className="notice">The execution has not come to this state.</p>}
      {run && most > 1 && (
        <p className="actions visits">
          <button
            type="button"
            className="quiet"
            aria-label="Visit before"
            disabled={run.at <= 0}
            onClick={() => run.onVisit(run.at - 1)}
          >
            ‹
          </button>
          <span>
            Visit {visit ? sayVisit(visit, run.at) : ""} <small>of {most}</small>
          </span>
          <button
            type="button"
            className="quiet"
            aria-label="Next visit"
            disabled={run.at >= most - 1}
            onClick={() => run.onVisit(run.at + 1)}
          >
            ›
          </button>
        </p>
      )}
      {run && visit && <VisitDetails key={visit.entered} executionArn={run.executionArn} visit={visit} />}
      <h3>In the definition</h3>
      <Facts
        of={[
          ["Type", state.type],
          ["Calls", typeof state.json["Resource"] === "string" && <code>{state.json["Resource"]}</code>],
          ...state.edges.map(
            (edge) => [edge.why ? `${kWays[edge.kind]}${edge.why}` : "Then", edge.to] as const,
          ),
          ["Then", state.ends && "the end"],
        ]}
      />
      <p className="actions">
        {name && <a href={linkTo(["logs"], { group: `/aws/lambda/${name}` })}>Log of {name}</a>}
        <button type="button" className="quiet" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? "Hide the JSON" : "As JSON"}
        </button>
      </p>
      {isOpen && <Data text={JSON.stringify(state.json)} label="Definition of the state" />}
    </Card>
  );
}
