import { JobDetails } from "../jobs/details";
import { isGoingOn, type Job, kKindNames, type Kind, loadJobs } from "../jobs/list";
import { formatAgo, formatSpan, formatTime } from "../parts/format";
import { useLoad } from "../parts/load";
import { goTo, linkTo } from "../parts/route";
import { Card, Choice, Meter, Page, Show, Status } from "../parts/ui";

const kKinds = [
  ["", "All"],
  ["import", "Imports"],
  ["training", "Trainings"],
  ["batch", "Batches"],
  ["glue", "Glue"],
] as const;

const kMostShown = 200;

const belongs = (kind: Kind, to: string): boolean => to === "" || kind === to || (to === "batch" && kind === "segment");

function Row(props: { job: Job; isOn: boolean; href: string }) {
  const { job } = props;
  return (
    <tr className={props.isOn ? "on" : ""} onClick={() => (window.location.hash = props.href)}>
      <td className="what">
        <a
          href={props.href}
          aria-current={props.isOn ? "true" : undefined}
          onClick={(event) => event.stopPropagation()}
        >
          {job.name}
        </a>
        <small>{job.failure ? <span className="why">{job.failure}</span> : kKindNames[job.kind]}</small>
        {job.progress && (
          <span className="progress">
            <Meter value={job.progress.fraction} label={`${job.name}: progress`} tone="run" />
            <small>{job.progress.stage || "waiting"}</small>
          </span>
        )}
      </td>
      <td>
        <Status value={job.status} />
      </td>
      <td>
        <time title={formatTime(job.started)}>{formatAgo(job.started)}</time>
      </td>
      <td className="wide">{formatSpan(job.started, isGoingOn(job.status) ? null : job.changed)}</td>
    </tr>
  );
}

export function JobsPage(props: { query: URLSearchParams }) {
  const kind = kKinds.find(([value]) => value === props.query.get("kind"))?.[0] ?? "";
  const id = props.query.get("job");
  const jobs = useLoad(loadJobs, ["jobs"], 2_000);
  const all = jobs.data ?? [];
  const shown = all.filter((one) => belongs(one.kind, kind));
  const job = id ? all.find((one) => one.id === id) : undefined;
  return (
    <Page
      title="Jobs"
      lead="Imports, trainings, batches and scripts: how far they are, and why one failed."
      actions={
        <Choice label="Kind" value={kind} options={kKinds} onChange={(value) => goTo(["jobs"], { kind: value })} />
      }
    >
      <div className={`columns ${job ? "wide-left" : ""}`}>
        <Card>
          <Show
            of={jobs}
            empty={() =>
              shown.length === 0 &&
              (kind ? (
                "None of this kind yet."
              ) : (
                <>
                  No job yet. <code>./demo</code> of the checkout makes some of each kind.
                </>
              ))
            }
          >
            {() => (
              <>
                <div className="scroll">
                  <table className="rows">
                    <thead>
                      <tr>
                        <th scope="col">Job</th>
                        <th scope="col">Status</th>
                        <th scope="col">Began</th>
                        <th scope="col" className="wide">
                          Took
                        </th>
                      </tr>
                    </thead>
                    <tbody>
                      {shown.slice(0, kMostShown).map((one) => (
                        <Row
                          key={one.id}
                          job={one}
                          isOn={one.id === id}
                          href={linkTo(["jobs"], { kind, job: one.id })}
                        />
                      ))}
                    </tbody>
                  </table>
                </div>
                {shown.length > kMostShown && <p className="cut">The newest {kMostShown}.</p>}
              </>
            )}
          </Show>
        </Card>
        {job && (
          <Card
            title={job.name}
            className="inspector"
            aside={
              <>
                <Status value={job.status} />
                <button type="button" className="quiet" onClick={() => goTo(["jobs"], { kind })}>
                  Close
                </button>
              </>
            }
          >
            <p className="lead kind">{kKindNames[job.kind]}</p>
            <JobDetails job={job} />
          </Card>
        )}
        {id && !job && jobs.data && <p className="notice">There is no such job, or it is no longer among the newest.</p>}
      </div>
    </Page>
  );
}
