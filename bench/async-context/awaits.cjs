// Runs in the tab: the same await-heavy function twice, compiled by the module loader (which adds the helper) and by
// `new Function` (which does not). Prints nanoseconds per await, by turns.
const ROUNDS = 21;
const CALLS = 40_000;

async function leaf(n) {
  return n + 1;
}
async function work(count) {
  let sum = 0;
  for (let i = 0; i < count; i++) sum = await leaf(sum);
  return sum;
}
const plain = new Function(
  'return { async leaf(n) { return n + 1; }, async work(count) { let sum = 0; for (let i = 0; i < count; i++) sum = await this.leaf(sum); return sum; } }',
)();

async function measure(run) {
  const startedAt = performance.now();
  await run(CALLS);
  return ((performance.now() - startedAt) * 1e6) / CALLS;
}

(async () => {
  const result = { kept: [], plain: [] };
  for (let round = -3; round < ROUNDS; round++) {
    const [kept, bare] = [await measure(work), await measure((count) => plain.work(count))];
    if (round < 0) continue;
    result.kept.push(kept);
    result.plain.push(bare);
  }
  console.log(JSON.stringify(result));
})();
