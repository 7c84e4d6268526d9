/**
 * Three projects: `unit` needs nothing, `stack` runs against real servers that its global set-up starts, `providers` against LLM servers that
 * nobody here wrote, where they are installed.
 */
const shared = {
  rootDir: __dirname,
  testEnvironment: 'node',
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/dist/'],
  restoreMocks: true,
};

module.exports = {
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/test/**/!(*.stack|*.provider).test.ts'],
    },
    {
      ...shared,
      displayName: 'stack',
      testMatch: ['<rootDir>/test/**/*.stack.test.ts'],
      globalSetup: '<rootDir>/test/support/global-setup.ts',
      globalTeardown: '<rootDir>/test/support/global-teardown.ts',
      setupFilesAfterEnv: ['<rootDir>/test/support/stack-timeout.ts'],
    },
    {
      ...shared,
      displayName: 'providers',
      testMatch: ['<rootDir>/test/**/*.provider.test.ts'],
      setupFilesAfterEnv: ['<rootDir>/test/support/stack-timeout.ts'],
    },
  ],
};
