import { cpSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** Part of `npm run build`: prompt files lie beside the compiled code, where `loadPrompt` looks for them. */
const compiled = __dirname;
const written = path.resolve(compiled, '../../pipelines');

for (const file of readdirSync(written, { recursive: true, encoding: 'utf8' })) {
  if (file.endsWith('.md')) cpSync(path.join(written, file), path.join(compiled, file));
}
