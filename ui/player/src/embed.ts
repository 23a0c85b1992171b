/** Runs on pages of others: `<script async src="https://…/assets/embed.js" data-key="pk_live_…"></script>` makes a player of every
 *  `<div data-soundpost-url="https://…"></div>`. The key goes into a header, never into an address. */

export {};

declare global {
  interface Window { Soundpost?: { scan(): void } }
}

/** One height in every state, so that the page does not jump. */
const HEIGHT = '124px';

interface Player { playerId: string; title?: string | null }

const say = (text: string): void => console.info(`Soundpost: ${text}`);
const warn = (text: string): void => console.warn(`Soundpost: ${text}`);

const begin = (script: HTMLScriptElement, key: string): void => {
  const origin = new URL(script.src).origin, asked = new Map<string, Promise<Player | null>>(), known = new WeakSet<Element>();

  /* `null`: there is nothing to show, and the console says why. */
  const ask = async (url: string): Promise<Player | null> => {
    const answer = await fetch(`${origin}/audyo/players?url=${encodeURIComponent(url)}`, {
      headers: { Authorization: `Basic ${btoa(`${key}:`)}`, Accept: 'application/json' },
      credentials: 'omit',
    }).catch(() => null);
    if (!answer) { warn(`${origin} cannot be reached, or does not know this page's domain.`); return null; }
    const told: unknown = await answer.json().catch(() => null);
    const fields = (typeof told === 'object' && told !== null ? told : {}) as Record<string, unknown>;
    if (answer.status === 404) { say(`nothing has been read aloud of ${url} yet.`); return null; }
    if (!answer.ok || typeof fields.playerId !== 'string') {
      warn(typeof fields.detail === 'string' ? fields.detail : `${origin} answered with ${answer.status}.`);
      return null;
    }
    return fields as unknown as Player;
  };

  const address = (place: HTMLElement): string => {
    const canonical = document.querySelector<HTMLLinkElement>('link[rel~="canonical"]')?.href;
    const url = new URL(place.dataset.soundpostUrl || canonical || location.href, document.baseURI);
    url.hash = '';
    return url.href;
  };

  const show = async (place: HTMLElement): Promise<void> => {
    place.style.height = HEIGHT;
    let url: string;
    try { url = address(place); } catch { warn(`“${place.dataset.soundpostUrl}” is not an address.`); place.style.height = '0'; return; }
    const player = asked.get(url) ?? ask(url);
    asked.set(url, player);
    const found = await player;
    if (!found) { place.style.height = '0'; return; }
    const theme = place.dataset.theme === 'dark' || place.dataset.theme === 'light' ? place.dataset.theme : '';
    const source = new URL(`/embed/${encodeURIComponent(found.playerId)}`, origin);
    if (theme) source.searchParams.set('theme', theme);
    const frame = document.createElement('iframe');
    frame.title = found.title ? `Listen: ${found.title}` : 'Listen to this article';
    frame.loading = 'lazy';
    frame.allow = 'autoplay';
    frame.style.cssText = `display:block;width:100%;height:${HEIGHT};border:0`;
    // A frame whose scheme is not its page's gets an opaque ground, which would show at the round corners.
    frame.style.colorScheme = theme || 'light dark';
    frame.src = source.href;
    place.replaceChildren(frame);
  };

  const scan = (): void => {
    for (const place of document.querySelectorAll<HTMLElement>('div[data-soundpost-url]')) {
      if (known.has(place)) continue;
      known.add(place);
      void show(place);
    }
  };
  window.Soundpost = { scan };
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', scan); else scan();
};

const script = document.currentScript instanceof HTMLScriptElement ? document.currentScript : document.querySelector<HTMLScriptElement>('script[data-key][src$="embed.js"]');
const key = script?.dataset.key ?? '';
if (window.Soundpost) window.Soundpost.scan();
else if (!script || !key) warn('the script needs its key: data-key="pk_live_…".');
else if (key.startsWith('sk_')) console.error('Soundpost: a private key is in this page, where everybody can read it. Revoke it, and put the public one here.');
else begin(script, key);
