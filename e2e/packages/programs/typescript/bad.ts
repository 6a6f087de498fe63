import { Point } from './main.js';
const p: string = new Point(1, 'two').length;
export { p };
