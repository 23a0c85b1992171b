/** What is said beside the page: by a voice to those who have one read to them, in a note to those who look, and when the line is down. */

import { one, tell } from './dom';

/** How long a note stays, in milliseconds. */
const STAYS = 6000;

/** Says something to assistive technology only. */
export const announce = (text: string): void => tell(one('[data-announce]'), text);

let leaving = 0;
/** Shows a note for a while, and says it. */
export const note = (text: string): void => {
  const place = one('[data-note]');
  if (!place) return;
  clearTimeout(leaving);
  place.hidden = false;
  tell(place, text);
  leaving = setTimeout(() => { place.hidden = true; place.textContent = ''; }, STAYS);
};

/** Says since when there is no line and what is kept meanwhile, and takes it back when there is one again. */
export const watchLine = (kept: () => string): void => {
  const place = one('[data-offline]');
  if (!place) return;
  const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const down = (): void => { place.hidden = false; tell(place, `Offline since ${time.format(new Date())}. ${kept()}`); };
  addEventListener('offline', down);
  addEventListener('online', () => { place.hidden = true; place.textContent = ''; });
  if (!navigator.onLine) down();
};
