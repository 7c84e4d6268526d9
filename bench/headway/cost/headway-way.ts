import { startHeadway, type HeadwaySetUp } from '../start-headway';
import type { Way } from './way';

/** One bridge and one worker as a user starts them. */
export function headwayWay(packMax: number, jobs: Way['jobs'], warmUp: number): Way {
  return {
    name: `headway-${packMax}`,
    title: `Headway, packs of ${packMax}`,
    about: `bridge and worker as they are set up by default, \`PACK_MAX=${packMax}\`, calls in background mode`,
    ...{ jobs, warmUp },
    start: headwayStart({ packMax }),
  };
}

/** How a way that is Headway starts. */
export function headwayStart(setUp: HeadwaySetUp): Way['start'] {
  return async ({ bench, run }) => {
    const { taskQueue, bridge, workers, stop } = await startHeadway(bench, run, setUp);
    return {
      ...{ taskQueue, stop },
      pids: () => ({
        ...{ engine: bench.temporalPids(), database: bench.databasePids() },
        ...{ bridge: [bridge.pid], worker: workers.map(({ pid }) => pid) },
      }),
    };
  };
}
