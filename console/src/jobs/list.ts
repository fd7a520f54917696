// All kinds of jobs as one list: what Personalize imports, trains and computes in batches, and the runs of
// Glue's jobs.

import { ApiError, call, listAll } from "../api";
import { nameOfArn } from "../parts/format";

export type Kind = "import" | "training" | "batch" | "segment" | "glue";

export interface Job {
  kind: Kind;
  id: string; // an ARN, or <job>/<run> of Glue
  name: string;
  status: string;
  started: number; // seconds since 1970
  changed: number;
  failure?: string | undefined;
  progress?: { fraction: number; stage: string } | undefined;
}

export const kKindNames: Record<Kind, string> = {
  import: "Import",
  training: "Training",
  batch: "Batch inference",
  segment: "Batch segments",
  glue: "Glue",
};

const kMost = 200; // of a kind
const kMostGlueJobs = 20;
const kRunsOfEach = 20;
const kAskedProgress = 50;

type Row = Record<string, string | number | undefined>;

export const isGoingOn = (status: string): boolean =>
  /PENDING|IN_PROGRESS|RUNNING|STARTING|STOPPING|WAITING/.test(status);

function jobsOf(rows: Row[], kind: Kind, arnMember: string, nameMember: string): Job[] {
  return rows.map((row) => {
    const id = String(row[arnMember] ?? "");
    return {
      kind,
      id,
      // A version has no name of its own: …:solution/<solution>/<version>
      name: kind === "training" ? (id.split("/").at(-2) ?? id) : String(row[nameMember] ?? nameOfArn(id)),
      status: String(row["status"] ?? ""),
      started: Number(row["creationDateTime"] ?? 0),
      changed: Number(row["lastUpdatedDateTime"] ?? row["creationDateTime"] ?? 0),
      failure: row["failureReason"] as string | undefined,
    };
  });
}

export interface GlueRun {
  Id: string;
  JobName: string;
  JobRunState: string;
  StartedOn?: number;
  LastModifiedOn?: number;
  CompletedOn?: number;
  ExecutionTime?: number; // seconds
  ErrorMessage?: string;
  Attempt?: number;
  Timeout?: number; // minutes
  Arguments?: Record<string, string>;
  LogGroupName?: string;
  WorkerType?: string;
  NumberOfWorkers?: number;
}

let hasGlue = true; // until the server says that it has not

async function loadGlueRuns(): Promise<Job[]> {
  if (!hasGlue) return [];
  try {
    const jobs = await listAll<{ Name: string }>("glue", "GetJobs", "Jobs", {}, kMostGlueJobs, "NextToken");
    const runs = await Promise.all(
      jobs.slice(0, kMostGlueJobs).map(async ({ Name }) => {
        const { JobRuns = [] } = await call<{ JobRuns?: GlueRun[] }>("glue", "GetJobRuns", {
          JobName: Name,
          MaxResults: kRunsOfEach,
        });
        return JobRuns;
      }),
    );
    return runs.flat().map((one) => ({
      kind: "glue" as const,
      id: `${one.JobName}/${one.Id}`,
      name: one.JobName,
      status: one.JobRunState,
      started: one.StartedOn ?? 0,
      changed: one.CompletedOn ?? one.LastModifiedOn ?? one.StartedOn ?? 0,
      failure: one.ErrorMessage,
    }));
  } catch (error) {
    if (error instanceof ApiError && error.code === "UnknownOperation") {
      hasGlue = false;
      return [];
    }
    throw error;
  }
}

// Newest first; those that go on come with their progress.
export async function loadJobs(): Promise<Job[]> {
  const list = (operation: string, member: string) =>
    listAll<Row>("personalize", operation, member, { maxResults: 100 }, kMost);
  const [imports, versions, batches, segments, runs] = await Promise.all([
    list("ListDatasetImportJobs", "datasetImportJobs"),
    list("ListSolutionVersions", "solutionVersions"),
    list("ListBatchInferenceJobs", "batchInferenceJobs"),
    list("ListBatchSegmentJobs", "batchSegmentJobs"),
    loadGlueRuns(),
  ]);
  const jobs = [
    ...jobsOf(imports, "import", "datasetImportJobArn", "jobName"),
    ...jobsOf(versions, "training", "solutionVersionArn", "name"),
    ...jobsOf(batches, "batch", "batchInferenceJobArn", "jobName"),
    ...jobsOf(segments, "segment", "batchSegmentJobArn", "jobName"),
    ...runs,
  ].sort((a, b) => b.started - a.started);
  const going = jobs.filter((job) => job.kind !== "glue" && isGoingOn(job.status)).slice(0, kAskedProgress);
  if (going.length === 0) return jobs;
  const { progress } = await call<{ progress: Record<string, { fraction: number; stage: string }> }>(
    "console",
    "Progress",
    { arns: going.map((job) => job.id) },
  );
  return jobs.map((job) => ({ ...job, progress: progress[job.id] }));
}
