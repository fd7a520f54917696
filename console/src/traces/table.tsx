import { formatAgo, formatDuration, formatTime } from "../parts/format";
import { goTo, linkTo } from "../parts/route";
import { startOf } from "./list";
import { type Summary, summaryHealth } from "./model";

export function TraceTable(props: { traces: Summary[] }) {
  const longest = Math.max(...props.traces.map((one) => one.ResponseTime ?? one.Duration ?? 0), 1e-9);
  return (
    <div className="scroll">
      <table className="traces">
        <thead>
          <tr>
            <th scope="col">Outcome</th>
            <th scope="col">Request</th>
            <th scope="col">Time</th>
            <th scope="col">Took</th>
          </tr>
        </thead>
        <tbody>
          {props.traces.map((one) => {
            const health = summaryHealth(one);
            const took = one.ResponseTime ?? one.Duration ?? 0;
            const what = one.Http?.HttpURL ?? one.EntryPoint?.Name ?? one.Id ?? "";
            const id = one.Id ?? "";
            return (
              <tr key={id} onClick={() => goTo(["traces", id])}>
                <td>
                  <span className={`health ${health}`}>{one.Http?.HttpStatus ?? health}</span>
                </td>
                <td className="what">
                  <a href={linkTo(["traces", id])} onClick={(event) => event.stopPropagation()}>
                    {one.Http?.HttpMethod && <b>{one.Http.HttpMethod} </b>}
                    {what.replace(/^https?:\/\/[^/]+/, "") || "/"}
                  </a>
                  <small>
                    {id}
                    {one.IsPartial && " · still going on"}
                  </small>
                </td>
                <td>
                  <time title={formatTime(startOf(one))}>{formatAgo(startOf(one))}</time>
                </td>
                <td className="took">
                  <i className={health} style={{ width: `${Math.max(2, (took / longest) * 100)}%` }} />
                  {formatDuration(took)}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
