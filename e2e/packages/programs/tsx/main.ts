import { basename } from 'node:path';
import { Level, describe } from './level';
enum Colour { Red = 'red' }
const show = <T extends { name: string }>(value: T): string => `${value.name} ${Colour.Red} ${describe(Level.High)}`;
console.log(show({ name: 'ada' }), basename(import.meta.url), process.argv.length);
