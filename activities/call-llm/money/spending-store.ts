import type { Database } from '../../../pipelines/define-pipeline';

/** What came of asking for money: `over` will not change today, `wait` may when other calls have ended. Nano-dollars. */
export interface Reservation {
  outcome: 'reserved' | 'over' | 'wait';
  spent: number;
}

/** Where the workers count what tenants spend in a day (UTC). Amounts are nano-dollars. Both throw what the database says. */
export interface SpendingStore {
  /** Sets `amount` aside until it is settled, or `lastsMs` have passed. */
  reserve(request: {
    id: string;
    tenant: string;
    amount: number;
    ceiling: number;
    lastsMs: number;
  }): Promise<Reservation>;
  /** What the call cost takes the place of what was set aside, also where that has expired meanwhile. Harmless to repeat. */
  settle(id: string, cost: number): Promise<void>;
}

/** In PostgreSQL (`stack/postgres/migrations/004_llm_spending.sql`, `009_late_settlements.sql`). */
export function createSpendingStore(database: Database): SpendingStore {
  return {
    async reserve({ id, tenant, amount, ceiling, lastsMs }) {
      const [row] = await database.query<{ outcome: Reservation['outcome']; spent_before: number }>(
        "select outcome, spent_before from headway_reserve_cost($1, $2, $3, $4, $5::float8 * interval '1 millisecond')",
        [id, tenant, amount, ceiling, lastsMs],
      );
      if (!row) throw new Error('headway_reserve_cost returned nothing');
      return { outcome: row.outcome, spent: row.spent_before };
    },
    async settle(id, cost) {
      await database.query('select headway_settle_cost($1, $2)', [id, cost]);
    },
  };
}
