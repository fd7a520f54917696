import { type KeyboardEvent, useEffect, useState } from "react";
import { formatCount, formatDuration } from "../parts/format";
import { layOut, type Place } from "./layout";
import { type Edge, type Service, type Shares, sharesOf } from "./model";

export type Chosen = { from: number; to?: number };

const kRadius = 34;
const kRing = 2 * Math.PI * kRadius;
const kNarrow = "(max-width: 44rem)";

function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(() => window.matchMedia(kNarrow).matches);
  useEffect(() => {
    const media = window.matchMedia(kNarrow);
    const changed = () => setNarrow(media.matches);
    media.addEventListener("change", changed);
    return () => media.removeEventListener("change", changed);
  }, []);
  return narrow;
}

function onEnter(run: () => void) {
  return (event: KeyboardEvent) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    run();
  };
}

// The ring around a node: a part for each kind of answer, in the order of the legend.
function Ring(props: { shares: Shares }) {
  const { shares } = props;
  const parts: [string, number][] = [
    ["ok", shares.ok],
    ["error", shares.error],
    ["throttle", shares.throttle],
    ["fault", shares.fault],
  ];
  const sum = parts.reduce((all, [, count]) => all + count, 0);
  let done = 0;
  return (
    <g className="ring" transform="rotate(-90)">
      <circle r={kRadius} className="none" />
      {sum > 0 &&
        parts.map(([name, count]) => {
          const length = (count / sum) * kRing;
          const offset = -done;
          done += length;
          return (
            count > 0 && (
              <circle
                key={name}
                r={kRadius}
                className={name}
                strokeDasharray={`${length} ${kRing - length}`}
                strokeDashoffset={offset}
              />
            )
          );
        })}
    </g>
  );
}

// Shortened in the middle, where the difference between names least often lies.
function short(name: string, most = 22): string {
  return name.length <= most ? name : `${name.slice(0, most - 9)}…${name.slice(-8)}`;
}

export const typeOf = (service: Service): string =>
  service.Type === "client" ? "Client" : (service.Type ?? "").replace(/^AWS::/, "").replace(/::/g, " ");

export function sayShares(shares: Shares): string {
  const bad = (["fault", "error", "throttle"] as const)
    .filter((kind) => shares[kind] > 0)
    .map((kind) => `${formatCount(shares[kind])} ${kind}${shares[kind] === 1 ? "" : "s"}`);
  const all = `${formatCount(shares.total)} request${shares.total === 1 ? "" : "s"}`;
  return [all, ...bad, ...(shares.total > 0 ? [`${formatDuration(shares.mean)} on average`] : [])].join(", ");
}

function Arrow(props: { from: Place; to: Place; edge: Edge; upright: boolean; on: boolean; choose: () => void }) {
  const { from, to, upright } = props;
  const gap = kRadius + 6;
  const [x1, y1, x2, y2] = upright
    ? [from.x, from.y + gap + 36, to.x, to.y - gap]
    : [from.x + gap, from.y, to.x - gap, to.y];
  const bend = upright ? (y2 - y1) / 2 : (x2 - x1) / 2;
  const path = upright
    ? `M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`
    : `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
  const shares = sharesOf(props.edge.SummaryStatistics);
  const name = `${from.service.Name} to ${to.service.Name}: ${sayShares(shares)}`;
  return (
    <g
      className={`edge ${props.on ? "on" : ""} ${shares.fault > 0 ? "has-fault" : ""}`}
      role="button"
      tabIndex={0}
      aria-label={name}
      aria-pressed={props.on}
      onClick={props.choose}
      onKeyDown={onEnter(props.choose)}
    >
      <path d={path} className="grip" />
      <path d={path} className="line" markerEnd="url(#arrow)" />
      {shares.total > 0 && (
        <text x={(x1 + x2) / 2 + (upright ? 34 : 0)} y={(y1 + y2) / 2 + (upright ? 3 : -7)}>
          {formatDuration(shares.mean)}
        </text>
      )}
    </g>
  );
}

export function ServiceMap(props: {
  services: Service[];
  minutes: number; // of the window
  chosen: Chosen | null;
  onChoose: (chosen: Chosen) => void;
}) {
  const upright = useNarrow();
  const { places, width, height } = layOut(props.services, upright);
  const { chosen, onChoose } = props;
  const all = [...places];
  return (
    <div className="map">
      <svg
        viewBox={`0 0 ${width} ${height + 40}`}
        style={{ maxWidth: width * 1.25, minWidth: width * 0.82 }}
        role="group"
        aria-label="Service map"
      >
        <defs>
          <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="10" markerHeight="10" markerUnits="userSpaceOnUse" orient="auto">
            <path d="M0 0 8 4 0 8z" />
          </marker>
        </defs>
        {all.flatMap(([id, from]) =>
          (from.service.Edges ?? []).map((edge) => {
            const to = places.get(edge.ReferenceId ?? -1);
            return (
              to && (
                <Arrow
                  key={`${id}-${edge.ReferenceId}`}
                  from={from}
                  to={to}
                  edge={edge}
                  upright={upright}
                  on={chosen?.from === id && chosen.to === edge.ReferenceId}
                  choose={() => onChoose({ from: id, to: edge.ReferenceId ?? -1 })}
                />
              )
            );
          }),
        )}
        {all.map(([id, { service, x, y }]) => {
          const shares = sharesOf(service.SummaryStatistics);
          const isClient = service.Type === "client";
          const choose = () => onChoose({ from: id });
          return (
            <g
              key={id}
              className={`node ${chosen?.from === id && chosen.to === undefined ? "on" : ""}`}
              transform={`translate(${x} ${y})`}
              role="button"
              tabIndex={0}
              aria-label={`${isClient ? "Clients" : service.Name}, ${typeOf(service)}: ${sayShares(shares)}`}
              aria-pressed={chosen?.from === id && chosen.to === undefined}
              onClick={choose}
              onKeyDown={onEnter(choose)}
            >
              <circle r={kRadius + 9} className="halo" />
              <circle r={kRadius} className="disc" />
              {!isClient && <Ring shares={shares} />}
              {isClient ? (
                <path className="person" d="M0-15a7 7 0 1 1 0 14a7 7 0 1 1 0-14M-13 15c0-18 26-18 26 0" />
              ) : (
                <>
                  <text className="time" y={-1}>
                    {shares.total > 0 ? formatDuration(shares.mean) : "–"}
                  </text>
                  <text className="rate" y={14}>
                    {Number((shares.total / props.minutes).toPrecision(2))}/min
                  </text>
                </>
              )}
              <text className="name" y={kRadius + 21}>
                {isClient ? "Clients" : short(service.Name ?? "")}
              </text>
              {!isClient && (
                <text className="type" y={kRadius + 36}>
                  {typeOf(service)}
                </text>
              )}
            </g>
          );
        })}
      </svg>
      <ul className="legend" aria-label="Colours of the rings">
        <li className="ok">OK</li>
        <li className="error">Error (4xx)</li>
        <li className="throttle">Throttle (429)</li>
        <li className="fault">Fault (5xx)</li>
      </ul>
    </div>
  );
}
