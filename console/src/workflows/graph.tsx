import { type KeyboardEvent, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { allStates, type Block, type State } from "./definition";
import { type Outcome, type Story, sumUp, type Tally } from "./history";
import { type Box, layMachine, type Line } from "./layout";

const kMostDrawn = 600; // states
const kMargin = 14;
const kLeastScale = 0.62; // names can still be read
const kHeightOfWindow = 0.72;

const kWords: Record<Outcome, string> = {
  running: "running",
  succeeded: "succeeded",
  caught: "caught an error",
  failed: "failed",
  aborted: "stopped",
};

export function sayTally(tally: Tally | null): string {
  if (!tally || tally.total === 0) return "not reached";
  if (tally.total === 1) return kWords[tally.outcome];
  const parts = (Object.keys(kWords) as Outcome[]).filter((one) => tally.counts[one] > 0);
  return parts.map((one) => `${tally.counts[one]} × ${kWords[one]}`).join(", ");
}

const short = (name: string, most: number): string =>
  name.length <= most ? name : `${name.slice(0, most - 8)}…${name.slice(-7)}`;

function typeOf(state: State): string {
  const resource = state.json["Resource"];
  if (state.type !== "Task" || typeof resource !== "string") return state.type;
  const service = /^arn:[^:]*:states:[^:]*:[^:]*:(?:aws-sdk:)?(.+)$/.exec(resource)?.[1];
  if (service) return service;
  return /^arn:[^:]*:lambda:/.test(resource) ? "lambda" : "Task";
}

function Marks(props: { lines: Line[]; taken: Set<string> }) {
  return (
    <>
      {props.lines.map((line, at) => {
        const isTaken = line.edges.some((edge) => props.taken.has(edge));
        return (
          <path
            key={at}
            d={line.path}
            className={`way ${line.kind} ${isTaken ? "taken" : ""}`}
            markerEnd={line.arrow ? `url(#way-end${isTaken ? "-taken" : ""})` : undefined}
          >
            {line.why && <title>{line.why}</title>}
          </path>
        );
      })}
    </>
  );
}

function StateBox(props: {
  box: Box;
  state: State;
  tally: Tally | null;
  isOn: boolean;
  isStop: boolean; // of the tab key
  onChoose: () => void;
  onKey: (event: KeyboardEvent) => void;
}) {
  const { box, state, tally } = props;
  const tone = tally && tally.total > 0 ? tally.outcome : "none";
  const letters = Math.floor((box.width - 24) / 7.2);
  const what = typeOf(state);
  const count = tally && tally.total > 1 ? ` · ${tally.total}×` : "";
  const isGroup = box.kind === "group";
  return (
    <g
      className={`state ${tone} ${isGroup ? "group" : ""} ${props.isOn ? "on" : ""}`}
      transform={`translate(${box.x} ${box.y})`}
      role="button"
      data-state={state.name}
      tabIndex={props.isStop ? 0 : -1}
      aria-pressed={props.isOn}
      aria-label={`${state.name}, ${state.type}${tally ? `: ${sayTally(tally)}` : ""}`}
      onClick={props.onChoose}
      onKeyDown={props.onKey}
    >
      <rect width={box.width} height={box.height} rx={isGroup ? 14 : 10} />
      {state.name.length > letters && <title>{state.name}</title>}
      <text className="name" x={isGroup ? 16 : box.width / 2} y={isGroup ? 24 : 22}>
        {short(state.name, letters)}
      </text>
      <text
        className="type"
        x={isGroup ? box.width - 16 : box.width / 2}
        y={isGroup ? 24 : 38}
      >
        {short(what, 30)}
        {count}
      </text>
    </g>
  );
}

// The machine as a picture, with what an execution made of it. One stop of the tab key: the arrow keys go
// from state to state, in the order of the picture.
export function StateGraph(props: {
  machine: Block;
  story: Story | null; // null: nothing has run
  current: string | null; // where it stands; brought into view
  chosen: string | null;
  onChoose: (state: string) => void;
}) {
  const { machine, story, chosen, current } = props;
  const count = useMemo(() => allStates(machine).size, [machine]);
  const drawing = useMemo(() => (count <= kMostDrawn ? layMachine(machine) : null), [machine, count]);
  const frame = useRef<HTMLDivElement>(null);
  const find = (name: string) => frame.current?.querySelector<SVGGElement>(`[data-state="${CSS.escape(name)}"]`);
  const seen = chosen ?? current;
  useEffect(() => {
    const [box, node] = [frame.current, seen ? find(seen) : null];
    if (!box || !node) return;
    const [outer, inner] = [box.getBoundingClientRect(), node.getBoundingClientRect()];
    const isSeen =
      inner.top >= outer.top &&
      inner.bottom <= outer.bottom &&
      inner.left >= outer.left &&
      inner.right <= outer.right;
    if (isSeen) return;
    box.scrollBy({
      top: (inner.top + inner.bottom) / 2 - (outer.top + outer.bottom) / 2,
      left: (inner.left + inner.right) / 2 - (outer.left + outer.right) / 2,
    });
  }, [seen, drawing]);
  // A wide machine is seen from its middle.
  useEffect(() => {
    const box = frame.current;
    if (box && !seen) box.scrollLeft = (box.scrollWidth - box.clientWidth) / 2;
  }, [drawing]);

  const [wide, setWide] = useState(0); // of the frame, in pixels
  useLayoutEffect(() => {
    const box = frame.current;
    if (!box) return;
    const watch = new ResizeObserver(() => setWide(box.clientWidth));
    watch.observe(box);
    return () => watch.disconnect();
  }, [drawing]);

  if (!drawing) {
    const why = `A machine of ${count} states is not drawn; its definition and its history tell.`;
    return <p className="notice">{why}</p>;
  }
  const [width, height] = [drawing.width + 2 * kMargin, drawing.height + 2 * kMargin];
  // As large as the frame allows; what would have to be too small is scrolled instead.
  const fit = (room: number, size: number) => (room / size < kLeastScale ? 1 : room / size);
  const scale = Math.min(1, fit(wide || width, width), fit(kHeightOfWindow * window.innerHeight, height));
  const states = drawing.boxes.filter((box) => box.state);
  const stop = states.some((box) => box.state?.name === chosen) ? chosen : states[0]?.state?.name;
  const onKey = (event: KeyboardEvent, at: number, name: string) => {
    const steps: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowRight: at + 1,
      ArrowUp: at - 1,
      ArrowLeft: at - 1,
      Home: 0,
      End: states.length - 1,
    };
    const to = steps[event.key];
    if (to !== undefined) {
      event.preventDefault();
      const next = states[Math.max(0, Math.min(states.length - 1, to))]?.state;
      if (!next) return;
      props.onChoose(next.name);
      find(next.name)?.focus();
    }
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      props.onChoose(name);
    }
  };
  return (
    <>
      <div className="graph" ref={frame}>
        <svg
          viewBox={`${-kMargin} ${-kMargin} ${width} ${height}`}
          width={width * scale}
          height={height * scale}
          role="group"
          aria-label="State graph"
        >
          <defs>
            {["", "-taken"].map((name) => (
              <marker
                key={name}
                id={`way-end${name}`}
                viewBox="0 0 8 8"
                refX="7"
                refY="4"
                markerWidth="9"
                markerHeight="9"
                markerUnits="userSpaceOnUse"
                orient="auto"
              >
                <path d="M0 0 8 4 0 8z" className={name ? "taken" : ""} />
              </marker>
            ))}
          </defs>
          {/* Groups lie under the lines that run inside of them. */}
          {drawing.boxes.map((box) => box.kind === "group" && (
            <rect
              key={`${box.state?.name}`}
              className="group-back"
              x={box.x}
              y={box.y}
              width={box.width}
              height={box.height}
              rx={14}
            />
          ))}
          <Marks lines={drawing.lines} taken={story?.taken ?? new Set()} />
          {drawing.boxes.map((box, at) => {
            if (!box.state) {
              const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
              return (
                <g key={box.kind} className="point" aria-hidden="true">
                  <circle cx={x} cy={y} r={box.width / 2 - 1} />
                  {box.kind === "end" && <circle cx={x} cy={y} r={5} className="inner" />}
                  {box.kind === "start" && <path d={`M${x - 3} ${y - 5}l8 5l-8 5z`} />}
                </g>
              );
            }
            const { state } = box;
            const place = states.indexOf(box);
            return (
              <StateBox
                key={`${state.name}-${at}`}
                box={box}
                state={state}
                tally={story ? sumUp(story.visits.get(state.name) ?? []) : null}
                isOn={state.name === chosen}
                isStop={state.name === stop}
                onChoose={() => props.onChoose(state.name)}
                onKey={(event) => onKey(event, place, state.name)}
              />
            );
          })}
        </svg>
      </div>
      {story && (
        <ul className="legend outcomes" aria-label="Colours of the states">
          {(Object.keys(kWords) as Outcome[]).map((one) => (
            <li key={one} className={one}>
              {kWords[one]}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
