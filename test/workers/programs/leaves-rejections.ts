import { createLogger } from '../../../runtime/logger';
import { runMain } from '../../../runtime/run-main';
import { ShuttingDown } from '../../../runtime/shutdown';
import { surviveRejections } from '../../../workers/survive-rejections';

const [way] = process.argv.slice(2);
const turn = () => new Promise((resolve) => setImmediate(resolve));
const leave = (error: Error) => void Promise.reject(error);

void runMain('program', async () => {
  const logger = createLogger({ level: 'info', format: 'json' }, 'program');
  if (way !== 'other') surviveRejections(logger);
  for (const what of ['a secret', 'another secret']) leave(new TypeError(what));
  leave(Object.assign(new RangeError('a third secret'), { stack: undefined }));
  leave(new ShuttingDown('shutting down'));
  await turn();
  if (way === 'throwing')
    setImmediate(() => {
      throw new Error('thrown in a callback');
    });
  await turn();
  await turn();
  logger.info('still here');
});
