/**
 * The import table of CONTRIBUTING.md as rules: what a folder may import, besides itself. A folder that is not
 * here may import nothing of ours, so a new one has to be added on purpose.
 */
const mayImport = {
  contracts: [],
  pipelines: ['contracts'],
  workflows: ['contracts'],
  activities: ['contracts', 'pipelines', 'runtime'],
  workers: ['contracts', 'pipelines', 'workflows', 'activities', 'runtime'],
  bridge: ['contracts', 'pipelines', 'runtime'],
  runtime: ['contracts'],
  // A retried job runs under the policy that its pipeline has now, and `headway replay` runs the workflows of the workers.
  cli: ['contracts', 'pipelines', 'workers', 'bridge', 'runtime'],
  stack: ['contracts', 'runtime'],
  // The package as others import it: everything that is exported is named there, and nothing of ours imports it.
  library: ['contracts', 'pipelines', 'workers', 'bridge', 'runtime'],
  demo: ['contracts', 'pipelines', 'runtime', 'stack'],
  bench: [
    'contracts',
    'pipelines',
    'workflows',
    'activities',
    'workers',
    'bridge',
    'runtime',
    'cli',
    'stack',
    'demo',
  ],
  deploy: [],
};

/** Allowed as `import type` only: it leaves no trace in the compiled code. */
const mayImportTypes = {
  workflows: ['^activities/'],
  runtime: ['^pipelines/define-pipeline\\.ts$'],
};

const folders = Object.keys(mayImport);

const folderRules = folders.flatMap((folder) => {
  const inside = [folder, ...mayImport[folder]].map((name) => `^${name}/`);
  const types = mayImportTypes[folder] ?? [];
  const others = `^(${folders.filter((name) => name !== folder).join('|')})/`;
  const rules = [
    {
      name: `${folder}-imports`,
      comment: `${folder}/ may import from: ${mayImport[folder].join(', ') || 'no other folder'}.`,
      severity: 'error',
      from: { path: `^${folder}/` },
      to: { path: others, pathNot: [...inside, ...types] },
    },
  ];
  if (types.length > 0) {
    rules.push({
      name: `${folder}-imports-types-only`,
      comment: `${folder}/ may take only types from here: write \`import type\`.`,
      severity: 'error',
      from: { path: `^${folder}/` },
      to: { path: types, dependencyTypesNot: ['type-only'] },
    });
  }
  return rules;
});

module.exports = {
  forbidden: [
    ...folderRules,
    {
      name: 'contracts-only-zod',
      comment: 'contracts/ crosses every boundary, the workflow sandbox too: zod and nothing else.',
      severity: 'error',
      from: { path: '^contracts/' },
      to: { pathNot: ['^contracts/', '^node_modules/zod/'] },
    },
    {
      name: 'kafkajs-behind-a-port',
      comment: 'kafkajs has been quiet since 2023, so few files know it.',
      severity: 'error',
      from: {
        pathNot:
          '^(bridge/kafka/|runtime/kafka/|activities/publish-result/|stack/|demo/|bench/|examples/|test/)',
      },
      to: { path: '^node_modules/kafkajs/' },
    },
    {
      name: 'no-cycle',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'nothing-imports-tests',
      severity: 'error',
      from: { pathNot: '^test/' },
      to: { path: '^test/' },
    },
    {
      name: 'no-dev-dependency-in-production',
      comment: 'It is not there after `npm ci --omit=dev`.',
      severity: 'error',
      from: { path: `^(${folders.filter((name) => name !== 'bench').join('|')})/` },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['type-only'],
        pathNot: '^node_modules/@types/',
      },
    },
    {
      name: 'no-undeclared-package',
      comment: 'A package that only others depend on may be gone with their next version.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|coverage|\\.headway)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['require', 'node', 'default', 'types'],
    },
  },
};
