import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { openDatabase } from './data-folder';

/** Queries are answered one after the other; connections only wait. */
const maxConnections = 200;

/** `main PORT FOLDER`: serves the database in the folder on 127.0.0.1 until SIGTERM or SIGINT. */
async function main(): Promise<void> {
  const [port, folder = ''] = process.argv.slice(2);
  const db = await openDatabase(folder);
  const server = new PGLiteSocketServer({ db, port: Number(port), host: '127.0.0.1', maxConnections });
  await server.start();
  console.log(`listening on 127.0.0.1:${port}`);
  const stop = async () => {
    await server.stop();
    await db.close();
    process.exit(0);
  };
  process.once('SIGTERM', () => void stop());
  process.once('SIGINT', () => void stop());
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
