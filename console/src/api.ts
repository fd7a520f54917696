// What the pages ask of the server: operations of the services and a few of the console's own, all as
// POST /api/<service>/<operation> with JSON both ways.

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const kPatience = 30_000; // milliseconds that a call may take

let token: Promise<string> | null = null;

async function readError(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null);
  const { error, message } = (body ?? {}) as { error?: string; message?: string };
  return new ApiError(
    response.status,
    error ?? "Error",
    message ?? `The server answered with the status ${response.status}.`,
  );
}

// The secret that proves that a request comes from these pages; fetched once.
function sessionToken(): Promise<string> {
  token ??= fetch("/api/session").then(async (response) => {
    if (!response.ok) throw await readError(response);
    return ((await response.json()) as { csrf: string }).csrf;
  });
  token.catch(() => (token = null));
  return token;
}

// Ends the session; the page that is left says how to come back.
export async function leave(): Promise<void> {
  await fetch("/api/leave", { method: "POST", headers: { "X-Usher-Csrf": await sessionToken() } });
  window.location.assign("/");
}

export async function call<T>(
  service: string,
  operation: string,
  request: object = {},
  signal?: AbortSignal,
): Promise<T> {
  const limit = AbortSignal.timeout(kPatience);
  const response = await fetch(`/api/${service}/${operation}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Usher-Csrf": await sessionToken() },
    body: JSON.stringify(request),
    signal: signal ? AbortSignal.any([signal, limit]) : limit,
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new ApiError(0, "NoAnswer", "The server does not answer. Is it still running?");
  });
  if (!response.ok) throw await readError(response);
  return (await response.json()) as T;
}

// All pages of a list, up to `most` entries. `tokenName`: services differ in how they write it.
export async function listAll<T>(
  service: string,
  operation: string,
  member: string,
  request: object = {},
  most = 500,
  tokenName = "nextToken",
): Promise<T[]> {
  const found: T[] = [];
  let next: string | undefined;
  do {
    const page: Record<string, unknown> = await call(service, operation, {
      ...request,
      ...(next === undefined ? {} : { [tokenName]: next }),
    });
    found.push(...((page[member] as T[] | undefined) ?? []));
    next = page[tokenName] as string | undefined;
  } while (next && found.length < most);
  return found;
}

export interface Movie {
  title: string;
  genres: string[];
}

export interface Catalogue {
  bucket: string;
  key: string;
}

export async function titlesOf(
  catalogue: Catalogue | null,
  itemIds: string[],
): Promise<Record<string, Movie>> {
  if (!catalogue || itemIds.length === 0) return {};
  const answer = await call<{ movies: Record<string, Movie> }>("console", "Titles", {
    ...catalogue,
    itemIds: [...new Set(itemIds)],
  });
  return answer.movies;
}
