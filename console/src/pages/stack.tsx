import { call, listAll } from "../api";
import { Crumbs, Facts, Source } from "../parts/data";
import { formatAgo, formatTime } from "../parts/format";
import { useLoad } from "../parts/load";
import { goTo, linkTo } from "../parts/route";
import { Card, Choice, Page, Show, Status } from "../parts/ui";
import { isMoving, pageOf, type Resource, type Stack, type StackEvent } from "../stacks/model";

const kTabs = [
  ["resources", "Resources"],
  ["events", "Events"],
  ["outputs", "Outputs"],
  ["template", "Template"],
] as const;
const kMostEvents = 500;
const kMostResources = 1000;
const kEvery = 2_000; // while it changes

const tidy = (type: string): string => type.replace(/^AWS::/, "").replace(/::/g, " ");

interface Stage {
  stageName: string;
}

// The addresses at which an API of the stack answers.
function ApiLinks(props: { id: string }) {
  const stages = useLoad(
    async () => {
      const [{ item = [] }, { endpoint }] = await Promise.all([
        call<{ item?: Stage[] }>("apigateway", "GetStages", { restApiId: props.id }),
        call<{ endpoint: string }>("console", "Server"),
      ]);
      return item.map((one) => ({
        name: one.stageName,
        url: `${endpoint}/restapis/${props.id}/${encodeURIComponent(one.stageName)}/_user_request_/`,
      }));
    },
    [props.id],
  );
  return (
    <>
      {(stages.data ?? []).map((one) => (
        <a key={one.name} href={one.url} target="_blank" rel="noreferrer">
          Open {one.name}
        </a>
      ))}
    </>
  );
}

