import { call } from "../api";
import { Data, Facts } from "../parts/data";
import { formatDuration, formatSpan, formatTime, nameOfArn } from "../parts/format";
import { useLoad } from "../parts/load";
import { linkTo } from "../parts/route";
import { Meter, Show } from "../parts/ui";
import { Curve, type Point } from "./curve";
import { type GlueRun, isGoingOn, type Job } from "./list";

type Details = Record<string, unknown>;

const text = (of: Details | undefined, name: string): string =>
  typeof of?.[name] === "string" || typeof of?.[name] === "number" ? String(of[name]) : "";
const inner = (of: Details | undefined, ...names: string[]): Details | undefined => {
  let at: unknown = of;
  for (const name of names) at = (at as Details | undefined)?.[name];
  return at as Details | undefined;
};

// "s3://bucket/key" as a link to it.
function Location(props: { uri: string }) {
  const [, bucket, key = ""] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(props.uri) ?? [];
  if (!bucket) return <code>{props.uri}</code>;
  const prefix = key.slice(0, key.lastIndexOf("/") + 1);
  const object = key.endsWith("/") ? "" : key;
  return (
    <a href={linkTo(["buckets", bucket], { prefix, object })}>
      <code>{props.uri}</code>
    </a>
  );
}

const at = (of: Details | undefined, ...names: string[]) => {
  const uri = text(inner(of, ...names), "path") || text(inner(of, ...names), "dataLocation");
  return uri && <Location key={uri} uri={uri} />;
};

const kDescribe = {
  import: ["DescribeDatasetImportJob", "datasetImportJobArn", "datasetImportJob"],
  training: ["DescribeSolutionVersion", "solutionVersionArn", "solutionVersion"],
  batch: ["DescribeBatchInferenceJob", "batchInferenceJobArn", "batchInferenceJob"],
  segment: ["DescribeBatchSegmentJob", "batchSegmentJobArn", "batchSegmentJob"],
} as const;

const kMetricNames: [RegExp, string][] = [
  [/^coverage$/, "Coverage"],
  [/^mean_reciprocal_rank_at_(\d+)$/, "Reciprocal rank at $1"],
  [/^normalized_discounted_cumulative_gain_with_event_weights_at_(\d+)$/, "NDCG at $1, weighted"],
  [/^normalized_discounted_cumulative_gain_at_(\d+)$/, "NDCG at $1"],
  [/^precision_at_(\d+)$/, "Precision at $1"],
];

function nameOfMetric(name: string): string {
  for (const [pattern, words] of kMetricNames) {
    if (pattern.test(name)) return name.replace(pattern, words);
  }
  return name.replace(/_/g, " ");
}

function Metrics(props: { arn: string }) {
  const metrics = useLoad(async () => {
    const [found, curve] = await Promise.all([
      call<{ metrics?: Record<string, number> }>("personalize", "GetSolutionMetrics", { solutionVersionArn: props.arn }),
      call<{ people: number; points: Point[] }>("console", "TrainingCurve", { solutionVersionArn: props.arn }),
    ]);
    return { metrics: Object.entries(found.metrics ?? {}), ...curve };
  }, [props.arn]);
  return (
    <Show of={metrics}>
      {({ metrics: found, people, points }) => (
        <>
          {points.length > 1 && <Curve points={points} people={people} />}
          {found.length === 0 ? (
            <p className="notice">There were too few people to hold some out, so nothing was measured.</p>
          ) : (
            <>
              <h3>On people whose newest events the model did not see</h3>
              <ul className="measures">
                {found.map(([name, value]) => (
                  <li key={name}>
                    <span>{nameOfMetric(name)}</span>
                    <Meter value={value} label={nameOfMetric(name)} />
                    <data value={value}>{value}</data>
                  </li>
                ))}
              </ul>
            </>
          )}
        </>
      )}
    </Show>
  );
}

