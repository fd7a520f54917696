import { useState } from "react";
import { type Catalogue, type Movie, call, listAll, titlesOf } from "../api";
import { formatCount, formatDay, formatPercent, splitTitle } from "../parts/format";
import { useLoad } from "../parts/load";
import { goTo } from "../parts/route";
import { Card, Meter, Page, Show, Waiting } from "../parts/ui";

interface CampaignInfo {
  recipe: string;
  users: number;
  items: number;
  contextColumns: string[];
  sampleUsers: string[];
}

interface Seen {
  itemId: string;
  time?: number; // seconds since 1970
  recent?: boolean; // after the training
}

interface Recommended {
  itemId: string;
  score?: number;
  reason?: string[];
}

interface Because {
  itemId: string;
  contribution: number;
}

interface Explanation {
  reason: string; // a sentence
  rank?: number;
  because?: Because[];
  others?: { interactions: number; contribution: number };
  context?: { column: string; value: string; contribution: number }[];
}

interface Filter {
  name: string;
  filterArn: string;
  parameters: string[]; // names of the $… in its expression
}

// What a request says of filters.
interface Filtered {
  filterArn?: string;
  filterValues?: Record<string, string>;
}

const kMostFilters = 20;
const kMostListings = 10; // of 1,000 objects

const kResults = 12;
const kExplored = 5 * kResults; // what stands below comes into the list by exploration alone

const signed = (number: number): string =>
  `${number < 0 ? "−" : "+"}${Number(Math.abs(number).toPrecision(2))}`;

// The filters that work for a campaign: those of its dataset group.
async function findFilters(campaignArn: string): Promise<Filter[]> {
  const { campaign } = await call<{ campaign: { solutionVersionArn?: string } }>("personalize", "DescribeCampaign", {
    campaignArn,
  });
  const { solutionVersion } = await call<{ solutionVersion: { datasetGroupArn?: string } }>(
    "personalize",
    "DescribeSolutionVersion",
    { solutionVersionArn: campaign.solutionVersionArn },
  );
  const filters = await listAll<{ name: string; filterArn: string; status: string }>(
    "personalize",
    "ListFilters",
    "Filters",
    { datasetGroupArn: solutionVersion.datasetGroupArn },
    kMostFilters,
  );
  return Promise.all(
    filters
      .filter((one) => one.status === "ACTIVE")
      .slice(0, kMostFilters)
      .map(async ({ name, filterArn }) => {
        const { filter } = await call<{ filter: { filterExpression?: string } }>("personalize", "DescribeFilter", {
          filterArn,
        });
        // What stands in quotes is no parameter.
        const bare = (filter.filterExpression ?? "").replace(/"[^"]*"/g, "");
        return { name, filterArn, parameters: [...new Set([...bare.matchAll(/\$(\w+)/g)].map((one) => one[1] ?? ""))] };
      }),
  );
}

// Comedy, Drama as a request has it: "Comedy","Drama".
const quoted = (text: string): string =>
  text
    .split(",")
    .map((one) => `"${one.trim().replaceAll('"', "")}"`)
    .join(",");

// The key of a movies.csv among the first objects of a bucket.
async function findMovies(bucket: string): Promise<string | undefined> {
  let token: string | undefined;
  for (let page = 0; page < kMostListings; ++page) {
    const found: { Contents?: { Key: string }[]; NextContinuationToken?: string } = await call("s3", "ListObjectsV2", {
      Bucket: bucket,
      ...(token ? { "continuation-token": token } : {}),
    });
    const key = (found.Contents ?? []).map((one) => one.Key).find((one) => /(^|\/)movies\.csv$/.test(one));
    token = found.NextContinuationToken;
    if (key || !token) return key;
  }
  return undefined;
}

// A movies.csv in some bucket, if there is one.
async function findCatalogue(): Promise<Catalogue | null> {
  const { Buckets = [] } = await call<{ Buckets?: { Name: string }[] }>("s3", "ListBuckets");
  for (const { Name: bucket } of Buckets) {
    const key = await findMovies(bucket);
    if (!key) continue;
    await titlesOf({ bucket, key }, ["1"]); // so that one that cannot be read is said here, once
    return { bucket, key };
  }
  return null;
}