function Resources(props: { stack: Stack }) {
  const resources = useLoad(
    () =>
      listAll<Resource>(
        "cloudformation",
        "ListStackResources",
        "StackResourceSummaries",
        { StackName: props.stack.StackId },
        kMostResources,
        "NextToken",
      ),
    [props.stack.StackId, props.stack.StackStatus],
    isMoving(props.stack.StackStatus) ? kEvery : 0,
  );
  return (
    <Show
      of={resources}
      empty={(data) => data.length === 0 && "It has no resources: none were made, or all were taken down."}
    >
      {(data) => (
        <div className="scroll">
          <table className="rows plain-rows stacked">
            <thead>
              <tr>
                <th scope="col">Resource</th>
                <th scope="col">Status</th>
                <th scope="col">Physical id</th>
                <th scope="col">
                  <span className="sr-only">Its page</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {data.map((one) => {
                const id = one.PhysicalResourceId ?? "";
                const isThere = !one.ResourceStatus.startsWith("DELETE");
                const page = isThere ? pageOf(one.ResourceType, id) : null;
                return (
                  <tr key={one.LogicalResourceId}>
                    <td className="what">
                      <b>{one.LogicalResourceId}</b>
                      <small>{tidy(one.ResourceType)}</small>
                      {one.ResourceStatusReason && <small className="why">{one.ResourceStatusReason}</small>}
                    </td>
                    <td>
                      <Status value={one.ResourceStatus} />
                    </td>
                    <td className="what">
                      <code>{id}</code>
                    </td>
                    <td>
                      {page && <a href={page.href}>{page.text}</a>}
                      {isThere && id && one.ResourceType === "AWS::ApiGateway::RestApi" && <ApiLinks id={id} />}
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </Show>
  );
}

function Events(props: { stack: Stack }) {
  const events = useLoad(
    () =>
      listAll<StackEvent>(
        "cloudformation",
        "DescribeStackEvents",
        "StackEvents",
        { StackName: props.stack.StackId },
        kMostEvents,
        "NextToken",
      ),
    [props.stack.StackId, props.stack.StackStatus],
    isMoving(props.stack.StackStatus) ? kEvery : 0,
  );
  return (
    <Show of={events}>
      {(data) => (
        <>
          <div className="scroll">
            <table className="rows plain-rows stacked">
              <thead>
                <tr>
                  <th scope="col">Time</th>
                  <th scope="col">Resource</th>
                  <th scope="col">Status</th>
                  <th scope="col">Why</th>
                </tr>
              </thead>
              <tbody>
                {data.slice(0, kMostEvents).map((one) => (
                  <tr key={one.EventId}>
                    <td>
                      <time title={formatTime(one.Timestamp)}>{formatAgo(one.Timestamp)}</time>
                    </td>
                    <td className="what">
                      <b>{one.LogicalResourceId}</b>
                      <small>{tidy(one.ResourceType)}</small>
                    </td>
                    <td>
                      <Status value={one.ResourceStatus} />
                    </td>
                    <td className="what detail">{one.ResourceStatusReason}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          {data.length >= kMostEvents && <p className="cut">The newest {kMostEvents}.</p>}
        </>
      )}
    </Show>
  );
}

function Outputs(props: { stack: Stack }) {
  const { Outputs: outputs = [], Parameters: parameters = [], Tags: tags = [] } = props.stack;
  return (
    <>
      {outputs.length === 0 ? (
        <p className="notice">
          The template has no outputs{isMoving(props.stack.StackStatus) && ", or they are not known yet"}.
        </p>
      ) : (
        <div className="scroll">
          <table className="rows plain-rows stacked">
            <thead>
              <tr>
                <th scope="col">Output</th>
                <th scope="col">Value</th>
                <th scope="col">Export</th>
              </tr>
            </thead>
            <tbody>
              {outputs.map((one) => (
                <tr key={one.OutputKey}>
                  <td className="what">
                    <b>{one.OutputKey}</b>
                    {one.Description && <small>{one.Description}</small>}
                  </td>
                  <td className="what">
                    <code>{one.OutputValue}</code>
                  </td>
                  <td className="what">{one.ExportName}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <h3>Parameters</h3>
      {parameters.length === 0 && <p className="lead">None.</p>}
      <Facts
        of={parameters.map((one) => {
          const value = one.ResolvedValue ?? one.ParameterValue;
          return [one.ParameterKey, <code key="value">{value}</code>] as const;
        })}
      />
      {tags.length > 0 && <h3>Tags</h3>}
      <Facts of={tags.map((one) => [one.Key, one.Value] as const)} />
    </>
  );
}

function Template(props: { stack: Stack }) {
  const template = useLoad(
    () => call<{ TemplateBody?: unknown }>("cloudformation", "GetTemplate", { StackName: props.stack.StackId }),
    [props.stack.StackId, props.stack.LastUpdatedTime],
  );
  return (
    <Show of={template}>
      {({ TemplateBody: body }) => (
        <Source label="Template" text={typeof body === "string" ? body : JSON.stringify(body, null, 2)} />
      )}
    </Show>
  );
}

export function StackPage(props: { id: string; query: URLSearchParams }) {
  const { id, query } = props;
  const tab = kTabs.find(([value]) => value === query.get("tab"))?.[0] ?? "resources";
  const stack = useLoad(
    async () => {
      const { Stacks = [] } = await call<{ Stacks?: Stack[] }>("cloudformation", "DescribeStacks", { StackName: id });
      return Stacks[0] ?? null;
    },
    [id],
    kEvery,
  );
  const name = stack.data?.StackName ?? /:stack\/([^/]+)/.exec(id)?.[1] ?? id;
  const parent = stack.data?.ParentId;
  const isBad = stack.data && /FAILED|ROLLBACK/.test(stack.data.StackStatus);
  return (
    <Page
      title={name}
      before={
        <Crumbs
          of={[
            ["Stacks", linkTo(["stacks"])],
            ...(parent ? [[/:stack\/([^/]+)/.exec(parent)?.[1] ?? parent, linkTo(["stacks", parent])] as const] : []),
          ]}
          here={name}
        />
      }
      lead={stack.data?.Description ?? ""}
      actions={stack.data && <Status value={stack.data.StackStatus} />}
    >
      <Show of={stack} empty={(data) => data === null && "There is no such stack."}>
        {(data) =>
          data && (
            <>
              <p className="lead after-head">
                Made {formatTime(data.CreationTime)}
                {data.LastUpdatedTime !== undefined && `, changed ${formatTime(data.LastUpdatedTime)}`}
                {data.EnableTerminationProtection && " · protected from deletion"}
              </p>
              {isBad && data.StackStatusReason && (
                <div className="exception" role="note">
                  <b>Why</b>
                  <p>{data.StackStatusReason}</p>
                </div>
              )}
              {isBad && !data.StackStatusReason && tab !== "events" && (
                <p className="notice bad">
                  Something went wrong: <a href={linkTo(["stacks", id], { tab: "events" })}>its events</a> say what.
                </p>
              )}
              <Card
                title={
                  <Choice
                    label="Part of the stack"
                    value={tab}
                    options={kTabs}
                    onChange={(value) => goTo(["stacks", id], { tab: value })}
                  />
                }
              >
                {tab === "resources" && <Resources stack={data} />}
                {tab === "events" && <Events stack={data} />}
                {tab === "outputs" && <Outputs stack={data} />}
                {tab === "template" && <Template stack={data} />}
              </Card>
            </>
          )
        }
      </Show>
    </Page>
  );
}
