import { ApiError, call, listAll } from "../api";
import { formatAgo, formatCount, formatTime } from "../parts/format";
import { useLoad } from "../parts/load";
import { linkTo } from "../parts/route";
import { Card, Meter, Page, Show, Status } from "../parts/ui";
import { isGoingOn, type Job, kKindNames, loadJobs } from "../jobs/list";
import type { Stack } from "../stacks/model";
import { loadTraces } from "../traces/list";
import type { Summary } from "../traces/model";
import { TraceTable } from "../traces/table";
import { type Execution, kListedMachines, linkToExecution, type Machine } from "../workflows/machines";
import { loadStacks } from "./stacks";

// Anything that is made by going on for a while.
interface Work {
  kind: string;
  name: string;
  id: string;
  href: string; // of its page
  status: string;
  changed: number;
  failure?: string | undefined;
  progress?: { fraction: number; stage: string } | undefined;
}

interface Campaign {
  name: string;
  campaignArn: string;
  status: string;
  lastUpdatedDateTime: number;
}

const kShownWork = 12;
const kAskedMachines = 20;
const kShownTraces = 8;
const kTracedMinutes = 60;
// The latest executions of each state machine.
async function loadExecutions(): Promise<Work[]> {
  const machines = await listAll<Machine>("stepfunctions", "ListStateMachines", "stateMachines", {}, kAskedMachines);
  const kept = machines.filter((one) => one.type !== "EXPRESS"); // whose executions are not
  const lists = await Promise.all(
    kept.slice(0, kAskedMachines).map(async ({ stateMachineArn, name }) => {
      const { executions = [] } = await call<{ executions?: Execution[] }>(
        "stepfunctions",
        "ListExecutions",
        { stateMachineArn, maxResults: kShownWork },
      );
      return executions.map((one) => ({
        kind: `Execution ${one.name}`,
        name,
        id: one.executionArn,
        href: linkToExecution(one),
        status: one.status,
        changed: one.stopDate ?? one.startDate,
      }));
    }),
  );
  return lists.flat();
}

const workOfJob = (job: Job): Work => ({
  ...job,
  kind: kKindNames[job.kind],
  href: linkTo(["jobs"], { job: job.id }),
});

const workOfStack = (stack: Stack): Work => ({
  kind: "Stack",
  name: stack.StackName,
  id: stack.StackId,
  href: linkTo(["stacks", stack.StackId]),
  status: stack.StackStatus,
  changed: stack.LastUpdatedTime ?? stack.CreationTime,
  failure: /FAILED|ROLLBACK/.test(stack.StackStatus) ? stack.StackStatusReason : undefined,
});

// What goes on comes first, then what ended last.
async function loadWork(): Promise<Work[]> {
  const [jobs, executions, stacks] = await Promise.all([loadJobs(), loadExecutions(), loadStacks()]);
  const all = [...jobs.map(workOfJob), ...executions, ...stacks.map(workOfStack)];
  const rank = (one: Work) => (isGoingOn(one.status) ? 0 : 1);
  return all.sort((a, b) => rank(a) - rank(b) || b.changed - a.changed).slice(0, kShownWork);
}

interface Running {
  campaigns: Campaign[];
  functions: string[];
  buckets: string[];
  groups: string[];
  machines: string[];
  topics: number;
  queues: number;
}

async function loadRunning(): Promise<Running> {
  const [campaigns, functions, buckets, groups, machines, topics, queues] = await Promise.all([
    listAll<Campaign>("personalize", "ListCampaigns", "campaigns"),
    call<{ Functions?: { FunctionName: string }[] }>("lambda", "ListFunctions"),
    call<{ Buckets?: { Name: string }[] }>("s3", "ListBuckets"),
    listAll<{ name: string }>("personalize", "ListDatasetGroups", "datasetGroups"),
    listAll<Machine>("stepfunctions", "ListStateMachines", "stateMachines", {}, kListedMachines),
    call<{ Topics?: unknown[] }>("sns", "ListTopics"),
    call<{ QueueUrls?: unknown[] }>("sqs", "ListQueues"),
  ]);
  return {
    campaigns,
    functions: (functions.Functions ?? []).map((one) => one.FunctionName),
    buckets: (buckets.Buckets ?? []).map((one) => one.Name),
    groups: groups.map((one) => one.name),
    machines: machines.map((one) => one.name),
    topics: topics.Topics?.length ?? 0,
    queues: queues.QueueUrls?.length ?? 0,
  };
}

