import { join } from 'node:path';
import { projectRoot } from '../runtime/project-root';

/** The compiled workflows, and the one file that `npm run build` makes of them for the workers. */
export const workflowsPath = join(projectRoot(), 'dist', 'workflows', 'index.js');
export const bundlePath = join(projectRoot(), 'dist', 'workflow-bundle.js');
