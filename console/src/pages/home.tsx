import { ApiError, call, listAll } from "../api";
import { formatAgo, formatCount, formatTime, nameOfArn } from "../parts/format";
import { useLoad } from "../parts/load";
import { linkTo } from "../parts/route";
import { Card, Meter, Page, Show, Status } from "../parts/ui";
import { loadTraces } from "../traces/list";
import type { Summary } from "../traces/model";
import { TraceTable } from "../traces/table";
import { type Execution, linkToExecution, type Machine } from "../workflows/machines";

interface Job {
  kind: string;
  name: string;
  arn: string;
  href?: string; // of its page
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

type Row = Record<string, string | number | undefined>;

const kShownJobs = 12;
const kAskedMachines = 20;
const kShownTraces = 8;
const kTracedMinutes = 60;
const kRunning = ["CREATE PENDING", "CREATE IN_PROGRESS"];

function jobsOf(rows: Row[], kind: string, arnMember: string, nameMember: string): Job[] {
  return rows.map((row) => {
    const arn = String(row[arnMember] ?? "");
    return {
      kind,
      arn,
      name: String(row[nameMember] ?? nameOfArn(arn)),
      status: String(row["status"] ?? ""),
      changed: Number(row["lastUpdatedDateTime"] ?? row["creationDateTime"] ?? 0),
      failure: row["failureReason"] as string | undefined,
    };
  });
}

// The latest executions of each state machine.
async function loadExecutions(): Promise<Job[]> {
  const machines = await listAll<Machine>("stepfunctions", "ListStateMachines", "stateMachines", {}, kAskedMachines);
  const kept = machines.filter((one) => one.type !== "EXPRESS"); // whose executions are not
  const lists = await Promise.all(
    kept.slice(0, kAskedMachines).map(async ({ stateMachineArn, name }) => {
      const { executions = [] } = await call<{ executions?: Execution[] }>(
        "stepfunctions",
        "ListExecutions",
        { stateMachineArn, maxResults: kShownJobs },
      );
      return executions.map((one) => ({
        kind: `Execution ${one.name}`,
        name,
        arn: one.executionArn,
        href: linkToExecution(one),
        status: one.status,
        changed: one.stopDate ?? one.startDate,
      }));
    }),
  );
  return lists.flat();
}

async function loadJobs(): Promise<Job[]> {
  const list = (operation: string, member: string) =>
    listAll<Row>("personalize", operation, member, { maxResults: 100 }, 200);
  const [imports, versions, batches, segments, executions] = await Promise.all([
    list("ListDatasetImportJobs", "datasetImportJobs"),
    list("ListSolutionVersions", "solutionVersions"),
    list("ListBatchInferenceJobs", "batchInferenceJobs"),
    list("ListBatchSegmentJobs", "batchSegmentJobs"),
    loadExecutions(),
  ]);
  const jobs = [
    ...jobsOf(imports, "Import", "datasetImportJobArn", "jobName"),
    ...jobsOf(versions, "Training", "solutionVersionArn", "name").map((job) => ({
      ...job,
      // …:solution/<solution>/<version>
      name: job.arn.split("/").slice(-2, -1)[0] ?? job.name,
    })),
    ...jobsOf(batches, "Batch inference", "batchInferenceJobArn", "jobName"),
    ...jobsOf(segments, "Batch segments", "batchSegmentJobArn", "jobName"),
    ...executions,
  ]
    .sort((a, b) => b.changed - a.changed)
    .slice(0, kShownJobs);
  const running = jobs.filter((job) => kRunning.includes(job.status));
  if (running.length === 0) return jobs;
  const { progress } = await call<{
    progress: Record<string, { fraction: number; stage: string }>;
  }>("console", "Progress", { arns: running.map((job) => job.arn) });
  return jobs.map((job) => ({ ...job, progress: progress[job.arn] }));
}

interface Running {
  campaigns: Campaign[];
  functions: string[];
  buckets: string[];
  groups: string[];
  topics: number;
  queues: number;
}

async function loadRunning(): Promise<Running> {
  const [campaigns, functions, buckets, groups, topics, queues] = await Promise.all([
    listAll<Campaign>("personalize", "ListCampaigns", "campaigns"),
    call<{ Functions?: { FunctionName: string }[] }>("lambda", "ListFunctions"),
    call<{ Buckets?: { Name: string }[] }>("s3", "ListBuckets"),
    listAll<{ name: string }>("personalize", "ListDatasetGroups", "datasetGroups"),
    call<{ Topics?: unknown[] }>("sns", "ListTopics"),
    call<{ QueueUrls?: unknown[] }>("sqs", "ListQueues"),
  ]);
  return {
    campaigns,
    functions: (functions.Functions ?? []).map((one) => one.FunctionName),
    buckets: (buckets.Buckets ?? []).map((one) => one.Name),
    groups: groups.map((one) => one.name),
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
  const jobs = useLoad(loadJobs, ["jobs"], 2_000);
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
            <Tile label="bucket" count={data.buckets.length} names={data.buckets} />
            <Tile label="dataset group" count={data.groups.length} names={data.groups} />
            <Tile label="topic" count={data.topics} />
            <Tile label="queue" count={data.queues} />
          </div>
        )}
      </Show>
      <div className="columns wide-left">
        <Card title="Recent jobs">
          <Show
            of={jobs}
            empty={(data) =>
              data.length === 0 &&
              "No import, training or batch job yet. ./demo of the checkout makes some of each."
            }
          >
            {(data) => (
              <ul className="jobs">
                {data.map((job) => (
                  <li key={job.arn}>
                    <div>
                      <b>{job.href ? <a href={job.href}>{job.name}</a> : job.name}</b>
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
