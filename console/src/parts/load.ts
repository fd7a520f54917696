import { useCallback, useEffect, useRef, useState } from "react";

export interface Loaded<T> {
  data: T | undefined; // what was loaded last, also while it is loaded again
  error: Error | undefined;
  loading: boolean;
  reload: () => void;
}

// Runs `load` when `key` changes, on reload(), and every `every` milliseconds while the page is seen.
// Answers that come too late are dropped.
export function useLoad<T>(
  load: ((signal: AbortSignal) => Promise<T>) | null,
  key: unknown[],
  every = 0,
): Loaded<T> {
  const [state, setState] = useState<{ data?: T; error?: Error; loading: boolean; key: string }>({
    loading: load !== null,
    key: "",
  });
  const [turn, setTurn] = useState(0);
  const isBusy = useRef(false); // a slow answer is waited for, not asked for again
  const latest = useRef(load);
  latest.current = load;
  const name = JSON.stringify(key);

  useEffect(() => {
    const run = latest.current;
    if (!run) return;
    const stop = new AbortController();
    isBusy.current = true;
    setState((old) => ({
      ...(old.key === name && old.data !== undefined ? { data: old.data } : {}),
      loading: true,
      key: name,
    }));
    run(stop.signal).then(
      (data) => {
        if (stop.signal.aborted) return;
        isBusy.current = false;
        setState({ data, loading: false, key: name });
      },
      (error: unknown) => {
        if (stop.signal.aborted) return;
        isBusy.current = false;
        const why = error instanceof Error ? error : new Error(String(error));
        setState((old) => ({
          ...(old.data !== undefined ? { data: old.data } : {}),
          error: why,
          loading: false,
          key: name,
        }));
      },
    );
    return () => stop.abort();
  }, [name, turn]);

  useEffect(() => {
    if (every === 0) return;
    const timer = setInterval(() => {
      if (document.visibilityState === "visible" && !isBusy.current) setTurn((old) => old + 1);
    }, every);
    return () => clearInterval(timer);
  }, [every]);

  const reload = useCallback(() => setTurn((old) => old + 1), []);
  return { data: state.data, error: state.error, loading: state.loading, reload };
}
