// PostGraphile over the same tables, as its own authors advise for speed: lists without cursors, no watching, no
// explaining. With a key it lets people in as the other servers do: a token of ours, verified each time, then
// who it names; without one, who asks stands in a header and is believed.
const { createRequire } = require("node:module");
const { createServer } = require("node:http");
const { createPublicKey, verify } = require("node:crypto");
const [, , folder, url, port, poolSize, jwk] = process.argv;
const installed = createRequire(`${folder}/`);
const { postgraphile } = installed("postgraphile");
const { grafserv } = installed("postgraphile/grafserv/node");
const { PostGraphileAmberPreset } = installed("postgraphile/presets/amber");
const { makeV4Preset } = installed("postgraphile/presets/v4");
const { makePgService } = installed("postgraphile/adaptors/pg");

const { Pool } = createRequire(installed.resolve("postgraphile/adaptors/pg"))("pg");
const key = jwk && createPublicKey({ key: JSON.parse(jwk), format: "jwk" });
const pool = new Pool({ connectionString: url, max: Number(poolSize) });

async function caller({ headers }) {
  if (!key) return { role: "assay_lead", "assay.caller_id": headers["x-caller-id"], "assay.caller_vendor_id": "" };
  const [head, claims, signature] = (headers.authorization ?? "").replace("Bearer ", "").split(".");
  if (!verify(null, Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, "base64url"))) throw new Error("401");
  const said = JSON.parse(Buffer.from(claims, "base64url"));
  if (said.exp * 1000 < Date.now()) throw new Error("401");
  const { rows } = await pool.query({
    name: "caller", text: "SELECT id, vendor_id, role FROM find_person($1, null, null)", values: [said.sub],
  });
  if (!rows.length) throw new Error("401");
  const [one] = rows;
  return { role: `assay_${one.role}`, "assay.caller_id": one.id, "assay.caller_vendor_id": one.vendor_id ?? "" };
}

const preset = {
  extends: [PostGraphileAmberPreset, makeV4Preset({ simpleCollections: "both", ignoreRBAC: true })],
  pgServices: [
    makePgService({ connectionString: url, schemas: ["public"], poolConfig: { max: Number(poolSize) } }),
  ],
  grafserv: { port: Number(port), watch: false, websockets: false, graphiql: false },
  grafast: {
    explain: false,
    context: async ({ node }) => ({ pgSettings: await caller(node.req) }),
  },
};

async function main() {
  const server = createServer();
  await postgraphile(preset).createServ(grafserv).addTo(server);
  server.listen(Number(port), "127.0.0.1");
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
