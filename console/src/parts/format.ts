const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "narrow" });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const plain = new Intl.NumberFormat();

// All times are seconds since 1970.
export const formatTime = (seconds: number): string => full.format(seconds * 1000);
export const formatClock = (seconds: number): string => clock.format(seconds * 1000);
export const formatDay = (seconds: number): string => day.format(seconds * 1000);
export const formatCount = (count: number): string => plain.format(count);

export function formatAgo(seconds: number): string {
  const ago = Date.now() / 1000 - seconds;
  if (ago < 60) return "just now";
  if (ago < 3600) return relative.format(-Math.round(ago / 60), "minute");
  if (ago < 86400) return relative.format(-Math.round(ago / 3600), "hour");
  return relative.format(-Math.round(ago / 86400), "day");
}

// A duration in seconds, with three digits that count.
export function formatDuration(seconds: number): string {
  if (seconds < 0.0009995) return `${Number((seconds * 1e6).toPrecision(3))} µs`;
  if (seconds < 1) return `${Number((seconds * 1000).toPrecision(3))} ms`;
  if (seconds < 120) return `${Number(seconds.toPrecision(3))} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Number((seconds / 3600).toPrecision(2))} h`;
}

export function formatPercent(share: number): string {
  if (share === 0) return "0 %";
  return share < 0.001 ? "< 0.1 %" : `${Number((share * 100).toPrecision(2))} %`;
}

// The part of an ARN that people know: its last segment.
export const nameOfArn = (arn: string): string => arn.slice(arn.lastIndexOf("/") + 1);

// "American President, The (1995)" as one says it: The American President, and 1995.
export function splitTitle(title: string): { name: string; year: string } {
  const match = /^(.*)\s\((\d{4})\)\s*$/.exec(title);
  const [whole, year] = match ? [match[1] ?? title, match[2] ?? ""] : [title, ""];
  const article = /^(.*), (The|An?|Les?|La|El|Il|Der|Die|Das)$/.exec(whole);
  return { name: article ? `${article[2]} ${article[1]}` : whole, year };
}

export function formatBytes(bytes: number): string {
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  let at = 0;
  let amount = bytes;
  for (; amount >= 1000 && at + 1 < units.length; ++at) amount /= 1000;
  return `${at === 0 ? amount : Number(amount.toPrecision(3))} ${units[at]}`;
}

// From one time to another, or to now.
export const formatSpan = (start: number, end: number | null | undefined): string =>
  formatDuration(Math.max(0, (end ?? Date.now() / 1000) - start));
