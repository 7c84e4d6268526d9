/** Lets a child process of a test run TypeScript sources without a build: `node -r <this file> <program>.ts`. */
const { readFileSync } = require('node:fs');
const { transformSync } = require('@swc/core');

require.extensions['.ts'] = (module, filename) => {
  const { code } = transformSync(readFileSync(filename, 'utf8'), {
    filename,
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    // `import()` stays what it is, as tsc leaves it: it has to load ES modules.
    module: { type: 'commonjs', ignoreDynamic: true },
    sourceMaps: false,
  });
  module._compile(code, filename);
};
