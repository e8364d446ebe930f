// Asks the gateway: what comes back has the type that codegen gave the document.
import type { TypedDocumentString } from "./graphql/graphql.js";

const HERE = process.env.ASSAY_URL ?? "http://127.0.0.1:8000";

export class Refused extends Error {}

export async function ask<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  ...[variables]: Variables extends Record<string, never> ? [] : [Variables]
): Promise<Data> {
  const answer = await fetch(`${HERE}/graphql`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/graphql-response+json",
      authorization: `Bearer ${process.env.ASSAY_TOKEN}`,
    },
    body: JSON.stringify({ query: document.toString(), variables }),
  });
  const said = (await answer.json()) as { data?: Data | null; errors?: { message: string }[]; title?: string };
  if (said.errors || !said.data) throw new Refused(said.errors?.[0]?.message ?? said.title ?? answer.statusText);
  return said.data;
}
