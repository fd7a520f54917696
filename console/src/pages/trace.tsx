import { useMemo, useState } from "react";
import { call } from "../api";
import { formatDuration, formatTime } from "../parts/format";
import { useLoad } from "../parts/load";
import { linkTo } from "../parts/route";
import { Card, Page, Show } from "../parts/ui";
import { flatten, healthOf, type Node, type Segment, spanOf, treeOf } from "../traces/model";
import { keyOf, Timeline } from "../traces/timeline";

async function loadTrace(id: string): Promise<Segment[] | null> {
  const { Traces = [] } = await call<{ Traces?: { Segments?: { Document?: string }[] }[] }>(
    "xray",
    "BatchGetTraces",
    { TraceIds: [id] },
  );
  if (!Traces[0]) return null;
  return (Traces[0].Segments ?? []).map((one) => JSON.parse(one.Document ?? "{}") as Segment);
}

function Fields(props: { title: string; of: Record<string, unknown> | undefined }) {
  const entries = Object.entries(props.of ?? {});
  if (entries.length === 0) return null;
  return (
    <>
      <h3>{props.title}</h3>
      <dl className="fields">
        {entries.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{typeof value === "string" ? value : JSON.stringify(value)}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

// The group in which a function writes what it has to say.
function logGroupOf(segment: Segment): string | null {
  return segment.origin?.startsWith("AWS::Lambda") ? `/aws/lambda/${segment.name}` : null;
}

function Details(props: { node: Node; start: number }) {
  const { segment } = props.node;
  const [raw, setRaw] = useState(false);
  const cause = typeof segment.cause === "object" ? segment.cause : undefined;
  const group = logGroupOf(segment);
  const from = segment.start_time ?? 0;
  const health = healthOf(segment);
  return (
    <Card
      title={segment.name ?? "Segment"}
      className="inspector"
      aside={<span className={`health ${health}`}>{health}</span>}
    >
      <dl className="numbers">
        <div>
          <dt>Took</dt>
          <dd>{segment.end_time === undefined ? "going on" : formatDuration(segment.end_time - from)}</dd>
        </div>
        <div>
          <dt>Began at</dt>
          <dd>{from < props.start ? "–" : `+${formatDuration(from - props.start)}`}</dd>
        </div>
      </dl>
      {(cause?.exceptions ?? []).map((one, at) => (
        <div key={one.id ?? at} className="exception" role="note">
          <b>{one.type ?? "Error"}</b>
          <p>{one.message}</p>
          {one.stack && one.stack.length > 0 && (
            <ol>
              {one.stack.map((frame, line) => (
                <li key={line}>
                  <code>
                    {frame.label} {frame.path}
                    {frame.line !== undefined && `:${frame.line}`}
                  </code>
                </li>
              ))}
            </ol>
          )}
        </div>
      ))}
      <Fields title="Request" of={segment.http?.request} />
      <Fields title="Response" of={segment.http?.response} />
      <Fields title="Annotations" of={segment.annotations} />
      <Fields title="Service" of={segment.aws} />
      <Fields title="Metadata" of={segment.metadata} />
      <p className="actions">
        {group && <a href={linkTo(["logs"], { group })}>Its log</a>}
        <button type="button" className="quiet" aria-expanded={raw} onClick={() => setRaw(!raw)}>
          {raw ? "Hide the JSON" : "Raw JSON"}
        </button>
      </p>
      {raw && (
        <pre tabIndex={0} aria-label="Raw JSON">
          {JSON.stringify(segment, null, 2)}
        </pre>
      )}
    </Card>
  );
}

function TraceView(props: { documents: Segment[] }) {
  const roots = useMemo(() => treeOf(props.documents), [props.documents]);
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const [key, setKey] = useState<string>();
  const all = flatten(roots, new Set());
  const chosen = all.find((node) => keyOf(node) === key) ?? null;
  const [start, end] = spanOf(roots);
  const toggle = (node: Node) => {
    const id = node.segment.id ?? "";
    const next = new Set(closed);
    if (!next.delete(id)) next.add(id);
    setClosed(next);
  };
  return (
    <>
      <p className="lead">
        {formatTime(start)} · {all.length} steps · {formatDuration(end - start)}
      </p>
      <div className={`columns ${chosen ? "wide-left" : ""}`}>
        <Card title="Timeline" aside={<small>Choose a step for its details</small>}>
          <Timeline
            roots={roots}
            closed={closed}
            chosen={chosen}
            onChoose={(node) => setKey(keyOf(node))}
            onToggle={toggle}
          />
        </Card>
        {chosen && <Details key={key} node={chosen} start={start} />}
      </div>
    </>
  );
}

export function TracePage(props: { id: string }) {
  const trace = useLoad(() => loadTrace(props.id), [props.id]);
  return (
    <Page
      title="Trace"
      lead={props.id}
      actions={
        <>
          <a href={linkTo(["traces"])}>All traces</a>
          <button type="button" onClick={trace.reload}>
            Refresh
          </button>
        </>
      }
    >
      <Show
        of={trace}
        empty={(data) =>
          (data === null || data.length === 0) && "There is no trace of this id; traces are kept for a while only."
        }
      >
        {(data) => data && <TraceView documents={data} />}
      </Show>
    </Page>
  );
}
