// The explorer's page: GraphiQL with a field for the token, and the schema as the gateway serves it, so that
// completion and documentation work for whoever may not introspect. Nothing is loaded from anywhere else.
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import "graphiql/style.css";
import { buildSchema } from "graphql";
import { createClient } from "graphql-ws";
import { useEffect, useMemo, useState } from "react";
import { createRoot } from "react-dom/client";
import "./page.css";

const HERE = "/graphql";
const TOKEN = "assay.token";

globalThis.MonacoEnvironment = {
  getWorker(_, label) {
    const kind = label === "json" || label === "graphql" ? label : "editor";
    return new Worker(`${HERE}/explorer/${kind}.worker.js`);
  },
};

async function ask(query, token) {
  const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
  const answer = await fetch(HERE, { method: "POST", headers, body: JSON.stringify({ query }) });
  return answer.json();
}

async function nameOf(token) {
  if (!token) return "Paste a token to ask: `assay token` prints one.";
  const answer = await ask("{ viewer { name role } }", token).catch(() => null);
  const viewer = answer?.data?.viewer;
  return viewer ? `${viewer.name}, ${viewer.role}` : "This token is not taken.";
}

function Page({ schema, examples }) {
  const [token, setToken] = useState(sessionStorage.getItem(TOKEN) ?? "");
  const [who, setWho] = useState("");
  useEffect(() => {
    sessionStorage.setItem(TOKEN, token); // of this tab alone, gone with it
    let isOver = false;
    nameOf(token).then((words) => isOver || setWho(words));
    return () => {
      isOver = true;
    };
  }, [token]);
  const fetcher = useMemo(() => {
    const authorization = `Bearer ${token}`;
    const url = new URL(HERE, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    return createGraphiQLFetcher({
      url: HERE,
      headers: { authorization },
      wsClient: createClient({ url: url.href, connectionParams: { authorization }, lazy: true }),
    });
  }, [token]);
  return (
    <>
      <header>
        <strong>Assay GraphQL</strong>
        <label>
          Token
          <input
            type="password" value={token} autoComplete="off" spellCheck="false"
            onChange={(event) => setToken(event.target.value.trim())}
          />
        </label>
        <output>{who}</output>
        <a href={`${HERE}/schema.graphql`}>Schema</a>
        <a href="/docs">REST</a>
      </header>
      <GraphiQL fetcher={fetcher} schema={schema} defaultTabs={examples} isHeadersEditorEnabled={false} />
    </>
  );
}

const examples = JSON.parse(document.getElementById("examples").textContent);
const text = await (await fetch(`${HERE}/schema.graphql`)).text();
createRoot(document.getElementById("page")).render(<Page schema={buildSchema(text)} examples={examples} />);
