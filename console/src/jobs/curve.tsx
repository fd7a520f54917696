import { formatCount } from "../parts/format";

export interface Point {
  sweep: number;
  ndcgAt10: number;
}

const kWidth = 320;
const kHeight = 130;
const kLeft = 46;
const kBottom = 22;
const kTop = 10;

// How good the model's lists were after each sweep over the data.
export function Curve(props: { points: Point[]; people: number }) {
  const { points } = props;
  const values = points.map((one) => one.ndcgAt10);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const span = Math.max(high - low, high * 0.02, 1e-6);
  const first = points[0]?.sweep ?? 1;
  const last = points.at(-1)?.sweep ?? 1;
  const x = (sweep: number) => kLeft + ((sweep - first) / Math.max(1, last - first)) * (kWidth - kLeft - 12);
  const y = (value: number) => kTop + (1 - (value - low) / span) * (kHeight - kTop - kBottom - 8);
  const path = points.map((one, at) => `${at === 0 ? "M" : "L"}${x(one.sweep)} ${y(one.ndcgAt10)}`).join("");
  const say = (value: number) => Number(value.toPrecision(3));
  return (
    <figure className="curve">
      <figcaption>
        NDCG at 10 after each sweep over the data, of {formatCount(props.people)} people who were held out
      </figcaption>
      <svg
        viewBox={`0 0 ${kWidth} ${kHeight}`}
        role="img"
        aria-label={`From ${say(values[0] ?? 0)} after sweep ${first} to ${say(values.at(-1) ?? 0)} after sweep ${last}`}
      >
        {[low, low + span / 2, low + span].map((value) => (
          <g key={value}>
            <path className="grid" d={`M${kLeft} ${y(value)}H${kWidth - 8}`} />
            <text x={kLeft - 6} y={y(value) + 3.5} textAnchor="end">
              {say(value)}
            </text>
          </g>
        ))}
        <path className="line" d={path} />
        {points.map((one) => (
          <circle key={one.sweep} cx={x(one.sweep)} cy={y(one.ndcgAt10)} r={3}>
            <title>{`sweep ${one.sweep}: ${say(one.ndcgAt10)}`}</title>
          </circle>
        ))}
        <text x={x(first)} y={kHeight - 5} textAnchor="middle">
          {first}
        </text>
        <text x={x(last)} y={kHeight - 5} textAnchor="middle">
          {last}
        </text>
      </svg>
    </figure>
  );
}
