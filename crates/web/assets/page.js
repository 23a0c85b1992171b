/* What pages gain where scripts run. Everything here replaces something that works without: the players, the waveform that
   the server drew, the refresh of a page that waits, the plain upload. Nothing is fetched from anywhere but this server. */
(() => {
  'use strict';
  document.documentElement.classList.add('js');
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);
  const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

  const clock = seconds => {
    const s = Math.floor(seconds), pad = n => String(n).padStart(2, '0');
    return s < 3600 ? `${Math.floor(s / 60)}:${pad(s % 60)}` : `${Math.floor(s / 3600)}:${pad(Math.floor(s / 60) % 60)}:${pad(s % 60)}`;
  };
  const spoken = seconds => {
    const s = Math.floor(seconds), parts = [[Math.floor(s / 3600), 'hour'], [Math.floor(s / 60) % 60, 'minute'], [s % 60, 'second']];
    return parts.filter(([n]) => n).map(([n, word]) => `${n} ${word}${n === 1 ? '' : 's'}`).join(' ') || '0 seconds';
  };

  /* Waveforms on whole pixels: bars of 2 on a pitch of 3, 7 clear of the plates, none within 2 of the post. */
  const NS = 'http://www.w3.org/2000/svg', PITCH = 3, CLEAR = 7;
  const amplitudes = hex => (hex.match(/../g) || []).map(pair => parseInt(pair, 16));
  const fit = (list, bars) => Array.from({ length: bars }, (_, bar) => {
    const from = Math.floor(bar * list.length / bars), to = Math.max(from + 1, Math.floor((bar + 1) * list.length / bars));
    return Math.max(0, ...list.slice(from, to));
  });
  const picture = (root, draw) => {
    const svg = document.createElementNS(NS, 'svg');
    svg.setAttribute('aria-hidden', 'true');
    /* Of the pictures for desks and for phones only one is shown. */
    const height = Math.max(...all('svg', root).map(svg => svg.getBoundingClientRect().height));
    svg.setAttribute('class', `wave h${Math.round(height)}`);
    root.replaceChildren(svg);
    const path = (name, d) => {
      if (!d) return;
      const e = document.createElementNS(NS, 'path');
      e.setAttribute('class', name);
      e.setAttribute('d', d);
      if (!['plate', 'mid', 'halo', 'post', 'tick'].includes(name)) e.setAttribute('stroke-width', 2);
      svg.append(e);
    };
    const paint = () => {
      const width = Math.floor(svg.getBoundingClientRect().width), h = Math.round(height);
      if (!width) return;
      svg.replaceChildren();
      svg.setAttribute('viewBox', `0 0 ${width} ${h}`);
      path('plate', `M0 .5H${width}M0 ${h - .5}H${width}`);
      draw({ path, width, height: h, middle: Math.floor(h / 2), bars: Math.floor(width / PITCH) });
    };
    new ResizeObserver(paint).observe(svg);
    paint();
    return paint;
  };
  const X = bar => bar * PITCH + 1;
  const post = ({ path, width, height }, x) => {
    const at = clamp(Math.round(x) + .5, 1.5, width - 1.5), d = `M${at} 2V${height - 2}`;
    path('halo', d);
    path('post', d);
  };
  const dotted = ({ middle, bars }, from) => {
    let d = '';
    for (let bar = from; bar < bars; bar += 2) d += `M${X(bar)} ${middle - 1}V${middle + 1}`;
    return d;
  };

  /* Summaries of what is to be mended take the focus; times are told as the reader's clock has them. */
  const words = root => {
    one('[data-focus]', root)?.focus();
    for (const time of all('time[datetime]', root)) {
      const at = new Date(time.dateTime);
      if (Number.isNaN(+at)) continue;
      time.title = time.textContent;
      time.textContent = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at).replace(' at ', ', ');
    }
  };

  /* An invitation stands behind the # of its address, where no server sees it. Whoever has to sign in first finds it in the form afterwards. */
  const invitation = () => {
    const code = location.hash.slice(1), field = one('[data-invitation]');
    if (!field) {
      if (code.startsWith('spn_')) sessionStorage.setItem('invitation', code);
      return;
    }
    field.value ||= code || sessionStorage.getItem('invitation') || '';
    sessionStorage.removeItem('invitation');
    if (code) history.replaceState(null, '', location.pathname);
  };

  /* Sending a recording, with how far it is. */
  const upload = form => {
    const sending = one('[data-sending]'), bar = one('progress', sending), sent = one('[data-sent]', sending);
    form.addEventListener('submit', event => {
      const file = form.elements.input_file.files[0];
      if (!file) return;
      event.preventDefault();
      if (file.size > +form.dataset.limit) {
        sending.hidden = false;
        sent.textContent = `“${file.name}” has ${(file.size / 1e9).toFixed(1)}\u2009GB. At most ${form.dataset.most} are taken here; the operator can raise that.`;
        return;
      }
      const request = new XMLHttpRequest(), button = one('button.p', form), mb = n => (n / 1e6).toFixed(n < 1e8 ? 1 : 0);
      const over = () => { sending.hidden = true; button.disabled = false; };
      const told = text => { if (sent.textContent !== text) sent.textContent = text; };
      let quarter = -1;
      button.disabled = true;
      sending.hidden = false;
      request.open('POST', form.action);
      request.upload.onprogress = ({ loaded, total }) => {
        bar.value = loaded / total * 100;
        const now = Math.floor(loaded / total * 4);
        if (now !== quarter) { quarter = now; told(`${Math.floor(loaded / total * 100)}\u2009% of ${mb(total)}\u2009MB sent`); }
      };
      request.upload.onload = () => told('All of it is here. One moment.');
      request.onload = () => {
        if (request.status < 400) { location.assign(request.responseURL); return; }
        over();
        const answer = new DOMParser().parseFromString(request.responseText, 'text/html'), main = one('main', answer);
        if (!main) { location.reload(); return; }
        one('main').replaceWith(document.adoptNode(main));
        words(main);
        all('[data-upload]', main).forEach(upload);
      };
      request.onerror = () => { over(); sending.hidden = false; bar.value = 0; told('The connection dropped before all of it was here. Send it again when the line is back.'); };
      one('[data-cancel]', sending).onclick = () => { request.abort(); over(); };
      request.send(new FormData(form));
    });
  };

  /* A production that is being made: the post moves, words change, and at the end the page becomes the player. */
  const live = main => {
    const growing = one('[data-growing]', main);
    let percent = +growing.dataset.growing || 0, status = null, quarter = Math.floor(percent / 25);
    const paint = picture(growing, canvas => {
      const { path, bars, middle } = canvas, split = Math.round(percent / 100 * bars);
      let d = '';
      for (let bar = 0; bar < split - 1; bar++) d += `M${X(bar)} ${middle - 4}V${middle + 4}`;
      path('pl', d);
      path('gh', dotted(canvas, split + 2));
      post(canvas, X(split));
    });
    const text = (name, value) => { const e = one(`[data-${name}]`, main); if (e && e.textContent !== value) e.textContent = value; };
    const left = seconds => seconds < 10 ? '' : seconds < 55 ? `About ${Math.ceil(seconds / 5) * 5}\u2009s left.` : seconds < 90 ? 'About a minute left.' : `About ${Math.round(seconds / 60)} minutes left.`;
    /* Statuses of the API that mean that somebody is at it. */
    const RUNNING = [1, 4, 5, 6, 7, 8, 12, 13, 14];
    /* Another step: what says so is taken from the page as it is now. */
    const renew = async () => {
      const answer = await fetch(location.href).catch(() => null);
      if (!answer?.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      if (!one('main[data-running]', page)) { location.reload(); return; }
      for (const name of ['.meta', '.told', '.steps']) one(name, main).replaceWith(document.adoptNode(one(name, page)));
      words(one('.meta', main));
      text('status', one('[data-step]', main).textContent);
    };
    let began = null;
    const hear = event => {
      let told;
      try { told = JSON.parse(event.data); } catch { return; }
      if (typeof told.status === 'number') {
        if (!RUNNING.includes(told.status)) { events.close(); location.reload(); return; }
        if (status !== null && told.status !== status) { began = null; renew(); }
        status = told.status;
      }
      if (typeof told.progress === 'number') {
        percent = clamp(told.progress * 100, 0, 100);
        text('percent', `${Math.floor(percent)}\u2009%`);
        began ??= { at: performance.now(), percent };
        const took = (performance.now() - began.at) / 1000, gone = percent - began.percent;
        if (took > 3 && gone > 2) text('left', left(took / gone * (100 - percent)) || 'Almost there.');
        paint();
        const now = Math.floor(percent / 25);
        if (now !== quarter) { quarter = now; text('status', `${one('[data-step]', main).textContent} ${Math.floor(percent)} per cent.`); }
      }
    };
    const events = new EventSource(`/api/production/${main.dataset.production}/events`);
    events.onmessage = hear;
    for (const name of ['status', 'progress']) events.addEventListener(name, hear);
    /* Where the stream is refused for good, the page is asked for instead. */
    events.onerror = () => { if (events.readyState === EventSource.CLOSED) setInterval(renew, 5000); };
    addEventListener('pagehide', () => events.close());
  };

  /* What is being made while its text is edited: it is told here, and the page is only loaded again where nothing would be lost. */
  const made = main => {
    const told = one('[data-told]', main);
    const typed = () => all('input, textarea', main).some(field => field.value !== field.defaultValue);
    const ask = async () => {
      const answer = await fetch(main.dataset.untilMade).catch(() => null);
      const { sentence } = answer?.ok ? await answer.json().catch(() => ({})) : {};
      if (sentence) told.textContent = sentence;
      if (sentence !== '') { setTimeout(ask, 2000); return; }
      if (!typed()) { location.reload(); return; }
      told.textContent = 'It was read. Save what you typed to go on from there.';
    };
    setTimeout(ask, 2000);
  };

  /* Listening: one transport, the waveform as its slider, the original and the mastered sound at the same moment. */
  const player = root => {
    const sounds = { after: one('audio[data-after]', root), before: one('audio[data-before]', root) };
    const slider = one('[data-slider]', root), length = +root.dataset.length / 1000, button = one('[data-play]', root);
    const bars = { before: amplitudes(slider.dataset.barsBefore), after: amplitudes(slider.dataset.barsAfter) };
    const marks = slider.dataset.marks.split(' ').filter(Boolean).map(Number);
    const chart = one('[data-chart] .plot'), speeds = [0.75, 1, 1.25, 1.5, 1.75, 2];
    let side = 'after', at = 0, speed = 1, playhead = null;
    const sound = () => sounds[side], other = () => sounds[side === 'after' ? 'before' : 'after'];
    const scale = name => (+sounds[name]?.dataset.length || length * 1000) / 1000 / length || 1;

    const paint = picture(slider, canvas => {
      const { path, width, height, middle, bars: count } = canvas, split = Math.round(at / length * count) || 0, room = middle - CLEAR;
      const tall = value => Math.max(1, Math.round(value / 127 * room));
      const part = (list, from, to, up, down) => {
        let d = '';
        for (let bar = from; bar < to; bar++) if (Math.abs(bar - split) >= 2) { const v = tall(list[bar]); d += `M${X(bar)} ${up ? middle - v : middle + 1}V${down ? middle + v : middle - 1}`; }
        return d;
      };
      const mirror = bars.before.length > 0;
      if (mirror) {
        path('mid', `M0 ${middle + .5}H${width}`);
        for (const [name, up, down] of [['before', 1, 0], ['after', 0, 1]]) {
          const list = fit(bars[name], count), from = name === side ? split : 0;
          path('un', part(list, from, count, up, down));
          if (name === side) path('pl', part(list, 0, split, up, down));
        }
      } else if (bars.after.length) {
        const list = fit(bars.after, count);
        path('un', part(list, split, count, 1, 1));
        path('pl', part(list, 0, split, 1, 1));
      } else path('gh', dotted(canvas, 0));
      path('tick', marks.map(ms => `M${Math.round(ms / 1000 / length * width) + .5} ${height - 1}v6`).join(''));
      post(canvas, at / length * width);
    });

    slider.setAttribute('role', 'slider');
    slider.tabIndex = 0;
    slider.setAttribute('aria-label', 'Place in the recording');
    slider.setAttribute('aria-valuemin', 0);
    slider.setAttribute('aria-valuemax', Math.floor(length));
    if (chart) {
      playhead = document.createElementNS(NS, 'path');
      playhead.setAttribute('class', 'playhead');
      chart.append(playhead);
    }
    const show = () => {
      one('[data-now]', root).textContent = clock(at);
      slider.setAttribute('aria-valuenow', Math.floor(at));
      slider.setAttribute('aria-valuetext', `${spoken(at)} of ${spoken(length)}`);
      const x = clamp(at / length * 1000, 1, 999) || 1;
      playhead?.setAttribute('d', `M${x} 0V168`);
      let here = null;
      for (const chapter of all('.chaps li', root)) { chapter.removeAttribute('aria-current'); if (+chapter.dataset.at <= at * 1000) here = chapter; }
      here?.setAttribute('aria-current', 'true');
      paint();
    };
    const seek = seconds => { at = clamp(seconds, 0, length); sound().currentTime = at * scale(side); show(); };
    const silent = one('[data-silent]', root);
    const fail = () => { silent.hidden = false; silent.textContent = 'This browser cannot play it from here. The files can be downloaded below.'; look(); };
    const play = () => { silent.hidden = true; sound().playbackRate = speed; sound().play().catch(error => { if (error.name !== 'AbortError') fail(); }); };
    const look = () => {
      const playing = !sound().paused;
      button.setAttribute('aria-label', playing ? 'Pause' : 'Play');
      one('[data-icon]', button).setAttribute('d', playing ? 'M3.5 2h3v12h-3zM9.5 2h3v12h-3z' : 'M4 2v12l9.5-6z');
    };
    const toggle = () => { if (sound().paused) play(); else sound().pause(); };
    const match = () => {
      const on = one('[data-match]', root)?.checked, quiet = Math.min(...Object.values(sounds).map(s => +(s?.dataset.lufs ?? Infinity)));
      for (const s of Object.values(sounds)) if (s) s.volume = on && s.dataset.lufs ? clamp(10 ** ((quiet - s.dataset.lufs) / 20), 0, 1) : 1;
    };
    const listen = wanted => {
      if (!sounds[wanted] || wanted === side) return;
      const playing = !sound().paused;
      sound().pause();
      side = wanted;
      sound().currentTime = at * scale(side);
      for (const b of all('[data-hear]', root)) b.setAttribute('aria-pressed', b.dataset.hear === side);
      for (const s of all('[data-side]', root)) s.classList.toggle('heard', s.dataset.side === side);
      if (playing) play();
      show();
      look();
    };
    const pace = step => {
      speed = speeds[clamp(speeds.indexOf(speed) + step, 0, speeds.length - 1)];
      sound().playbackRate = speed;
      const said = one('[data-speed]', root);
      said.hidden = speed === 1;
      said.textContent = `${speed}×`;
    };

    for (const [name, s] of Object.entries(sounds)) {
      if (!s) continue;
      s.addEventListener('timeupdate', () => { if (name === side) { at = clamp(s.currentTime / scale(name), 0, length); show(); } });
      for (const kind of ['play', 'pause', 'ended']) s.addEventListener(kind, look);
    }
    let frame = 0;
    const follow = () => { if (!sound().paused) { at = clamp(sound().currentTime / scale(side), 0, length); show(); } frame = requestAnimationFrame(follow); };
    for (const s of Object.values(sounds)) s?.addEventListener('play', () => { cancelAnimationFrame(frame); follow(); });
    for (const s of Object.values(sounds)) s?.addEventListener('pause', () => { if (sound().paused) cancelAnimationFrame(frame); });

    button.addEventListener('click', toggle);
    for (const b of all('[data-hear]', root)) b.addEventListener('click', () => listen(b.dataset.hear));
    one('[data-match]', root)?.addEventListener('change', match);
    for (const b of all('.chaps button', root)) b.addEventListener('click', () => { seek(+b.closest('li').dataset.at / 1000); play(); });
    const point = event => { const box = slider.getBoundingClientRect(); seek((event.clientX - box.left) / box.width * length); };
    slider.addEventListener('pointerdown', event => { if (event.button === 0) { slider.setPointerCapture(event.pointerId); point(event); } });
    slider.addEventListener('pointermove', event => { if (slider.hasPointerCapture(event.pointerId)) point(event); });
    slider.addEventListener('keydown', event => {
      const moves = { ArrowLeft: at - 5, ArrowDown: at - 5, ArrowRight: at + 5, ArrowUp: at + 5, PageDown: at - 60, PageUp: at + 60, Home: 0, End: length };
      if (!(event.key in moves) || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      seek(moves[event.key]);
    });

    /* Keys of the whole page: never while typing, and they can be switched off. */
    const dialog = one('[data-dialog]'), use = one('[data-use-keys]'), KEPT = 'soundpost-keys';
    try { use.checked = localStorage.getItem(KEPT) !== 'off'; } catch { /* a browser that keeps nothing keeps them on */ }
    use.addEventListener('change', () => { try { localStorage.setItem(KEPT, use.checked ? 'on' : 'off'); } catch { /* not kept */ } });
    one('[data-keys]', root).addEventListener('click', () => dialog.showModal());
    addEventListener('keydown', event => {
      const typing = event.target.closest('input, select, textarea, [contenteditable]');
      const pressing = event.key === ' ' && event.target.closest('button, a, summary, audio');
      if (!use.checked || typing || pressing || dialog.open || event.ctrlKey || event.metaKey || event.altKey) return;
      const keys = { ' ': toggle, k: toggle, j: () => seek(at - 15), l: () => seek(at + 15), a: () => listen('before'), b: () => listen('after'), '<': () => pace(-1), '>': () => pace(1), '?': () => dialog.showModal() };
      const does = keys[event.key.toLowerCase()];
      if (does) { event.preventDefault(); does(); }
    });
    match();
    show();
  };

  /* A secret beside its button: copied, or marked so that the keyboard's own way does it, where the browser keeps the clipboard to https. */
  const copy = button => button.addEventListener('click', async () => {
    const from = button.parentElement.previousElementSibling, text = all('code', from).map(code => code.textContent).join('\n');
    getSelection().selectAllChildren(from);
    const done = await navigator.clipboard?.writeText(text).then(() => true, () => false) ?? document.execCommand('copy');
    one('[aria-live]', button).textContent = done ? 'Copied' : 'Marked: press Ctrl+C';
  });

  addEventListener('DOMContentLoaded', () => {
    words(document);
    invitation();
    all('[data-copy]').forEach(copy);
    all('[data-upload]').forEach(upload);
    all('main[data-running]').forEach(live);
    all('main[data-until-made]').forEach(made);
    all('[data-player]').forEach(player);
  });
})();
