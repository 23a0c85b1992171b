/** What the listener's page and the embed gain where scripts run. Everything here replaces something that works without: the browser's own
 *  player, links to a time, the page that is loaded again. Nothing is fetched from anywhere but this server. */

import { one } from './dom';
import { listen } from './listen';
import { making } from './making';
import { watchLine } from './told';
import { fallen } from './wave';

document.documentElement.classList.add('js');

const start = (): void => {
  const main = one('main[data-state]');
  if (main?.dataset.state === 'making') making(main, start);
  if (main?.dataset.state === 'ready') listen(main);
  const fell = main && one('[data-fallen]', main);
  if (fell) fallen(fell).show(0);
};

document.addEventListener('DOMContentLoaded', () => {
  start();
  watchLine(() => one('main')?.dataset.state === 'making'
    ? 'The narration goes on being made, and this page catches up when the line is back.'
    : 'What has been loaded goes on playing, and your place is kept.');
});
