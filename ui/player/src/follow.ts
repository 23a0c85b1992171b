/** The page follows the reading, until the reader scrolls or says no. */

import { choice, choose } from './kept';
import { one, still } from './dom';

export interface Following {
  /** Brings what is being read into sight, where it is not. */
  step(): void;
  /** The reader jumped within the text, so both are at the same place again. */
  meet(): void;
}

/** A scroll of ours is over after this, in milliseconds, where the browser does not say so itself. */
const OURS = 1200;

export const following = (button: HTMLElement | null, here: () => HTMLElement | null, playing: () => boolean): Following => {
  let state: 'on' | 'stopped' | 'off' = choice('follow') === 'off' ? 'off' : 'on', oursUntil = 0;
  const show = (): void => button?.setAttribute('aria-pressed', String(state === 'on'));
  const stop = (): void => { if (state === 'on' && playing()) { state = 'stopped'; show(); } };
  const ours = (): boolean => performance.now() < oursUntil;

  const step = (): void => {
    const place = state === 'on' ? here() : null;
    if (!place) return;
    const player = one('.pl'), bar = one('.bar');
    const top = player && getComputedStyle(player).position === 'sticky' ? Math.max(0, player.getBoundingClientRect().bottom) : 0;
    const bottom = bar && getComputedStyle(bar).position === 'fixed' ? bar.getBoundingClientRect().top : innerHeight;
    const box = place.getBoundingClientRect();
    if (box.top >= top && Math.min(box.bottom, box.top + 80) <= bottom - 24) return;
    oursUntil = performance.now() + OURS;
    scrollTo({ top: scrollY + box.top - top - (bottom - top) / 4, behavior: still() ? 'auto' : 'smooth' });
  };

  // Wheels and fingers are the reader's whenever they move; a bare scroll may be ours, or come from the page changing its width.
  addEventListener('wheel', stop, { passive: true });
  addEventListener('touchmove', stop, { passive: true });
  addEventListener('scroll', () => { if (!ours()) stop(); }, { passive: true });
  addEventListener('scrollend', () => { oursUntil = Math.min(oursUntil, performance.now() + 100); });
  addEventListener('resize', () => { oursUntil = performance.now() + OURS; });
  button?.addEventListener('click', () => {
    state = state === 'on' ? 'off' : 'on';
    choose('follow', state);
    show();
    step();
  });
  show();
  return { step, meet: () => { if (state === 'stopped') { state = 'on'; show(); } } };
};
