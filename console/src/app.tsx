import { useEffect, useRef, useState } from "react";
import { leave } from "./api";
import { linkTo, useRoute } from "./parts/route";
import { BucketPage, BucketsPage } from "./pages/buckets";
import { ExecutionPage } from "./pages/execution";
import { HomePage } from "./pages/home";
import { JobsPage } from "./pages/jobs";
import { LogsPage } from "./pages/logs";
import { MachinePage } from "./pages/machine";
import { MailPage } from "./pages/mail";
import { MoviesPage } from "./pages/movies";
import { StackPage } from "./pages/stack";
import { StacksPage } from "./pages/stacks";
import { TracePage } from "./pages/trace";
import { TracesPage } from "./pages/traces";
import { WorkflowsPage } from "./pages/workflows";

// In groups, so that one finds what one looks for; the first ones have a place of their own on a phone.
const kGroups = [
  {
    name: "",
    places: [{ path: "home", name: "Home", icon: "M4 11 12 4l8 7v9h-5v-6H9v6H4z", first: true }],
  },
  {
    name: "Recommend",
    places: [
      { path: "movies", name: "Movies", icon: "M4 5h16v14H4zM8 5v14M16 5v14M4 9.7h4M4 14.3h4M16 9.7h4M16 14.3h4", first: true },
      { path: "jobs", name: "Jobs", icon: "M4 19h16M5 15l4-5 4 3 6-8", first: false },
    ],
  },
  {
    name: "Run",
    places: [
      { path: "workflows", name: "Workflows", icon: "M8 4h8v5H8zM4 15h6v5H4zM14 15h6v5h-6zM12 9v3M7 15v-3h10v3", first: true },
      { path: "stacks", name: "Stacks", icon: "M12 4l9 4.5-9 4.5-9-4.5zM3 12.5l9 4.5 9-4.5M3 16.5l9 4.5 9-4.5", first: false },
    ],
  },
  {
    name: "Keep",
    places: [
      { path: "buckets", name: "Buckets", icon: "M4 6h16l-2 14H6zM4 6c0-2.5 16-2.5 16 0", first: false },
      { path: "mail", name: "Mail", icon: "M3 6h18v13H3zM3 7l9 7 9-7", first: false },
    ],
  },
  {
    name: "Watch",
    places: [
      { path: "traces", name: "Traces", icon: "M5 6h8M9 12h10M7 18h6", first: true },
      { path: "logs", name: "Logs", icon: "M5 4h14v16H5zM8.5 9h7M8.5 12.5h7M8.5 16h4", first: false },
    ],
  },
];
const kPlaces = kGroups.flatMap((group) => group.places);

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

function pageOf(path: string[], query: URLSearchParams) {
  const [place, id, part] = path;
  switch (place) {
    case "movies":
      return <MoviesPage query={query} />;
    case "jobs":
      return <JobsPage query={query} />;
    case "stacks":
      return id ? <StackPage key={id} id={id} query={query} /> : <StacksPage />;
    case "buckets":
      return id ? <BucketPage key={id} name={id} query={query} /> : <BucketsPage />;
    case "mail":
      return <MailPage query={query} />;
    case "workflows":
      if (id && part) return <ExecutionPage key={`${id}/${part}`} machineArn={id} name={part} query={query} />;
      return id ? <MachinePage key={id} arn={id} query={query} /> : <WorkflowsPage />;
    case "traces":
      return id ? <TracePage id={id} /> : <TracesPage query={query} />;
    case "logs":
      return <LogsPage query={query} />;
    default:
      return <HomePage />;
  }
}

export function App() {
  const { path, query } = useRoute();
  const place = path[0] ?? "home";
  const known = kPlaces.find((one) => one.path === place);
  const name = known?.name ?? "Home";
  const [isOpen, setOpen] = useState(false); // the whole of the menu, on a phone
  const first = useRef(true);
  useEffect(() => {
    document.title = `${name} · Usher`;
    // Who changes the page by keyboard goes on reading at its beginning.
    if (!first.current) document.getElementById("main")?.focus({ preventScroll: true });
    first.current = false;
    setOpen(false);
    window.scrollTo(0, 0);
  }, [name, path[1], path[2]]);

  return (
    <>
      <a className="skip" href="#main" onClick={(event) => {
        event.preventDefault();
        document.getElementById("main")?.focus();
      }}>
        To the content
      </a>
      <nav className={`places ${isOpen ? "open" : ""}`} aria-label="Console">
        <Brand />
        {kGroups.map((group) => (
          <div key={group.name} className="group" role="group" aria-label={group.name || undefined}>
            {group.name && <span aria-hidden="true">{group.name}</span>}
            <ul>
              {group.places.map((one) => (
                <li key={one.path} className={one.first ? "first" : ""}>
                  <a href={linkTo([one.path])} aria-current={one === (known ?? kPlaces[0]) ? "page" : undefined}>
                    <svg viewBox="0 0 24 24" aria-hidden="true">
                      <path d={one.icon} />
                    </svg>
                    {one.name}
                  </a>
                </li>
              ))}
            </ul>
          </div>
        ))}
        <button
          type="button"
          className={`menu ${known?.first === false ? "here" : ""}`}
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        >
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <path d="M5 7h14M5 12h14M5 17h14" />
          </svg>
          {isOpen ? "Close" : "More"}
        </button>
        <button type="button" className="leave" onClick={() => void leave()}>
          Leave
        </button>
      </nav>
      {pageOf(path, query)}
    </>
  );
}
