// Types of every operation in src, from the schema that the gateway serves at /graphql/schema.graphql.
import type { CodegenConfig } from "@graphql-codegen/cli";

const config: CodegenConfig = {
  schema: process.env.ASSAY_SCHEMA ?? "../../services/gateway/schema.graphql",
  documents: "src/**/*.ts",
  importExtension: ".js",
  generates: {
    "src/graphql/": {
      preset: "client",
      presetConfig: { fragmentMasking: false },
      config: {
        documentMode: "string",
        enumsAsTypes: true,
        useTypeImports: true,
        strictScalars: true,
        scalars: { UUID: "string", DateTime: "string", Date: "string", JSON: "unknown" },
      },
    },
  },
};
export default config;