function MovieName(props: { id: string; movie: Movie | undefined }) {
  if (!props.movie?.title.trim()) return <span className="movie-name">Item {props.id}</span>;
  const { name, year } = splitTitle(props.movie.title);
  return (
    <span className="movie-name">
      {name} {year && <small>{year}</small>}
    </span>
  );
}

function Genres(props: { movie: Movie | undefined }) {
  if (!props.movie || props.movie.genres.length === 0) return null;
  return <span className="genres">{props.movie.genres.slice(0, 4).join(" · ")}</span>;
}

function Why(props: {
  campaignArn: string;
  userId: string;
  item: Recommended;
  movie: Movie | undefined;
  context: Record<string, string>;
  isFiltered: boolean;
  catalogue: Catalogue | null;
}) {
  const { campaignArn, userId, item, catalogue } = props;
  const why = useLoad(async () => {
    const found = await call<Explanation>("console", "Explain", {
      campaignArn,
      userId,
      itemId: item.itemId,
      context: props.context,
    });
    const titles = await titlesOf(catalogue, (found.because ?? []).map((one) => one.itemId));
    return { found, titles };
  }, [campaignArn, userId, item.itemId, props.context, catalogue]);
  return (
    <Card title="Why this one" className="why-card">
      <p className="why-title">
        <MovieName id={item.itemId} movie={props.movie} />
        <Genres movie={props.movie} />
      </p>
      <Show of={why}>
        {({ found, titles }) => {
          const because = found.because ?? [];
          const most = Math.max(...because.map((one) => Math.abs(one.contribution)), 1e-9);
          if (because.length === 0) {
            return (
              <p className="notice">
                {item.reason?.includes("Exploration")
                  ? "It is here to find out what people make of it: nothing that they watched led here."
                  : found.reason}
              </p>
            );
          }
          return (
            <>
              <p className="lead">What they watched, and what each of it adds to the score:</p>
              <ol className="because">
                {because.map((one) => {
                  const adds = one.contribution;
                  return (
                    <li key={one.itemId} className={adds < 0 ? "against" : ""}>
                      <MovieName id={one.itemId} movie={titles[one.itemId]} />
                      <Meter value={Math.abs(adds) / most} label="share of the score" />
                      <data value={adds}>
                        {signed(adds)}
                      </data>
                    </li>
                  );
                })}
              </ol>
              {(found.context ?? []).map((one) => (
                <p key={one.column} className="lead">
                  {one.column} = {one.value}: {signed(one.contribution)}
                </p>
              ))}
              {found.rank !== undefined && (
                <p className="lead">
                  {found.rank > kExplored
                    ? `Exploration put it into the list; by its score it stands at place ${formatCount(found.rank)}`
                    : `By its score it stands at place ${formatCount(found.rank)}`}
                  {props.isFiltered && " of all movies, those included that the filter leaves out"}
                  {found.others && found.others.interactions > 0
                    ? `; ${found.others.interactions} more interactions add ${signed(found.others.contribution)}`
                    : ""}
                  .
                </p>
              )}
            </>
          );
        }}
      </Show>
    </Card>
  );
}

function Watched(props: { campaignArn: string; userId: string; catalogue: Catalogue | null }) {
  const history = useLoad(async () => {
    const found = await call<{ known: boolean; total: number; items: Seen[] }>("console", "History", {
      campaignArn: props.campaignArn,
      userId: props.userId,
    });
    return { ...found, titles: await titlesOf(props.catalogue, found.items.map((one) => one.itemId)) };
  }, [props.campaignArn, props.userId, props.catalogue]);
  return (
    <Card
      title="Has watched"
      aside={history.data && <small>{formatCount(history.data.total)} in all</small>}
    >
      <Show
        of={history}
        empty={(data) =>
          data.items.length === 0 && "The model knows nothing of this user: they get what many like."
        }
      >
        {(data) => (
          <ol className="watched" tabIndex={0} aria-label="Watched movies, newest first">
            {data.items.map((one, at) => (
              <li key={at}>
                <MovieName id={one.itemId} movie={data.titles[one.itemId]} />{" "}
                {one.recent && <span className="status run">since the training</span>}
                <Genres movie={data.titles[one.itemId]} />
                {one.time !== undefined && <time>{formatDay(one.time)}</time>}
              </li>
            ))}
          </ol>
        )}
      </Show>
    </Card>
  );
}

