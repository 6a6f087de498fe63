import { describe, expect, it, vi } from 'vitest';
import { sum } from './sum';
describe('sum', () => {
  it('adds', () => expect(sum(1, 2)).toBe(3));
  it('mocks', () => {
    const mock = vi.fn(() => 5);
    expect(mock()).toBe(5);
    expect(mock).toHaveBeenCalledOnce();
  });
});
