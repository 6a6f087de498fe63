export class Point {
  constructor(
    public readonly x: number,
    private y = 0,
  ) {}
  get length(): number {
    return Math.hypot(this.x, this.y);
  }
}
