/** Gives a place back; a second call does nothing. */
export type GiveBack = () => void;

/** So many requests may be held open at a time, and so many of them by one caller. `take` answers undefined when there is no place. */
export function createPlaces(limits: { total: number; each: number }) {
  const taken = new Map<string, number>();
  let all = 0;
  return {
    take(caller: string): GiveBack | undefined {
      const own = taken.get(caller) ?? 0;
      if (all >= limits.total || own >= limits.each) return undefined;
      all++;
      taken.set(caller, own + 1);
      let given = false;
      return () => {
        if (given) return;
        given = true;
        all--;
        taken.set(caller, (taken.get(caller) ?? 1) - 1);
      };
    },
  };
}

export type Places = ReturnType<typeof createPlaces>;
