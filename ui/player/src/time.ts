/** Times as people read them, say them, and pass them on. */

/** 1:12, or 1:02:03 from an hour on. */
export const clock = (seconds: number): string => {
  const whole = Math.floor(seconds), pad = (n: number) => String(n).padStart(2, '0');
  const rest = `${Math.floor(whole / 60) % 60}`;
  return whole < 3600 ? `${rest}:${pad(whole % 60)}` : `${Math.floor(whole / 3600)}:${rest.padStart(2, '0')}:${pad(whole % 60)}`;
};

/** “1 minute 12 seconds”, for those who listen. */
export const spoken = (seconds: number): string => {
  const whole = Math.floor(seconds);
  const parts: [number, string][] = [[Math.floor(whole / 3600), 'hour'], [Math.floor(whole / 60) % 60, 'minute'], [whole % 60, 'second']];
  return parts.filter(([n]) => n).map(([n, word]) => `${n} ${word}${n === 1 ? '' : 's'}`).join(' ') || '0 seconds';
};

/** The time that an address asks for with `?t=58`, in seconds. Anything but a number asks for none. */
export const wanted = (search: string): number | null => {
  const t = new URLSearchParams(search).get('t');
  return t && /^\d{1,6}(\.\d{1,3})?$/.test(t) ? Number(t) : null;
};
