// What bench/codecs runs in the tab and natively: prints the median milliseconds of each operation on 16 MiB as JSON.
const { createHash } = require('node:crypto');
const { gzipSync } = require('node:zlib');

const SIZE_BYTES = 16 * 1024 * 1024;
const ROUNDS = 5;
const text = Buffer.from('{"name":"verklet","value":12345,"list":[1,2,3]}\n'.repeat(SIZE_BYTES / 48)).subarray(0, SIZE_BYTES);
for (let index = 0; index < text.length; index += 61) text[index] = (index * 2654435761) & 0xff;

const operations = { sha256: () => createHash('sha256').update(text).digest(), gzip: () => gzipSync(text) };
const medians = {};
for (const [name, run] of Object.entries(operations)) {
  run();
  const times = Array.from({ length: ROUNDS }, () => {
    const startedAt = performance.now();
    run();
    return performance.now() - startedAt;
  });
  medians[name] = times.sort((a, b) => a - b)[ROUNDS >> 1];
}
console.log(JSON.stringify(medians));
