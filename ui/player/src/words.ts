/** Which word is being read, and lighting it. Times are the server's, in milliseconds: `data-t` where a word begins, `data-e` where it ends. */

import { all } from './dom';

/** In a pause a word stays lit this long, so that it does not flicker between words, in milliseconds. */
const LINGER = 300;

interface Part { from: number; to: number; element: HTMLElement }
interface Word extends Part { sentence: Element | null }

export interface Reading {
  /** Lights what is read at a time, in seconds; `null` lights nothing. Says whether something else is lit than before. */
  light(seconds: number | null): boolean;
  /** What is being read: the word, or the paragraph where words have no times. */
  here(): HTMLElement | null;
}

/** The last of a list, in the order of time, that has begun; −1 where none has. */
export const begun = (list: readonly { from: number }[], ms: number): number => {
  let low = 0, high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle]?.from ?? Infinity) <= ms) low = middle + 1; else high = middle;
  }
  return low - 1;
};

const part = (element: HTMLElement): Part => ({ from: Number(element.dataset.t), to: Number(element.dataset.e), element });
const inTime = <P extends Part>(list: P[]): P[] => list.filter(({ from }) => Number.isFinite(from)).sort((a, b) => a.from - b.from);

export const reading = (root: Element): Reading => {
  const words: Word[] = inTime(all('.w[data-t]', root).map(element => ({ ...part(element), sentence: element.closest('.s') })));
  const paragraphs = inTime(all('.pg[data-t]', root).map(part));
  let lit: HTMLElement | null = null, washed: Element | null = null, place: HTMLElement | null = null;
  const light = (seconds: number | null): boolean => {
    const ms = seconds === null ? -1 : seconds * 1000;
    const word = words[begun(words, ms)], paragraph = paragraphs[begun(paragraphs, ms)]?.element;
    // A paragraph without words of its own is lit as a whole; words of the one before it are over then.
    const whole = paragraph && !paragraph.querySelector('.w[data-t]') ? paragraph : null;
    const nowLit = !whole && word && ms < word.to + LINGER ? word.element : null;
    const nowWashed = whole ?? word?.sentence ?? null;
    const changed = nowLit !== lit || nowWashed !== washed;
    if (changed) {
      lit?.classList.remove('lit');
      nowLit?.classList.add('lit');
      if (washed !== nowWashed) { washed?.classList.remove('on'); nowWashed?.classList.add('on'); }
      [lit, washed] = [nowLit, nowWashed];
    }
    place = whole ?? word?.element ?? null;
    return changed;
  };
  return { light, here: () => place };
};
