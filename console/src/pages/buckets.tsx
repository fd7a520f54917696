import { useEffect, useState } from "react";
import { call } from "../api";
import { Crumbs, Data, Facts, Size } from "../parts/data";
import { formatAgo, formatCount, formatTime } from "../parts/format";
import { useLoad } from "../parts/load";
import { goTo, linkTo } from "../parts/route";
import { Card, Page, Show } from "../parts/ui";

// S3's members are asked for by the names that they have on the wire: "max-keys", "Content-Length".

interface Listing {
  CommonPrefixes?: { Prefix: string }[];
  Contents?: { Key: string; Size?: number; LastModified?: number }[];
  IsTruncated?: boolean;
  NextContinuationToken?: string;
}

const kPage = 200; // objects and folders

const list = (bucket: string, prefix: string, token: string | undefined, signal?: AbortSignal): Promise<Listing> =>
  call<Listing>(
    "s3",
    "ListObjectsV2",
    { Bucket: bucket, delimiter: "/", prefix, "max-keys": kPage, ...(token ? { "continuation-token": token } : {}) },
    signal,
  );

const nameIn = (prefix: string, key: string): string => key.slice(prefix.length) || key;

const downloadLink = (bucket: string, key: string): string =>
  `/download?${new URLSearchParams({ bucket, key }).toString()}`;

