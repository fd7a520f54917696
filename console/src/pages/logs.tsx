import { useEffect, useRef, useState } from "react";
import { call, listAll } from "../api";
import { formatAgo, formatClock, formatCount, formatTime } from "../parts/format";
import { useLoad } from "../parts/load";
import { goTo } from "../parts/route";
import { Card, Page, Show } from "../parts/ui";

interface Group {
  logGroupName: string;
  storedBytes?: number;
}

interface Stream {
  logStreamName: string;
  lastEventTimestamp?: number; // milliseconds
}

interface LogEvent {
  eventId?: string;
  timestamp: number; // milliseconds
  message: string;
  logStreamName?: string;
}

const kMostEvents = 500;
const kTailEvery = 2_000;
const kLookBack = 24 * 3600 * 1000; // milliseconds
const kMostPages = 20;

async function loadEvents(
  group: string,
  stream: string,
  pattern: string,
  startTime: number,
  signal: AbortSignal,
): Promise<LogEvent[]> {
  const events: LogEvent[] = [];
  let nextToken: string | undefined;
  for (let page = 0; page < kMostPages; ++page) {
    const answer: { events?: LogEvent[]; nextToken?: string } = await call(
      "logs",
      "FilterLogEvents",
      {
        logGroupName: group,
        startTime,
        ...(stream ? { logStreamNames: [stream] } : {}),
        ...(pattern ? { filterPattern: pattern } : {}),
        ...(nextToken ? { nextToken } : {}),
      },
      signal,
    );
    events.push(...(answer.events ?? []));
    nextToken = answer.nextToken;
    if (!nextToken) break;
  }
  return events.sort((a, b) => a.timestamp - b.timestamp).slice(-kMostEvents);
}

function levelOf(message: string): string {
  if (/\[ERROR\]|\bTraceback\b|\bTask timed out\b|\berror\b/i.test(message)) return "bad";
  if (/\[WARN(ING)?\]/.test(message)) return "warn";
  return /^(START|END|REPORT|INIT_START|XRAY) /.test(message) ? "frame" : "";
}

function Events(props: { group: string; stream: string; pattern: string }) {
  const { group, stream, pattern } = props;
  const [live, setLive] = useState(true);
  const events = useLoad(
    (signal) => loadEvents(group, stream, pattern, Date.now() - kLookBack, signal),
    [group, stream, pattern],
    live ? kTailEvery : 0,
  );
  const box = useRef<HTMLOListElement>(null);
  const count = events.data?.length ?? 0;
  // Follows the end, unless somebody has scrolled up to read.
  const follows = useRef(true);
  useEffect(() => {
    if (box.current && follows.current) box.current.scrollTop = box.current.scrollHeight;
  }, [count, events.data]);
  return (
    <Card
      title="Events"
      className="events-card"
      aside={
        <>
          <small>
            {formatCount(count)}
            {count === kMostEvents ? " newest" : ""} of the last 24 hours
          </small>
          <label className="toggle">
            <input type="checkbox" checked={live} onChange={(event) => setLive(event.target.checked)} />
            Live tail
          </label>
        </>
      }
    >
      <Show
        of={events}
        empty={(data) => data.length === 0 && (pattern ? "No event matches." : "No event in the last 24 hours.")}
      >
        {(data) => (
          <ol
            className="events"
            ref={box}
            tabIndex={0}
            aria-label="Log events, newest last"
            onScroll={(event) => {
              const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
              follows.current = scrollHeight - scrollTop - clientHeight < 40;
            }}
          >
            {data.map((one, at) => (
              <li key={one.eventId ?? at} className={levelOf(one.message)}>
                <time title={formatTime(one.timestamp / 1000)}>{formatClock(one.timestamp / 1000)}</time>
                <span>{one.message.trimEnd()}</span>
              </li>
            ))}
          </ol>
        )}
      </Show>
    </Card>
  );
}

export function LogsPage(props: { query: URLSearchParams }) {
  const group = props.query.get("group") ?? "";
  const stream = props.query.get("stream") ?? "";
  const pattern = props.query.get("filter") ?? "";
  const [typed, setTyped] = useState(pattern);
  const [prefix, setPrefix] = useState("");
  useEffect(() => setTyped(pattern), [pattern]);
  const groups = useLoad(() => listAll<Group>("logs", "DescribeLogGroups", "logGroups"), ["groups"], 10_000);
  const streams = useLoad(
    group
      ? () =>
          call<{ logStreams?: Stream[] }>("logs", "DescribeLogStreams", {
            logGroupName: group,
            orderBy: "LastEventTime",
            descending: true,
            limit: 50,
          })
      : null,
    [group],
    10_000,
  );
  const go = (next: { group?: string; stream?: string; filter?: string }) =>
    goTo(["logs"], { group, stream, filter: pattern, ...next });
  const shown = (groups.data ?? []).filter((one) => one.logGroupName.includes(prefix.trim()));

  return (
    <Page title="Logs" lead="What functions and services wrote.">
      <div className="columns logs">
        <Card title="Groups">
          <label>
            <span className="sr-only">Groups that contain</span>
            <input value={prefix} onChange={(event) => setPrefix(event.target.value)} placeholder="find a group" />
          </label>
          <Show of={groups} empty={(data) => data.length === 0 && "No function has written anything yet."}>
            {() => (
              <ul className="picker">
                {shown.map((one) => (
                  <li key={one.logGroupName}>
                    <button
                      type="button"
                      aria-pressed={one.logGroupName === group}
                      onClick={() => go({ group: one.logGroupName, stream: "" })}
                    >
                      {one.logGroupName}
                    </button>
                  </li>
                ))}
              </ul>
            )}
          </Show>
        </Card>
        {group ? (
          <div>
            <form
              className="filter"
              onSubmit={(event) => {
                event.preventDefault();
                go({ filter: typed.trim() });
              }}
            >
              <label>
                <span className="sr-only">Stream</span>
                <select value={stream} onChange={(event) => go({ stream: event.target.value })}>
                  <option value="">All streams</option>
                  {(streams.data?.logStreams ?? []).map((one) => (
                    <option key={one.logStreamName} value={one.logStreamName}>
                      {one.logStreamName}
                      {one.lastEventTimestamp ? ` (${formatAgo(one.lastEventTimestamp / 1000)})` : ""}
                    </option>
                  ))}
                </select>
              </label>
              <label>
                <span className="sr-only">Filter pattern</span>
                <input
                  value={typed}
                  onChange={(event) => setTyped(event.target.value)}
                  placeholder='ERROR, "Task timed out", { $.level = "warn" }'
                  spellCheck={false}
                  maxLength={1024}
                />
              </label>
              <button type="submit">Filter</button>
              {pattern && (
                <button type="button" className="quiet" onClick={() => go({ filter: "" })}>
                  clear
                </button>
              )}
            </form>
            <Events key={`${group} ${stream} ${pattern}`} group={group} stream={stream} pattern={pattern} />
          </div>
        ) : (
          <p className="notice">Pick a group.</p>
        )}
      </div>
    </Page>
  );
}
