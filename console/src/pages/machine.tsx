import { useMemo } from "react";
import { call } from "../api";
import { Crumbs, Data, Facts } from "../parts/data";
import { formatTime } from "../parts/format";
import { useLoad } from "../parts/load";
import { goTo, linkTo } from "../parts/route";
import { Card, Choice, Page, Show } from "../parts/ui";
import { allStates, readDefinition } from "../workflows/definition";
import { StateGraph } from "../workflows/graph";
import { type Execution, logGroupOf, type MachineDetails } from "../workflows/machines";
import { StateDetails } from "../workflows/state";
import { ExecutionTable } from "./workflows";

const kStatuses = [
  ["", "All"],
  ["RUNNING", "Running"],
  ["SUCCEEDED", "Succeeded"],
  ["FAILED", "Failed"],
  ["TIMED_OUT", "Timed out"],
  ["ABORTED", "Stopped"],
] as const;

const kShown = 100;

export function MachinePage(props: { arn: string; query: URLSearchParams }) {
  const { arn, query } = props;
  const status = kStatuses.find(([value]) => value === query.get("status"))?.[0] ?? "";
  const chosen = query.get("state");
  const machine = useLoad(
    () => call<MachineDetails>("stepfunctions", "DescribeStateMachine", { stateMachineArn: arn }),
    [arn],
  );
  const isExpress = machine.data?.type === "EXPRESS";
  const executions = useLoad(
    machine.data && !isExpress
      ? (signal) =>
          call<{ executions?: Execution[]; nextToken?: string }>(
            "stepfunctions",
            "ListExecutions",
            { stateMachineArn: arn, maxResults: kShown, ...(status ? { statusFilter: status } : {}) },
            signal,
          )
      : null,
    [arn, status, machine.data !== undefined],
    4_000,
  );
  const text = machine.data?.definition ?? "";
  const block = useMemo(() => (text ? readDefinition(text) : null), [text]);
  const state = block && chosen ? allStates(block).get(chosen) : undefined;
  const group = logGroupOf(machine.data);
  const name = machine.data?.name ?? arn.split(":").at(-1) ?? "";
  const go = (next: Record<string, string>) =>
    goTo(["workflows", arn], { status, state: chosen ?? "", ...next });

  return (
    <Page
      title={name}
      before={<Crumbs of={[["Workflows", linkTo(["workflows"])]]} here={name} />}
      lead={machine.data?.description ?? (machine.data ? `A ${machine.data.type.toLowerCase()} state machine` : "")}
      actions={
        <>
          {group && <a href={linkTo(["logs"], { group })}>Its log</a>}
          {machine.data?.tracingConfiguration?.enabled && (
            <a href={linkTo(["traces"], { filter: `service("${name}")` })}>Its traces</a>
          )}
        </>
      }
    >
      <Show of={machine}>
        {(data) => (
          <>
            <div className={`columns ${state ? "wide-left" : ""}`}>
              <Card title="States" aside={<small>Choose a state for what it does</small>}>
                {block && (
                  <StateGraph
                    machine={block}
                    story={null}
                    current={null}
                    chosen={chosen}
                    onChoose={(one) => go({ state: one })}
                  />
                )}
              </Card>
              {state && <StateDetails state={state} onClose={() => go({ state: "" })} />}
            </div>
            <Card
              title="Executions"
              aside={
                !isExpress && (
                  <Choice
                    label="Status"
                    value={status}
                    options={kStatuses}
                    onChange={(value) => go({ status: value })}
                  />
                )
              }
            >
              {isExpress ? (
                <p className="notice">
                  Executions of an express machine are not kept.{" "}
                  {group ? (
                    <a href={linkTo(["logs"], { group })}>Its log tells of them.</a>
                  ) : (
                    "Give it a logging configuration, and its log tells of them."
                  )}
                </p>
              ) : (
                <Show
                  of={executions}
                  empty={(found) =>
                    (found.executions ?? []).length === 0 &&
                    (status ? (
                      "None with this status."
                    ) : (
                      <>
                        It was not started yet: <code>aws stepfunctions start-execution --state-machine-arn {arn}</code>
                      </>
                    ))
                  }
                >
                  {(found) => (
                    <>
                      <ExecutionTable executions={found.executions ?? []} withMachine={false} />
                      {found.nextToken && <p className="cut">The newest {kShown}; there are more.</p>}
                    </>
                  )}
                </Show>
              )}
            </Card>
            <Card title="About">
              <Facts
                of={[
                  ["ARN", <code key="arn">{data.stateMachineArn}</code>],
                  ["Role", <code key="role">{data.roleArn}</code>],
                  ["Made", formatTime(data.creationDate)],
                  ["Revision", data.revisionId],
                  ["Logging", group ? `${data.loggingConfiguration?.level} to ${group}` : "off"],
                  ["Tracing", data.tracingConfiguration?.enabled ? "on" : "off"],
                ]}
              />
              <details className="as-text">
                <summary>Definition</summary>
                <Data text={text} label="Definition" />
              </details>
            </Card>
          </>
        )}
      </Show>
    </Page>
  );
}
