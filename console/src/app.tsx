import { useEffect, useRef } from "react";
import { leave } from "./api";
import { linkTo, useRoute } from "./parts/route";
import { HomePage } from "./pages/home";
import { LogsPage } from "./pages/logs";
import { MoviesPage } from "./pages/movies";
import { TracePage } from "./pages/trace";
import { TracesPage } from "./pages/traces";

const kPlaces = [
  { path: "home", name: "Home", icon: "M4 11 12 4l8 7v9h-5v-6H9v6H4z" },
  { path: "movies", name: "Movies", icon: "M4 5h16v14H4zM8 5v14M16 5v14M4 9.7h4M4 14.3h4M16 9.7h4M16 14.3h4" },
  { path: "traces", name: "Traces", icon: "M5 6h8M9 12h10M7 18h6M5 6v0M9 12v0" },
  { path: "logs", name: "Logs", icon: "M5 4h14v16H5zM8.5 9h7M8.5 12.5h7M8.5 16h4" },
] as const;

function Brand() {
  return (
    <a className="brand" href={linkTo(["home"])} aria-label="Usher, home">
      <svg viewBox="0 0 32 32" aria-hidden="true">
        <path d="M8 6v11a8 8 0 0 0 16 0V6" />
        <circle cx="16" cy="28" r="2" />
      </svg>
      <span>Usher</span>
    </a>
  );
}

export function App() {
  const { path, query } = useRoute();
  const place = path[0] ?? "home";
  const name = kPlaces.find((one) => one.path === place)?.name ?? "Home";
  const first = useRef(true);
  useEffect(() => {
    document.title = `${name} · Usher`;
    // Who changes the page by keyboard goes on reading at its beginning.
    if (!first.current) document.getElementById("main")?.focus({ preventScroll: true });
    first.current = false;
    window.scrollTo(0, 0);
  }, [name, path[1]]);

  return (
    <>
      <a className="skip" href="#main" onClick={(event) => {
        event.preventDefault();
        document.getElementById("main")?.focus();
      }}>
        To the content
      </a>
      <nav className="places" aria-label="Console">
        <Brand />
        <ul>
          {kPlaces.map((one) => (
            <li key={one.path}>
              <a href={linkTo([one.path])} aria-current={one.path === place ? "page" : undefined}>
                <svg viewBox="0 0 24 24" aria-hidden="true">
                  <path d={one.icon} />
                </svg>
                {one.name}
              </a>
            </li>
          ))}
        </ul>
        <button type="button" className="leave" onClick={() => void leave()}>
          Leave
        </button>
      </nav>
      {place === "movies" ? (
        <MoviesPage query={query} />
      ) : place === "traces" && path[1] ? (
        <TracePage id={path[1]} />
      ) : place === "traces" ? (
        <TracesPage query={query} />
      ) : place === "logs" ? (
        <LogsPage query={query} />
      ) : (
        <HomePage />
      )}
    </>
  );
}
