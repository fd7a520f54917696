// What others wrote, shown as text and never as anything else: JSON, files, pages of a long table.

import { type ReactNode, useState } from "react";
import { formatBytes, formatCount } from "./format";

const kMostShown = 100_000; // characters; more than this makes browsers slow

// JSON with line breaks, anything else as it is.
function pretty(text: string): string {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

export function Data(props: { text: string; label: string }) {
  const [isWhole, setWhole] = useState(false);
  const text = pretty(props.text);
  const isCut = !isWhole && text.length > kMostShown;
  return (
    <>
      <pre tabIndex={0} aria-label={props.label}>
        {isCut ? text.slice(0, kMostShown) : text}
      </pre>
      {isCut && (
        <p className="cut">
          The first {formatCount(kMostShown)} of {formatCount(text.length)} characters.{" "}
          <button type="button" className="quiet" onClick={() => setWhole(true)}>
            Show all
          </button>
        </p>
      )}
    </>
  );
}

// A text with the numbers of its lines.
export function Source(props: { text: string; label: string }) {
  const lines = props.text.replace(/\n$/, "").split("\n");
  return (
    <div className="source" tabIndex={0} role="region" aria-label={props.label}>
      <pre aria-hidden="true">{lines.map((_, at) => at + 1).join("\n")}</pre>
      <pre>{props.text}</pre>
    </div>
  );
}

export function Pager(props: { page: number; pages: number; onPage: (page: number) => void; label: string }) {
  const { page, pages } = props;
  if (pages <= 1) return null;
  const step = (to: number, text: string, sign: string) => (
    <button
      type="button"
      className="quiet"
      aria-label={text}
      disabled={to < 0 || to >= pages || to === page}
      onClick={() => props.onPage(to)}
    >
      {sign}
    </button>
  );
  return (
    <nav className="pager" aria-label={props.label}>
      {step(0, "First page", "«")}
      {step(page - 1, "Page before", "‹")}
      <span>
        {formatCount(page + 1)} of {formatCount(pages)}
      </span>
      {step(page + 1, "Next page", "›")}
      {step(pages - 1, "Last page", "»")}
    </nav>
  );
}

export function Facts(props: { of: readonly (readonly [string, ReactNode])[] }) {
  const known = props.of.filter(([, value]) => value !== undefined && value !== null && value !== "" && value !== false);
  if (known.length === 0) return null;
  return (
    <dl className="fields">
      {known.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Crumbs(props: { of: readonly (readonly [string, string])[]; here: string }) {
  return (
    <nav className="crumbs" aria-label="Way to here">
      {props.of.map(([text, href]) => (
        <span key={href}>
          <a href={href}>{text}</a> <i aria-hidden="true">/</i>{" "}
        </span>
      ))}
      <span aria-current="page">{props.here}</span>
    </nav>
  );
}

export function Size(props: { bytes: number }) {
  return <data value={props.bytes} title={`${formatCount(props.bytes)} bytes`}>{formatBytes(props.bytes)}</data>;
}

// What went wrong: the error's name, and the cause in the words of who raised it. A function's cause is JSON
// with message and stack.
export function Failure(props: { error: string; cause: string }) {
  let message = props.cause;
  let stack: string[] = [];
  try {
    const told = JSON.parse(props.cause) as { errorMessage?: unknown; stackTrace?: unknown };
    if (typeof told.errorMessage === "string") {
      message = told.errorMessage;
      if (Array.isArray(told.stackTrace)) stack = told.stackTrace.map((one) => String(one).trimEnd());
    }
  } catch {
    // plain words
  }
  return (
    <div className="exception" role="note">
      <b>{props.error || "Stopped"}</b>
      <p>{message}</p>
      {stack.length > 0 && <code className="stack">{stack.join("\n")}</code>}
    </div>
  );
}