function Next(props: {
  campaignArn: string;
  userId: string;
  context: Record<string, string>;
  filtered: Filtered;
  catalogue: Catalogue | null;
}) {
  const { campaignArn, userId, context, filtered, catalogue } = props;
  const [chosen, setChosen] = useState<string>();
  const next = useLoad(async () => {
    const { itemList = [] } = await call<{ itemList?: Recommended[] }>(
      "personalize-runtime",
      "GetRecommendations",
      {
        campaignArn,
        userId,
        numResults: kResults,
        ...filtered,
        ...(Object.keys(context).length > 0 ? { context } : {}),
      },
    );
    return { itemList, titles: await titlesOf(catalogue, itemList.map((one) => one.itemId)) };
  }, [campaignArn, userId, context, filtered, catalogue]);
  const items = next.data?.itemList ?? [];
  const shown = items.find((one) => one.itemId === chosen) ?? items[0];
  return (
    <>
      <Card title="What to watch next" className="next">
        <Show of={next} empty={(data) => data.itemList.length === 0 && 
            (filtered.filterArn ? "The filter leaves nothing to recommend." : "There is nothing left to recommend.")}>
          {({ itemList, titles }) => {
            // Exploration may put a low score first.
            const best = Math.max(...itemList.map((one) => one.score ?? 0), 1e-12);
            return (
              <ol className="marquee">
                {itemList.map((one, place) => (
                  <li key={one.itemId}>
                    <button
                      type="button"
                      aria-pressed={one === shown}
                      onClick={() => setChosen(one.itemId)}
                    >
                      <b className="place">{place + 1}</b>
                      <span className="what">
                        <MovieName id={one.itemId} movie={titles[one.itemId]} />
                        <Genres movie={titles[one.itemId]} />
                      </span>
                      {one.score !== undefined && (
                        <span className="score">
                          <Meter value={one.score / best} label="score beside the best" />
                          {formatPercent(one.score)}
                        </span>
                      )}
                    </button>
                  </li>
                ))}
              </ol>
            );
          }}
        </Show>
      </Card>
      {shown && (
        <Why
          campaignArn={campaignArn}
          userId={userId}
          item={shown}
          movie={next.data?.titles[shown.itemId]}
          context={context}
          isFiltered={filtered.filterArn !== undefined}
          catalogue={catalogue}
        />
      )}
    </>
  );
}

