import { loadRegistry } from '../../../pipelines/load-pipelines';

/** Loads what the arguments name as the processes of Headway do, in a Node.js without jest. The first is the folder to start from. */
const [from, ...names] = process.argv.slice(2);
loadRegistry(names, { from }).then(
  ({ pipelines }) => console.log(pipelines.map(({ name }) => name).join(' ')),
  (error: unknown) => console.log(String(error)),
);
