/** Finding elements. What is done with them is in the other files. */

export type Root = Document | Element;

export const all = <E extends Element = HTMLElement>(selector: string, root: Root = document): E[] => [...root.querySelectorAll<E>(selector)];

export const one = <E extends Element = HTMLElement>(selector: string, root: Root = document): E | null => root.querySelector<E>(selector);

export const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

/** Sets an element's text, where there is such an element and it says something else: what stays the same is not told again. */
export const tell = (element: Element | null, text: string): void => {
  if (element && element.textContent !== text) element.textContent = text;
};

/** Whether the reader asked for less motion. */
export const still = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches;
