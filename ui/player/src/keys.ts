/** Keys of the whole page: never while typing, listed under “?”, and to be switched off. */

import { all, one } from './dom';
import { choice, choose } from './kept';

export interface Moves { toggle(): void; skip(seconds: number): void; faster(steps: number): void }

export const keys = (root: Element, moves: Moves): void => {
  const dialog = one<HTMLDialogElement>('[data-keys-list]', root), use = one<HTMLInputElement>('[data-use-keys]', root);
  if (!dialog || !use) return;
  use.checked = choice('keys') !== 'off';
  use.addEventListener('change', () => choose('keys', use.checked ? 'on' : 'off'));
  const list = (): void => dialog.showModal();
  for (const button of all('[data-keys]', root)) button.addEventListener('click', list);
  const does: Record<string, () => void> = {
    ' ': moves.toggle, k: moves.toggle, j: () => moves.skip(-15), l: () => moves.skip(15), '<': () => moves.faster(-1), '>': () => moves.faster(1), '?': list,
  };
  addEventListener('keydown', event => {
    const target = event.target instanceof Element ? event.target : null;
    const typing = target?.closest('input, select, textarea, [contenteditable]');
    const pressing = event.key === ' ' && target?.closest('button, a, summary');
    if (!use.checked || typing || pressing || dialog.open || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const move = does[event.key.toLowerCase()];
    if (move) { event.preventDefault(); move(); }
  });
};
