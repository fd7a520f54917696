import { listAll } from "../api";
import { formatAgo, formatTime } from "../parts/format";
import { useLoad } from "../parts/load";
import { goTo, linkTo } from "../parts/route";
import { Card, Page, Show, Status } from "../parts/ui";
import type { Stack } from "../stacks/model";

const kMost = 500;

export const loadStacks = (): Promise<Stack[]> =>
  listAll<Stack>("cloudformation", "DescribeStacks", "Stacks", {}, kMost, "NextToken");

export function StacksPage() {
  const stacks = useLoad(loadStacks, ["stacks"], 4_000);
  const nameOf = (id: string | undefined) => stacks.data?.find((one) => one.StackId === id)?.StackName;
  return (
    <Page title="Stacks" lead="What templates made, and how it stands.">
      <Card>
        <Show
          of={stacks}
          empty={(data) =>
            data.length === 0 && (
              <>
                No stack yet. <code>aws cloudformation deploy --template-file … --stack-name …</code> makes one;{" "}
                <code>usher env</code> prints what the aws command needs to reach this server.
              </>
            )
          }
        >
          {(data) => (
            <div className="scroll">
              <table className="rows">
                <thead>
                  <tr>
                    <th scope="col">Stack</th>
                    <th scope="col">Status</th>
                    <th scope="col">Changed</th>
                  </tr>
                </thead>
                <tbody>
                  {data.map((one) => {
                    const changed = one.LastUpdatedTime ?? one.CreationTime;
                    return (
                      <tr key={one.StackId} onClick={() => goTo(["stacks", one.StackId])}>
                        <td className="what">
                          <a href={linkTo(["stacks", one.StackId])} onClick={(event) => event.stopPropagation()}>
                            {one.StackName}
                          </a>
                          <small>
                            {one.ParentId ? `a part of ${nameOf(one.ParentId) ?? "another stack"}. ` : ""}
                            {one.StackStatusReason ?? one.Description}
                          </small>
                        </td>
                        <td>
                          <Status value={one.StackStatus} />
                        </td>
                        <td>
                          <time title={formatTime(changed)}>{formatAgo(changed)}</time>
                        </td>
                      </tr>
                    );
                  })}
                </tbody>
              </table>
            </div>
          )}
        </Show>
      </Card>
    </Page>
  );
}
