// A project of Jest has no timeout option of its own. Servers start, jobs take their time.
jest.setTimeout(120_000);
