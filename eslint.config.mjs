import { builtinModules } from 'node:module';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** `fs` and `node:fs` alike, with everything below them. */
const nodeBuiltins = builtinModules
  .filter((name) => !name.startsWith('_'))
  .flatMap((name) => (name.startsWith('node:') ? [name] : [name, `node:${name}`]));

const noNodeBuiltins = (why) => ({
  '@typescript-eslint/no-restricted-imports': [
    'error',
    { paths: nodeBuiltins.map((name) => ({ name, message: why })) },
  ],
});

export default defineConfig(
  { ignores: ['dist/', 'node_modules/', 'coverage/', '.headway/', 'docs/reference/api/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      // An activity or a callback may be async because its type says so.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
    },
  },
  {
    // Date and Math.random are deterministic inside a workflow; files, sockets and processes are not there at all.
    files: ['workflows/**/*.ts'],
    rules: noNodeBuiltins('A workflow runs in a sandbox and is replayed: do this in an activity.'),
  },
  {
    files: ['contracts/**/*.ts'],
    rules: noNodeBuiltins('contracts/ is also bundled into the workflows: no I/O here.'),
  },
  {
    // What a person sees on the terminal is written here; everything else logs.
    files: ['demo/**/*.ts', 'stack/**/*.ts', 'bench/**/*.ts', 'test/**/*.ts', 'cli/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // Tests look into JSON and matchers, whose types are any; a wrong guess fails the test.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
);
