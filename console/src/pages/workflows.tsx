import { call, listAll } from "../api";
import { formatAgo, formatSpan, formatTime } from "../parts/format";
import { useLoad } from "../parts/load";
import { goTo, linkTo } from "../parts/route";
import { Card, Page, Show, Status } from "../parts/ui";
import { type Execution, kListedMachines, linkToExecution, type Machine } from "../workflows/machines";

interface Overview {
  machine: Machine;
  latest: Execution[];
}

const kShown = 20;

async function loadOverview(signal: AbortSignal): Promise<Overview[]> {
  const machines = await listAll<Machine>("stepfunctions", "ListStateMachines", "stateMachines", {}, kListedMachines);
  return Promise.all(
    machines.map(async (machine) => {
      if (machine.type === "EXPRESS") return { machine, latest: [] };
      const { executions = [] } = await call<{ executions?: Execution[] }>(
        "stepfunctions",
        "ListExecutions",
        { stateMachineArn: machine.stateMachineArn, maxResults: kShown },
        signal,
      );
      return { machine, latest: executions };
    }),
  );
}

export function ExecutionTable(props: { executions: Execution[]; withMachine: boolean }) {
  return (
    <div className="scroll">
      <table className="rows">
        <thead>
          <tr>
            <th scope="col">Execution</th>
            <th scope="col">Status</th>
            <th scope="col">Started</th>
            <th scope="col" className="wide">
              Took
            </th>
          </tr>
        </thead>
        <tbody>
          {props.executions.map((one) => (
            <tr key={one.executionArn} onClick={() => (window.location.hash = linkToExecution(one))}>
              <td className="what">
                <a href={linkToExecution(one)} onClick={(event) => event.stopPropagation()}>
                  {one.name}
                </a>
                {props.withMachine && <small>{one.stateMachineArn.split(":").at(-1)}</small>}
              </td>
              <td>
                <Status value={one.status} />
              </td>
              <td>
                <time title={formatTime(one.startDate)}>{formatAgo(one.startDate)}</time>
              </td>
              <td className="wide">{formatSpan(one.startDate, one.stopDate)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function WorkflowsPage() {
  const overview = useLoad(loadOverview, ["workflows"], 4_000);
  const latest = (overview.data ?? [])
    .flatMap((one) => one.latest)
    .sort((a, b) => b.startDate - a.startDate)
    .slice(0, kShown);
  return (
    <Page title="Workflows" lead="State machines, and what their executions did step by step.">
      <Show
        of={overview}
        empty={(data) =>
          data.length === 0 && (
            <>
              No state machine yet. <code>aws stepfunctions create-state-machine</code> makes one, and so does a
              template with an <code>AWS::StepFunctions::StateMachine</code>; <code>usher env</code> prints what the
              aws command needs to reach this server.
            </>
          )
        }
      >
        {(data) => (
          <>
            <Card title="State machines">
              <div className="scroll">
                <table className="rows">
                  <thead>
                    <tr>
                      <th scope="col">Name</th>
                      <th scope="col" className="wide">
                        Type
                      </th>
                      <th scope="col">Latest execution</th>
                      <th scope="col" className="wide">
                        Made
                      </th>
                    </tr>
                  </thead>
                  <tbody>
                    {data.map(({ machine, latest: [newest] }) => (
                      <tr key={machine.stateMachineArn} onClick={() => goTo(["workflows", machine.stateMachineArn])}>
                        <td className="what">
                          <a
                            href={linkTo(["workflows", machine.stateMachineArn])}
                            onClick={(event) => event.stopPropagation()}
                          >
                            {machine.name}
                          </a>
                        </td>
                        <td className="wide">{machine.type.toLowerCase()}</td>
                        <td>
                          {newest ? (
                            <>
                              <Status value={newest.status} />{" "}
                              <time title={formatTime(newest.startDate)}>{formatAgo(newest.startDate)}</time>
                            </>
                          ) : (
                            <small>{machine.type === "EXPRESS" ? "seen in its logs" : "none yet"}</small>
                          )}
                        </td>
                        <td className="wide">
                          <time title={formatTime(machine.creationDate)}>{formatAgo(machine.creationDate)}</time>
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            </Card>
            <Card title="Latest executions">
              {latest.length === 0 ? (
                <p className="notice">
                  Nothing was started yet: <code>aws stepfunctions start-execution --state-machine-arn …</code>
                </p>
              ) : (
                <ExecutionTable executions={latest} withMachine />
              )}
            </Card>
          </>
        )}
      </Show>
    </Page>
  );
}
