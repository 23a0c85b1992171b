/** Waveforms on whole pixels: bars of 2 on a pitch of 3, 7 clear of the plates, none within 2 of the post. The server draws the same,
 *  stretched, where no script does (src/pages/waveform.rs). */

import { clamp } from './dom';

const NS = 'http://www.w3.org/2000/svg';
const PITCH = 3, BAR = 2, CLEAR = 7;
/** Half the height of a bar of sound that is being made and was not measured yet. */
const GROWING = 4;

type Line = 'plate' | 'halo' | 'post' | 'fallen' | 'un' | 'pl' | 'gh';

interface Canvas {
  /** Adds a path; nothing where there is nothing to draw. */
  path(name: Line, d: string): void;
  width: number;
  height: number;
  middle: number;
  /** How many bars there is room for. */
  bars: number;
  /** How far a bar may go from the middle. */
  room: number;
}

export interface Picture {
  /** Draws how far it is: a share from 0 to 1. What is being made comes with what is finished of it. */
  show(share: number, hex?: string): void;
  /** Leaves it as it is and listens no more. */
  end(): void;
}

/** Amplitudes, 0 to 127, from two hexadecimal digits each. */
const amplitudes = (hex: string): number[] => (hex.match(/[0-9a-f]{2}/g) ?? []).map(pair => parseInt(pair, 16));

const fit = (list: number[], bars: number): number[] => Array.from({ length: bars }, (_, bar) => {
  const from = Math.floor(bar * list.length / bars), to = Math.max(from + 1, Math.floor((bar + 1) * list.length / bars));
  return Math.max(0, ...list.slice(from, to));
});

/** Half the height of a bar. */
const tall = (canvas: Canvas, amplitude = 0): number => Math.max(1, Math.round(amplitude / 127 * canvas.room));

const x = (bar: number): number => bar * PITCH + 1;

const bars = (middle: number, from: number, to: number, step: number, tall: (bar: number) => number): string => {
  let d = '';
  for (let bar = from; bar < to; bar += step) { const v = tall(bar); if (v > 0) d += `M${x(bar)} ${middle - v}V${middle + v}`; }
  return d;
};

/** Puts one picture in place of the server's two, and draws it again whenever its place becomes wider or narrower. */
const picture = (root: HTMLElement, draw: (canvas: Canvas, share: number, list: number[]) => void): Picture => {
  const svg = document.createElementNS(NS, 'svg'), bare = 'bare' in root.dataset;
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('class', 'wave own');
  root.replaceChildren(svg);
  let share = 0, hex = '', list: number[] = [], drawn = '';
  const paint = (): void => {
    const width = Math.floor(root.clientWidth), height = Math.floor(root.clientHeight);
    // The post moves by whole pixels, so between two of them there is nothing to do.
    const now = `${width} ${height} ${Math.round(share * width)} ${hex}`;
    if (!width || !height || now === drawn) return;
    drawn = now;
    svg.replaceChildren();
    svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    const path = (name: Line, d: string): void => {
      if (!d) return;
      const line = document.createElementNS(NS, 'path');
      line.setAttribute('class', name);
      line.setAttribute('d', d);
      if (name === 'un' || name === 'pl' || name === 'gh') line.setAttribute('stroke-width', String(BAR));
      svg.append(line);
    };
    if (!bare) path('plate', `M0 .5H${width}M0 ${height - 0.5}H${width}`);
    const middle = Math.floor(height / 2);
    draw({ path, width, height, middle, bars: Math.floor(width / PITCH), room: middle - (bare ? 1 : CLEAR) }, share, list);
  };
  const watch = new ResizeObserver(paint);
  watch.observe(root);
  return {
    show: (to, finished = hex) => {
      share = clamp(to, 0, 1) || 0;
      if (finished !== hex) { hex = finished; list = amplitudes(hex); }
      paint();
    },
    end: () => watch.disconnect(),
  };
};

const post = ({ path, width, height }: Canvas, share: number): void => {
  const at = clamp(Math.round(share * width) + 0.5, 1.5, width - 1.5), d = `M${at} 2V${height - 2}`;
  path('halo', d);
  path('post', d);
};

/** Sound that can be heard: played bars in amber, the others waiting. */
export const heard = (root: HTMLElement, hex: string): Picture => {
  const whole = amplitudes(hex);
  let list: number[] = [];
  return picture(root, (canvas, share) => {
    if (list.length !== canvas.bars) list = fit(whole, canvas.bars);
    const split = Math.round(share * canvas.bars);
    const free = (bar: number): number => Math.abs(bar - split) < 2 ? 0 : tall(canvas, list[bar]);
    canvas.path('un', bars(canvas.middle, split, canvas.bars, 1, free));
    canvas.path('pl', bars(canvas.middle, 0, split, 1, free));
    post(canvas, share);
  });
};

/** Sound that is being made: what is finished stands behind the post, the rest is a dotted line. */
export const growing = (root: HTMLElement): Picture => picture(root, (canvas, share, finished) => {
  const split = Math.round(share * canvas.bars), list = fit(finished, split);
  canvas.path('pl', bars(canvas.middle, 0, split - 1, 1, bar => finished.length ? tall(canvas, list[bar]) : GROWING));
  canvas.path('gh', bars(canvas.middle, split + 2, canvas.bars, 2, () => 1));
  post(canvas, share);
});

/** Sound that there is none of: the post has fallen. */
export const fallen = (root: HTMLElement): Picture => picture(root, canvas => {
  const half = Math.floor(canvas.bars / 2), foot = canvas.height - 4;
  canvas.path('gh', bars(canvas.middle, 0, half - 15, 2, () => 1) + bars(canvas.middle, half + 15, canvas.bars, 2, () => 1));
  canvas.path('fallen', `M${x(half) - 36} ${foot}l72 -35`);
});