export function BucketsPage() {
  const buckets = useLoad(
    () => call<{ Buckets?: { Name: string; CreationDate?: number }[] }>("s3", "ListBuckets"),
    ["buckets"],
    10_000,
  );
  return (
    <Page title="Buckets" lead="Files that workflows read and write.">
      <Card>
        <Show
          of={buckets}
          empty={(data) =>
            (data.Buckets ?? []).length === 0 && (
              <>
                No bucket yet. <code>aws s3 mb s3://movies</code> makes one; <code>usher env</code> prints what the aws
                command needs to reach this server.
              </>
            )
          }
        >
          {({ Buckets = [] }) => (
            <table className="rows">
              <thead>
                <tr>
                  <th scope="col">Bucket</th>
                  <th scope="col">Made</th>
                </tr>
              </thead>
              <tbody>
                {Buckets.map((one) => (
                  <tr key={one.Name} onClick={() => goTo(["buckets", one.Name])}>
                    <td className="what">
                      <a href={linkTo(["buckets", one.Name])} onClick={(event) => event.stopPropagation()}>
                        {one.Name}
                      </a>
                    </td>
                    <td>
                      {one.CreationDate !== undefined && (
                        <time title={formatTime(one.CreationDate)}>{formatAgo(one.CreationDate)}</time>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </Show>
      </Card>
    </Page>
  );
}

function Preview(props: { bucket: string; objectKey: string }) {
  const preview = useLoad(
    (signal) =>
      call<{ size: number; text?: string; whole: boolean }>(
        "console",
        "Preview",
        { bucket: props.bucket, key: props.objectKey },
        signal,
      ),
    [props.bucket, props.objectKey],
  );
  return (
    <Show of={preview}>
      {({ size, text, whole }) => {
        if (size === 0) return <p className="notice">It is empty.</p>;
        if (text === undefined) return <p className="notice">It is not text: download it to open it.</p>;
        return (
          <>
            <h3>{whole ? "What is in it" : `Its first ${formatCount(text.length)} characters`}</h3>
            <Data key={props.objectKey} text={whole ? text : `${text}…`} label="Preview" />
          </>
        );
      }}
    </Show>
  );
}

function ObjectDetails(props: { bucket: string; objectKey: string; onClose: () => void }) {
  const { bucket, objectKey } = props;
  const head = useLoad(
    () => call<Record<string, unknown>>("s3", "HeadObject", { Bucket: bucket, Key: objectKey }),
    [bucket, objectKey],
  );
  return (
    <Card
      title={objectKey.replace(/\/$/, "").split("/").at(-1)}
      className="inspector"
      aside={
        <button type="button" className="quiet" onClick={props.onClose}>
          Close
        </button>
      }
    >
      <Show of={head}>
        {(data) => {
          const metadata = (data["x-amz-meta-"] ?? {}) as Record<string, string>;
          const text = (name: string) => (typeof data[name] === "string" ? (data[name] as string) : "");
          return (
            <>
              <Facts
                of={[
                  ["Key", <code key="key">{objectKey}</code>],
                  ["Size", <Size key="size" bytes={Number(data["Content-Length"] ?? 0)} />],
                  ["Changed", typeof data["Last-Modified"] === "number" && formatTime(data["Last-Modified"])],
                  ["Type", text("Content-Type")],
                  ["Encoding", text("Content-Encoding")],
                  ["ETag", <code key="tag">{text("ETag").replaceAll('"', "")}</code>],
                  ...Object.entries(metadata),
                ]}
              />
              <p className="actions">
                <a className="button" href={downloadLink(bucket, objectKey)} download>
                  Download
                </a>
              </p>
              <Preview bucket={bucket} objectKey={objectKey} />
            </>
          );
        }}
      </Show>
    </Card>
  );
}

interface Rule {
  Id?: string;
  Event?: string[];
  Filter?: { S3Key?: { FilterRule?: { Name: string; Value: string }[] } };
  CloudFunction?: string;
  Topic?: string;
  Queue?: string;
}

function Rules(props: { bucket: string }) {
  const rules = useLoad(
    async () => {
      const found = await call<Record<string, Rule[] | undefined>>("s3", "GetBucketNotificationConfiguration", {
        Bucket: props.bucket,
      });
      return ["CloudFunctionConfiguration", "TopicConfiguration", "QueueConfiguration"].flatMap(
        (name) => found[name] ?? [],
      );
    },
    [props.bucket],
  );
  const target = (one: Rule) => one.CloudFunction ?? one.Topic ?? one.Queue ?? "";
  const kind = (one: Rule) => (one.CloudFunction ? "function" : one.Topic ? "topic" : "queue");
  return (
    <Card title="Notifications">
      <Show
        of={rules}
        empty={(data) => data.length === 0 && "Nobody is told of objects that come and go here."}
      >
        {(data) => (
          <ul className="plain notes">
            {data.map((one, at) => {
              const filters = one.Filter?.S3Key?.FilterRule ?? [];
              const name = target(one).split(":").at(-1) ?? "";
              return (
                <li key={one.Id ?? at}>
                  <span>
                    {(one.Event ?? []).map((event) => event.replace(/^s3:/, "")).join(", ")}
                    {filters.map((filter) => (
                      <small key={filter.Name}>
                        {" "}
                        {filter.Name.toLowerCase()} <code>{filter.Value}</code>
                      </small>
                    ))}
                  </span>
                  <span>
                    to the {kind(one)}{" "}
                    {one.CloudFunction ? (
                      <a href={linkTo(["logs"], { group: `/aws/lambda/${name}` })}>{name}</a>
                    ) : (
                      <b>{name}</b>
                    )}
                  </span>
                </li>
              );
            })}
          </ul>
        )}
      </Show>
    </Card>
  );
}

export function BucketPage(props: { name: string; query: URLSearchParams }) {
  const { name, query } = props;
  const prefix = query.get("prefix") ?? "";
  const object = query.get("object");
  const first = useLoad((signal) => list(name, prefix, undefined, signal), [name, prefix], 10_000);
  const [more, setMore] = useState<Listing[]>([]);
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    setMore([]);
    setProblem(undefined);
  }, [name, prefix]);
  const last = more.at(-1) ?? first.data;
  const pages = first.data ? [first.data, ...more] : [];
  const folders = [...new Set(pages.flatMap((one) => (one.CommonPrefixes ?? []).map((folder) => folder.Prefix)))];
  const objects = pages.flatMap((one) => one.Contents ?? []).filter((one) => one.Key !== prefix || one.Size);
  const go = (next: Record<string, string>) => goTo(["buckets", name], { prefix, object: object ?? "", ...next });
  const goOn = () =>
    list(name, prefix, last?.NextContinuationToken).then(
      (page) => setMore((old) => [...old, page]),
      (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)),
    );
  const parts = prefix ? prefix.replace(/\/$/, "").split("/") : [];
  const folderLink = (count: number) =>
    linkTo(["buckets", name], { prefix: parts.slice(0, count).map((one) => `${one}/`).join("") });

  return (
    <Page
      title={name}
      before={
        <Crumbs
          of={[
            ["Buckets", linkTo(["buckets"])],
            ...(parts.length > 0 ? [[name, linkTo(["buckets", name])] as const] : []),
            ...parts.slice(0, -1).map((part, at) => [part, folderLink(at + 1)] as const),
          ]}
          here={parts.at(-1) ?? name}
        />
      }
    >
      <div className={`columns ${object ? "wide-left" : ""}`}>
        <Card
          title={prefix || "Objects"}
          aside={
            first.data && (
              <small>
                {formatCount(folders.length + objects.length)}
                {last?.IsTruncated ? " so far" : ""}
              </small>
            )
          }
        >
          <Show
            of={first}
            empty={() =>
              folders.length + objects.length === 0 &&
              (prefix ? (
                "The folder is empty."
              ) : (
                <>
                  The bucket is empty. <code>aws s3 cp FILE s3://{name}/</code> puts a file into it.
                </>
              ))
            }
          >
            {() => (
              <>
                <div className="scroll">
                  <table className="rows">
                    <thead>
                      <tr>
                        <th scope="col">Name</th>
                        <th scope="col">Size</th>
                        <th scope="col">Changed</th>
                      </tr>
                    </thead>
                    <tbody>
                      {folders.map((folder) => (
                        <tr key={folder} onClick={() => goTo(["buckets", name], { prefix: folder })}>
                          <td className="what">
                            <a
                              href={linkTo(["buckets", name], { prefix: folder })}
                              onClick={(event) => event.stopPropagation()}
                            >
                              {nameIn(prefix, folder)}
                            </a>
                          </td>
                          <td>
                            <small>folder</small>
                          </td>
                          <td />
                        </tr>
                      ))}
                      {objects.map((one) => (
                        <tr
                          key={one.Key}
                          className={one.Key === object ? "on" : ""}
                          onClick={() => go({ object: one.Key })}
                        >
                          <td className="what">
                            <a
                              href={linkTo(["buckets", name], { prefix, object: one.Key })}
                              aria-current={one.Key === object ? "true" : undefined}
                              onClick={(event) => event.stopPropagation()}
                            >
                              {nameIn(prefix, one.Key)}
                            </a>
                          </td>
                          <td>
                            <Size bytes={one.Size ?? 0} />
                          </td>
                          <td>
                            {one.LastModified !== undefined && (
                              <time title={formatTime(one.LastModified)}>{formatAgo(one.LastModified)}</time>
                            )}
                          </td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                </div>
                {problem && (
                  <p className="notice bad" role="alert">
                    {problem}
                  </p>
                )}
                {last?.IsTruncated && (
                  <p className="cut">
                    <button type="button" className="quiet" onClick={() => void goOn()}>
                      Show more
                    </button>
                  </p>
                )}
              </>
            )}
          </Show>
        </Card>
        {object !== null && (
          <ObjectDetails key={object} bucket={name} objectKey={object} onClose={() => go({ object: "" })} />
        )}
      </div>
      <Rules bucket={name} />
    </Page>
  );
}
