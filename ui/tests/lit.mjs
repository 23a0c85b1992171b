// Whether words are lit when they are heard: compares the times in a narration's captions with the sound as Chromium decodes it.
//
//   node lit.mjs FOLDER…              folders with an .mp3 and its .vtt, as `soundpost narrate` leaves them
//
// After a pause a word's beginning can be found in the sound alone: where it becomes loud. For each such word, prints by how many milliseconds that is
// later than its caption says, as one line of JSON for each folder. Needs Chromium (CHROMIUM, or one on the path).
import { createServer } from 'node:http';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const PAUSE = 0.35;

const where = ['chromium', 'chromium-browser', 'google-chrome'].flatMap(name => (process.env.PATH ?? '').split(':').map(place => join(place, name))).find(existsSync);
const executablePath = process.env.CHROMIUM ?? where;
if (!executablePath) { console.error('Chromium is missing: run tools/setup browser'); process.exit(2); }

const seconds = stamp => stamp.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
const cues = text => [...text.matchAll(/^(\S+) --> (\S+)$/gm)].map(([, from, to]) => ({ from: seconds(from), to: seconds(to) }));

let sound = Buffer.alloc(0);
const server = createServer((request, response) => {
  const [type, body] = request.url === '/sound.mp3' ? ['audio/mpeg', sound] : ['text/html', '<!doctype html><title>Sound</title><audio src="/sound.mp3" preload="metadata"></audio>'];
  response.writeHead(200, { 'content-type': type, 'content-length': body.length, 'cache-control': 'no-store' });
  response.end(body);
});
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
const page = await browser.newPage();

/* In the page: how much later than said the sound begins, in milliseconds. Levels are of 5 ms; a beginning is a sixteenth of the loudest around it. */
const measure = async times => {
  const bytes = await (await fetch('/sound.mp3')).arrayBuffer();
  const audio = await new OfflineAudioContext(1, 1, 44100).decodeAudioData(bytes), samples = audio.getChannelData(0);
  const step = 220;
  const level = at => { let sum = 0; for (let i = at; i < at + step; i++) sum += (samples[i] ?? 0) ** 2; return Math.sqrt(sum / step); };
  const late = times.map(time => {
    const from = Math.round((time - 0.3) * 44100), levels = Array.from({ length: 160 }, (_, i) => level(from + i * step));
    const loud = Math.max(...levels) / 16, quiet = Math.min(...levels.slice(0, 30));
    const at = levels.findIndex((now, i) => now > Math.max(loud, quiet * 4) && levels[i + 1] > loud);
    return at < 0 ? null : Math.round(((from + at * step) / 44100 - time) * 1000);
  });
  const element = document.querySelector('audio');
  if (!(element.duration > 0)) await new Promise(resolve => { element.onloadedmetadata = resolve; });
  return { late: late.filter(found => found !== null), decoded: audio.duration, played: element.duration };
};

for (const folder of process.argv.slice(2)) {
  const file = ending => readFileSync(join(folder, readdirSync(folder).find(name => name.endsWith(ending))));
  sound = file('.mp3');
  const all = cues(file('.vtt').toString());
  const first = all.filter((cue, i) => i > 0 && cue.from - all[i - 1].to > PAUSE).map(cue => cue.from);
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  console.log(JSON.stringify(await page.evaluate(measure, first)));
}
await browser.close();
server.close();