// None where the server keeps no traces.
async function loadRequests(signal: AbortSignal): Promise<Summary[]> {
  try {
    return await loadTraces(kTracedMinutes, "", kShownTraces, signal);
  } catch (error) {
    if (error instanceof ApiError && error.code === "UnknownOperation") return [];
    throw error;
  }
}

interface ServerInfo {
  version: string;
  endpoint: string;
  started: number;
}

function Tile(props: { label: string; count: number; names?: string[]; href?: string }) {
  const body = (
    <>
      <strong>{formatCount(props.count)}</strong>
      <span>{props.count === 1 ? props.label : `${props.label}s`}</span>
      {props.names && <small>{props.names.slice(0, 4).join(", ") || "none yet"}</small>}
    </>
  );
  return props.href ? (
    <a className="tile" href={props.href}>
      {body}
    </a>
  ) : (
    <div className="tile">{body}</div>
  );
}

export function HomePage() {
  const running = useLoad(loadRunning, ["running"], 10_000);
  const work = useLoad(loadWork, ["work"], 2_000);
  const requests = useLoad(loadRequests, ["requests"], 5_000);
  const server = useLoad(() => call<ServerInfo>("console", "Server"), ["server"]);
  return (
    <Page
      title="Tonight’s programme"
      lead={
        server.data
          ? `Usher ${server.data.version} at ${server.data.endpoint}, started ${formatAgo(server.data.started)}`
          : "What runs on this server"
      }
    >
      <Show of={running}>
        {(data) => (
          <div className="tiles">
            <Tile
              label="campaign"
              count={data.campaigns.length}
              names={data.campaigns.map((one) => one.name)}
              href={linkTo(["movies"])}
            />
            <Tile label="function" count={data.functions.length} names={data.functions} href={linkTo(["logs"])} />
            <Tile label="bucket" count={data.buckets.length} names={data.buckets} href={linkTo(["buckets"])} />
            <Tile
              label="state machine"
              count={data.machines.length}
              names={data.machines}
              href={linkTo(["workflows"])}
            />
            <Tile label="dataset group" count={data.groups.length} names={data.groups} href={linkTo(["jobs"])} />
            <Tile label="topic" count={data.topics} href={linkTo(["mail"])} />
            <Tile label="queue" count={data.queues} />
          </div>
        )}
      </Show>
      <div className="columns wide-left">
        <Card title="At work, and lately" aside={<a href={linkTo(["jobs"])}>All jobs</a>}>
          <Show
            of={work}
            empty={(data) =>
              data.length === 0 &&
              "Nothing was started yet: no job, no execution, no stack. ./demo of the checkout makes some of each."
            }
          >
            {(data) => (
              <ul className="jobs">
                {data.map((job) => (
                  <li key={job.id}>
                    <div>
                      <a href={job.href}>{job.name}</a>
                      <small>{job.kind}</small>
                    </div>
                    <Status value={job.status} />
                    <time title={formatTime(job.changed)}>{formatAgo(job.changed)}</time>
                    {job.progress && (
                      <div className="progress">
                        <Meter value={job.progress.fraction} label={`${job.name}: progress`} tone="run" />
                        <small>{job.progress.stage || "waiting"}</small>
                      </div>
                    )}
                    {job.failure && <p className="why">{job.failure}</p>}
                  </li>
                ))}
              </ul>
            )}
          </Show>
        </Card>
        <Card title="Campaigns">
          <Show
            of={running}
            empty={(data) => data.campaigns.length === 0 && "No campaign yet: usher deploy makes one."}
          >
            {(data) => (
              <ul className="plain">
                {data.campaigns.map((one) => (
                  <li key={one.campaignArn}>
                    <a href={linkTo(["movies"], { campaign: one.campaignArn })}>{one.name}</a>
                    <Status value={one.status} />
                  </li>
                ))}
              </ul>
            )}
          </Show>
        </Card>
      </div>
      {requests.data && requests.data.length > 0 && (
        <Card title="Latest requests" aside={<a href={linkTo(["traces"])}>All traces</a>}>
          <TraceTable traces={requests.data} />
        </Card>
      )}
    </Page>
  );
}
