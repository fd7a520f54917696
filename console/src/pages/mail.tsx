import { call } from "../api";
import { Facts } from "../parts/data";
import { formatAgo, formatCount, formatTime } from "../parts/format";
import { useLoad } from "../parts/load";
import { goTo, linkTo } from "../parts/route";
import { Card, Page, Show } from "../parts/ui";

interface Head {
  name: string;
  date: number; // seconds since 1970
  from: string;
  to: string;
  subject: string;
}

interface Mail extends Head {
  messageId: string;
  body: string;
  fields: Record<string, string>;
}

interface Mails {
  relay: boolean;
  files: number;
  mails: Head[];
}

// The link of this server by which a subscription is confirmed; others stay text.
function confirmLink(body: string, endpoint: string | undefined): string | null {
  if (!endpoint) return null;
  const found = /https?:\/\/[^\s<>"]+\/\?Action=ConfirmSubscription&[^\s<>"]+/.exec(body)?.[0];
  return found?.startsWith(`${endpoint}/?`) ? found : null;
}

function OneMail(props: { name: string; onClose: () => void }) {
  const mail = useLoad((signal) => call<Mail>("console", "Mail", { name: props.name }, signal), [props.name]);
  const server = useLoad(() => call<{ endpoint: string }>("console", "Server"), ["server"]);
  const confirm = confirmLink(mail.data?.body ?? "", server.data?.endpoint);
  return (
    <Card
      title={mail.data?.subject || "(no subject)"}
      className="inspector letter"
      aside={
        <button type="button" className="quiet" onClick={props.onClose}>
          Close
        </button>
      }
    >
      <Show of={mail}>
        {(data) => (
          <>
            <Facts
              of={[
                ["From", data.from],
                ["To", data.to],
                ["Date", formatTime(data.date)],
                ["Message-ID", <code key="id">{data.messageId}</code>],
              ]}
            />
            {confirm && (
              <p className="actions">
                <a className="button" href={confirm} target="_blank" rel="noreferrer">
                  Confirm the subscription
                </a>
              </p>
            )}
            <pre tabIndex={0} aria-label="Text of the mail">
              {data.body}
            </pre>
          </>
        )}
      </Show>
    </Card>
  );
}

export function MailPage(props: { query: URLSearchParams }) {
  const name = props.query.get("mail");
  const mails = useLoad(() => call<Mails>("console", "Mails"), ["mails"], 4_000);
  return (
    <Page title="Mail" lead="What topics sent by mail, kept here as this server has no relay.">
      <div className={`columns ${name ? "halves" : ""}`}>
        <Card
          aside={
            mails.data && mails.data.files > mails.data.mails.length ? (
              <small>the newest {formatCount(mails.data.mails.length)} of {formatCount(mails.data.files)}</small>
            ) : undefined
          }
        >
          <Show
            of={mails}
            empty={(data) =>
              data.mails.length === 0 &&
              (data.relay ? (
                <>
                  A relay takes this server’s mails (<code>--smtp</code>); none are kept here.
                </>
              ) : (
                <>
                  No mail yet. A message to a topic with an e-mail subscription appears here, and so does the mail that
                  asks to confirm one: <code>aws sns subscribe --protocol email …</code>
                </>
              ))
            }
          >
            {(data) => (
              <table className="rows mails">
                <thead>
                  <tr>
                    <th scope="col">Subject</th>
                    <th scope="col">To</th>
                    <th scope="col">Sent</th>
                  </tr>
                </thead>
                <tbody>
                  {data.mails.map((one) => (
                    <tr
                      key={one.name}
                      className={one.name === name ? "on" : ""}
                      onClick={() => goTo(["mail"], { mail: one.name })}
                    >
                      <td className="what">
                        <a
                          href={linkTo(["mail"], { mail: one.name })}
                          aria-current={one.name === name ? "true" : undefined}
                          onClick={(event) => event.stopPropagation()}
                        >
                          {one.subject || "(no subject)"}
                        </a>
                      </td>
                      <td className="what">{one.to}</td>
                      <td>
                        <time title={formatTime(one.date)}>{formatAgo(one.date)}</time>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )}
          </Show>
        </Card>
        {name && <OneMail key={name} name={name} onClose={() => goTo(["mail"])} />}
      </div>
    </Page>
  );
}