export function MoviesPage(props: { query: URLSearchParams }) {
  const campaigns = useLoad(
    () =>
      listAll<{ name: string; campaignArn: string; status: string }>(
        "personalize",
        "ListCampaigns",
        "campaigns",
      ),
    ["campaigns"],
  );
  const catalogue = useLoad(findCatalogue, ["catalogue"]);
  const active = (campaigns.data ?? []).filter((one) => one.status === "ACTIVE");
  const campaignArn = props.query.get("campaign") ?? active[0]?.campaignArn ?? "";
  const info = useLoad(
    campaignArn ? () => call<CampaignInfo>("console", "Campaign", { campaignArn }) : null,
    [campaignArn],
  );
  const filters = useLoad(campaignArn ? () => findFilters(campaignArn) : null, [campaignArn]);
  const filter = filters.data?.find((one) => one.name === props.query.get("filter"));
  const [values, setValues] = useState<Record<string, string>>({});
  const isReady = filter?.parameters.every((one) => values[one]) ?? true;
  const filtered: Filtered =
    filter && isReady
      ? {
          filterArn: filter.filterArn,
          filterValues: Object.fromEntries(filter.parameters.map((one) => [one, quoted(values[one] ?? "")])),
        }
      : {};
  const userId = props.query.get("user") ?? info.data?.sampleUsers[0] ?? "";
  const [typed, setTyped] = useState("");
  const [context, setContext] = useState<Record<string, string>>({});
  const go = (next: { user?: string; filter?: string }) =>
    goTo(["movies"], { campaign: campaignArn, user: userId, filter: filter?.name ?? "", ...next });

  return (
    <Page
      title="What to watch next"
      lead={
        info.data
          ? `${info.data.recipe} on ${formatCount(info.data.users)} people and ${formatCount(info.data.items)} movies`
          : "Pick somebody, see what they watched and what comes next."
      }
      actions={
        active.length > 1 && (
          <label>
            Campaign{" "}
            <select
              value={campaignArn}
              onChange={(event) => goTo(["movies"], { campaign: event.target.value })}
            >
              {active.map((one) => (
                <option key={one.campaignArn} value={one.campaignArn}>
                  {one.name}
                </option>
              ))}
            </select>
          </label>
        )
      }
    >
      <Show
        of={campaigns}
        empty={() =>
          active.length === 0 && "No campaign is active yet. ./demo makes one; usher deploy deploys a model."
        }
      >
        {() => (
          <>
            <form
              className="people"
              onSubmit={(event) => {
                event.preventDefault();
                if (document.activeElement instanceof HTMLElement) document.activeElement.blur(); // takes its value
                if (typed.trim()) go({ user: typed.trim() });
              }}
            >
              <label>
                <span className="sr-only">User</span>
                <input
                  value={typed}
                  onChange={(event) => setTyped(event.target.value)}
                  placeholder="user id"
                  maxLength={256}
                  autoComplete="off"
                  spellCheck={false}
                />
              </label>
              <button type="submit">Show</button>
              <span className="sample" role="group" aria-label="Some users">
                {(info.data?.sampleUsers ?? []).map((one) => (
                  <button
                    key={one}
                    type="button"
                    className="quiet"
                    aria-pressed={one === userId}
                    onClick={() => go({ user: one })}
                  >
                    {one}
                  </button>
                ))}
              </span>
              {(info.data?.contextColumns ?? []).map((column) => (
                <label key={column}>
                  {column}{" "}
                  <input
                    size={8}
                    onBlur={(event) => {
                      const { [column]: _, ...rest } = context;
                      const value = event.target.value.trim();
                      setContext(value ? { ...rest, [column]: value } : rest);
                    }}
                  />
                </label>
              ))}
              {(filters.data ?? []).length > 0 && (
                <label>
                  Filter{" "}
                  <select value={filter?.name ?? ""} onChange={(event) => go({ filter: event.target.value })}>
                    <option value="">none</option>
                    {(filters.data ?? []).map((one) => (
                      <option key={one.filterArn} value={one.name}>
                        {one.name}
                      </option>
                    ))}
                  </select>
                </label>
              )}
              {(filter?.parameters ?? []).map((name) => (
                <label key={name}>
                  {name}{" "}
                  <input
                    size={10}
                    defaultValue={values[name] ?? ""}
                    placeholder="a value, or several"
                    onBlur={(event) => setValues({ ...values, [name]: event.target.value.trim() })}
                  />
                </label>
              ))}
            </form>
            {!isReady && <p className="notice">The filter works once its parameters have values.</p>}
            {info.error && <Show of={info}>{() => null}</Show>}
            {((info.loading && !info.data) || catalogue.loading) && <Waiting />}
            {campaignArn && userId && !catalogue.loading && (
              <>
                <h2 className="who">
                  User <b>{userId}</b>
                </h2>
                <div className="columns three">
                  <Watched campaignArn={campaignArn} userId={userId} catalogue={catalogue.data ?? null} />
                  <Next
                    campaignArn={campaignArn}
                    userId={userId}
                    context={context}
                    filtered={filtered}
                    catalogue={catalogue.data ?? null}
                  />
                </div>
                {!catalogue.data && (
                  <p className="notice">
                    Movies are shown by their ids: {catalogue.error?.message ?? "no bucket holds a movies.csv."}
                  </p>
                )}
              </>
            )}
          </>
        )}
      </Show>
    </Page>
  );
}