function PersonalizeDetails(props: { job: Job }) {
  const { job } = props;
  const [operation, member, answer] = kDescribe[job.kind as keyof typeof kDescribe];
  const details = useLoad(
    async (signal) => {
      const found = await call<Record<string, Details>>("personalize", operation, { [member]: job.id }, signal);
      return found[answer];
    },
    [job.id, job.status],
  );
  return (
    <Show of={details}>
      {(data) => {
        const hyper = {
          ...inner(data, "solutionConfig", "algorithmHyperParameters"),
          ...inner(data, "tunedHPOParams", "algorithmHyperParameters"),
        };
        const hours = Number(data?.["trainingHours"] ?? 0);
        return (
          <>
            <Facts
              of={[
                ["Recipe", nameOfArn(text(data, "recipeArn"))],
                ["Mode", text(data, "trainingMode").toLowerCase()],
                ["Trained for", hours > 0 && formatDuration(hours * 3600)],
                ["Dataset", nameOfArn(text(data, "datasetArn"))],
                ["Model of", job.kind !== "training" && text(data, "solutionVersionArn").split("/").at(-2)],
                ["Filter", nameOfArn(text(data, "filterArn"))],
                ["Results each", text(data, "numResults")],
                ["From", at(data, "dataSource") || at(data, "jobInput", "s3DataSource")],
                ["To", at(data, "jobOutput", "s3DataDestination")],
                ["Role", text(data, "roleArn") && <code key="role">{nameOfArn(text(data, "roleArn"))}</code>],
                ["Began", formatTime(job.started)],
                ["Took", !isGoingOn(job.status) && formatSpan(job.started, job.changed)],
                ["ARN", <code key="arn">{job.id}</code>],
              ]}
            />
            {job.kind === "training" && Object.keys(hyper).length > 0 && (
              <>
                <h3>Hyperparameters</h3>
                <Facts of={Object.entries(hyper).map(([name, value]) => [name, String(value)] as const)} />
              </>
            )}
            {job.kind === "training" && job.status === "ACTIVE" && <Metrics arn={job.id} />}
          </>
        );
      }}
    </Show>
  );
}

function GlueDetails(props: { job: Job }) {
  const { job } = props;
  const [name = "", id = ""] = [job.id.slice(0, job.id.lastIndexOf("/")), job.id.slice(job.id.lastIndexOf("/") + 1)];
  const details = useLoad(
    async () => {
      const [{ JobRuns = [] }, { Jobs = [] }] = await Promise.all([
        call<{ JobRuns?: GlueRun[] }>("glue", "GetJobRuns", { JobName: name }),
        call<{ Jobs?: { Name: string; Command?: { Name?: string; ScriptLocation?: string } }[] }>("glue", "GetJobs"),
      ]);
      return { run: JobRuns.find((one) => one.Id === id), command: Jobs.find((one) => one.Name === name)?.Command };
    },
    [job.id, job.status],
  );
  return (
    <Show of={details}>
      {({ run, command }) => {
        const group = run?.LogGroupName || "/aws-glue/jobs";
        return (
          <>
            <Facts
              of={[
                ["Run", <code key="id">{id}</code>],
                ["Command", command?.Name],
                ["Script", command?.ScriptLocation && <Location key="script" uri={command.ScriptLocation} />],
                ["Began", formatTime(job.started)],
                ["Worked for", run?.ExecutionTime !== undefined && formatDuration(run.ExecutionTime)],
                ["Attempt", run?.Attempt],
                ["Time limit", run?.Timeout !== undefined && `${run.Timeout} min`],
              ]}
            />
            {run?.Arguments && Object.keys(run.Arguments).length > 0 && (
              <>
                <h3>Arguments</h3>
                <Data text={JSON.stringify(run.Arguments)} label="Arguments" />
              </>
            )}
            <p className="actions">
              <a href={linkTo(["logs"], { group: `${group}/output`, stream: id })}>Its output</a>
              <a href={linkTo(["logs"], { group: `${group}/error`, stream: id })}>Its errors</a>
            </p>
          </>
        );
      }}
    </Show>
  );
}

export function JobDetails(props: { job: Job }) {
  const { job } = props;
  return (
    <>
      {job.progress && (
        <div className="progress">
          <Meter value={job.progress.fraction} label="progress" tone="run" />
          <small>{job.progress.stage || "waiting"}</small>
        </div>
      )}
      {job.failure && (
        <div className="exception" role="note">
          <b>Failed</b>
          <p>{job.failure}</p>
        </div>
      )}
      {job.kind === "glue" ? <GlueDetails key={job.id} job={job} /> : <PersonalizeDetails key={job.id} job={job} />}
    </>
  );
}
