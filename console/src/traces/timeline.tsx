import { type KeyboardEvent, useRef } from "react";
import { formatDuration } from "../parts/format";
import { flatten, healthOf, type Node, spanOf } from "./model";

const kTicks = 4;

export const keyOf = (node: Node): string => node.segment.id ?? `${node.segment.name}-${node.segment.start_time}`;

// The steps of a trace under each other, each a bar where and as long as it ran. Up and down go from
// row to row, left and right close and open one, as in every tree.
export function Timeline(props: {
  roots: Node[];
  closed: ReadonlySet<string>;
  chosen: Node | null;
  onChoose: (node: Node) => void;
  onToggle: (node: Node) => void;
}) {
  const { roots, closed, chosen } = props;
  const rows = flatten(roots, closed);
  const [start, end] = spanOf(roots);
  const whole = Math.max(end - start, 1e-6);
  const list = useRef<HTMLDivElement>(null);

  const onKey = (event: KeyboardEvent, node: Node, at: number) => {
    const isClosed = closed.has(node.segment.id ?? "");
    const goTo = (row: number) => {
      event.preventDefault();
      const next = rows[Math.max(0, Math.min(rows.length - 1, row))];
      if (!next) return;
      props.onChoose(next);
      list.current?.querySelectorAll<HTMLElement>("[role=treeitem]")[rows.indexOf(next)]?.focus();
    };
    if (event.key === "ArrowDown") goTo(at + 1);
    if (event.key === "ArrowUp") goTo(at - 1);
    if (event.key === "Home") goTo(0);
    if (event.key === "End") goTo(rows.length - 1);
    if (event.key === "ArrowLeft" && node.children.length > 0 && !isClosed) props.onToggle(node);
    if (event.key === "ArrowRight" && node.children.length > 0 && isClosed) props.onToggle(node);
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      props.onChoose(node);
    }
  };

  return (
    <div className="timeline">
      <div className="ticks" aria-hidden="true">
        {Array.from({ length: kTicks + 1 }, (_, at) => (
          <span key={at} style={{ left: `${(at / kTicks) * 100}%` }}>
            {at === 0 ? "0" : formatDuration((whole * at) / kTicks)}
          </span>
        ))}
      </div>
      <div role="tree" aria-label="Segments" ref={list}>
        {rows.map((node, at) => {
          const { segment } = node;
          const from = segment.start_time ?? start;
          const to = segment.end_time ?? (segment.in_progress ? end : from);
          const health = healthOf(segment);
          const isOpen = !closed.has(segment.id ?? "");
          const isChosen = node === chosen;
          const length = to - from;
          const left = ((from - start) / whole) * 100;
          return (
            <div
              key={keyOf(node)}
              role="treeitem"
              aria-level={node.depth + 1}
              aria-selected={isChosen}
              aria-expanded={node.children.length > 0 ? isOpen : undefined}
              aria-label={`${segment.name}, ${formatDuration(length)}, ${health}`}
              tabIndex={isChosen || (!chosen && at === 0) ? 0 : -1}
              className={`row ${segment.type === "subsegment" || node.depth > 0 ? "" : "top"} ${isChosen ? "on" : ""}`}
              onClick={() => props.onChoose(node)}
              onKeyDown={(event) => onKey(event, node, at)}
            >
              <span className="label" style={{ paddingLeft: `${node.depth * 0.9}rem` }}>
                {node.children.length > 0 ? (
                  <span
                    className={`twist ${isOpen ? "open" : ""}`}
                    aria-hidden="true"
                    onClick={(event) => {
                      event.stopPropagation();
                      props.onToggle(node);
                    }}
                  />
                ) : (
                  <span className="twist none" aria-hidden="true" />
                )}
                <span className="step">
                  {segment.name}
                  {segment.origin && <small>{segment.origin.replace(/^AWS::/, "")}</small>}
                </span>
              </span>
              <span className="track">
                <i
                  className={`${health} ${segment.in_progress ? "going-on" : ""}`}
                  style={{ left: `${left}%`, width: `${Math.max(0.35, (length / whole) * 100)}%` }}
                />
                <em style={{ left: `${left + Math.max(0.35, (length / whole) * 100)}%` }}>
                  {formatDuration(length)}
                </em>
              </span>
            </div>
          );
        })}
      </div>
    </div>
  );
}
