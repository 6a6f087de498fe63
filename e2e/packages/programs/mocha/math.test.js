const assert = require('node:assert');
describe('math', () => {
  before(() => console.log('before'));
  it('adds', () => assert.equal(1 + 1, 2));
  it('waits', async () => {
    await new Promise((resolve) => setTimeout(resolve, 5));
  });
  it('fails', () => assert.deepEqual({ a: 1 }, { a: 2 }));
  it.skip('skips', () => {});
  it('calls back', (done) => setImmediate(done));
});
