/** What this browser keeps for the listener: where one was, how fast, which keys. A browser that keeps nothing is no reason to stop. */

const PLACES = 'soundpost-places';
/** So many places are kept, the newest first: nobody goes back to the hundred and first. */
const MOST = 100;

/** The choices: the speed, whether keys act, whether the page follows. */
export type Choice = 'speed' | 'keys' | 'follow';

const read = (key: string): string | null => {
  try { return localStorage.getItem(key); } catch { return null; }
};
const write = (key: string, value: string): void => {
  try { localStorage.setItem(key, value); } catch { /* It is full, or switched off. */ }
};

export const choice = (name: Choice): string | null => read(`soundpost-${name}`);
export const choose = (name: Choice, value: string): void => write(`soundpost-${name}`, value);

const places = (): [string, number][] => {
  try {
    const list: unknown = JSON.parse(read(PLACES) ?? '[]');
    const fits = (entry: unknown): entry is [string, number] => Array.isArray(entry) && typeof entry[0] === 'string' && typeof entry[1] === 'number';
    return Array.isArray(list) ? list.filter(fits) : [];
  } catch { return []; }
};

/** Where one was in a narration, in seconds. */
export const place = (id: string): number | null => places().find(([other]) => other === id)?.[1] ?? null;

/** Keeps where one is; `null` forgets it. */
export const keepPlace = (id: string, seconds: number | null): void => {
  const others = places().filter(([other]) => other !== id);
  if (seconds !== null) others.unshift([id, Math.round(seconds * 10) / 10]);
  write(PLACES, JSON.stringify(others.slice(0, MOST)));
};
