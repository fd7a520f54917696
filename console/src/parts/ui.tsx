import type { ReactNode } from "react";
import type { Loaded } from "./load";

export function Page(props: {
  title: string;
  lead?: string;
  before?: ReactNode; // the way to here
  actions?: ReactNode;
  children: ReactNode;
}) {
  return (
    <main id="main" tabIndex={-1}>
      {props.before}
      <header className="page-head">
        <div>
          <h1>{props.title}</h1>
          {props.lead && <p className="lead">{props.lead}</p>}
        </div>
        {props.actions && <div className="actions">{props.actions}</div>}
      </header>
      {props.children}
    </main>
  );
}

export function Card(props: {
  title?: ReactNode;
  aside?: ReactNode;
  className?: string;
  children: ReactNode;
}) {
  return (
    <section className={`card ${props.className ?? ""}`}>
      {(props.title || props.aside) && (
        <header>
          <h2>{props.title}</h2>
          {props.aside}
        </header>
      )}
      {props.children}
    </section>
  );
}

// What went wrong, or that there is nothing, or the thing itself.
export function Show<T>(props: {
  of: Loaded<T>;
  empty?: (data: T) => ReactNode | false;
  children: (data: T) => ReactNode;
}) {
  const { data, error, loading } = props.of;
  const nothing = data !== undefined && props.empty ? props.empty(data) : false;
  return (
    <>
      {error && (
        <p className="notice bad" role="alert">
          {error.message}{" "}
          <button type="button" className="quiet" onClick={props.of.reload}>
            Try again
          </button>
        </p>
      )}
      {data === undefined && loading && <Waiting />}
      {data !== undefined && (nothing !== false ? <p className="notice">{nothing}</p> : props.children(data))}
    </>
  );
}

export function Waiting() {
  return (
    <div className="waiting" role="status">
      <span className="sr-only">Loading</span>
      <i />
      <i />
      <i />
    </div>
  );
}

// The words of all services for how something stands.
function toneOf(status: string): string {
  if (/FAILED|ROLLBACK_COMPLETE|TIMED_OUT|TIMEOUT|ERROR/.test(status)) return "bad";
  if (/IN_PROGRESS|RUNNING|STARTING|STOPPING/.test(status)) return /ROLLBACK/.test(status) ? "bad" : "run";
  if (/PENDING|WAITING|CAUGHT/.test(status)) return "wait";
  if (/ACTIVE|SUCCEEDED|COMPLETE/.test(status)) return /DELETE/.test(status) ? "off" : "good";
  return "off";
}

export function Status(props: { value: string }) {
  const text = props.value.replace(/^CREATE /, "").replace(/_/g, " ").toLowerCase();
  return <span className={`status ${toneOf(props.value)}`}>{text}</span>;
}

export function Meter(props: { value: number; label: string; tone?: string }) {
  const width = `${Math.max(0, Math.min(1, props.value)) * 100}%`;
  return (
    <span
      className={`meter ${props.tone ?? ""}`}
      role="meter"
      aria-label={props.label}
      aria-valuemin={0}
      aria-valuemax={1}
      aria-valuenow={props.value}
    >
      <i style={{ width }} />
    </span>
  );
}

export function Choice<T extends string>(props: {
  label: string;
  value: T;
  options: readonly (readonly [T, string])[];
  onChange: (value: T) => void;
}) {
  return (
    <div className="choice" role="radiogroup" aria-label={props.label}>
      {props.options.map(([value, text]) => (
        <label key={value} className={value === props.value ? "on" : ""}>
          <input
            type="radio"
            name={props.label}
            checked={value === props.value}
            onChange={() => props.onChange(value)}
          />
          {text}
        </label>
      ))}
    </div>
  );
}
