import { useEffect, useMemo, useState } from "react";
import { call } from "../api";
import { Crumbs, Data, Failure, Pager } from "../parts/data";
import { formatCount, formatDuration, formatSpan, formatTime } from "../parts/format";
import { useLoad } from "../parts/load";
import { goTo, linkTo } from "../parts/route";
import { Card, Page, Show, Status, Waiting } from "../parts/ui";
import { allStates, readDefinition } from "../workflows/definition";
import { StateGraph } from "../workflows/graph";
import { detailsOf, type HistoryEvent, loadEvents, type Story, tell, useHistory } from "../workflows/history";
import { executionArnOf, type ExecutionDetails, logGroupOf, type MachineDetails } from "../workflows/machines";
import { StateDetails } from "../workflows/state";

const kPage = 100; // events
const kEvery = 2_000;

// "TaskStateEntered" as people read it.
const sayType = (type: string): string => {
  const words = type.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
};

const sayAfter = (seconds: number): string => (seconds < 0.0005 ? "0" : `+${formatDuration(seconds)}`);

const toneOf = (type: string): string =>
  /(Failed|TimedOut)$/.test(type) ? "fault" : /Aborted$/.test(type) ? "throttle" : /Succeeded$/.test(type) ? "ok" : "";

function sayDetails(event: HistoryEvent): string {
  const details = detailsOf(event);
  const text = (name: string) => (typeof details[name] === "string" ? (details[name] as string) : "");
  if (text("error") || text("cause")) return [text("error"), text("cause")].filter(Boolean).join(": ");
  if (text("resourceType")) return `${text("resourceType")}:${text("resource")}`;
  if (event.type.startsWith("MapIteration")) return `item ${String(details["index"] ?? "")}`;
  if (typeof details["length"] === "number") return `${details["length"]} items`;
  return text("resource");
}

function EventRow(props: {
  executionArn: string;
  event: HistoryEvent;
  story: Story;
  start: number;
  onState: (state: string, entered: number) => void;
}) {
  const { event } = props;
  const [isOpen, setOpen] = useState(false);
  const visit = props.story.visitOf.get(event.id);
  const data = useLoad(
    isOpen ? (signal) => loadEvents(props.executionArn, [event.id], signal) : null,
    [event.id, isOpen],
  );
  return (
    <>
      <tr className={toneOf(event.type)}>
        <td>{event.id}</td>
        <td>
          <time title={formatTime(event.timestamp)}>{sayAfter(event.timestamp - props.start)}</time>
        </td>
        <td>
          <button type="button" className="row-button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {sayType(event.type)}
          </button>
        </td>
        <td className="what">
          {visit && (
            <button type="button" className="row-button link" onClick={() => props.onState(visit.state, visit.entered)}>
              {visit.state}
            </button>
          )}
        </td>
        <td className="what detail">{sayDetails(event)}</td>
      </tr>
      {isOpen && (
        <tr className="opened">
          <td colSpan={5}>
            <Show of={data}>
              {([one]) => <Data text={JSON.stringify(one ? detailsOf(one) : {})} label={`Event ${event.id}`} />}
            </Show>
          </td>
        </tr>
      )}
    </>
  );
}

function EventTable(props: {
  executionArn: string;
  events: HistoryEvent[];
  story: Story;
  page: number;
  onPage: (page: number) => void;
  onState: (state: string, entered: number) => void;
}) {
  const { events } = props;
  const pages = Math.max(1, Math.ceil(events.length / kPage));
  const page = Math.max(0, Math.min(pages - 1, props.page));
  const start = events[0]?.timestamp ?? 0;
  return (
    <>
      <div className="scroll">
        <table className="rows history">
          <thead>
            <tr>
              <th scope="col">Event</th>
              <th scope="col">After</th>
              <th scope="col">What</th>
              <th scope="col">State</th>
              <th scope="col">More</th>
            </tr>
          </thead>
          <tbody>
            {events.slice(page * kPage, (page + 1) * kPage).map((event) => (
              <EventRow
                key={event.id}
                executionArn={props.executionArn}
                event={event}
                story={props.story}
                start={start}
                onState={props.onState}
              />
            ))}
          </tbody>
        </table>
      </div>
      <Pager page={page} pages={pages} onPage={props.onPage} label="Pages of the history" />
    </>
  );
}

