/** A narration that is being made: how far it is, told by the server as it goes, and by asking where the server's telling does not arrive.
 *  When there is something new to see, the page is asked for and what is within <main> replaced, so that nothing else is lost. */

import { all, clamp, one, tell } from './dom';
import { announce } from './told';
import { growing, type Picture } from './wave';

/** What the server tells. */
interface Told {
  status: 'generating' | 'ready' | 'error';
  percent: number;
  step: string;
  sentence: string;
  left: string;
  /** Which segment is being spoken. */
  segment: number | null;
  /** Changes when the page has text that it had not before. */
  revision: number;
  /** What is finished of the sound: amplitudes, two hexadecimal digits each. */
  bars: string;
}

/** Where the stream tells nothing for so long, the state is asked for, in milliseconds. */
const QUIET = 15_000;
/** And then again after this. */
const ASK_AGAIN = 3000;

const read = (text: string): Told | null => {
  let told: unknown;
  try { told = JSON.parse(text); } catch { return null; }
  if (typeof told !== 'object' || told === null) return null;
  const { status, percent, step, sentence, left, segment, revision, bars } = told as Record<string, unknown>;
  if (status !== 'generating' && status !== 'ready' && status !== 'error') return null;
  const string = (value: unknown): string => typeof value === 'string' ? value : '';
  const number = (value: unknown): number | null => typeof value === 'number' && Number.isFinite(value) ? value : null;
  return {
    status, percent: clamp(number(percent) ?? 0, 0, 100), step: string(step), sentence: string(sentence), left: string(left),
    segment: number(segment), revision: number(revision) ?? 0, bars: string(bars),
  };
};

/** Follows a narration until it is something else, then calls `become`. */
export const making = (main: HTMLElement, become: () => void): void => {
  const id = main.dataset.id ?? '', place = `/p/${encodeURIComponent(id)}`;
  let picture: Picture | null = null, latest: Told | null = null, quarter = -1, over = false;

  const bind = (): void => {
    picture?.end();
    const root = one('[data-growing]', main);
    picture = root && growing(root);
    picture?.show(Number(root?.dataset.growing) / 100, root?.dataset.bars);
    if (latest) show(latest);
  };

  const show = ({ percent, sentence, left, segment, bars }: Told): void => {
    picture?.show(percent / 100, bars);
    const whole = Math.floor(percent);
    tell(one('[data-percent]', main), `${whole}\u2009%`);
    if (sentence) tell(one('[data-sentence]', main), sentence);
    tell(one('[data-left]', main), left);
    const bar = one('[role=progressbar]', main);
    bar?.setAttribute('aria-valuenow', String(whole));
    bar?.setAttribute('aria-valuetext', `${whole} per cent. ${sentence}`);
    if (segment === null) return;
    for (const paragraph of all('.pg', main)) {
      const index = Number(paragraph.dataset.index);
      paragraph.classList.toggle('now', index === segment);
      paragraph.classList.toggle('yet', index > segment);
    }
  };

  /* The page as it is now, in place of what is there. One at a time; who asks meanwhile gets another one after it. */
  let renewing = false, again = false;
  const renew = async (): Promise<void> => {
    if (renewing) { again = true; return; }
    renewing = true;
    const answer = await fetch(location.href, { headers: { accept: 'text/html' } }).catch(() => null);
    const page = answer ? new DOMParser().parseFromString(await answer.text().catch(() => ''), 'text/html') : null;
    const fresh = page && one('main[data-state]', page);
    renewing = false;
    if (over) return;
    const waits = latest && latest.status !== 'generating';
    // It is done, but the page does not have it yet, or did not come: a little later it will.
    if (!page || !fresh || (waits && fresh.dataset.state === 'making')) { if (waits) setTimeout(renew, ASK_AGAIN); return; }
    const was = main.dataset.state;
    swap(main, fresh);
    document.title = page.title;
    document.body.className = page.body.className;
    if (main.dataset.state === was) { bind(); if (again) { again = false; void renew(); } return; }
    over = true;
    stop();
    picture?.end();
    announce(main.dataset.state === 'ready' ? 'The narration is ready.' : one('h2', main)?.textContent ?? 'It could not be read aloud.');
    become();
  };

  const hear = (text: string): void => {
    const told = read(text);
    if (!told || over) return;
    heardAt = performance.now();
    const before = latest;
    latest = told;
    if (told.status !== 'generating') { void renew(); return; }
    show(told);
    const now = Math.floor(told.percent / 25), step = told.step !== (before?.step ?? main.dataset.step);
    if (step || (quarter >= 0 && now !== quarter)) announce(`${told.sentence} ${Math.floor(told.percent)} per cent.`);
    quarter = now;
    if (step || String(told.revision) !== (main.dataset.revision ?? '')) { main.dataset.revision = String(told.revision); void renew(); }
  };

  /* The stream. Where it is refused, or says nothing, the same is asked for. */
  let events: EventSource | null = null, heardAt = performance.now(), asking = 0;
  const open = (): void => {
    if (over || events) return;
    events = new EventSource(`${place}/events`);
    events.onmessage = event => hear(String(event.data));
  };
  const ask = async (): Promise<void> => {
    const refused = !events || events.readyState === EventSource.CLOSED;
    if (refused || performance.now() - heardAt > QUIET) {
      const answer = await fetch(`${place}/state`, { headers: { accept: 'application/json' }, cache: 'no-store' }).catch(() => null);
      if (answer?.ok) hear(await answer.text().catch(() => ''));
    }
    if (!over) asking = setTimeout(ask, ASK_AGAIN);
  };
  const close = (): void => { events?.close(); events = null; };
  const stop = (): void => {
    close();
    clearTimeout(asking);
    removeEventListener('pagehide', close);
    removeEventListener('pageshow', open);
  };
  addEventListener('pagehide', close);
  addEventListener('pageshow', open);
  bind();
  open();
  asking = setTimeout(ask, ASK_AGAIN);
};

/** Replaces what is within an element. The focus stays with what it was on, and what the reader looks at stays where it is. */
const swap = (main: HTMLElement, fresh: HTMLElement): void => {
  const focused = document.activeElement, within = focused !== main && main.contains(focused);
  const back = within && focused ? found(main, focused) : null;
  const seen = scrollY > 0 ? all('.pg', main).find(paragraph => paragraph.getBoundingClientRect().bottom > 0) : undefined;
  const top = seen?.getBoundingClientRect().top ?? 0, index = seen?.dataset.index;

  for (const { name } of [...main.attributes]) if (!fresh.hasAttribute(name)) main.removeAttribute(name);
  for (const { name, value } of [...fresh.attributes]) main.setAttribute(name, value);
  main.replaceChildren(...[...fresh.childNodes].map(node => document.adoptNode(node)));

  const same = index === undefined ? null : one(`.pg[data-index="${CSS.escape(index)}"]`, main);
  if (same) scrollBy({ top: same.getBoundingClientRect().top - top, behavior: 'instant' });
  if (within) {
    const target = (back ? one(back, main) : null) ?? main;
    if (target === main) main.tabIndex = -1;
    target.focus({ preventScroll: true });
  }
};

/** How to find an element again in the page that comes: by its id, or as a link of its paragraph. */
const found = (main: HTMLElement, element: Element): string | null => {
  if (element.id) return `#${CSS.escape(element.id)}`;
  const paragraph = element.closest<HTMLElement>('.pg'), href = element.getAttribute('href');
  if (!paragraph || !href || !main.contains(paragraph)) return null;
  return `.pg[data-index="${CSS.escape(paragraph.dataset.index ?? '')}"] [href="${CSS.escape(href)}"]`;
};
