/** The player: sound, its controls, the waveform as its slider, and the text that is lit along. The embed has the same with fewer parts, so
 *  every part but the sound, play and the slider may be missing. */

import { all, clamp, one, tell } from './dom';
import { following } from './follow';
import { keys } from './keys';
import { choice, choose, keepPlace, place as keptPlace } from './kept';
import { note } from './told';
import { clock, spoken, wanted } from './time';
import { heard } from './wave';
import { reading } from './words';

const SPEEDS = [0.75, 1, 1.25, 1.5, 1.75, 2];
/** While it plays, the place is kept this often, in milliseconds. */
const KEEP_EVERY = 5000;
/** So near to the beginning or the end there is no place worth going back to, in seconds. */
const EDGE = 4;
const PLAY = 'M4 2v12l9.5-6z', PAUSE = 'M3.5 2h3v12h-3zM9.5 2h3v12h-3z';

export const listen = (main: HTMLElement): void => {
  const root = one('[data-narration]', main), sound = one<HTMLAudioElement>('audio', main);
  const slider = one('[data-place]', main), button = one('[data-play]', main);
  if (!root || !sound || !slider || !button) return;
  const id = main.dataset.id ?? '', title = root.dataset.title ?? document.title;
  const length = Number(root.dataset.length) / 1000 || 1;
  let at = 0, started = false, keptAt = 0;

  const text = reading(main), follow = following(one('[data-follow]', main), text.here, () => !sound.paused);
  const wave = heard(slider, slider.dataset.bars ?? '');
  const now = all('[data-now]', main), shareAt = one('[data-share-at]', main), done = one('[data-done]', main);

  /* What is shown of where one is. Numbers change once a second, the post by pixels, words when they begin. */
  let second = -1;
  const show = (): void => {
    wave.show(at / length);
    if (done) done.style.width = `${at / length * 100}%`;
    if (text.light(started ? at : null) && !sound.paused) follow.step();
    if (Math.floor(at) === second) return;
    second = Math.floor(at);
    for (const place of now) tell(place, clock(at));
    tell(shareAt, clock(at));
    slider.setAttribute('aria-valuenow', String(second));
    slider.setAttribute('aria-valuetext', `${spoken(at)} of ${spoken(length)}`);
    session();
  };
  const session = (): void => {
    try { navigator.mediaSession.setPositionState({ duration: length, position: at, playbackRate: sound.playbackRate }); } catch { /* no media session */ }
  };
  const keep = (): void => {
    if (!started) return;
    keptAt = performance.now();
    keepPlace(id, at < EDGE || at > length - EDGE ? null : at);
  };
  const look = (): void => {
    const verb = sound.paused ? 'Play' : 'Pause';
    button.setAttribute('aria-label', 'titled' in button.dataset ? `${verb}: ${title}` : verb);
    one('path', button)?.setAttribute('d', sound.paused ? PLAY : PAUSE);
  };

  const silent = one('[data-silent]', main);
  const fail = (): void => {
    // A sound that did not come still counts as playing.
    sound.pause();
    if (silent) silent.hidden = false;
    tell(silent, navigator.onLine ? 'The sound did not come. Press play again, or load the page again.' : 'The sound did not come: there is no line. Press play again when it is back.');
    look();
  };
  const seek = (seconds: number): void => {
    started = true;
    at = clamp(seconds, 0, length);
    sound.currentTime = at;
    show();
    keep();
  };
  const play = (): void => {
    if (silent) silent.hidden = true;
    if (sound.error || sound.networkState === HTMLMediaElement.NETWORK_NO_SOURCE) { sound.load(); sound.currentTime = at; }
    started = true;
    sound.playbackRate = speed;
    sound.play().catch((error: unknown) => { if (!(error instanceof DOMException && error.name === 'AbortError')) fail(); });
  };
  const toggle = (): void => { if (sound.paused) play(); else sound.pause(); };
  const skip = (seconds: number): void => seek(at + seconds);

  /* Speed. */
  const select = one<HTMLSelectElement>('[data-speed]', main);
  let speed = SPEEDS.find(one => String(one) === choice('speed')) ?? 1;
  const pace = (to: number): void => {
    speed = to;
    sound.playbackRate = sound.defaultPlaybackRate = to;
    if (select) select.value = String(to);
    session();
  };
  const faster = (steps: number): void => {
    pace(SPEEDS[clamp(SPEEDS.indexOf(speed) + steps, 0, SPEEDS.length - 1)] ?? 1);
    choose('speed', String(speed));
    note(`Speed ${speed}×`);
  };
  select?.addEventListener('change', () => { pace(Number(select.value)); choose('speed', select.value); });
  pace(speed);

  /* The sound speaks for itself: whoever starts, stops or moves it, the page shows what it does. */
  let frame = 0;
  const hear = (): void => { at = clamp(sound.currentTime, 0, length); show(); };
  const run = (): void => { hear(); frame = requestAnimationFrame(run); };
  sound.addEventListener('play', () => { cancelAnimationFrame(frame); frame = requestAnimationFrame(run); look(); follow.step(); });
  sound.addEventListener('pause', () => { cancelAnimationFrame(frame); look(); keep(); });
  sound.addEventListener('ended', () => { at = length; show(); keep(); look(); });
  sound.addEventListener('timeupdate', () => { if (!sound.paused) { hear(); if (performance.now() - keptAt > KEEP_EVERY) keep(); } });
  sound.addEventListener('error', fail, true);
  addEventListener('pagehide', keep);
  document.addEventListener('visibilitychange', () => { if (document.hidden) keep(); });

  /* Controls. */
  button.addEventListener('click', toggle);
  one('[data-back]', main)?.addEventListener('click', () => skip(-15));
  one('[data-on]', main)?.addEventListener('click', () => skip(15));
  slider.setAttribute('role', 'slider');
  slider.tabIndex = 0;
  slider.setAttribute('aria-label', 'Place in the narration');
  slider.setAttribute('aria-valuemin', '0');
  slider.setAttribute('aria-valuemax', String(Math.floor(length)));
  const point = (event: PointerEvent): void => { const box = slider.getBoundingClientRect(); seek((event.clientX - box.left) / box.width * length); };
  slider.addEventListener('pointerdown', event => { if (event.button === 0) { slider.setPointerCapture(event.pointerId); point(event); } });
  slider.addEventListener('pointermove', event => { if (slider.hasPointerCapture(event.pointerId)) point(event); });
  slider.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const to: Record<string, number> = { ArrowLeft: at - 5, ArrowDown: at - 5, ArrowRight: at + 5, ArrowUp: at + 5, PageDown: at - 60, PageUp: at + 60, Home: 0, End: length };
    const seconds = to[event.key];
    if (seconds !== undefined) { event.preventDefault(); seek(seconds); }
    // In the embed there are no keys of the whole page, but whoever holds the slider expects this one.
    if (event.key === ' ') { event.preventDefault(); toggle(); }
  });

  /* Jumps within the text. A paragraph's link, which works without a script, becomes the button that it is with one. */
  for (const link of all<HTMLAnchorElement>('a.at', main)) {
    const from = Number(link.closest<HTMLElement>('.pg')?.dataset.t) / 1000, jump = document.createElement('button');
    jump.type = 'button';
    jump.className = link.className;
    jump.setAttribute('aria-label', link.getAttribute('aria-label') ?? `Play from ${clock(from)}`);
    jump.append(...link.childNodes);
    jump.addEventListener('click', () => { follow.meet(); seek(from); play(); });
    link.replaceWith(jump);
  }
  main.addEventListener('click', event => {
    const target = event.target instanceof Element ? event.target : null, word = target?.closest<HTMLElement>('.w[data-t]');
    // Whoever marks words, or follows a link in them, does not want to jump.
    if (!word || target?.closest('a, button') || !(getSelection()?.isCollapsed ?? true)) return;
    follow.meet();
    seek(Number(word.dataset.t) / 1000);
  });

  /* Sharing a time: copied, or shown where the browser keeps its clipboard to itself. */
  one('[data-share]', main)?.addEventListener('click', async () => {
    const address = new URL(main.dataset.address ?? location.pathname, location.href), seconds = Math.floor(at);
    address.searchParams.delete('t');
    if (seconds) address.searchParams.set('t', String(seconds));
    const copied = await navigator.clipboard?.writeText(address.href).then(() => true, () => false) ?? false;
    const shown = one('[data-shared]', main), field = one<HTMLInputElement>('input', shown ?? main);
    if (copied || !shown || !field) { note(copied ? `Copied: an address that begins at ${clock(at)}` : address.href); return; }
    shown.hidden = false;
    field.value = address.href;
    field.focus();
    field.select();
  });

  if ('keyed' in root.dataset) keys(main, { toggle, skip, faster });

  /* The keys and screens of the device. */
  try {
    const media = navigator.mediaSession;
    const does: [MediaSessionAction, MediaSessionActionHandler][] = [
      ['play', play], ['pause', () => sound.pause()],
      ['seekbackward', ({ seekOffset }) => skip(-(seekOffset ?? 15))], ['seekforward', ({ seekOffset }) => skip(seekOffset ?? 15)],
      ['seekto', ({ seekTime }) => { if (typeof seekTime === 'number') seek(seekTime); }],
    ];
    for (const [action, handler] of does) media.setActionHandler(action, handler);
    sound.addEventListener('play', () => { media.metadata = new MediaMetadata({ title, artist: root.dataset.site ?? '' }); });
  } catch { /* A browser without them, or without some of them. */ }

  const begin = wanted(location.search) ?? keptPlace(id);
  if (begin !== null && begin > 0) { at = clamp(begin, 0, length); started = true; sound.currentTime = at; }
  show();
  look();
};
