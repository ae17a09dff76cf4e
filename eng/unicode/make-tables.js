// Writes src/Microsoft.ML.Lora/Tokenization/Unicode/tables.bin: what Hugging Face's tokenizers library takes each
// character for. Run where that library's npm package is installed: npm install tokenizers@0.23.2 && node make-tables.js OUT
'use strict';
const fs = require('fs');
const zlib = require('zlib');
const hf = require('tokenizers');

const points = s => Array.from(s, c => c.codePointAt(0));
const text = list => String.fromCodePoint(...list);
const same = (a, b) => a.length === b.length && a.every((x, i) => x === b[i]);
const bert = options => hf.bertNormalizer({
  cleanText: false, handleChineseChars: false, stripAccents: false, lowercase: false, ...options,
});
const clean = bert({ cleanText: true });
const strip = bert({ stripAccents: true });
const stripAll = hf.stripAccentsNormalizer();
const lower = hf.lowercase();
const nfd = hf.nfdNormalizer();
const nfc = hf.nfcNormalizer();
const nfkd = hf.nfkdNormalizer();
const split = hf.bertPreTokenizer();

const dropped = [], punctuation = [], marks = [], combining = [], lowercase = [], canonical = [], compatible = [], composed = [];
const classes = [];
// One character of each combining class, in the order of the classes.
const references = [
  0x334, 0x93c, 0x3099, 0x94d, 0x5b0, 0x5b1, 0x5b2, 0x5b3, 0x5b4, 0x5b5, 0x5b6, 0x5b7, 0x5b8, 0x5b9, 0x5bb, 0x5bc,
  0x5bd, 0x5bf, 0x5c1, 0x5c2, 0xfb1e, 0x64b, 0x64c, 0x64d, 0x64e, 0x64f, 0x650, 0x651, 0x652, 0x670, 0x711, 0xc55,
  0xc56, 0xe38, 0xe48, 0xeb8, 0xec8, 0xf71, 0xf72, 0xf74, 0x327, 0x1dce, 0x31b, 0x302a, 0x316, 0x59a, 0x302e, 0x1d16d,
  0x5ae, 0x300, 0x315, 0x35c, 0x35d, 0x345,
];
const swaps = (a, b) => !same(points(nfd.normalizeString(text([a, b]))), [a, b]);

for (let c = 0; c < 0x110000; c++) {
  if (c >= 0xd800 && c < 0xe000) { continue; }
  const s = text([c]);
  const cleaned = points(clean.normalizeString('x' + s + 'x'));
  if (cleaned.length === 2) { dropped.push(c); }
  const pieces = split.preTokenizeString('a' + s + 'b');
  if (pieces.length === 3) { punctuation.push(c); }
  if (strip.normalizeString('x' + s).length === 1) { marks.push(c); }
  if (stripAll.normalizeString('x' + s).length === 1) { combining.push(c); }
  const low = points(lower.normalizeString(s));
  if (!same(low, [c])) { lowercase.push([c, low]); }
  if (c >= 0xac00 && c <= 0xd7a3) { continue; }
  const d = points(nfd.normalizeString(s));
  if (!same(d, [c])) {
    canonical.push([c, d]);
    const first = points(nfc.normalizeString(text(d.slice(0, -1))));
    const pair = [first[0], d[d.length - 1]];
    if (first.length === 1 && same(points(nfc.normalizeString(text(pair))), [c])) { composed.push([c, pair]); }
  }
  const k = points(nfkd.normalizeString(s));
  if (!same(k, d)) { compatible.push([c, k]); }
  if (same(d, [c]) && (c === 0x345 || swaps(0x345, c))) {
    const index = references.findIndex(r => r === c || (!swaps(r, c) && !swaps(c, r)));
    if (index < 0) { throw new Error('no combining class known for ' + c.toString(16)); }
    classes.push([c, index + 1]);
  }
}

const bytes = [];
const number = n => { for (; n >= 128; n = Math.floor(n / 128)) { bytes.push((n % 128) + 128); } bytes.push(n); };
function ranges(list) {
  const runs = [];
  for (const c of list) {
    const last = runs[runs.length - 1];
    if (last && last[1] === c) { last[1]++; } else { runs.push([c, c + 1]); }
  }
  number(runs.length);
  let position = 0;
  for (const [from, to] of runs) { number(from - position); number(to - from); position = to; }
}
function mappings(list) {
  number(list.length);
  let position = 0;
  for (const [from, to] of list) {
    number(from - position);
    number(to.length);
    to.forEach(number);
    position = from;
  }
}
[dropped, punctuation, marks, combining].forEach(ranges);
[lowercase, canonical, compatible, composed].forEach(mappings);
mappings(classes.map(([c, order]) => [c, [order]]));
fs.writeFileSync(process.argv[2], zlib.deflateRawSync(Buffer.from(bytes), { level: 9 }));
console.log({
  dropped: dropped.length, punctuation: punctuation.length, marks: marks.length, combining: combining.length, lowercase: lowercase.length,
  canonical: canonical.length, compatible: compatible.length, composed: composed.length, classes: classes.length,
  bytes: bytes.length, deflated: fs.statSync(process.argv[2]).size,
});
