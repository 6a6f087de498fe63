const { load, sum } = require('./sum');
jest.useFakeTimers();
test('adds', () => expect(sum(1, 2)).toBe(3));
test('matches', () => expect({ a: [1, { b: 2 }] }).toMatchObject({ a: [1, { b: expect.any(Number) }] }));
test('mocks', () => {
  const mock = jest.fn((x) => x * 2);
  [1, 2].forEach((x) => mock(x));
  expect(mock.mock.results.map(({ value }) => value)).toEqual([2, 4]);
});
test('fakes timers', () => {
  const callback = jest.fn();
  setTimeout(callback, 1000);
  jest.advanceTimersByTime(1000);
  expect(callback).toHaveBeenCalledTimes(1);
});
test('reads files', () => expect(load()).toBe(true));
