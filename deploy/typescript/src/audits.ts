// Prints all audits in a state, page by page; then claims the next one.
import { ask } from "./ask.js";
import { graphql } from "./graphql/gql.js";

const AUDITS = graphql(`
  query Audits($state: String!, $after: String) {
    audits(first: 20, state: $state, after: $after) {
      nodes { id state ticket { subject } agent { name } reviews { number score } }
      pageInfo { endCursor hasNextPage }
    }
  }
`);
const CLAIM = graphql(`
  mutation Claim {
    claimNextAudit {
      __typename
      ... on Audit { id state }
      ... on Problem { status title detail }
    }
  }
`);

async function* audits(state: string) {
  for (let after: string | null | undefined, more = true; more; ) {
    const { audits: page } = await ask(AUDITS, { state, after });
    yield* page.nodes;
    ({ endCursor: after, hasNextPage: more } = page.pageInfo);
  }
}

for await (const audit of audits(process.argv[2] ?? "reviewed")) {
  const scores = audit.reviews.map((review) => review.score?.toFixed(1) ?? "not scored");
  console.log(`${audit.id}  ${audit.agent?.name ?? "nobody"}  ${scores.join(" → ")}  ${audit.ticket?.subject ?? ""}`);
}

const { claimNextAudit: claimed } = await ask(CLAIM);
if (claimed.__typename === "Audit") console.log(`claimed ${claimed.id}`);
else console.log(`${claimed.status} ${claimed.title}: ${claimed.detail}`);
