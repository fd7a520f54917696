import { useEffect, useState } from "react";
import { call } from "../api";
import { useLoad } from "../parts/load";
import { goTo } from "../parts/route";
import { Card, Choice, Page, Show } from "../parts/ui";
import { EdgeDetails, ServiceDetails } from "../traces/details";
import { kMostPages, loadTraces, rangeOf } from "../traces/list";
import { type Chosen, sayShares, ServiceMap, typeOf } from "../traces/map";
import { type Service, sharesOf } from "../traces/model";
import { TraceTable } from "../traces/table";

// X-Ray makes graphs of at most six hours.
const kWindows = [
  ["5", "5 min"],
  ["30", "30 min"],
  ["60", "1 h"],
  ["360", "6 h"],
] as const;
type Window = (typeof kWindows)[number][0];

const kMostTraces = 200;

const windowOf = (text: string | null): Window =>
  kWindows.find(([value]) => value === text)?.[0] ?? "60";

async function loadGraph(minutes: number, signal: AbortSignal): Promise<Service[]> {
  const services: Service[] = [];
  const range = rangeOf(minutes);
  let NextToken: string | undefined;
  for (let page = 0; page < kMostPages; ++page) {
    const answer: { Services?: Service[]; NextToken?: string } = await call(
      "xray",
      "GetServiceGraph",
      { ...range, ...(NextToken ? { NextToken } : {}) },
      signal,
    );
    services.push(...(answer.Services ?? []));
    NextToken = answer.NextToken;
    if (!NextToken) break;
  }
  return services;
}

function MapTable(props: { services: Service[] }) {
  const name = (id: number | undefined) =>
    props.services.find((one) => one.ReferenceId === id)?.Name ?? "?";
  return (
    <details className="as-text">
      <summary>The map as a list</summary>
      <ul>
        {props.services.map((one) => (
          <li key={one.ReferenceId}>
            <b>{one.Type === "client" ? "Clients" : one.Name}</b> ({typeOf(one)}):{" "}
            {sayShares(sharesOf(one.SummaryStatistics))}
            {one.Edges && one.Edges.length > 0 && (
              <> → {one.Edges.map((edge) => name(edge.ReferenceId)).join(", ")}</>
            )}
          </li>
        ))}
      </ul>
    </details>
  );
}

export function TracesPage(props: { query: URLSearchParams }) {
  const span = windowOf(props.query.get("window"));
  const filter = props.query.get("filter") ?? "";
  const minutes = Number(span);
  const [live, setLive] = useState(false);
  const [typed, setTyped] = useState(filter);
  const [chosen, setChosen] = useState<Chosen | null>(null);
  useEffect(() => setTyped(filter), [filter]);
  const every = live ? 5_000 : 0;
  const graph = useLoad((signal) => loadGraph(minutes, signal), ["graph", span], every);
  const traces = useLoad((signal) => loadTraces(minutes, filter, kMostTraces, signal), ["traces", span, filter], every);
  const setFilter = (expression: string) => goTo(["traces"], { window: span, filter: expression });
  const byId = (id: number | undefined) => graph.data?.find((one) => one.ReferenceId === id);
  const from = byId(chosen?.from);
  const to = byId(chosen?.to);

  return (
    <Page
      title="Traces"
      lead="Where requests went, how long each step took, and what failed."
      actions={
        <>
          <Choice
            label="Window"
            value={span}
            options={kWindows}
            onChange={(value) => goTo(["traces"], { window: value, filter })}
          />
          <label className="toggle">
            <input type="checkbox" checked={live} onChange={(event) => setLive(event.target.checked)} />
            Live
          </label>
          <button
            type="button"
            onClick={() => {
              graph.reload();
              traces.reload();
            }}
          >
            Refresh
          </button>
        </>
      }
    >
      <div className={`columns ${from ? "wide-left" : ""}`}>
        <Card title="Service map">
          <Show
            of={graph}
            empty={(data) =>
              data.length === 0 &&
              "No trace in this window. Calls of an API whose stage has tracing on, and of functions with active tracing, appear here."
            }
          >
            {(data) => (
              <>
                <ServiceMap services={data} minutes={minutes} chosen={chosen} onChoose={setChosen} />
                <MapTable services={data} />
              </>
            )}
          </Show>
        </Card>
        {from && (
          <Card
            title={to ? `${from.Type === "client" ? "Clients" : from.Name} → ${to.Name}` : (from.Type === "client" ? "Clients" : from.Name)}
            className="inspector"
            aside={
              <button type="button" className="quiet" onClick={() => setChosen(null)}>
                Close
              </button>
            }
          >
            {to ? (
              <EdgeDetails from={from} to={to} onFilter={setFilter} />
            ) : (
              <ServiceDetails service={from} onFilter={setFilter} />
            )}
          </Card>
        )}
      </div>
      <Card title="Requests" aside={traces.data && <small>{traces.data.length} shown</small>}>
        <form
          className="filter"
          onSubmit={(event) => {
            event.preventDefault();
            setFilter(typed.trim());
          }}
        >
          <label>
            <span className="sr-only">Filter expression</span>
            <input
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
              placeholder='responsetime > 0.5 AND service("LambdaRealTimeAPI")'
              spellCheck={false}
              autoComplete="off"
              maxLength={2000}
            />
          </label>
          <button type="submit">Filter</button>
          {["fault", "error", "responsetime > 0.1"].map((one) => (
            <button key={one} type="button" className="quiet" onClick={() => setFilter(one)}>
              {one}
            </button>
          ))}
          {filter && (
            <button type="button" className="quiet" onClick={() => setFilter("")}>
              clear
            </button>
          )}
        </form>
        <Show of={traces} empty={(data) => data.length === 0 && "No trace matches."}>
          {(data) => <TraceTable traces={data} />}
        </Show>
      </Card>
    </Page>
  );
}
