import { formatCount, formatDuration, formatPercent } from "../parts/format";
import { type HistogramEntry, type Service, type Statistics, sharesOf } from "./model";
import { typeOf } from "./map";

const kBars = 24;

// The value below which the share `of` of the requests lies.
function quantile(sorted: HistogramEntry[], of: number): number {
  const total = sorted.reduce((sum, one) => sum + (one.Count ?? 0), 0);
  let seen = 0;
  for (const one of sorted) {
    seen += one.Count ?? 0;
    if (seen >= of * total) return one.Value ?? 0;
  }
  return sorted.at(-1)?.Value ?? 0;
}

// How response times are spread, over a logarithmic axis.
export function Histogram(props: { entries: HistogramEntry[] | undefined }) {
  const sorted = [...(props.entries ?? [])]
    .filter((one) => (one.Count ?? 0) > 0)
    .sort((a, b) => (a.Value ?? 0) - (b.Value ?? 0));
  if (sorted.length === 0) return null;
  const low = Math.log(Math.max(1e-6, sorted[0]?.Value ?? 0));
  const high = Math.log(Math.max(1e-6, sorted.at(-1)?.Value ?? 0));
  const counts = new Array<number>(kBars).fill(0);
  for (const { Value = 0, Count = 0 } of sorted) {
    const part = high > low ? (Math.log(Math.max(1e-6, Value)) - low) / (high - low) : 0.5;
    const bar = Math.min(kBars - 1, Math.floor(part * kBars));
    counts[bar] = (counts[bar] ?? 0) + Count;
  }
  const most = Math.max(...counts);
  const marks = [0.5, 0.9, 0.99].map((of) => [`p${of * 100}`, quantile(sorted, of)] as const);
  return (
    <figure className="histogram">
      <figcaption>Response times</figcaption>
      <svg viewBox={`0 0 ${kBars * 10} 60`} preserveAspectRatio="none" aria-hidden="true">
        {counts.map((count, at) => {
          const height = count > 0 ? Math.max(2, (count / most) * 58) : 0;
          return <rect key={at} x={at * 10 + 1} y={60 - height} width={8} height={height} rx={1.5} />;
        })}
      </svg>
      <dl>
        {marks.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{formatDuration(value)}</dd>
          </div>
        ))}
      </dl>
    </figure>
  );
}

function Numbers(props: { statistics: Statistics | undefined }) {
  const shares = sharesOf(props.statistics);
  const share = (count: number) => (shares.total > 0 ? formatPercent(count / shares.total) : "–");
  return (
    <dl className="numbers">
      <div>
        <dt>Requests</dt>
        <dd>{formatCount(shares.total)}</dd>
      </div>
      <div>
        <dt>Mean time</dt>
        <dd>{shares.total > 0 ? formatDuration(shares.mean) : "–"}</dd>
      </div>
      {(["ok", "error", "throttle", "fault"] as const).map((kind) => (
        <div key={kind} className={kind}>
          <dt>{kind === "ok" ? "OK" : `${kind[0]?.toUpperCase()}${kind.slice(1)}s`}</dt>
          <dd>
            {formatCount(shares[kind])} <small>{share(shares[kind])}</small>
          </dd>
        </div>
      ))}
    </dl>
  );
}

export function ServiceDetails(props: { service: Service; onFilter: (expression: string) => void }) {
  const { service } = props;
  const name = service.Name ?? "";
  return (
    <>
      <p className="lead">{typeOf(service)}</p>
      <Numbers statistics={service.SummaryStatistics} />
      <Histogram entries={service.ResponseTimeHistogram ?? service.DurationHistogram} />
      {service.Type !== "client" && (
        <p className="actions">
          <button type="button" onClick={() => props.onFilter(`service("${name}")`)}>
            Its traces
          </button>
          <button
            type="button"
            className="quiet"
            onClick={() => props.onFilter(`service("${name}") { fault = true OR error = true }`)}
          >
            Only what went wrong
          </button>
        </p>
      )}
    </>
  );
}

export function EdgeDetails(props: {
  from: Service;
  to: Service;
  onFilter: (expression: string) => void;
}) {
  const { from, to } = props;
  const edge = from.Edges?.find((one) => one.ReferenceId === to.ReferenceId);
  return (
    <>
      <Numbers statistics={edge?.SummaryStatistics} />
      <Histogram entries={edge?.ResponseTimeHistogram} />
      {from.Type !== "client" && (
        <p className="actions">
          <button
            type="button"
            onClick={() => props.onFilter(`edge("${from.Name ?? ""}", "${to.Name ?? ""}")`)}
          >
            Traces of this edge
          </button>
        </p>
      )}
    </>
  );
}
