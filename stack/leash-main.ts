import { isGroupAlive, signalGroup } from './process-group';

/**
 * Ends the servers when the process that started them dies without being able to, for example by SIGKILL:
 * then, and only then, this process's standard input closes while process groups are still on the list.
 */
const killAfterMs = 5_000;
const groups = new Set<number>();
let pending = '';

process.stdin.setEncoding('utf8');
process.stdin.on('data', (text: string) => {
  const lines = (pending + text).split('\n');
  pending = lines.pop() ?? '';
  for (const line of lines) {
    const pid = Number(line.slice(1));
    if (line.startsWith('+')) groups.add(pid);
    else groups.delete(pid);
  }
});
process.stdin.on('end', () => {
  for (const pid of groups) signalGroup(pid, 'SIGTERM');
  const startedAt = Date.now();
  const timer = setInterval(() => {
    const alive = [...groups].filter(isGroupAlive);
    const elapsedMs = Date.now() - startedAt;
    if (elapsedMs > killAfterMs) alive.forEach((pid) => signalGroup(pid, 'SIGKILL'));
    // In a container whose first process reaps nobody, the dead stay listed for ever.
    if (alive.length === 0 || elapsedMs > 2 * killAfterMs) clearInterval(timer);
  }, 100);
});
