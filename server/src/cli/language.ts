/**
 * The manifest language, with zod and YAML: most of what the command line could load. Import it when it is needed, with
 * `import()`: it is a bundle of its own.
 */
export { filesFor, importApp, importMaxBytes, kindOf, likeliest } from 'minicloud-shared/import/import';
export { readEnvFile } from 'minicloud-shared/manifest/env-file';
export { formatDiagnostics, tellable } from 'minicloud-shared/manifest/format';
export { manifestJsonSchema } from 'minicloud-shared/manifest/json-schema';
export { parseManifestDocument } from 'minicloud-shared/manifest/parse';
export { checkAgainstServer } from 'minicloud-shared/manifest/server-rules';
export { isOfSource } from 'minicloud-shared/manifest/source-rule-codes';
export { checkAgainstSource } from 'minicloud-shared/manifest/source-rules';
