export { processPack } from './process-pack';
export { processJob } from './process-job';