export function ExecutionPage(props: { machineArn: string; name: string; query: URLSearchParams }) {
  const { machineArn, name, query } = props;
  const executionArn = executionArnOf(machineArn, name);
  const [isOver, setOver] = useState(false);
  const execution = useLoad(
    (signal) => call<ExecutionDetails>("stepfunctions", "DescribeExecution", { executionArn }, signal),
    [executionArn],
    isOver ? 0 : kEvery,
  );
  const status = execution.data?.status;
  useEffect(() => setOver(status !== undefined && status !== "RUNNING"), [status]);
  const machine = useLoad(
    () => call<MachineDetails>("stepfunctions", "DescribeStateMachineForExecution", { executionArn }),
    [executionArn],
  );
  const trace = useLoad(
    () => call<{ traceId?: string }>("console", "ExecutionTrace", { executionArn }),
    [executionArn],
  );
  const history = useHistory(executionArn, isOver);
  const isTold = isOver && history.complete;
  const story = useMemo(() => tell(history.events, isTold), [history.events, isTold]);
  const text = machine.data?.definition ?? "";
  const block = useMemo(() => (text ? readDefinition(text) : null), [text]);

  const chosen = query.get("state");
  const state = block && chosen ? allStates(block).get(chosen) : undefined;
  const visits = (chosen && story.visits.get(chosen)) || [];
  const asked = Number(query.get("visit") ?? "");
  const at = Math.max(0, Math.min(visits.length - 1, asked > 0 ? asked - 1 : visits.length - 1));
  const current = useMemo(() => {
    const all = [...story.visits.values()].flat();
    const running = all.filter((one) => one.outcome === "running");
    return (running.at(-1) ?? all.findLast((one) => one.outcome === "failed"))?.state ?? null;
  }, [story]);
  const go = (next: Record<string, string>) =>
    goTo(["workflows", machineArn, name], {
      state: chosen ?? "",
      visit: query.get("visit") ?? "",
      page: query.get("page") ?? "",
      ...next,
    });
  const group = logGroupOf(machine.data);
  const machineName = machineArn.split(":").at(-1) ?? "";

  return (
    <Page
      title={name}
      before={
        <Crumbs
          of={[
            ["Workflows", linkTo(["workflows"])],
            [machineName, linkTo(["workflows", machineArn])],
          ]}
          here={name}
        />
      }
      actions={
        <>
          {trace.data?.traceId && <a href={linkTo(["traces", trace.data.traceId])}>Its trace</a>}
          {group && <a href={linkTo(["logs"], { group, filter: `{ $.execution_arn = "${executionArn}" }` })}>Its log</a>}
          {execution.data && <Status value={execution.data.status} />}
        </>
      }
    >
      <Show of={execution}>
        {(data) => (
          <>
            <p className="lead after-head">
              Started {formatTime(data.startDate)} · {isOver ? "took" : "running for"}{" "}
              {formatSpan(data.startDate, data.stopDate)} · {formatCount(history.events.length)} events
              {!history.complete && !history.error && " so far, reading on …"}
            </p>
            {(data.error || data.cause) && <Failure error={data.error ?? ""} cause={data.cause ?? ""} />}
            {history.error && (
              <p className="notice bad" role="alert">
                The history cannot be read: {history.error.message}
              </p>
            )}
            <div className={`columns ${state ? "wide-left" : ""}`}>
              <Card title="States" aside={<small>Choose a state for what went in and came out</small>}>
                <Show of={machine}>
                  {() =>
                    block && (
                      <StateGraph
                        machine={block}
                        story={story}
                        current={current}
                        chosen={chosen}
                        onChoose={(one) => go({ state: one, visit: "" })}
                      />
                    )
                  }
                </Show>
              </Card>
              {state && (
                <StateDetails
                  state={state}
                  onClose={() => go({ state: "", visit: "" })}
                  run={{ executionArn, visits, at, onVisit: (one) => go({ visit: String(one + 1) }) }}
                />
              )}
            </div>
            <div className="columns halves">
              <Card title="Input">
                <Data text={data.input ?? ""} label="Input of the execution" />
              </Card>
              <Card title="Output">
                {data.output !== undefined ? (
                  <Data text={data.output} label="Output of the execution" />
                ) : (
                  <p className="notice">{isOver ? "It gave none: it did not succeed." : "It still runs."}</p>
                )}
              </Card>
            </div>
            <Card title="History">
              {history.events.length === 0 && !history.complete && !history.error ? (
                <Waiting />
              ) : (
                <EventTable
                  executionArn={executionArn}
                  events={history.events}
                  story={story}
                  page={(Number(query.get("page")) || 1) - 1}
                  onPage={(page) => go({ page: String(page + 1) })}
                  onState={(one, entered) =>
                    go({
                      state: one,
                      visit: String((story.visits.get(one) ?? []).findIndex((visit) => visit.entered === entered) + 1),
                    })
                  }
                />
              )}
            </Card>
          </>
        )}
      </Show>
    </Page>
  );
}
