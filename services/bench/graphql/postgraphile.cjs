// PostGraphile over the same tables, as its own authors advise for speed: lists without cursors, no watching, no
// explaining. It signs nobody in: who asks stands in a header, so that only reading is measured.
const { createRequire } = require("node:module");
const { createServer } = require("node:http");
const [, , folder, url, port, poolSize] = process.argv;
const installed = createRequire(`${folder}/`);
const { postgraphile } = installed("postgraphile");
const { grafserv } = installed("postgraphile/grafserv/node");
const { PostGraphileAmberPreset } = installed("postgraphile/presets/amber");
const { makeV4Preset } = installed("postgraphile/presets/v4");
const { makePgService } = installed("postgraphile/adaptors/pg");

const preset = {
  extends: [PostGraphileAmberPreset, makeV4Preset({ simpleCollections: "both", ignoreRBAC: true })],
  pgServices: [
    makePgService({ connectionString: url, schemas: ["public"], poolConfig: { max: Number(poolSize) } }),
  ],
  grafserv: { port: Number(port), watch: false, websockets: false, graphiql: false },
  grafast: {
    explain: false,
    context: ({ node }) => ({
      pgSettings: { role: "assay_lead", "assay.caller_id": node.req.headers["x-caller-id"], "assay.caller_vendor_id": "" },
    }),
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
